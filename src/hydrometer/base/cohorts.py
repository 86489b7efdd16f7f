"""Cohorts of sign-up: whoever signed up in one week, and apart from them those who came in a rush.

Accounts made on one day are a trace of an operator who makes them in batches, and of a release, a course or a campaign
of advertising: people who word the same new thing came for it, on its day. A day on which far more accounts were made
than on the days around it is a rush; its accounts are compared with each other alone, where to share the day says
nothing. Source: `statistics.md` section 2.3 (strata as data: sign-up cohort).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AROUND_DAYS = 7
"""Days before and after a day, with whose median it is compared."""
RUSH_LIFT = 1.25
RUSH_SPREAD = 3.0
"""A rush is a quarter more than usual, and three Poisson standard deviations more than that."""


def rushes(days: NDArray[np.int64], active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which units signed up on a day of a rush; shape (units,).

    >>> usual = np.repeat(np.arange(10), 20)
    >>> days = np.concatenate([usual, np.full(60, 4)])
    >>> np.unique(days[rushes(days, np.full(len(days), True))]).tolist()
    [4]

    Args:
        days: shape (units,), day of sign-up as a number of days; negative where nobody knows.
        active: shape (units,), units that count.
    """
    known = days >= 0
    if not (known & active).any():
        return np.zeros(len(days), np.bool_)
    first, last = int(days[known].min()), int(days[known].max())
    made = np.bincount(days[known & active] - first, minlength=last - first + 1).astype(np.float64)
    padded = np.concatenate([np.full(AROUND_DAYS, np.nan), made, np.full(AROUND_DAYS, np.nan)])
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND_DAYS + 1)
    others = np.delete(around, AROUND_DAYS, axis=1)
    usual = np.zeros(len(made))
    some = ~np.isnan(others).all(axis=1)
    usual[some] = np.nanmedian(others[some], axis=1)
    rush = made > RUSH_LIFT * usual + RUSH_SPREAD * np.sqrt(np.maximum(usual, 1.0))
    result = np.zeros(len(days), np.bool_)
    result[known] = rush[days[known] - first]
    return result


def cohort_levels(
    month: Sequence[str], week: Sequence[str], rush: NDArray[np.bool_]
) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Names of the units' cohorts, coarse to fine: month, week, and the week's rush apart from the rest of it."""
    return month, week, [f"{name} rush" if rushed else name for name, rushed in zip(week, rush.tolist(), strict=True)]
