"""Bars of the evidence: all from one nought, long ones cut and marked, against to the left, hypotheses apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from hydrometer.share.run_tables import Case, campaigns, cases
from hydrometer.share.waterfall import LONGEST_BITS, WIDTH, waterfall


@pytest.fixture
def case(run: Path) -> Case:
    return cases(run, campaigns(run))[0]


def test_blocks_are_h1_h2_h4_with_the_totals_of_the_tests(case: Case) -> None:
    drawn = waterfall(case)
    assert [(block.hypothesis, block.total) for block in drawn.blocks] == [("H1", 61.3), ("H2", 22.4), ("H4", None)]
    assert [len(block.pieces) for block in drawn.blocks] == [4, 4, 2]


def test_evidence_about_one_account_is_not_the_groups(case: Case) -> None:
    assert "This account shares two instruments." not in {p.statement for p in waterfall(case).blocks[0].pieces}


def test_every_bar_touches_nought_and_stays_inside(case: Case) -> None:
    drawn = waterfall(case)
    for bar in (piece.bar for block in drawn.blocks for piece in block.pieces if piece.bar):
        edge = bar.x + bar.model if bar.against else bar.x
        assert edge == pytest.approx(drawn.zero, abs=0.11)
        assert bar.x >= 0 and bar.x + bar.model <= WIDTH and bar.empirical <= bar.model + 0.11


def test_lengths_are_proportional_to_bits(case: Case) -> None:
    drawn = waterfall(case)
    lengths = {p.bits: p.bar.model for b in drawn.blocks for p in b.pieces if p.bar and p.bits and not p.bar.cut}
    scale = lengths[21.7] / 21.7
    assert all(length == pytest.approx(abs(bits) * scale, abs=0.2) for bits, length in lengths.items())


def test_a_bar_beyond_the_axis_is_cut_and_no_number_is_no_bar(case: Case) -> None:
    drawn = waterfall(case)
    cut = [piece.bits for block in drawn.blocks for piece in block.pieces if piece.bar and piece.bar.cut]
    assert cut == [74.2] and max(tick for _, tick in drawn.ticks) <= LONGEST_BITS
    assert [p.bar for p in drawn.blocks[2].pieces if p.bits is None] == [None]


def test_a_group_without_any_number_still_has_an_axis(case: Case) -> None:
    empty = Case(case.campaign | {"operator_bits": None, "extraction_bits": None}, [], [], [], [], [], [])
    drawn = waterfall(empty)
    assert len(drawn.ticks) > 2 and all(block.bar is None and not block.pieces for block in drawn.blocks)


def test_one_row_far_below_nought_leaves_room_for_the_others(case: Case) -> None:
    low = case.evidence[0] | {"model_bits": -900.0, "bits": -900.0}
    drawn = waterfall(Case(case.campaign, [], [*case.evidence, low], [], [], [], []))
    assert drawn.zero < WIDTH / 2
