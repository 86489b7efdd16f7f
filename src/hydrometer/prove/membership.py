"""Who belongs to a proven group, and how surely: every unit is scored against what the group's members share.

Only groups that the urn found to be one hand are enlarged, because enlarging amplifies a wrong seed; what the members
ask for (the flags of H2) is not looked at. For each family the best enriched entity that a unit holds gives a
likelihood ratio (the unit itself left out of the counts), corrected by how many of them it holds: a stranger who
happens to share one phrase does not share ten. Showing a family but none of its enriched entities counts against it.
Families are tempered, since they depend on each other, and a stranger joins only over two families.
Source: `detection.md` finding 7 (magnify); `statistics.md` sections 3.4 and 11 (tempering).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.families import FAMILIES
from hydrometer.base.population import Layer, Population

ENRICHED_MEMBERS = 3
ENRICHED_NATS = float(np.log(4.0))
"""An entity marks the group when ≥ 3 members hold it and it is four times as common inside as outside."""
FAMILY_NATS_MAX = 8.0
FAMILY_NATS_MIN = -5.0
"""One family can neither convict nor acquit a member alone."""
COUNT_EDGES = (2, 4, 8)
"""Enriched entities held are counted as 1, 2–3, 4–7, 8 or more."""
FAMILY_CORRELATION = 0.2
"""ρ̄ between families' log ratios; the sum over k families is divided by 1 + (k − 1)·ρ̄."""
STRANGER_FAMILIES = 2
STRANGER_NATS = 2.0
FOUNDER_PROBABILITY = 0.8
STRANGER_PROBABILITY = 0.85
"""A unit that did not found the group needs this many families with at least this much each, and to be surer: an
account that only resembles a campaign is the one that is hurt by mistake."""
ROUNDS = 3
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
    """

    units: NDArray[np.int64]
    probability: NDArray[np.float64]
    nats: NDArray[np.float64]
    enriched: dict[str, NDArray[np.int64]]

    def of(self, kept: NDArray[np.bool_]) -> Membership:
        """The membership of some of its units; `kept` has shape (k,)."""
        return Membership(self.units[kept], self.probability[kept], self.nats[kept], self.enriched)


def enlarge(population: Population, founders: NDArray[np.int64], closed: NDArray[np.bool_]) -> Membership:
    """Score every unit against the group and return those that belong.

    Args:
        population: all units.
        founders: units that formation put together.
        closed: shape (units,), units that may not join (verified owners).

    Returns:
        the membership; the founders as likely as not where nothing marks them off from outsiders.
    """
    members = founders
    for _ in range(ROUNDS):
        nats, enriched = family_nats(population, members)
        probability = probabilities(nats, len(members), int(population.active.sum()))
        strong = (nats >= STRANGER_NATS).sum(axis=1) >= STRANGER_FAMILIES
        strong &= np.round(probability, 9) >= STRANGER_PROBABILITY
        founded = np.zeros(population.units, np.bool_)
        founded[founders] = True
        belongs = np.round(probability, 9) >= FOUNDER_PROBABILITY
        belongs &= population.active & ~closed & (founded | strong)
        found = np.flatnonzero(belongs)
        if len(found) < 2:
            return founding(founders)
        if np.array_equal(found, members):
            break
        members = found
    return Membership(members, probability[members], nats[members], enriched)


def founding(units: NDArray[np.int64]) -> Membership:
    """The membership of a group that is not proven to be one hand: its founders, as likely as not."""
    return Membership(units, np.full(len(units), LISTED), np.zeros((len(units), len(FAMILIES))), {})


def probabilities(nats: NDArray[np.float64], size: int, units: int) -> NDArray[np.float64]:
    """Posterior of belonging, with the group's share of the population as prior.

    Args:
        nats: shape (units, families).
        size: members of the group now.
        units: active units.
    """
    counted = (nats != 0.0).sum(axis=1)
    total = nats.sum(axis=1) / (1.0 + np.maximum(counted - 1, 0) * FAMILY_CORRELATION)
    prior = min(max(size / max(units, 1), 1e-6), 0.5)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(np.log(prior) - np.log1p(-prior) + total, -50.0, 50.0))))


def family_nats(
    population: Population, members: NDArray[np.int64]
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.int64]]]:
    """Log likelihood ratio of each family for each unit, and the enriched entities of each layer.

    Returns:
        shape (units, families), positive = like the group, and layer → entity hashes.
    """
    inside = np.zeros(population.units, np.bool_)
    inside[members] = True
    inside &= population.active
    result = np.zeros((population.units, len(FAMILIES)))
    enriched: dict[str, NDArray[np.int64]] = {}
    for number, family in enumerate(FAMILIES):
        layers = [population.layers[name] for name in family.layers if name in population.layers]
        if not layers:
            continue
        best, many = np.zeros(population.units), np.zeros(population.units, np.int64)
        for layer in layers:
            strongest, count, marks = layer_nats(layer, inside, population.active)
            best, many = np.maximum(best, strongest), many + count
            enriched[layer.name] = marks
        observed = np.logical_or.reduce([layer.observed for layer in layers]) & population.active
        shown = best + count_nats(many, inside, population.active)
        result[:, number] = np.where(many > 0, shown, np.where(observed, absence(many > 0, observed, inside), 0.0))
    return np.clip(result, FAMILY_NATS_MIN, FAMILY_NATS_MAX), enriched


def layer_nats(
    layer: Layer, inside: NDArray[np.bool_], active: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """(best log ratio per unit, how many enriched entities it holds, enriched hashes) of one layer."""
    held = layer.held.astype(np.float64)
    observed_inside, observed = layer.observed & inside, layer.observed & active
    size_in, size_out = float(observed_inside.sum()), float((observed & ~inside).sum())
    count_in = held.T @ inside.astype(np.float64)
    count_out = held.T @ (active & ~inside).astype(np.float64)
    outside_rate = np.log(count_out + 0.5) - np.log(size_out + 1.0)
    ratio = np.log(count_in + 0.5) - np.log(size_in + 1.0) - outside_rate
    marks = (count_in >= ENRICHED_MEMBERS) & (np.round(ratio, 9) >= ENRICHED_NATS)
    alone = np.log(np.maximum(count_in - 0.5, 0.5)) - np.log(max(size_in, 1.0)) - outside_rate
    chosen = held[:, marks]
    outsiders = (
        chosen.multiply(np.maximum(ratio[marks], 0.0)).max(axis=1).toarray().ravel()
        if marks.any()
        else np.zeros(len(inside))
    )
    insiders = (
        chosen.multiply(np.maximum(alone[marks], 0.0)).max(axis=1).toarray().ravel()
        if marks.any()
        else np.zeros(len(inside))
    )
    count = np.asarray(chosen.sum(axis=1)).ravel().astype(np.int64)
    return np.where(inside, insiders, outsiders), count, layer.entities[marks]


def count_nats(many: NDArray[np.int64], inside: NDArray[np.bool_], active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log ratio of holding so many enriched entities rather than another number, given that any is held."""
    bins = np.digitize(many, COUNT_EDGES)
    kinds = len(COUNT_EDGES) + 1
    holders_in = np.bincount(bins[(many > 0) & inside], minlength=kinds)
    holders_out = np.bincount(bins[(many > 0) & active & ~inside], minlength=kinds)
    ratio = np.log((holders_in + 0.5) / (holders_in.sum() + 0.5 * kinds)) - np.log(
        (holders_out + 0.5) / (holders_out.sum() + 0.5 * kinds)
    )
    return np.asarray(ratio[bins])


def absence(holds: NDArray[np.bool_], observed: NDArray[np.bool_], inside: NDArray[np.bool_]) -> float:
    """Log ratio of showing a family but none of the group's entities: ≤ 0."""
    rate_in = (float((holds & inside).sum()) + 0.5) / (float((observed & inside).sum()) + 1.0)
    rate_out = (float((holds & ~inside).sum()) + 0.5) / (float((observed & ~inside).sum()) + 1.0)
    return float(min(0.0, np.log(1.0 - min(rate_in, 1.0 - 1e-6)) - np.log(1.0 - min(rate_out, 1.0 - 1e-6))))


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
