"""Alignment with another's timeline: uniform p-values on series without one, found where it is planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.prove.facts.logs import START, exchange, log, subject

from hydrometer.base.workspace import Workspace
from hydrometer.prove.facts import roadmap
from hydrometer.prove.facts.roadmap import LAG_DAYS, activity, aligned_p

DAYS = 90


def drift(draw: np.random.Generator) -> NDArray[np.float64]:
    """Autoregressive, as volumes are."""
    found = np.zeros(DAYS)
    for day in range(1, DAYS):
        found[day] = 0.9 * found[day - 1] + draw.standard_normal()
    return np.asarray(np.exp(0.3 * found))


SHAPES = {
    "flat": lambda draw: np.ones(DAYS),
    "drift": drift,
    "ramp": lambda draw: np.concatenate([np.full(30, 0.1), np.linspace(0.1, 1.0, 30), np.ones(30)]),
    "trend": lambda draw: np.exp(np.linspace(0.0, 2.0, DAYS)),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("late", [False, True])
def test_p_values_are_uniform_without_an_alignment(shape: str, late: bool) -> None:
    """Trends with events in the last third are where the plain test is wrong in a fifth of all cases."""
    draw = np.random.default_rng(17)
    found = []
    for _ in range(600):
        own = draw.poisson(300 * SHAPES[shape](draw) * draw.gamma(20, 1 / 20, DAYS)).astype(float)
        days = np.arange(2 * DAYS // 3 if late else LAG_DAYS + 1, DAYS - LAG_DAYS)
        events = np.sort(draw.choice(days, 3, replace=False))
        found.append(aligned_p(activity(own, own + draw.poisson(30_000, DAYS)), events))
    ranks = np.array(found)
    assert (ranks <= 0.05).mean() <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 600)
    assert ranks.min() >= 1 / DAYS


def test_a_planted_alignment_is_found() -> None:
    draw = np.random.default_rng(18)
    hits = 0
    for _ in range(100):
        events = np.array([20, 45, 70])
        level = np.ones(DAYS)
        for event in events:
            level[event - LAG_DAYS : event] = 2.0
        own = draw.poisson(300 * level).astype(float)
        hits += aligned_p(activity(own, own + draw.poisson(30_000, DAYS)), events) <= 0.05
    assert hits >= 95


@given(
    st.integers(15, 40), st.lists(st.integers(8, 14), min_size=1, max_size=4, unique=True), st.integers(0, 2**32 - 1)
)
def test_the_p_value_is_that_of_turning_by_hand(days: int, events: list[int], seed: int) -> None:
    series = np.random.default_rng(seed).normal(size=days)

    def statistic(turned: NDArray[np.float64]) -> float:
        return float(np.round(np.mean([turned[event - LAG_DAYS : event].sum() for event in events]), 9))

    every = [statistic(np.roll(series, -turn)) for turn in range(days)]
    assert aligned_p(series, np.array(events)) == pytest.approx(sum(one >= every[0] for one in every) / days)


# --- on a log --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Ninety days in which a group works harder in the week before three releases of one actor."""
    draw = np.random.default_rng(19)
    made = Workspace(tmp_path_factory.mktemp("quarter") / "work", threads=1)
    rows = []
    for day in range(DAYS):
        busy = any(0 < event - day <= LAG_DAYS for event in (20, 45, 70))
        rows += [exchange("a", 24 * day + 24 * draw.random()) for _ in range(12 if busy else 4)]
        rows += [exchange(f"p{n}", 24 * day + 24 * draw.random()) for n in range(30)]
    rows += [exchange("p0", 0), exchange("p0", 24 * DAYS + 1)]
    log(made, rows, actor_timeline=EVENTS)
    yield made
    made.close()


def event(actor: str, day: int) -> dict[str, Any]:
    return {
        "actor": actor, "event": "a release", "happened_at": START + timedelta(days=day, hours=12), "source": "a blog",
    }  # fmt: skip


EVENTS = [
    *(event("Rival", day) for day in (20, 45, 70, 400)),
    *(event("Other", day) for day in (12, 33, 58)),
    *(event("Rare", day) for day in (20, 45)),
]


def test_each_actor_gets_one_row_and_pays_for_all(quarter: Workspace) -> None:
    rows = {row.subject: row for row in roadmap.facts(subject(quarter, ["a"]))}
    assert rows["Rival"].state == "met" and "consistent with" in rows["Rival"].statement
    assert rows["Rival"].n == 3 and rows["Rival"].p_value == pytest.approx(3 / DAYS)
    assert rows["Rival"].p_floor == pytest.approx(3 / DAYS) and 0 < float(rows["Rival"].value or 0) <= 6.5
    assert rows["Other"].state == "not met" and "No evidence" in rows["Other"].statement
    assert rows["Rare"].state == "unknown" and "fewer than 3" in rows["Rare"].statement


def test_who_works_like_everybody_is_aligned_with_nobody(quarter: Workspace) -> None:
    assert {row.state for row in roadmap.facts(subject(quarter, ["p3"]))} <= {"not met", "unknown"}


@pytest.mark.parametrize(("given", "days", "word"), [
    ({}, 3, "No timeline"),
    ({"actor_timeline": []}, 3, "no event"),
    ({"actor_timeline": EVENTS}, 30, "fewer than 60"),
])  # fmt: skip
def test_too_little_says_so(workspace: Workspace, given: dict[str, Any], days: int, word: str) -> None:
    log(workspace, [exchange("a", 24 * day) for day in range(days)], **given)
    (row, *_) = roadmap.facts(subject(workspace, ["a"]))
    assert row.state == "unknown" and word in row.statement
