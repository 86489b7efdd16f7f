"""The marks of a group: entities that it holds several times as often as strangers of its strata do.

One pass over what members hold and over who holds it, compiled. Members of a unit's own household are none of its
fellows. See `base/likeness.py`, which asks for the marks of each family.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

MARK_LIFT = 4.0
MARK_NATS = float(np.log(MARK_LIFT))
MARK_FELLOWS = 2
BARELY = 1.0 - 1e-6
"""An entity marks a unit when at least two other members hold it and they hold it four times as often as expected
(within one part in a million, it is looked at closely)."""
SORTED_MAX = 8
"""What a group holds is sorted where all entities are this many times as many, else counted entity by entity."""


@njit(cache=True, nogil=True)
def held_within(
    rows: tuple[NDArray[np.int32], NDArray[np.int32]], inside: NDArray[np.bool_], entities: int, least: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Entities that so many members hold or more, ascending, and how many do; a small group costs what it holds.

    Args:
        rows: (indptr, indices), the entities of each unit.
        inside: shape (units,), the members.
        entities: number of all entities.
        least: fewest members.
    """
    members = np.flatnonzero(inside)
    total = 0
    for unit in members:
        total += rows[0][unit + 1] - rows[0][unit]
    if total * SORTED_MAX < entities:
        held, place = np.empty(total, np.int32), 0
        for unit in members:
            for entity in rows[1][rows[0][unit] : rows[0][unit + 1]]:
                held[place] = entity
                place += 1
        held.sort()
        found, count, kinds = np.empty(total, np.int64), np.empty(total, np.int64), 0
        first = 0
        for last in range(1, total + 1):
            if last == total or held[last] != held[first]:
                if last - first >= least:
                    found[kinds], count[kinds] = held[first], last - first
                    kinds += 1
                first = last
        return found[:kinds], count[:kinds]
    own = np.zeros(entities, np.int64)
    for unit in members:
        for entity in rows[1][rows[0][unit] : rows[0][unit + 1]]:
            own[entity] += 1
    enough = np.flatnonzero(own >= least)
    return enough, own[enough]


@njit(cache=True, nogil=True)
def marks_of(
    rows: tuple[NDArray[np.int32], NDArray[np.int32]],
    holders: tuple[NDArray[np.int32], NDArray[np.int32]],
    inside: NDArray[np.bool_],
    homes: tuple[NDArray[np.int64], NDArray[np.bool_]],
    weight: NDArray[np.float64],
    anyway: float,
    seen: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]],
    least: int,
) -> NDArray[np.int64]:
    """Entities that mark at least one member, ascending; every holder's best mark, marks and fellows are added up.

    An entity whose members are too few beside its strangers to mark anybody is passed over without a look at each.

    Args:
        rows: (indptr, indices), the entities of each unit.
        holders: (indptr, indices), the units of each entity.
        inside: shape (units,), members that show the family.
        homes: shape (units,), each one's household; and whether anybody else lives there.
        weight: shape (units,), what each holder adds to the members that are expected.
        anyway: what is added to that.
        seen: best, many, breadth and paired of `Seen`; changed.
        least: fellows from which anything is noted, 1 or `MARK_FELLOWS`; one alone marks nobody, he makes a pair.

    Returns:
        shape (m,), numbers of entities.
    """
    household, crowded = homes
    best, many, breadth, paired = seen
    found, count = held_within(rows, inside, len(holders[0]) - 1, least)
    marking = np.zeros(len(found), np.bool_)
    at_home = np.zeros(len(household) if crowded.any() else 0, np.int64)
    for place in range(len(found)):
        entity, own = found[place], count[place]
        units = holders[1][holders[0][entity] : holders[0][entity + 1]]
        usual, heaviest = 0.0, 0.0
        for unit in units:
            usual += weight[unit]
            heaviest = max(heaviest, weight[unit])
        if own + 0.5 < MARK_LIFT * BARELY * (max(usual - heaviest, 0.0) + anyway):
            continue
        for unit in units:
            if inside[unit] and crowded[unit]:
                at_home[household[unit]] += 1
        for unit in units:
            fellows = own - (at_home[household[unit]] if crowded[unit] else np.int64(inside[unit]))
            if fellows < least:
                continue
            others = max(usual - weight[unit], 0.0)
            lift = np.rint((np.log(fellows + 0.5) - np.log(others + anyway)) * 1e9) / 1e9
            if lift >= MARK_NATS and fellows < MARK_FELLOWS:
                paired[unit] = True
            elif lift >= MARK_NATS:
                best[unit] = max(best[unit], lift)
                many[unit] += 1
                breadth[unit] += fellows
                marking[place] = marking[place] or inside[unit]
        for unit in units:
            if inside[unit] and crowded[unit]:
                at_home[household[unit]] = 0
    return found[marking]
