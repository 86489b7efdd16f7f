"""Fragments of one operator: groups found apart, by language or by card, that share too much to be two hands.

Two groups that are each one hand are the same hand when, over two families at least and in both directions, a good part
of one holds what the other holds, and far more than outsiders do. One family is not enough: two builders may rent one
proxy network. Joining decides who is listed together, not whether anybody is listed. Source: mission rows 34 and 38.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from hydrometer.base.families import FAMILIES
from hydrometer.base.groups import OVERLAP
from hydrometer.base.population import Layer, Population

SHARED_BY = 2
"""An entity is a group's own when at least two of its members hold it."""
TIED_SHARE = 0.3
TIED_LIFT = 3.0
"""A family ties a group to another when this share of its members hold the other's entities, this many times the
outsiders' share."""
TIED_FAMILIES = 2
Side = tuple[NDArray[np.int64], NDArray[np.bool_]]


def fragments(population: Population, members: Sequence[NDArray[np.int64]]) -> list[list[int]]:
    """Numbers of the groups that are one hand together; every group stands in exactly one list.

    Args:
        population: all units.
        members: units of each group.

    Returns:
        components in the order of their first group.
    """
    count = len(members)
    own = [holders(population, units) for units in members]
    ties = sparse.lil_array((count, count))
    for one in range(count):
        for other in range(one + 1, count):
            if same_hand(population, (members[one], own[one]), (members[other], own[other])):
                ties[one, other] = 1
    parts, label = connected_components(ties.tocsr(), directed=False)
    return [np.flatnonzero(label == part).tolist() for part in range(parts)]


def same_hand(population: Population, left: Side, right: Side) -> bool:
    """Whether two groups overlap, or are tied over two families in both directions.

    Args:
        population: all units.
        left: units of one group, and for each family who holds what is its own (see `holders`).
        right: the same of the other.
    """
    both = len(np.intersect1d(left[0], right[0]))
    if both >= OVERLAP * min(len(left[0]), len(right[0])):
        return True
    outside = population.active.copy()
    outside[left[0]] = outside[right[0]] = False
    ties = tied(left[1], np.setdiff1d(right[0], left[0]), outside) & tied(
        right[1], np.setdiff1d(left[0], right[0]), outside
    )
    return bool(ties.sum() >= TIED_FAMILIES)


def tied(own: NDArray[np.bool_], others: NDArray[np.int64], outside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each family, whether `others` hold what is a group's own, far more than outsiders; shape (families,)."""
    share = own[:, others].mean(axis=1) if len(others) else np.zeros(len(own))
    usual = (own[:, outside].sum(axis=1) + 0.5) / (float(outside.sum()) + 1.0)
    return np.asarray((np.round(share, 9) >= TIED_SHARE) & (np.round(share, 9) >= np.round(TIED_LIFT * usual, 9)))


def holders(population: Population, members: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which units hold an entity that is a group's own, by family; shape (families, units)."""
    result = np.zeros((len(FAMILIES), population.units), np.bool_)
    for number, family in enumerate(FAMILIES):
        for name in family.layers:
            if name in population.layers:
                result[number] |= _holds(population.layers[name], members)
    return result


def _holds(layer: Layer, owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which units hold an entity that is the owners' own; shape (units,)."""
    own = np.asarray(layer.held[owners].astype(np.int64).sum(axis=0)).ravel() >= SHARED_BY
    return np.asarray((layer.held @ own.astype(np.float64)) > 0)
