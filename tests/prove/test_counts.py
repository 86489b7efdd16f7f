"""Counts of distinct prompts against counting by hand, and the law that a unit alone counts like a group of one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from hydrometer.base.units import FILL_MIN
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import states
from hydrometer.prove.background import effective_size
from hydrometer.prove.counts import group_counts, unit_counts

UNITS, TECHNIQUES, LAST = 12, ("a", "b", "c"), 7
Row = dict[str, int]
SAID = ("item", "opening", "closing", "techniques")


def exchanges(seed: int, *, openings: int = 6, closings: int = 4) -> list[Row]:
    """Exchanges of twelve units; what a prompt says (its item) settles its opening, closing and techniques."""
    draw = np.random.default_rng(seed)
    said = [
        {"item": n + 1, "opening": int(draw.integers(0, openings)), "closing": int(draw.integers(0, closings)),
         "techniques": int(draw.choice([0, 0, 0, 1, 2, 4, 5]))}
        for n in range(150)
    ]  # fmt: skip
    return [
        {"account": int(draw.integers(UNITS)), "epoch": int(draw.integers(0, 10)), **said[int(draw.integers(150))]}
        for _ in range(700)
    ]


def fill(workspace: Workspace, rows: list[Row]) -> None:
    """The tables that the states are computed from, and the states."""
    workspace.write("fingerprints", pa.table({
        "account_id": [f"a{row['account']:02}" for row in rows],
        "sent_us": [row["epoch"] * workspace.epoch_us for row in rows],
        "country": ["US"] * len(rows), "client_type": ["sdk"] * len(rows), "language": ["en"] * len(rows),
        "words": [9] * len(rows),
        "input_tokens": [1] * len(rows), "output_tokens": [1] * len(rows), "micro_usd": [1] * len(rows),
        "turn": [1] * len(rows),
        **{name: pa.array([row[name] for row in rows], pa.int64()) for name in SAID},
    }))  # fmt: skip
    workspace.write("units", pa.table({"account_id": [f"a{n:02}" for n in range(UNITS)], "unit": range(UNITS)}))
    states.write_states(workspace, TECHNIQUES)


def by_hand(rows: list[Row], members: set[int]) -> tuple[int, float, float, list[float], float]:
    """items, effective, flagged, by technique, filled."""
    asked = {row["item"]: row for row in rows if row["account"] in members and row["epoch"] <= LAST}
    own = list(asked.values())
    shorts = sum(not row["opening"] or not row["closing"] for row in own)
    opening, closing = (Counter(row[name] for row in own if row[name]) for name in ("opening", "closing"))
    wordings = shorts + min(len(opening), len(closing))
    many = [opening[row["opening"]] >= FILL_MIN or closing[row["closing"]] >= FILL_MIN for row in own]
    n = max(len(own), 1)
    return (
        len(own),
        float(effective_size(np.array([len(own)]), np.array([wordings]))[0]),
        sum(row["techniques"] != 0 for row in own) / n,
        [sum(row["techniques"] >> bit & 1 for row in own) / n for bit in range(3)],
        sum(many) / n,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_groups_agree_with_counting_by_hand(workspace: Workspace, seed: int) -> None:
    rows = exchanges(seed)
    fill(workspace, rows)
    groups = [{0, 1, 2}, {3}, {4, 5, 6, 7, 8}]
    found = group_counts(workspace, [np.array(sorted(one)) for one in groups], LAST, 3)
    for place, one in enumerate(groups):
        items, effective, flagged, techniques, filled = by_hand(rows, one)
        assert found.items[place] == items
        assert found.effective[place] == pytest.approx(effective)
        assert found.flagged[place] == pytest.approx(flagged)
        assert found.by_technique[place] == pytest.approx(techniques)
        assert found.filled[place] == pytest.approx(filled)


@pytest.mark.parametrize("seed", [4, 5])
@pytest.mark.parametrize("figure", ["items", "effective", "flagged", "by_technique", "filled"])
def test_a_unit_counts_like_the_group_of_that_unit(workspace: Workspace, seed: int, figure: str) -> None:
    """A group is ranked among units: both must be measured alike, else the rank means nothing."""
    fill(workspace, exchanges(seed, openings=9, closings=3))
    alone = group_counts(workspace, [np.array([unit]) for unit in range(UNITS)], LAST, 3)
    units = unit_counts(workspace, UNITS, LAST, 3)
    assert np.allclose(getattr(units, figure), getattr(alone, figure))


def test_a_prompt_of_several_members_counts_once(workspace: Workspace) -> None:
    same = {"item": 7, "opening": 1, "closing": 1, "techniques": 1}
    fill(workspace, [{"account": account, "epoch": 0, **same} for account in range(5)])
    found = group_counts(workspace, [np.arange(5)], LAST, 3)
    assert found.items.tolist() == [1] and found.flagged.tolist() == [1.0]


def test_later_epochs_do_not_count(workspace: Workspace) -> None:
    rows = exchanges(6)
    fill(workspace, rows)
    early = [row for row in rows if row["epoch"] <= 3]
    assert unit_counts(workspace, UNITS, 3, 3).items.tolist() == [
        len({row["item"] for row in early if row["account"] == unit}) for unit in range(UNITS)
    ]


def test_no_groups_and_silent_units(workspace: Workspace) -> None:
    fill(workspace, [{"account": 0, "epoch": 0, "item": 1, "opening": 1, "closing": 1, "techniques": 0}])
    assert len(group_counts(workspace, [], LAST, 3).items) == 0
    found = unit_counts(workspace, UNITS, LAST, 3)
    assert found.items.tolist() == [1] + [0] * 11 and not found.flagged.any()
