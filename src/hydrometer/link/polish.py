"""A rough community → the units that are alike on the families that formed it: strangers leave, fellows outside join.

Modularity draws its borders where the graph is cut cheaply, so that a community holds strangers who share one popular
thing with somebody, and loses members who share little. Here every unit is asked whether it is like the members more
than like the strangers of its stratum, again and again until nobody moves. Nothing but the forming half is looked at,
so that the test of the group stays valid. Source: `statistics.md` section 2 (split); positive and unlabelled examples:
Elkan & Noto 2008 (unlisted members lower everybody's probability by the same factor).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from hydrometer.base.families import FAMILY
from hydrometer.base.households import households
from hydrometer.base.likeness import FamilyColumns, likeness, posterior
from hydrometer.base.population import FormingHalf, Population

ROUNDS = 10
BELONGS = 0.5
"""A unit stays or joins when it is likelier than not."""
TIED_BREADTH = 0.2
TIED_SHARE = 0.3
TIED_LIFT = 3.0
"""Two parts are one when this share of each reaches a fifth of what the other's typical member does, three times as
many as strangers do (the bounds of `prove/fragments.py`)."""


def columns(half: FormingHalf) -> dict[str, FamilyColumns]:
    """The families of a half, read both ways."""
    population = half.population
    household = households(half.families, population.units)
    return {
        name: FamilyColumns.of(layers, population.active, population.likeness_strata(FAMILY[name]), household)
        for name, layers in half.families.items()
    }


def polished(
    population: Population,
    families: Mapping[str, FamilyColumns],
    part: NDArray[np.int64],
    strata: NDArray[np.int64],
    *,
    smallest: int,
    core: float = 0.0,
) -> NDArray[np.int64]:
    """Units that are like the members of a part, after at most `ROUNDS` rounds; empty where it dissolves.

    Args:
        population: all units.
        families: the families that may be looked at.
        part: shape (k,), the units to begin with.
        strata: shape (units,), by which the group's share is the prior of belonging.
        smallest: a part that has fewer units after any round dissolves.
        core: least breadth of a member, as a share of the members' median.
    """
    inside = np.zeros(population.units, np.bool_)
    inside[part] = True
    open_to = population.active & ~population.declared
    for _ in range(ROUNDS):
        like = likeness(families, inside)
        probability = posterior(like.nats, inside, population.active, strata)
        found = (np.round(probability, 9) >= BELONGS) & open_to
        found &= like.breadth >= core * float(np.median(like.breadth[inside]))
        if int(found.sum()) < smallest:
            return np.zeros(0, np.int64)
        if np.array_equal(found, inside):
            break
        inside = found
    return np.flatnonzero(inside)


def joined(
    population: Population,
    families: Mapping[str, FamilyColumns],
    parts: Sequence[NDArray[np.int64]],
    strata: NDArray[np.int64],
) -> list[NDArray[np.int64]]:
    """Parts that hold each other's marks, put together: one operator in several languages.

    Two parts are one where, both ways, a good part of one reaches the other as its own members do, and far more than
    the strangers in its strata, who are in no part.

    Args:
        population: all units.
        families: the families that may be looked at.
        parts: the parts, each of shape (k,).
        strata: shape (units,), in which strangers are compared.
    """
    count = len(parts)
    if count < 2:
        return list(parts)
    free = population.active.copy()
    free[np.concatenate(parts)] = False
    strangers = [free & np.isin(strata, strata[part]) for part in parts]
    tied = np.zeros((count, count), np.bool_)
    for number, part in enumerate(parts):
        inside = np.zeros(population.units, np.bool_)
        inside[part] = True
        breadth = likeness(families, inside).breadth
        reaches = breadth >= max(1.0, TIED_BREADTH * float(np.median(breadth[part])))
        for other, theirs in enumerate(parts):
            usual = (float(reaches[strangers[other]].sum()) + 0.5) / (float(strangers[other].sum()) + 1.0)
            share = float(reaches[theirs].mean())
            tied[number, other] = round(share, 9) >= max(TIED_SHARE, round(TIED_LIFT * usual, 9))
    _, label = connected_components(sparse.csr_array(tied & tied.T), directed=False)
    return [
        np.unique(np.concatenate([part for part, own in zip(parts, label, strict=True) if own == number]))
        for number in range(int(label.max()) + 1)
    ]
