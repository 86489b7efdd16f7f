"""Who belongs to a proven group, and how surely: every unit is scored against what the group's members share.

Only groups that the urn found to be one hand are enlarged, because enlarging amplifies a wrong seed; what the members
ask for (the flags of H2) is not looked at. Each family gives a likelihood ratio (`base/likeness.py`); showing a family
but none of the group's marks counts against a unit. Families are tempered, since they depend on each other, and nobody
joins or is listed but over two families.
Members whom formation did not find stand among the strangers at first and make everybody less likely by the same
factor; the probabilities are therefore divided by what a typical member reaches, which becomes one when all are in.
Source: `detection.md` finding 7 (magnify); `statistics.md` sections 3.4 and 11 (tempering); Elkan & Noto 2008 (examples
that are positive or unlabelled).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.families import FAMILIES
from hydrometer.base.households import households
from hydrometer.base.likeness import FamilyColumns, Likeness, likeness, posterior
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS

TIED_FAMILIES = 2
TIED_NATS = 1.0
"""Families that speak for a unit, with at least this much each, before it may be listed or join."""
STRANGER_PROBABILITY = 0.85
"""A unit that did not found the group must be surer to join: an account that only resembles a campaign is the one that
is hurt by mistake."""
SURE = 0.7
"""A member is listed from this probability, and over two families in any case: never by one indicator alone. All
founders count as members while the group is worked out: each that left would take marks along, and the next ones with
them."""
TYPICAL_MEMBER = 0.75
TYPICAL_MIN = 0.3
"""What a typical member reaches: this quantile of the members' probabilities, and not less than 0.3: a group whose
members are that unlike each other is not to be talked up."""
PAIRED = ("payment", "network")
"""Families in which to share with one member alone says something: a network may be held together by pairs of cards and
lines. Two strangers of one group share them as often as their family clumps (`base/families.py`)."""
ROUNDS = 12
LISTED = 0.5
"""Probability from which a member is listed (contract)."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Members of one group.

    Attributes:
        units: shape (k,), units with probability ≥ 0.5, ascending.
        probability: shape (k,).
        nats: shape (k, families), each family's log ratio, in the order of `FAMILIES`.
        enriched: layer → hashes of the entities that mark the group.
        likely: shape (l,), the members, and founders who are as likely by one family alone.
    """

    units: NDArray[np.int64]
    probability: NDArray[np.float64]
    nats: NDArray[np.float64]
    enriched: dict[str, NDArray[np.int64]]
    likely: NDArray[np.int64]

    @property
    def tied(self) -> bool:
        """Whether anybody is tied to the others over two families."""
        return bool(over_two_families(self.nats).any())

    def of(self, kept: NDArray[np.bool_]) -> Membership:
        """The membership of some of its units; `kept` has shape (k,)."""
        return Membership(self.units[kept], self.probability[kept], self.nats[kept], self.enriched, self.likely)


def columns(population: Population) -> dict[str, FamilyColumns]:
    """All families that anybody shows, read both ways; worked out once for all groups of a population."""
    layers = {
        family: tuple(population.layers[name] for name in family.layers if name in population.layers)
        for family in FAMILIES
    }
    known = {family.name: own for family, own in layers.items()}
    household = households(known, population.units)
    rate = {family.name: family.clumping if family.name in PAIRED else 0.0 for family in layers}
    return {
        family.name: FamilyColumns.of(
            own, population.active, population.likeness_strata(family), household, rate[family.name]
        )
        for family, own in layers.items()
        if own
    }


def enlarge(
    population: Population,
    families: Mapping[str, FamilyColumns],
    founders: NDArray[np.int64],
    closed: NDArray[np.bool_],
) -> Membership:
    """Score every unit against the group and return those that belong.

    Args:
        population: all units.
        families: see `columns`.
        founders: units that formation put together.
        closed: shape (units,), units that may not join (verified owners).

    Returns:
        the membership; the founders as likely as not where nothing marks them off from outsiders.
    """
    founded = np.zeros(population.units, np.bool_)
    founded[founders] = True
    inside = founded
    open_to = population.active & ~closed
    for _ in range(ROUNDS):
        like = likeness(families, inside)
        probability = np.round(membership_probability(population, like.nats, inside), DECISION_DIGITS)
        strong = over_two_families(like.nats)
        found = open_to & (founded | (strong & (probability >= STRANGER_PROBABILITY)))
        if np.array_equal(found, inside):
            break
        inside = found
    likely = found & (probability >= SURE)
    listed = np.flatnonzero(likely & strong)
    if len(listed) < 2:
        return founding(founders)
    return _membership(population, families, like, probability, listed, np.flatnonzero(likely))


def over_two_families(nats: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which units two families speak for.

    >>> over_two_families(np.array([[1.0, 2.0, -3.0], [8.0, 0.9, 0.0]])).tolist()
    [True, False]

    Args:
        nats: shape (units, families).
    """
    return np.asarray((nats >= TIED_NATS).sum(axis=1) >= TIED_FAMILIES)


def membership_probability(
    population: Population, nats: NDArray[np.float64], inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Probability of belonging relative to what a typical member reaches.

    Args:
        population: all units.
        nats: shape (units, families), log ratios.
        inside: shape (units,), the members.

    Returns:
        shape (units,).
    """
    probability = posterior(nats, inside, population.active, population.regions)
    typical = max(TYPICAL_MIN, float(np.quantile(probability[inside], TYPICAL_MEMBER)))
    return np.minimum(1.0, probability / typical)


def _membership(
    population: Population,
    families: Mapping[str, FamilyColumns],
    like: Likeness,
    probability: NDArray[np.float64],
    units: NDArray[np.int64],
    likely: NDArray[np.int64],
) -> Membership:
    """The membership of some units, with columns of nats for all families, also those that nobody shows."""
    enriched = {name: population.layers[name].entities[marks] for name, marks in like.marks.items()}
    return Membership(units, probability[units], by_family(families, like)[units], enriched, likely)


def by_family(families: Mapping[str, FamilyColumns], like: Likeness) -> NDArray[np.float64]:
    """Log ratios of all units with a column for each family, also those that nobody shows; shape (units, families)."""
    nats = np.zeros((len(like.nats), len(FAMILIES)))
    nats[:, [number for number, family in enumerate(FAMILIES) if family.name in families]] = like.nats
    return nats


def founding(units: NDArray[np.int64]) -> Membership:
    """The membership of a group that is not proven to be one hand: its founders, as likely as not."""
    return Membership(units, np.full(len(units), LISTED), np.zeros((len(units), len(FAMILIES))), {}, units)


def strongest_links(
    population: Population, membership: Membership, most: int
) -> list[tuple[int, int, str, float, int, int]]:
    """Pairs of members that hold the same rare enriched entity: (unit, unit, layer, nats, members, units)."""
    rows: list[tuple[int, int, str, float, int, int]] = []
    inside = np.zeros(population.units, np.bool_)
    inside[membership.units] = True
    for name, marks in membership.enriched.items():
        layer = population.layers[name]
        columns = np.searchsorted(layer.entities, marks)
        chosen: sparse.csc_array = layer.held[:, columns].tocsc()
        for column in range(chosen.shape[1]):
            holders = chosen.indices[chosen.indptr[column] : chosen.indptr[column + 1]]
            own = np.sort(holders[inside[holders]])
            if len(own) < 2:
                continue
            nats = float(np.log(population.active.sum()) - np.log(len(holders)))
            rows += [(int(a), int(b), name, nats, len(own), len(holders)) for a, b in pairwise(own)]
    return sorted(rows, key=lambda row: (-round(row[3], 9), row[2], row[0], row[1]))[:most]
