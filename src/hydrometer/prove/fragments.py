"""Fragments of one operator: groups found apart, by language or by card, that share too much to be two hands.

Two groups that are each one hand are the same hand when, over two families at least, they are tied: in both directions
a good part of one holds what marks the other, far more than outsiders do. One family is not enough: two builders may
rent one proxy network. Cards tie in a second way: a network may hang together by pairs of cards, so that no card marks
a piece of it; two pieces pay together when members of both hold the same cards far more often than either does with
outsiders. Outsiders are units of no group: what is left of a network is in the other groups.
Joining decides who is listed together, not whether anybody is listed. Source: mission rows 34 and 38.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from hydrometer.base.families import FAMILIES, SIDES
from hydrometer.base.groups import OVERLAP
from hydrometer.base.population import Layer, Population
from hydrometer.prove.urn import looked_at

SHARED_BY = 2
"""An entity marks a group when at least two of its members hold it, and `TIED_LIFT` times the outsiders' share."""
TIED_SHARE = 0.3
TIED_LIFT = 3.0
"""A family ties a group to another when this share of its members hold the other's marks, this many times the
outsiders' share."""
TIED_FAMILIES = 2
CARDS_MIN = 5
"""Cards that two groups hold in common, at least, before they count as paying together."""
ACROSS = np.array([family.across for family in FAMILIES])
INFRASTRUCTURE = np.array([family.name in SIDES["infrastructure"] for family in FAMILIES])


@dataclass(frozen=True, slots=True)
class Side:
    """One group, and what is asked of it beside each other one.

    Attributes:
        units: shape (k,), its units.
        marked: shape (families, units), who holds what marks it.
        usual: shape (families,), the share of outsiders who do.
    """

    units: NDArray[np.int64]
    marked: NDArray[np.bool_]
    usual: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        population: Population,
        units: NDArray[np.int64],
        outside: NDArray[np.bool_],
        usual: Mapping[str, NDArray[np.float64]],
    ) -> Side:
        """The side of some units; `usual` gives for each layer the share of outsiders who hold each entity."""
        marked = np.zeros((len(FAMILIES), population.units), np.bool_)
        for number, family in enumerate(FAMILIES):
            for name in family.layers:
                if name in population.layers:
                    marked[number] |= _holds_marks(population.layers[name], units, usual[name])
        return cls(units, marked, (marked[:, outside].sum(axis=1) + 0.5) / (float(outside.sum()) + 1.0))


def fragments(population: Population, members: Sequence[NDArray[np.int64]]) -> list[list[int]]:
    """Numbers of the groups that are one hand together; every group stands in exactly one list.

    Args:
        population: all units.
        members: units of each group.

    Returns:
        components in the order of their first group.
    """
    outside = population.active.copy()
    for units in members:
        outside[units] = False
    usual = {name: _usual(layer, outside) for name, layer in population.layers.items()} if members else {}
    sides = [Side.of(population, units, outside, usual) for units in members]
    cards = crossing_cards(population)
    ties = sparse.lil_array((len(sides), len(sides)))
    for one, left in enumerate(sides):
        for other, right in enumerate(sides[one + 1 :], one + 1):
            if same_hand(left, right, cards, outside):
                ties[one, other] = 1
    parts, label = connected_components(ties.tocsr(), directed=False)
    return [np.flatnonzero(label == part).tolist() for part in range(parts)]


def same_hand(left: Side, right: Side, cards: sparse.csr_array | None, outside: NDArray[np.bool_]) -> bool:
    """Whether two groups overlap, or are tied over two families.

    Args:
        left: one group.
        right: the other.
        cards: (units × cards), see `crossing_cards`.
        outside: shape (units,), units of no group.
    """
    if len(np.intersect1d(left.units, right.units)) >= OVERLAP * min(len(left.units), len(right.units)):
        return True
    ours, theirs = np.setdiff1d(left.units, right.units), np.setdiff1d(right.units, left.units)
    ties = tied(left, theirs) & tied(right, ours)
    if cards is not None and not ties[ACROSS].any() and pay_together(cards, ours, theirs, outside):
        ties = ties | ACROSS
    return bool(ties.sum() >= TIED_FAMILIES and (ties & INFRASTRUCTURE).any())


def tied(side: Side, others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each family, whether `others` hold what marks a group, far more than outsiders; shape (families,)."""
    share = side.marked[:, others].mean(axis=1) if len(others) else np.zeros(len(side.marked))
    return np.asarray((np.round(share, 9) >= TIED_SHARE) & (np.round(share, 9) >= np.round(TIED_LIFT * side.usual, 9)))


def pay_together(
    cards: sparse.csr_array, ours: NDArray[np.int64], theirs: NDArray[np.int64], outside: NDArray[np.bool_]
) -> bool:
    """Whether units of two groups hold the same cards, far more often than either does with as many outsiders.

    Args:
        cards: (units × cards).
        ours: units of one group alone.
        theirs: units of the other alone.
        outside: shape (units,), units of no group.
    """
    held = [np.bincount(cards[units].indices, minlength=cards.shape[1]) > 0 for units in (ours, theirs)]
    strangers = np.bincount(cards[outside].indices, minlength=cards.shape[1])
    everybody = float(outside.sum()) + 1.0
    usual = max(
        float(strangers[own].sum()) * len(others) / everybody for own, others in zip(held, (theirs, ours), strict=True)
    )
    both = int((held[0] & held[1]).sum())
    return both >= CARDS_MIN and both >= round(TIED_LIFT * (usual + 0.5), 9)


def crossing_cards(population: Population) -> sparse.csr_array | None:
    """(units × cards) of the families whose things nobody shares with a stranger, but for those that too many hold."""
    names = [name for family in FAMILIES if family.across for name in family.layers if name in population.layers]
    return looked_at([population.layers[name] for name in names])[0] if names else None


def _usual(layer: Layer, outside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of outsiders who hold each entity; shape (entities,)."""
    holders = np.bincount(layer.held[outside].indices, minlength=len(layer.entities))
    return np.asarray((holders + 0.5) / (float(outside.sum()) + 1.0))


def _holds_marks(layer: Layer, owners: NDArray[np.int64], usual: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which units hold an entity that marks its owners; shape (units,)."""
    inside = np.bincount(layer.held[owners].indices, minlength=len(layer.entities))
    marks = (inside >= SHARED_BY) & (np.round(inside / len(owners), 9) >= np.round(TIED_LIFT * usual, 9))
    return np.asarray((layer.held @ marks.astype(np.float64)) > 0)
