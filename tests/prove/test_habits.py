"""Habits against counting by hand; it tells members from strangers where they differ, and says nothing where not."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tests.prove.made import population

from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.habits import FOLDS, HABIT_FIGURES, MEMBERS_MIN, NATS_MOST, Habits, habit_nats, habits

UNITS, MEMBERS = 2_000, 120
NAMES = tuple(HABIT_FIGURES)
HOUR_US = 3_600_000_000


def fill(workspace: Workspace, rows: list[dict[str, int | None]]) -> None:
    """The tables that figures are read from; each account is a unit, and each prompt is distinct."""
    names = ("turn", "output_tokens", "words", "tool_set", "sent_us")
    workspace.write("fingerprints", pa.table({
        "account_id": [f"a{row['account']}" for row in rows],
        **{name: pa.array([row.get(name) for row in rows], pa.int64()) for name in names},
    }))  # fmt: skip
    accounts = sorted({int(row["account"] or 0) for row in rows})
    workspace.write("units", pa.table({"account_id": [f"a{one}" for one in accounts], "unit": accounts}))
    workspace.write("unit_epochs", pa.table({
        "unit": [row["account"] for row in rows], "items": [1] * len(rows),
        "epoch": [int(row["sent_us"] or 0) // workspace.epoch_us for row in rows],
    }))  # fmt: skip


def test_figures_are_what_counting_by_hand_gives(workspace: Workspace) -> None:
    rows: list[dict[str, int | None]] = [
        {"account": 0, "turn": 1 + place % 2, "output_tokens": 10 * (place + 1), "words": place, "tool_set": place % 2,
         "sent_us": place * 7 * HOUR_US}
        for place in range(8)
    ]  # fmt: skip
    fill(workspace, [*rows, {"account": 1, "turn": None, "output_tokens": None, "words": None, "sent_us": 0}])
    found = habits(workspace, population(2, {}), 10**6)
    figures = dict(zip(NAMES, found.figures[0].tolist(), strict=True))
    answers = [round(1000 * math.log(1 + 10 * (place + 1))) / 1000 for place in range(8)]
    questions = [round(1000 * math.log(1 + place)) / 1000 for place in range(8)]
    assert figures["follow_ups"] == pytest.approx((4 + 0.5) / 9)
    assert figures["answer_length"] == pytest.approx(np.mean(answers))
    assert figures["answer_spread"] == pytest.approx(np.std(answers))
    assert figures["question_length"] == pytest.approx(np.mean(questions))
    assert figures["question_spread"] == pytest.approx(np.std(questions))
    assert figures["tools"] == pytest.approx((4 + 0.5) / 9)
    assert figures["freshness"] == pytest.approx(0.0)
    assert figures["hours"] == pytest.approx(math.log(8) / math.log(24))
    silent = dict(zip(NAMES, found.figures[1].tolist(), strict=True))
    assert all(math.isnan(silent[name]) for name in ("follow_ups", "answer_length", "question_length", "hours"))
    assert found.shown.tolist() == [True, False]


def test_what_comes_later_does_not_count(workspace: Workspace) -> None:
    early: list[dict[str, int | None]] = [
        {"account": 0, "turn": 1, "output_tokens": 50, "words": 5, "tool_set": 0, "sent_us": place}
        for place in range(6)
    ]
    later: dict[str, int | None] = {"account": 0, "turn": 2, "output_tokens": 9_000, "words": 900, "tool_set": 1}
    fill(workspace, early)
    before = habits(workspace, population(1, {}), 0).figures
    fill(workspace, [*early, later | {"sent_us": 3 * workspace.epoch_us}])
    assert np.array_equal(habits(workspace, population(1, {}), 0).figures, before, equal_nan=True)
    assert not np.array_equal(habits(workspace, population(1, {}), 9).figures, before, equal_nan=True)


def made(
    draw: np.random.Generator, shift: float, clients: NDArray[np.int64] | None = None
) -> tuple[Habits, Population]:
    """Units whose figures are normal, those of the first `MEMBERS` moved in three of them."""
    figures = draw.standard_normal((UNITS, len(NAMES)))
    figures[:MEMBERS, :3] += shift
    how = Habits(figures, np.full(UNITS, True), draw.integers(0, FOLDS, UNITS))
    return how, population(UNITS, {}, clients=clients)


def chosen(*units: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """Masks of units."""
    return [np.isin(np.arange(UNITS), one) for one in units]


def test_who_works_as_the_members_do_is_told_from_strangers() -> None:
    how, everyone = made(np.random.default_rng(1), 1.5)
    known, others = chosen(np.arange(80), np.arange(MEMBERS, UNITS))
    nats = habit_nats(how, everyone, known, others)
    hidden, strangers = nats[80:MEMBERS], nats[MEMBERS:]
    assert np.mean(hidden >= 1.0) > 0.7
    assert np.mean(strangers >= 1.0) < 0.1
    assert np.abs(nats).max() <= NATS_MOST


def test_where_nobody_differs_it_speaks_for_hardly_anybody() -> None:
    """Null worlds: members who work like strangers. The mean of the ratio over strangers is 1, as a ratio's must be."""
    ratios, loud = [], []
    for seed in range(20):
        how, everyone = made(np.random.default_rng(100 + seed), 0.0)
        known, others = chosen(np.arange(80), np.arange(MEMBERS, UNITS))
        nats = habit_nats(how, everyone, known, others)
        ratios.append(float(np.exp(nats[MEMBERS:]).mean()))
        loud.append(float(np.mean(nats[80:MEMBERS] >= 1.0)))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.1)
    assert np.mean(loud) < 0.1


def test_a_program_is_compared_with_programs() -> None:
    """Strangers who all work so, with the members' client, leave nothing to say against one of them."""
    clients = np.zeros(UNITS, np.int64)
    clients[:600] = 1
    how, everyone = made(np.random.default_rng(2), 2.0, clients)
    how.figures[MEMBERS:600, :3] += 2.0
    known, others = chosen(np.arange(80), np.arange(MEMBERS, UNITS))
    nats = habit_nats(how, everyone, known, others)
    assert np.mean(nats[MEMBERS:600] >= 1.0) < 0.05


def test_few_members_say_nothing() -> None:
    how, everyone = made(np.random.default_rng(3), 3.0)
    known, others = chosen(np.arange(MEMBERS_MIN - 1), np.arange(MEMBERS, UNITS))
    assert not habit_nats(how, everyone, known, others).any()


def test_what_a_log_cannot_tell_counts_for_nobody() -> None:
    how, everyone = made(np.random.default_rng(4), 2.0)
    how.figures[:, 5] = np.nan
    how.figures[::3, 0] = np.nan
    known, others = chosen(np.arange(80), np.arange(MEMBERS, UNITS))
    nats = habit_nats(how, everyone, known, others)
    assert np.isfinite(nats).all() and np.mean(nats[80:MEMBERS] >= 1.0) > 0.5


def test_names_do_not_matter() -> None:
    draw = np.random.default_rng(5)
    how, everyone = made(draw, 1.5)
    known, others = chosen(np.arange(80), np.arange(MEMBERS, UNITS))
    order = draw.permutation(UNITS)
    moved = Habits(how.figures[order], how.shown[order], how.fold[order])
    before = habit_nats(how, everyone, known, others)
    assert np.array_equal(habit_nats(moved, everyone, known[order], others[order]), before[order])
