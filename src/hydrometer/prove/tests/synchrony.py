"""H1: do the accounts of a group send at the same minutes? No group is formed by times, so that they test every group.

Strangers are those of the members' client types. Of a large log some units are looked at, chosen by hash. A queue that
wakes its accounts stands out; jobs on the hour, an outage, a release and a single lesson do not.
Source: `statistics.md` section 7.1; `prove/minutes.py` has the statistic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.draws import generator
from hydrometer.base.units import bits
from hydrometer.prove.minutes import MINUTE_US, exchange_log_e, pooled, without_habits

BURSTS = "select unit, began_us from {bursts} where began_us // {epoch_us} <= $last order by 2, 1"
MEMBERS_MAX, STRANGERS_MAX = 2_000, 5_000
"""Units that are looked at."""
UNIT_BURSTS, GROUP_BURSTS = 50, 2_000
"""Bursts of one unit, and of all members, that are looked at: no account decides alone, and time is bounded."""
MEMBERS_MIN, BURSTS_MIN = 5, 40
"""Members that must send, and bursts of theirs that can be exchanged with strangers', before anything is said."""


def mixed(values: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Well mixed 64-bit keys of some numbers, for choosing by hash (splitmix64, Steele et al. 2014)."""
    key = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(key ^ (key >> np.uint64(31)))


def thinned(owner: NDArray[np.int64], moments: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
    """Which of some moments are kept: of each owner (numbers from 0) at most so many, chosen by hash; all shape (n,).

    >>> thinned(np.array([0, 0, 0, 1]), np.array([1, 2, 3, 4]), 2).tolist()
    [True, False, True, True]
    """
    kept = np.ones(len(owner), np.bool_)
    rows = np.flatnonzero((np.bincount(owner) > most)[owner]) if len(owner) else np.zeros(0, np.int64)
    order = rows[np.lexsort((mixed(moments[rows]), owner[rows]))]
    rank = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    kept[order[rank >= most]] = False
    return kept


@dataclass(frozen=True, slots=True)
class Begun:
    """Bursts of all units up to a moment, in order of time.

    Attributes:
        unit: shape (n,), of at most `UNIT_BURSTS` bursts each, none of them a habit.
        began_us: shape (n,), microseconds.
        first_us: shape (units,), first burst of each unit, habits included; -1 where there is none.
    """

    unit: NDArray[np.int64]
    began_us: NDArray[np.int64]
    first_us: NDArray[np.int64]


def begun(case: Case) -> Begun:
    """Bursts of all units up to the case's epoch."""
    rows = case.workspace.query(BURSTS, {"last": case.last_epoch})
    unit, began = rows["unit"].to_numpy().astype(np.int64), rows["began_us"].to_numpy()
    first = np.full(case.population.units, -1, np.int64)
    first[unit[::-1]] = began[::-1]
    kept = np.flatnonzero(without_habits(unit, began // MINUTE_US))
    kept = kept[thinned(unit[kept], began[kept], UNIT_BURSTS)]
    return Begun(unit[kept], began[kept], first)


def bursts(case: Case) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """(unit, microseconds, whether a member's) of bursts of members and of strangers of their client types."""
    population, found = case.population, case.once(TEST.name, case.last_epoch, lambda: begun(case))
    inside = np.zeros(population.units, np.bool_)
    inside[case.group.members] = True
    alike = np.isin(population.clients, np.unique(population.clients[case.group.members]))
    chosen = np.zeros(population.units, np.bool_)
    for side, most in ((inside, MEMBERS_MAX), (alike & population.active & ~inside, STRANGERS_MAX)):
        units = np.flatnonzero(side & (found.first_us >= 0))
        units = units[np.argsort(found.first_us[units], kind="stable")]
        chosen[units[thinned(np.zeros(len(units), np.int64), found.first_us[units], most)]] = True
    rows = np.flatnonzero(chosen[found.unit])
    unit, began = found.unit[rows], found.began_us[rows]
    own = np.where(inside[unit], 0, 1 + np.arange(len(unit)))
    kept = thinned(own, began, GROUP_BURSTS)
    return unit[kept], began[kept], inside[unit[kept]]


def judge(case: Case) -> Finding:
    """ln e of bursts that fall into the same minutes, with its row; abstains where too few can be compared."""
    unit, began, member = bursts(case)
    pool = pooled(member, began // MINUTE_US, case.population.clients[unit])
    members = len(np.unique(unit[member]))
    if members < MEMBERS_MIN or len(pool.observed) < BURSTS_MIN:
        return Finding()
    content = pool.minute.tobytes() + pool.starts.tobytes() + pool.observed.tobytes()
    value, own, usual, draws = exchange_log_e(pool, generator(case.seed, "synchrony", content))
    row = Evidence(
        "H1",
        "synchrony",
        "timing",
        own / max(usual, 1e-9),
        "times what strangers have",
        len(pool.observed),
        "times exchanged with those of strangers of the same half hour and client type",
        f"{len(pool.taken)} half hours of one client type",
        bits(value),
        bits(value),
        f"{len(pool.observed)} bursts of {members} members fall into the same minutes "
        f"{own / max(usual, 1e-9):.2f} times as much as those of strangers of the same half hours "
        f"({draws} exchanges were drawn).",
    )
    return Finding(value, (row,))


TEST = Test(
    name="synchrony",
    hypothesis="H1",
    role="evidence",
    judge=judge,
    source="statistics cookbook, section 7.1",
    benign_twins=("hobby_script", "classroom", "release_enthusiast", "outage_recoverer"),
)
