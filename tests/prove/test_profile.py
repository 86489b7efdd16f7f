"""Figures of how a group works, against counting by hand, and the laws that they must keep."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pytest

from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import FIGURES, FORM_ACCOUNTS, FORM_FILLINGS, Profiles, profiles

UNITS, LAST = 10, 7
HOUR_US = 3_600_000_000
Row = dict[str, int]


def exchanges(seed: int) -> list[Row]:
    """Exchanges of ten accounts; what a prompt says (its item) settles its wording and its technique."""
    draw = np.random.default_rng(seed)
    said = [
        {"item": n + 1, "opening": int(draw.integers(0, 9)), "closing": int(draw.integers(0, 40)),
         "techniques": int(draw.choice([0, 0, 1])), "words": int(draw.integers(1, 60))}
        for n in range(120)
    ]  # fmt: skip
    return [
        {"account": int(draw.integers(UNITS)), "epoch": int(draw.integers(0, 10)), "turn": int(draw.integers(1, 4)),
         "output_tokens": int(draw.integers(1, 900)), "tool_set": int(draw.integers(0, 2)),
         "capabilities": int(draw.integers(0, 2)), **said[int(draw.integers(120))]}
        for _ in range(500)
    ]  # fmt: skip


def sent_us(workspace: Workspace, row: Row) -> int:
    """When an exchange was sent."""
    return row["epoch"] * workspace.epoch_us + row["turn"] * HOUR_US


def fill(workspace: Workspace, rows: list[Row]) -> None:
    """The tables that profiles are read from; each account is a unit."""
    names = ("item", "opening", "closing", "techniques", "words", "turn", "output_tokens", "tool_set", "capabilities")
    workspace.write("fingerprints", pa.table({
        "account_id": [f"a{row['account']}" for row in rows],
        "sent_us": pa.array([sent_us(workspace, row) for row in rows], pa.int64()),
        **{name: pa.array([row[name] for row in rows], pa.int64()) for name in names},
    }))  # fmt: skip
    workspace.write("units", pa.table({"account_id": [f"a{n}" for n in range(UNITS)], "unit": range(UNITS)}))


def by_hand(workspace: Workspace, rows: list[Row], members: set[int]) -> dict[str, float]:
    """Every figure, counted one row after the other."""
    own = [row for row in rows if row["account"] in members and row["epoch"] <= LAST]
    items = {row["item"]: row for row in own}
    askers: dict[int, set[int]] = defaultdict(set)
    fillers: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in own:
        askers[row["item"]].add(row["account"])
        for side in ("opening", "closing"):
            if row[side]:
                fillers[side, row[side]].add(row["account"])
    filled = Counter((side, row[side]) for row in items.values() for side in ("opening", "closing") if row[side])

    def forms(row: Row, accounts: int) -> bool:
        keys = [(side, row[side]) for side in ("opening", "closing")]
        return any(filled[key] >= FORM_FILLINGS and len(fillers[key]) >= accounts for key in keys)

    n, k = len(own), len(items)
    share = lambda part, whole: (part + 0.5) / (whole + 1.0)  # noqa: E731
    answers = np.array([round(1000 * math.log(1 + row["output_tokens"])) / 1000 for row in own])
    questions = np.array([round(1000 * math.log(1 + row["words"])) / 1000 for row in own])
    hours = np.array(list(Counter(sent_us(workspace, row) // HOUR_US % 24 for row in own).values())) / n
    wordings = {
        row["opening"] if filled["opening", row["opening"]] >= filled["closing", row["closing"]] else row["closing"]
        for row in items.values()
    }
    return {
        "techniques": math.sqrt(share(sum(row["techniques"] != 0 for row in items.values()), k)),
        "forms": share(sum(forms(row, 0) for row in items.values()), k),
        "common_forms": share(sum(forms(row, FORM_ACCOUNTS) for row in items.values()), k),
        "repetition": math.sqrt(share(sum(len(one) > 1 for one in askers.values()), k)),
        "follow_ups": share(sum(row["turn"] > 1 for row in own), n),
        "answer_length": answers.mean(),
        "question_length": questions.mean(),
        "answer_spread": answers.std(),
        "tools": share(sum(row["tool_set"] != 0 for row in own), n),
        "hours": float(-(hours * np.log(hours)).sum() / math.log(24)),
        "vocabulary": math.log((len(wordings) + 1) / (k + 1)),
        "freshness": math.log(k / n),
        "aim": share(sum(row["capabilities"] != 0 for row in own), n),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_that_counting_gives(workspace: Workspace, seed: int) -> None:
    rows = exchanges(seed)
    fill(workspace, rows)
    groups = [{0, 1, 2, 3, 4, 5}, {3}, {6, 7, 8, 9}]
    found = profiles(workspace, [np.array(sorted(group)) for group in groups], LAST)
    for place, group in enumerate(groups):
        expected = by_hand(workspace, rows, group)
        assert dict(zip(FIGURES, found.values[place], strict=True)) == pytest.approx(expected, abs=1e-9)
        assert found.accounts[place] == len(group)


def test_a_group_of_a_call_does_not_depend_on_the_others(workspace: Workspace) -> None:
    fill(workspace, exchanges(3))
    one, other = np.array([0, 1, 2]), np.array([2, 3, 4, 5])
    together = profiles(workspace, [one, other], LAST)
    assert np.array_equal(together.values[1], profiles(workspace, [other], LAST).values[0])


def test_order_of_rows_does_not_matter(workspace: Workspace) -> None:
    rows = exchanges(4)
    fill(workspace, rows)
    before = profiles(workspace, [np.arange(UNITS)], LAST).values
    fill(workspace, rows[::-1])
    assert np.array_equal(before, profiles(workspace, [np.arange(UNITS)], LAST).values)


def test_no_groups_and_groups_that_sent_nothing(workspace: Workspace) -> None:
    fill(workspace, [row for row in exchanges(5) if row["account"] != 0])
    assert profiles(workspace, [], LAST).values.shape == (0, len(FIGURES))
    silent: Profiles = profiles(workspace, [np.array([0]), np.array([1])], LAST)
    assert silent.items[0] == 0 and np.isfinite(silent.values[1]).all()
    assert not np.isinf(silent.values).any()


def test_what_a_log_cannot_tell_is_not_a_number(workspace: Workspace) -> None:
    rows = [row | {"epoch": 3} for row in exchanges(6)]
    fill(workspace, rows)
    table = workspace.read("fingerprints")
    for name in ("turn", "output_tokens"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(len(table), pa.int64()))
    workspace.write("fingerprints", table)
    (found,) = profiles(workspace, [np.arange(UNITS)], LAST).values
    untold = {name for name, value in zip(FIGURES, found, strict=True) if np.isnan(value)}
    assert untold == {"follow_ups", "answer_length", "answer_spread", "hours"}
