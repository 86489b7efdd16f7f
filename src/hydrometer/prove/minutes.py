"""Do the members of a group send at the same minutes, more than strangers of their strata do in the same half hours?

Bursts (first exchanges after five minutes of silence) of the group and of strangers are pooled by half hour and
stratum; under the null, who of the pool is a member does not depend on the minute. So the members' times are exchanged
with those of strangers who sent in the same half hours: days and nights, outages, release minutes and full hours are in
both. What an account does at a minute of the hour of its own (jobs by the clock) is left out on both sides first.
Permutations are drawn one after the other, and an e-process over them may stop at any time.
Source: `statistics.md` section 7.1 (reference resampling; here without replacement from both, which is exact); Besag
and Clifford 1991 (sequential permutation); Vovk and Wang 2021 (mixtures of e-values).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import betaln

from hydrometer.base.units import DECISION_DIGITS

MINUTE_US = 60_000_000
WINDOW_MINUTES = 30
"""Length of the windows within which times are exchanged (`statistics.md` section 7.1: 30 and 120 minutes are best)."""
HOUR_MINUTES = 60
HABIT_BURSTS = 4
HABIT_LIFT = 3.0
"""A minute of the hour is a unit's habit when it has at least four bursts in it, three times its share of a minute."""
DRAWS_MAX = 20_000
DRAWS_AT_ONCE = 100
EXCEEDED_MAX = 10
"""Permutations at most; no more are drawn once ten of them had as much in common as the group."""
ALTERNATIVE_SHAPE = 0.1
"""Under one hand the p-value is Beta(0.1, 1): with none of B permutations exceeding, e is 0.95·B^0.9."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Bursts that may be exchanged for each other, by cell (half hour × stratum).

    Attributes:
        minute: shape (n,), minute of each burst, grouped by cell.
        starts: shape (cells + 1,), where the cells begin.
        taken: shape (cells,), bursts of members in each cell.
        observed: shape (members' bursts,), minutes of the members, grouped by cell.
    """

    minute: NDArray[np.int64]
    starts: NDArray[np.int64]
    taken: NDArray[np.int64]
    observed: NDArray[np.int64]


def without_habits(unit: NDArray[np.int64], minute: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which bursts are not at a minute of the hour at which their unit often begins; both of shape (n,), units from 0.

    >>> unit = np.zeros(6, np.int64)
    >>> without_habits(unit, np.array([7, 67, 127, 187, 30, 95])).tolist()
    [False, False, False, False, True, True]
    """
    key = unit * HOUR_MINUTES + minute % HOUR_MINUTES
    count, of_unit = np.bincount(key), np.bincount(unit)
    often = np.flatnonzero(count >= HABIT_BURSTS)
    habit = np.zeros(len(count), np.bool_)
    habit[often] = count[often] * HOUR_MINUTES >= HABIT_LIFT * of_unit[often // HOUR_MINUTES]
    return np.asarray(~habit[key])


def pooled(member: NDArray[np.bool_], minute: NDArray[np.int64], stratum: NDArray[np.int64]) -> Pool:
    """The bursts by cell; cells in which strangers have fewer than members say little and are left out.

    Args:
        member: shape (n,), whether each burst is a member's.
        minute: shape (n,).
        stratum: shape (n,), stratum of its unit.
    """
    cell = (minute // WINDOW_MINUTES) * (int(stratum.max(initial=0)) + 1) + stratum
    order = np.lexsort((minute, ~member, cell))
    member, minute, cell = member[order], minute[order], cell[order]
    _, place = np.unique(cell, return_inverse=True)
    size, own = np.bincount(place), np.bincount(place, member).astype(np.int64)
    kept = (own > 0) & (2 * own <= size)
    inside = kept[place]
    starts = np.concatenate([[0], np.cumsum(size[kept])]).astype(np.int64)
    return Pool(minute[inside], starts, own[kept], minute[inside & member])


@njit(cache=True, nogil=True)
def togetherness(
    minutes: NDArray[np.int64], first: int, counts: NDArray[np.int64], touched: NDArray[np.int64]
) -> float:
    """Σ over half hours of ln(1 + pairs of bursts in one minute); a single crowd, as a lesson, adds little to it.

    Args:
        minutes: shape (n,), minutes of the bursts.
        first: a minute before all, on the edge of a window.
        counts: shape (minutes,), zeros; used and cleared.
        touched: shape (windows,), the same for pairs by window.
    """
    for minute in minutes:
        touched[(minute - first) // WINDOW_MINUTES] += counts[minute - first]
        counts[minute - first] += 1
    total = 0.0
    for minute in minutes:
        window = (minute - first) // WINDOW_MINUTES
        if touched[window] > 0:
            total += np.log1p(touched[window])
            touched[window] = 0
        counts[minute - first] = 0
    return total


@njit(cache=True, nogil=True)
def exchanged(
    minute: NDArray[np.int64],
    starts: NDArray[np.int64],
    taken: NDArray[np.int64],
    uniform: NDArray[np.float32],
    first: int,
    minutes: int,
) -> NDArray[np.float64]:
    """Togetherness of as many random choices from the pool as `uniform` has rows; `minute` is left permuted.

    Args:
        minute: shape (n,), see `Pool`; permuted within cells.
        starts: see `Pool`.
        taken: see `Pool`.
        uniform: shape (draws, members' bursts), random numbers.
        first: a minute before all, on the edge of a window.
        minutes: minutes from there to the last burst, and one.
    """
    counts, touched = np.zeros(minutes, np.int64), np.zeros(minutes // WINDOW_MINUTES + 1, np.int64)
    chosen, result = np.zeros(uniform.shape[1], np.int64), np.zeros(uniform.shape[0])
    for draw in range(uniform.shape[0]):
        position = 0
        for cell in range(len(taken)):
            low, high = starts[cell], starts[cell + 1]
            for place in range(low, low + taken[cell]):
                other = place + min(int(uniform[draw, position] * (high - place)), high - place - 1)
                minute[place], minute[other] = minute[other], minute[place]
                chosen[position] = minute[place]
                position += 1
        result[draw] = togetherness(chosen, first, counts, touched)
    return result


def log_e_of(exceeded: int, draws: int) -> float:
    """ln e of a permutation test in which so many of so many draws had at least as much as the group.

    Likelihood of the exceedances where the p-value is Beta(a, 1), against where it is uniform: a martingale in the
    number of draws under the null, whatever the statistic, so that drawing may stop at any time.

    >>> round(log_e_of(0, 20_000), 3), round(log_e_of(10, 100), 3)
    (8.863, -0.225)
    """
    a = ALTERNATIVE_SHAPE
    under = betaln(exceeded + 1, draws - exceeded + 1)
    return float(np.log(a) + betaln(exceeded + a, draws - exceeded + 1) - under)


def exchange_log_e(pool: Pool, draw: np.random.Generator) -> tuple[float, float, float, int]:
    """(ln e, togetherness of the group, its mean over permutations, permutations drawn)."""
    first = int(pool.minute.min()) // WINDOW_MINUTES * WINDOW_MINUTES
    minutes = int(pool.minute.max()) - first + 1
    counts, touched = np.zeros(minutes, np.int64), np.zeros(minutes // WINDOW_MINUTES + 1, np.int64)
    own = round(togetherness(pool.observed, first, counts, touched), DECISION_DIGITS)
    mixed = pool.minute.copy()
    exceeded, draws, total = 0, 0, 0.0
    while draws < DRAWS_MAX and exceeded < EXCEEDED_MAX:
        uniform = draw.random((DRAWS_AT_ONCE, len(pool.observed)), np.float32)
        found = np.round(exchanged(mixed, pool.starts, pool.taken, uniform, first, minutes), DECISION_DIGITS)
        exceeded += int((found >= own).sum())
        draws += DRAWS_AT_ONCE
        total += float(found.sum())
    return log_e_of(exceeded, draws), own, total / draws, draws
