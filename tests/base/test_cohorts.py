"""Cohorts: a rush is seen whatever its week, a busy log has none, and who signed up on an unknown day is in none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hydrometer.base.cohorts import cohort_levels, rushes

DAYS = 120
USUAL = 60


def signed_up(extra: dict[int, int], *, usual: int = USUAL, weekend: float = 1.0) -> NDArray[np.int64]:
    """Day of sign-up of each unit: as many on all days, fewer on weekends, and some more on some days."""
    made = np.array([round(usual * (weekend if day % 7 >= 5 else 1.0)) for day in range(DAYS)])
    for day, more in extra.items():
        made[day] += more
    return np.repeat(np.arange(DAYS), made)


def rush_days(days: NDArray[np.int64]) -> list[int]:
    """Days that count as a rush."""
    return [int(day) for day in np.unique(days[rushes(days, np.full(len(days), True))])]


def test_a_release_brings_a_rush_on_its_day_and_the_next() -> None:
    assert rush_days(signed_up({64: 90, 65: 60})) == [64, 65]


@pytest.mark.parametrize("day", [0, 3, DAYS - 1])
def test_a_rush_at_an_end_of_the_log_is_one(day: int) -> None:
    assert rush_days(signed_up({day: 120})) == [day]


def test_a_batch_of_an_operator_is_none_among_many_sign_ups() -> None:
    """Twenty accounts more than sixty are what happens by itself; the batch stays comparable with its week."""
    assert rush_days(signed_up({30: 20})) == []


def test_working_days_are_no_rush() -> None:
    assert rush_days(signed_up({}, weekend=0.8)) == []


def test_hardly_any_day_of_chance_is_a_rush() -> None:
    draw = np.random.default_rng(3)
    days = np.repeat(np.arange(2_000), draw.poisson(40, 2_000))
    assert len(rush_days(days)) < 10


def test_who_is_away_or_unknown_makes_no_rush() -> None:
    days = signed_up({64: 90})
    away = np.full(len(days), True)
    away[np.flatnonzero(days == 64)[:100]] = False
    assert not rushes(days, away).any()
    unknown = np.concatenate([days, np.full(500, -1)])
    found = rushes(unknown, np.full(len(unknown), True))
    assert found[: len(days)].any() and not found[len(days) :].any()
    assert not rushes(np.full(5, -1), np.full(5, True)).any()


def test_a_rush_is_a_cohort_of_its_own_within_its_week() -> None:
    month, week, finest = cohort_levels(["m", "m"], ["w", "w"], np.array([True, False]))
    assert list(month) == ["m", "m"] and list(week) == ["w", "w"]
    assert list(finest) == ["w rush", "w"]
