"""How much each unit is like a group: one log likelihood ratio a family, measured against strangers of its stratum.

Formation trims and completes candidate groups with it on the families that it may see; membership scores every unit
with it on all families. A *mark* is an entity that the group holds several times as often as its members' strata would
by themselves (so the phrases of a language mark nobody who speaks it). For each unit only its best mark and the number
of its marks count, and what these say is read off the group and the strangers themselves: a unit is left out of every
count that it is compared with, so that neither a household of two nor a word that all use can prove itself. Where a
family says how often strangers come in pairs, to share with one member alone is a cell of its own, too: it says no more
than that rate allows. Who shares nothing may be half of a pair whose other half nobody has found yet, so that pairs are
counted among those who show nothing, too: a network of pairs does not shut out its own.
Source: `statistics.md` sections 1 (leave one out, strata), 3.4 (attachment) and 11 (tempering).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.marks import MARK_FELLOWS, marks_of
from hydrometer.base.population import Layer

LIFT_EDGES = (2.5, 4.0)
COUNT_EDGES = (2, 4, 8)
"""A unit's cell: best mark below 2.5, below 4 or more nats; 1, 2 to 3, 4 to 7, 8 or more marks; or no mark at all."""
UNMARKED = 0
PAIRED = 1 + (len(LIFT_EDGES) + 1) * (len(COUNT_EDGES) + 1)
"""The cell of those who have no mark and share with one member alone."""
CELLS = PAIRED + 1
STRATUM_PULL = 20.0
"""Strangers of the whole log that a stratum's own are mixed with: a stratum of twenty counts half by itself."""
NATS_MAX = 8.0
NATS_MIN = -5.0
"""One family can neither convict nor acquit a unit alone."""
FAMILY_CORRELATION = 0.2
"""ρ̄ between families' log ratios; the sum over k families that speak is divided by 1 + (k − 1)·ρ̄."""


@dataclass(frozen=True, slots=True)
class Columns:
    """One layer read both ways.

    Attributes:
        layer: the layer.
        rows: (indptr, indices), the entities of each unit.
        holders: (indptr, indices), the units of each entity.
    """

    layer: Layer
    rows: tuple[NDArray[np.int32], NDArray[np.int32]]
    holders: tuple[NDArray[np.int32], NDArray[np.int32]]

    @classmethod
    def of(cls, layer: Layer) -> Columns:
        """The layer, transposed once."""
        across: sparse.csc_array = layer.held.tocsc()
        return cls(layer, compressed(layer.held), compressed(across))


@dataclass(frozen=True, slots=True)
class FamilyColumns:
    """One family's layers, who shows any of them, and the strata in which strangers are counted.

    Attributes:
        layers: its layers.
        observed: shape (units,), active units that show the family.
        strata: shape (units,), numbers from 0.
        household: shape (units,), the same number for those who live together (`base/households.py`).
        crowded: shape (units,), units that do not live alone.
        count: number of strata.
        pairs: how often strangers in one group share with one other of it, at most; 0 = such a pair says nothing.
    """

    layers: tuple[Columns, ...]
    observed: NDArray[np.bool_]
    strata: NDArray[np.int64]
    household: NDArray[np.int64]
    crowded: NDArray[np.bool_]
    count: int
    pairs: float = 0.0

    @classmethod
    def of(
        cls,
        layers: Sequence[Layer],
        active: NDArray[np.bool_],
        strata: NDArray[np.int64],
        household: NDArray[np.int64],
        pairs: float = 0.0,
    ) -> FamilyColumns:
        """The family of some layers."""
        observed = np.logical_or.reduce([layer.observed for layer in layers]) & active
        crowded = (np.bincount(household) > 1)[household]
        both = tuple(Columns.of(layer) for layer in layers)
        return cls(both, observed, strata, household, crowded, int(strata.max()) + 1, pairs)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much every unit is like a group.

    Attributes:
        nats: shape (units, families), log ratio of each family; 0 where the unit does not show it.
        breadth: shape (units,), other members who hold a unit's marks, each counted once for every mark.
        marks: layer → shape (m,), numbers of the entities that mark the group.
    """

    nats: NDArray[np.float64]
    breadth: NDArray[np.float64]
    marks: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What units hold of a group's marks, family by family; the arrays are filled layer by layer.

    Attributes:
        best: shape (units,), the best mark, nats.
        many: shape (units,), the number of marks.
        paired: shape (units,), whether it holds what one other member holds, and hardly a stranger.
        breadth: shape (units,), over all families, see `Likeness`.
    """

    best: NDArray[np.float64]
    many: NDArray[np.int64]
    paired: NDArray[np.bool_]
    breadth: NDArray[np.float64]


def compressed(matrix: sparse.csr_array | sparse.csc_array) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(indptr, indices) of a compressed matrix."""
    return matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)


def likeness(families: Mapping[str, FamilyColumns], inside: NDArray[np.bool_]) -> Likeness:
    """Log ratios of all units.

    Args:
        families: the families to look at.
        inside: shape (units,), the group's members; all others are strangers.
    """
    nats, breadth = np.zeros((len(inside), len(families))), np.zeros(len(inside))
    marks: dict[str, NDArray[np.int64]] = {}
    for number, family in enumerate(families.values()):
        units = len(inside)
        seen = Seen(np.zeros(units), np.zeros(units, np.int64), np.zeros(units, np.bool_), breadth)
        expected = stranger_weights(family.strata, family.observed, inside, family.count)
        for columns in family.layers:
            marks[columns.layer.name] = add_marks(columns, family, family.observed & inside, expected, seen)
        cell = cells(seen.best, seen.many, seen.paired & (family.pairs > 0.0))
        cell_nats(cell, (family.strata, family.observed, family.count), inside, family.pairs, nats[:, number])
    return Likeness(nats, breadth, marks)


@njit(cache=True, nogil=True)
def stranger_weights(
    strata: NDArray[np.int64], observed: NDArray[np.bool_], inside: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.float64], float]:
    """How much each stranger who holds an entity adds to the holders expected in the group, and what is added anyway.

    Of a stratum's strangers, mixed with those of the whole log, the group's share of the stratum is expected.

    Args:
        strata: shape (units,), numbers from 0.
        observed: shape (units,), units that show the family.
        inside: shape (units,), the group's members.
        count: number of strata.

    Returns:
        shape (units,), and a number.
    """
    own, others = np.zeros(count), np.zeros(count)
    for unit in range(len(strata)):
        if observed[unit]:
            (own if inside[unit] else others)[strata[unit]] += 1.0
    share = own / (others + STRATUM_PULL)
    anywhere = STRATUM_PULL * share.sum() / (others.sum() + 1.0)
    weight = np.zeros(len(strata))
    for unit in range(len(strata)):
        if observed[unit] and not inside[unit]:
            weight[unit] = share[strata[unit]] + anywhere
    return weight, 0.5 * anywhere + 0.5 * own.sum() / (others.sum() + 1.0)


def add_marks(
    columns: Columns,
    family: FamilyColumns,
    inside: NDArray[np.bool_],
    expected: tuple[NDArray[np.float64], float],
    seen: Seen,
) -> NDArray[np.int64]:
    """Add the marks of one layer to what is seen; the entities that mark at least one member.

    Args:
        columns: the layer.
        family: its family; members of a unit's own household are none of its fellows.
        inside: shape (units,), members that show the family.
        expected: see `stranger_weights`.
        seen: what the family's other layers showed; changed.
    """
    weight, anyway = expected
    homes, noted = (family.household, family.crowded), (seen.best, seen.many, seen.breadth, seen.paired)
    least = 1 if family.pairs else MARK_FELLOWS
    return np.asarray(marks_of(columns.rows, columns.holders, inside, homes, weight, anyway, noted, least))


@njit(cache=True, nogil=True)
def cells(best: NDArray[np.float64], many: NDArray[np.int64], paired: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The cell of each unit, by its best mark and the number of its marks, or by a pair; shape (units,)."""
    result = np.zeros(len(best), np.int64)
    for unit in range(len(best)):
        if paired[unit]:
            result[unit] = PAIRED
        if many[unit] > 0:
            lift, count = 0, 0
            for edge in LIFT_EDGES:
                lift += best[unit] >= edge
            for least in COUNT_EDGES:
                count += many[unit] >= least
            result[unit] = 1 + (len(COUNT_EDGES) + 1) * lift + count
    return result


@njit(cache=True, nogil=True)
def cell_nats(
    cell: NDArray[np.int64],
    family: tuple[NDArray[np.int64], NDArray[np.bool_], int],
    inside: NDArray[np.bool_],
    pairs: float,
    nats: NDArray[np.float64],
) -> None:
    """Log ratio of standing in a cell: among the other members, and among the other strangers of the unit's stratum.

    Args:
        cell: shape (units,).
        family: stratum of each unit, whether it shows the family, and the number of strata.
        inside: shape (units,), the group's members.
        pairs: least share of strangers that are granted to be in the cell `PAIRED`.
        nats: shape (units,), filled; 0 where the unit does not show the family.
    """
    strata, observed, count = family
    members, strangers = np.zeros(CELLS), np.zeros((CELLS, count))
    for unit in range(len(cell)):
        if observed[unit]:
            if inside[unit]:
                members[cell[unit]] += 1.0
            else:
                strangers[cell[unit], strata[unit]] += 1.0
    everywhere, here_all = strangers.sum(axis=1), strangers.sum(axis=0)
    total, outside = members.sum(), everywhere.sum()
    anybody = (members + everywhere) / max(total + outside, 1.0)
    known, ratio = np.zeros((2, CELLS, count), np.bool_), np.zeros((2, CELLS, count))
    for unit in range(len(cell)):
        if not observed[unit]:
            continue
        own, one, stratum = np.int64(inside[unit]), cell[unit], strata[unit]
        if not known[own, one, stratum]:
            other = 1.0 - own
            alike = members[one] - own + anybody[one]
            if one == UNMARKED:
                alike += members[PAIRED] + anybody[PAIRED]
            here = alike / (total - own + 1.0)
            usual = (everywhere[one] - other + 0.5) / (outside - other + 1.0)
            there = (strangers[one, stratum] - other + STRATUM_PULL * usual) / (
                here_all[stratum] - other + STRATUM_PULL
            )
            if one == PAIRED:
                there = max(there, pairs)
            value = np.log(max(here, 1e-12)) - np.log(there)
            ratio[own, one, stratum] = min(max(value, NATS_MIN), NATS_MAX)
            known[own, one, stratum] = True
        nats[unit] = ratio[own, one, stratum]


def posterior(
    nats: NDArray[np.float64], inside: NDArray[np.bool_], active: NDArray[np.bool_], strata: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probability of belonging; prior: the group's share of the unit's stratum, drawn towards its share of all units.

    Args:
        nats: shape (units, families).
        inside: shape (units,), the group's members.
        active: shape (units,).
        strata: shape (units,).

    Returns:
        shape (units,).
    """
    count = int(strata.max()) + 1
    everybody = float(inside.sum()) / max(float(active.sum()), 1.0)
    own = np.bincount(strata[inside], minlength=count) + STRATUM_PULL * everybody
    share = np.clip(own / (np.bincount(strata[active], minlength=count) + STRATUM_PULL), 1e-6, 0.9)
    odds = (np.log(share) - np.log1p(-share))[strata] + tempered(nats)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))


@njit(cache=True, nogil=True)
def tempered(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over families, divided for their dependence by how many of them speak: (Σ|x|)² / Σx², not their number.

    Beside five strong families or more a very weak one lowers the sum a little; up to four it never does.

    >>> tempered(np.array([[8.0, 0.0], [2.0, 2.0]])).round(3).tolist()
    [8.0, 3.333]

    Args:
        nats: shape (units, families).

    Returns:
        shape (units,).
    """
    result = np.zeros(len(nats))
    for unit in range(len(nats)):
        total, strength, squares = 0.0, 0.0, 0.0
        for value in nats[unit]:
            total += value
            strength += abs(value)
            squares += value * value
        speaking = strength * strength / max(squares, 1e-12)
        result[unit] = total / (1.0 + max(speaking - 1.0, 0.0) * FAMILY_CORRELATION)
    return result
