"""How much each unit is like a group: one log likelihood ratio a family, measured against strangers of its stratum.

Formation trims and completes candidate groups with it on the families that it may see; membership scores every unit
with it on all families. A *mark* is an entity that the group holds several times as often as its members' strata would
by themselves (so the phrases of a language mark nobody who speaks it). For each unit only its best mark and the number
of its marks count, and what these say is read off the group and the strangers themselves: a unit is left out of every
count that it is compared with, so that neither a household of two nor a word that all use can prove itself.
Source: `statistics.md` sections 1 (leave one out, strata), 3.4 (attachment) and 11 (tempering).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.population import Layer

MARK_NATS = float(np.log(4.0))
MARK_FELLOWS = 2
"""An entity marks a unit when at least two other members hold it and they hold it four times as often as expected."""
LIFT_EDGES = (2.5, 4.0)
COUNT_EDGES = (2, 4, 8)
"""A unit's cell: best mark below 2.5, below 4 or more nats; 1, 2 to 3, 4 to 7, 8 or more marks; or no mark at all."""
CELLS = 1 + (len(LIFT_EDGES) + 1) * (len(COUNT_EDGES) + 1)
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
        return cls(layer, (layer.held.indptr, layer.held.indices), (across.indptr, across.indices))

    def held_by(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of some units hold each entity; shape (entities,)."""
        chosen = spans(self.rows, units)[1]
        counts: NDArray[np.int64] = np.bincount(chosen, minlength=len(self.layer.entities))
        return counts


@dataclass(frozen=True, slots=True)
class FamilyColumns:
    """One family's layers, who shows any of them, and the strata in which strangers are counted.

    Attributes:
        layers: its layers.
        observed: shape (units,), active units that show the family.
        strata: shape (units,), numbers from 0.
        household: shape (units,), the same number for those who live together (`base/households.py`).
    """

    layers: tuple[Columns, ...]
    observed: NDArray[np.bool_]
    strata: NDArray[np.int64]
    household: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        layers: Sequence[Layer],
        active: NDArray[np.bool_],
        strata: NDArray[np.int64],
        household: NDArray[np.int64],
    ) -> FamilyColumns:
        """The family of some layers."""
        observed = np.logical_or.reduce([layer.observed for layer in layers]) & active
        return cls(tuple(Columns.of(layer) for layer in layers), observed, strata, household)


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
        breadth: shape (units,), over all families, see `Likeness`.
    """

    best: NDArray[np.float64]
    many: NDArray[np.int64]
    breadth: NDArray[np.float64]

    def cells(self) -> NDArray[np.int64]:
        """The cell of each unit; shape (units,)."""
        lift, count = np.digitize(np.round(self.best, 9), LIFT_EDGES), np.digitize(self.many, COUNT_EDGES)
        cells: NDArray[np.int64] = np.where(self.many > 0, 1 + (len(COUNT_EDGES) + 1) * lift + count, 0)
        return cells


def spans(
    index: tuple[NDArray[np.int32], NDArray[np.int32]], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(position of the row in `rows`, column) of every entry of some rows of a compressed matrix."""
    start, lengths = index[0][rows].astype(np.int64), np.diff(index[0])[rows].astype(np.int64)
    owner = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return owner, index[1][np.repeat(start, lengths) + within].astype(np.int64)


def likeness(families: Mapping[str, FamilyColumns], inside: NDArray[np.bool_]) -> Likeness:
    """Log ratios of all units.

    Args:
        families: the families to look at.
        inside: shape (units,), the group's members; all others are strangers.
    """
    nats, breadth = np.zeros((len(inside), len(families))), np.zeros(len(inside))
    marks: dict[str, NDArray[np.int64]] = {}
    for number, family in enumerate(families.values()):
        seen = Seen(np.zeros(len(inside)), np.zeros(len(inside), np.int64), breadth)
        expected = stranger_weights(family, inside)
        for columns in family.layers:
            marks[columns.layer.name] = add_marks(columns, family.observed & inside, family.household, expected, seen)
        nats[:, number] = cell_nats(seen.cells(), family, inside)
    return Likeness(nats, breadth, marks)


def stranger_weights(family: FamilyColumns, inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """How much each stranger who holds an entity adds to the holders expected in the group, and what is added anyway.

    The group has nₛ members in stratum s; a share of its strangers, mixed with those of the whole log, is expected.
    """
    count = int(family.strata.max()) + 1
    own = np.bincount(family.strata[family.observed & inside], minlength=count).astype(np.float64)
    others = np.bincount(family.strata[family.observed & ~inside], minlength=count).astype(np.float64)
    share = own / (others + STRATUM_PULL)
    anywhere = STRATUM_PULL * float(share.sum()) / (float(others.sum()) + 1.0)
    weight = np.where(family.observed & ~inside, share[family.strata] + anywhere, 0.0)
    return weight, 0.5 * anywhere + 0.5 * float(own.sum()) / (float(others.sum()) + 1.0)


def add_marks(
    columns: Columns,
    inside: NDArray[np.bool_],
    household: NDArray[np.int64],
    expected: tuple[NDArray[np.float64], float],
    seen: Seen,
) -> NDArray[np.int64]:
    """Add the marks of one layer to what is seen; the entities that mark at least one member.

    Args:
        columns: the layer.
        inside: shape (units,), members that show the family.
        household: see `FamilyColumns`; members of a unit's own household are none of its fellows.
        expected: see `stranger_weights`.
        seen: what the family's other layers showed; changed.
    """
    weight, anyway = expected
    own = columns.held_by(np.flatnonzero(inside))
    chosen = np.flatnonzero(own >= MARK_FELLOWS)
    place, unit = spans(columns.holders, chosen)
    usual = np.bincount(place, weight[unit], len(chosen))
    fellows = own[chosen][place] - at_home(place, unit, inside, household)
    others = np.maximum(usual[place] - weight[unit], 0.0)
    lift = np.round(np.log(fellows + 0.5) - np.log(others + anyway), 9)
    counts = (fellows >= MARK_FELLOWS) & (lift >= MARK_NATS)
    np.maximum.at(seen.best, unit[counts], lift[counts])
    np.add.at(seen.many, unit[counts], 1)
    np.add.at(seen.breadth, unit[counts], fellows[counts])
    marks: NDArray[np.int64] = chosen[np.unique(place[counts & inside[unit]])]
    return marks


def at_home(
    place: NDArray[np.int64], unit: NDArray[np.int64], inside: NDArray[np.bool_], household: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each (entity, holder): how many members of the holder's household hold the entity, itself counted.

    Args:
        place: shape (n,), number of the entity.
        unit: shape (n,), the holder.
        inside: shape (units,), the group's members.
        household: shape (units,).
    """
    counts = inside[unit].astype(np.int64)
    shared = np.flatnonzero((np.bincount(household) > 1)[household[unit]])
    if len(shared):
        keys = place[shared] * (int(household.max()) + 1) + household[unit[shared]]
        _, which = np.unique(keys, return_inverse=True)
        counts[shared] = np.bincount(which, inside[unit[shared]])[which].astype(np.int64)
    return counts


def cell_nats(cell: NDArray[np.int64], family: FamilyColumns, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log ratio of standing in a cell: among the other members, and among the other strangers of the unit's stratum."""
    count = int(family.strata.max()) + 1
    own, others = family.observed & inside, family.observed & ~inside
    members = np.bincount(cell[own], minlength=CELLS).astype(np.float64)
    strangers = np.bincount(cell[others] * count + family.strata[others], minlength=CELLS * count)
    table = strangers.reshape(CELLS, count).astype(np.float64)
    everywhere = table.sum(axis=1)
    anybody = (members + everywhere) / max(float((members + everywhere).sum()), 1.0)
    here = (members[cell] - own + anybody[cell]) / (float(members.sum()) - own + 1.0)
    usual = (everywhere[cell] - others + 0.5) / (float(everywhere.sum()) - others + 1.0)
    there = (table[cell, family.strata] - others + STRATUM_PULL * usual) / (
        table.sum(axis=0)[family.strata] - others + STRATUM_PULL
    )
    ratio = np.log(np.maximum(here, 1e-12)) - np.log(there)
    return np.where(family.observed, np.clip(ratio, NATS_MIN, NATS_MAX), 0.0)


def tempered(nats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over families, divided for their dependence by how many of them speak: (Σ|x|)² / Σx², not their number.

    Beside five strong families or more a very weak one lowers the sum a little; up to four it never does.

    >>> tempered(np.array([[8.0, 0.0], [2.0, 2.0]])).round(3).tolist()
    [8.0, 3.333]
    """
    strength = np.abs(nats)
    speaking = strength.sum(axis=1) ** 2 / np.maximum((nats**2).sum(axis=1), 1e-12)
    return np.asarray(nats.sum(axis=1) / (1.0 + np.maximum(speaking - 1.0, 0.0) * FAMILY_CORRELATION))


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
    share = np.clip(own / (np.bincount(strata[active], minlength=count) + STRATUM_PULL), 1e-6, 0.9)[strata]
    odds = np.log(share) - np.log1p(-share) + tempered(nats)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))))
