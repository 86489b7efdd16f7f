"""Tables from verdicts: order of ranks, sums that do not depend on order, names that stay what they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prove.stories import reported

from hydrometer.base.cases import Evidence
from hydrometer.base.families import FAMILIES
from hydrometer.base.tables import LEVELS, LISTED_LEVELS
from hydrometer.prove import assembly, words
from hydrometer.prove.assembly import (
    MILLION,
    attributed_table,
    evidence_rows,
    member_rows,
    moment,
    operator_table,
    ranked,
)
from hydrometer.prove.attribution import Shares
from hydrometer.prove.roles import acting

HOSTILE = [
    "'; drop table x; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\x1b[31mred",
    "{exchanges}",
    "名前",
    "a\nb",
]


def exchanges(count: int, first: int = 0, millionths: int = MILLION) -> pa.Table:
    return pa.table({
        "exchange_id": [f"e{n}" for n in range(first, first + count)],
        "account_id": [f"a{n % 3}" for n in range(count)],
        "millionths": pa.array([millionths] * count, pa.int64()), "techniques": [n % 4 for n in range(count)],
        "capabilities": [1 + 2 * (n % 2) for n in range(count)],
    })  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(LEVELS), st.floats(0, 1e6), st.floats(0, 1)), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_ranks_are_by_level_then_expected_loss_then_id(rows: list[tuple[str, float, float]], random: object) -> None:
    made: list[dict[str, object]] = [
        {"campaign_id": f"c{n:02}", "level": level, "usd": usd, "posterior": posterior}
        for n, (level, usd, posterior) in enumerate(rows)
    ]
    found = ranked(made)
    assert [row["rank"] for row in found] == list(range(1, len(rows) + 1))
    listed = [row["level"] in LISTED_LEVELS for row in found]
    assert listed == sorted(listed, reverse=True)
    for one, other in pairwise(found):
        if (one["level"] in LISTED_LEVELS) == (other["level"] in LISTED_LEVELS):
            losses = [round(float(str(row["usd"])) * float(str(row["posterior"])), 9) for row in (one, other)]
            assert losses[0] > losses[1] or (
                losses[0] == losses[1] and str(one["campaign_id"]) < str(other["campaign_id"])
            )
    random.shuffle(made)  # type: ignore[attr-defined]
    assert ranked(made) == found


def test_moments_are_exact_to_the_microsecond() -> None:
    assert moment(1_772_000_000_123_456) == datetime.fromtimestamp(1_772_000_000, UTC).replace(microsecond=123_456)


def test_hostile_account_names_reach_the_tables_as_they_are() -> None:
    report = reported(exchanges(3), units=range(len(HOSTILE)))
    accounts = [[name] for name in HOSTILE]
    assert [row["account_id"] for row in member_rows(report, accounts)] == HOSTILE
    assert operator_table([report], accounts)["account_id"].to_pylist() == HOSTILE


def test_all_accounts_of_a_unit_are_members() -> None:
    accounts = [["a", "b"], ["c"], ["d", "e", "f"], ["g"]]
    rows = member_rows(reported(exchanges(3)), accounts)
    assert [row["account_id"] for row in rows] == list("abcdefg")
    assert {row["role"] for row in rows} == {"operator"}


def test_members_have_a_reason_from_the_families_that_say_most() -> None:
    report = reported(exchanges(3))
    membership = report.verdict.judged.membership
    nats = np.zeros((4, len(FAMILIES)))
    nats[0, [0, 2, 4]] = [2.0, 5.0, 3.0]
    judged = replace(report.verdict.judged, membership=replace(membership, nats=nats))
    rows = member_rows(replace(report, verdict=replace(report.verdict, judged=judged)), [[str(n)] for n in range(4)])
    first, second = str(rows[0]["because"]).split("; ")
    assert FAMILIES[2].noun in first and FAMILIES[4].noun in second
    assert all(row["because"] for row in rows)


def test_an_account_of_two_operators_stands_under_the_first() -> None:
    left, right = reported(exchanges(3), range(0, 4), "1"), reported(exchanges(3), range(2, 6), "2")
    table = operator_table([left, right], [[f"a{n}"] for n in range(6)])
    assert table["account_id"].to_pylist() == [f"a{n}" for n in range(6)]
    assert table["operator_id"].to_pylist() == ["o-1"] * 4 + ["o-2"] * 2


def test_attributed_exchanges_are_those_of_listed_groups_in_a_fixed_order() -> None:
    listed = reported(exchanges(4, millionths=250_000), identity="2")
    benign = replace(listed, verdict=replace(listed.verdict, level="benign"))
    other = reported(exchanges(2, first=10), identity="1")
    table = attributed_table([listed, benign, other])
    assert table["campaign_id"].to_pylist() == ["c-1"] * 2 + ["c-2"] * 4
    assert table["probability"].to_pylist() == [1.0] * 2 + [0.25] * 4
    assert table.equals(attributed_table([other, benign, listed]))
    assert len(attributed_table([benign])) == 0


def test_bits_in_the_evidence_are_the_models() -> None:
    row = Evidence("H1", "urn_mail", "mail", 0.5, "share", 9, "null", "s", 2.0, 7.0, "said")
    report = reported(exchanges(3))
    judged = replace(report.verdict.judged, evidence=(row,))
    (found,) = evidence_rows(replace(report, verdict=replace(report.verdict, judged=judged)))
    assert (found["bits"], found["model_bits"], found["empirical_bits"]) == (7.0, 7.0, 2.0)
    assert found["account_id"] is None and found["campaign_id"] == "c-1"


def test_techniques_are_named_by_share_and_shapes_of_use_by_counts() -> None:
    report = reported(exchanges(8))
    assert words.techniques(report, ("forced_tags", "fake_debug")) == ["forced_tags", "fake_debug"]
    half = np.full(4, 0.5)
    mixed = replace(report, shares=Shares(half, half, half, np.ones((4, 4)), np.zeros(4), np.zeros(4), 0.5))
    assert words.techniques(mixed, ("forced_tags", "fake_debug"))[-1] == "mixed_traffic"
    many = exchanges(120).set_column(1, "account_id", pa.array([f"a{n % 60}" for n in range(120)]))
    assert "low_and_slow" in words.techniques(reported(many), ("forced_tags", "fake_debug"))


def test_a_technique_that_hardly_shows_is_not_named() -> None:
    part = exchanges(200).set_column(3, "techniques", pa.array([1] + [0] * 199))
    assert words.techniques(reported(part), ("forced_tags",)) == []


def test_the_summary_says_how_many_and_how_sure() -> None:
    text = words.summary(reported(exchanges(8)), ["coding"], ["forced_tags"])
    assert "4 accounts" in text and "72 bits" in text and "17 bits" in text and "forced tags" in text


def test_nouns_exist_for_every_layer() -> None:
    assert set(assembly.NOUNS) == {layer for family in FAMILIES for layer in family.layers}


def test_mask_shares_are_weighted() -> None:
    shares = words.mask_shares(np.array([1, 2, 3]), np.array([1.0, 1.0, 2.0]), 2)
    assert shares == pytest.approx([0.75, 0.75])


def test_who_does_nothing_of_what_the_group_does_is_not_listed() -> None:
    verdict = reported(exchanges(8)).verdict
    count = len(verdict.judged.membership.units)
    one, cells = np.ones(count), np.ones((count, 8))
    calm = Shares(one, one, one, cells, np.array([3.0, 3.0, -8.0, 0.0]), np.zeros(8), 1.0)
    kept, shares = acting(verdict, calm)
    before, after = verdict.judged.membership, kept.judged.membership
    assert after.units.tolist() == before.units[[0, 1, 3]].tolist() and len(shares.share) == 3
    assert after.probability[0] > before.probability[0] and after.probability[2] == pytest.approx(0.9)
    nobody = Shares(one, one, one, cells, np.full(count, -8.0), np.zeros(8), 1.0)
    assert acting(verdict, nobody)[0] is verdict
