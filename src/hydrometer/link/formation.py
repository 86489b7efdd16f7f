"""Candidate groups of one half: communities of weighty entities, and communities of wordings.

Two ways, because operators hide in two ways. A *community* is a dense part of the graph of units and entities, each
entity counting by its learned weight: it finds shared infrastructure, shared stacks and families of templates.
A community of *wordings* looks at phrases alone, by their rarity: what is left when each account has a fresh card, a
fresh address, a client of its own and four requests. A group is only a question; all groups count in the multiplicity.
Source: `statistics.md` sections 1 (weights), 2.4 and 10 (adopters); Leiden: Traag et al. 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sknetwork.clustering import Leiden

from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf
from hydrometer.link.weights import entity_weights

WEIGHTY_NATS = 0.15
"""Weight from which an entity enters the graph: nine of ten benign entities lie below."""
FAMILIES_MIN = 2
"""A unit enters the graph when entities of at least this many families hold it: never one indicator alone."""
UNIT_NATS = 0.5
"""… and when its strongest entities, one a family, weigh at least this much together."""
FELLOWS_MIN = 2.02
"""A community counts when a unit is tied to this many fellows, on average, over two families each: more than households
of three give, which hang together by chance."""
WORDING_NATS = 1.0
"""A community of wordings counts when its units' entities weigh this much on average; strangers who say the same
reach 0.7."""
PHRASE_SHARE = 0.25
PHRASE_LIFT = 8.0
"""A community of wordings must show one phrase in a quarter of its units, eight times as often as outside."""
WORDING_SHARE_MAX = 0.1
"""Phrases that more than this part of the population uses are what everybody says."""
ABSORBED = 0.6
"""A community of wordings that lies within another group by this share asks the same question, not a new one."""
WORDING_LAYERS = ("opening", "closing", "skeleton", "sketch", "system_prompt")


def form(half: FormingHalf, smallest: int) -> list[Group]:
    """Candidate groups of a half.

    Args:
        half: the families that may be looked at.
        smallest: fewest units of a group.

    Returns:
        communities of weighty entities, then of wordings, each largest first.
    """
    weights = entity_weights(half)
    groups = communities(half, weights, smallest)
    known = [frozenset(group.members.tolist()) for group in groups]
    for group in wordings(half, weights, smallest):
        own = frozenset(group.members.tolist())
        if all(len(own & other) < ABSORBED * len(own) for other in known):
            groups.append(group)
    return groups


def content_keys(half: FormingHalf) -> NDArray[np.int64]:
    """A number for each unit that depends on what it holds and on nothing else; equal for equal profiles.

    Returns:
        shape (units,), wrapping 64-bit sums of the held entities' hashes.
    """
    total = np.zeros(half.population.units, np.int64)
    for layers in half.families.values():
        for layer in layers:
            with np.errstate(over="ignore"):
                total += layer.held.astype(np.int64) @ layer.entities
    return total


def communities(half: FormingHalf, weights: dict[str, NDArray[np.float64]], smallest: int) -> list[Group]:
    """Leiden communities of the graph of units and weighty entities."""
    kept: list[tuple[str, sparse.csr_array]] = []
    for name, layers in half.families.items():
        for layer in layers:
            heavy = weights[layer.name] >= WEIGHTY_NATS
            kept.append((name, layer.held[:, heavy].astype(np.float64).multiply(weights[layer.name][heavy]).tocsr()))
    best = {name: np.zeros(half.population.units) for name in half.families}
    for name, weighted in kept:
        if weighted.nnz:
            best[name] = np.maximum(best[name], weighted.max(axis=1).toarray().ravel())
    support = np.array([best[name] for name in half.families]) if best else np.zeros((0, half.population.units))
    inside = ((support > 0).sum(axis=0) >= FAMILIES_MIN) & (support.sum(axis=0) >= UNIT_NATS)
    units = np.flatnonzero(inside & ~half.population.declared)
    graph = sparse.hstack([weighted for _, weighted in kept], format="csr")
    families = {
        name: sparse.hstack([part for other, part in kept if other == name], format="csr") for name in half.families
    }
    return [
        Group(part, half.half, "community of weighty entities")
        for part in leiden(half, graph, units, smallest)
        if round(fellows(families, part), 9) >= FELLOWS_MIN
    ]


def fellows(families: dict[str, sparse.csr_array], part: NDArray[np.int64]) -> float:
    """Mean number of other members to whom a member is tied over two families or more.

    Args:
        families: family → (units × weighty entities).
        part: shape (k,), the members.
    """
    ties = sparse.csr_array((len(part), len(part)))
    for matrix in families.values():
        held = (matrix[part] > 0).astype(np.float64)
        ties = ties + ((held @ held.T) > 0).astype(np.float64)
    return float((ties >= FAMILIES_MIN).sum() - len(part)) / len(part)


def wordings(half: FormingHalf, weights: dict[str, NDArray[np.float64]], smallest: int) -> list[Group]:
    """Leiden communities of the graph of units and phrases alone, a phrase counting by its rarity."""
    population = half.population
    active = int(population.active.sum())
    weighted: list[sparse.csr_array] = []
    for layers in half.families.values():
        for layer in layers:
            if layer.name in WORDING_LAYERS or len(half.families) == 1:
                degree = np.asarray(layer.held.astype(np.int64).sum(axis=0)).ravel()
                common = degree <= WORDING_SHARE_MAX * active
                rarity = np.log(active / np.maximum(degree[common], 1))
                weighted.append(layer.held[:, common].astype(np.float64).multiply(rarity).tocsr())
    if not weighted or not any(part.nnz for part in weighted):
        return []
    graph = sparse.hstack(weighted, format="csr")
    units = np.flatnonzero((np.asarray((graph > 0).sum(axis=1)).ravel() > 0) & ~population.declared)
    return [
        Group(part, half.half, "community of wordings")
        for part in leiden(half, graph, units, smallest)
        if marked_by_phrase(graph, part, active)
        and (len(half.families) == 1 or mean_nats(half, weights, part) >= WORDING_NATS)
    ]


def mean_nats(half: FormingHalf, weights: dict[str, NDArray[np.float64]], part: NDArray[np.int64]) -> float:
    """Mean over members of their strongest entity's weight, summed over families; rounded as it decides."""
    total = np.zeros(len(part))
    for layers in half.families.values():
        best = np.zeros(len(part))
        for layer in layers:
            if layer.held.nnz:
                best = np.maximum(
                    best,
                    layer.held[part].astype(np.float64).multiply(weights[layer.name]).max(axis=1).toarray().ravel(),
                )
        total += best
    return round(float(np.sort(total).mean()), 9)


def marked_by_phrase(graph: sparse.csr_array, part: NDArray[np.int64], active: int) -> bool:
    """Whether one phrase marks a part: common in it and rare outside."""
    inside = np.asarray((graph[part] > 0).sum(axis=0)).ravel()
    outside = np.asarray((graph > 0).sum(axis=0)).ravel() - inside
    share = inside / len(part)
    lift = share / np.maximum((outside + 0.5) / max(active - len(part), 1), 1e-12)
    return bool(((np.round(share, 9) >= PHRASE_SHARE) & (lift >= PHRASE_LIFT)).any())


def leiden(
    half: FormingHalf, graph: sparse.csr_array, units: NDArray[np.int64], smallest: int
) -> list[NDArray[np.int64]]:
    """Communities of some units in a weighted (units × entities) graph, largest first.

    The order in which the algorithm meets the units comes from what they hold, so that names and row order do not
    matter.
    """
    if len(units) < smallest:
        return []
    units = units[np.argsort(content_keys(half)[units], kind="stable")]
    chosen = graph[units]
    chosen = chosen[:, np.asarray((chosen > 0).sum(axis=0)).ravel() >= 2]
    if not chosen.nnz:
        return []
    labels = Leiden(random_state=0).fit(sparse.csr_matrix(chosen), force_bipartite=True).labels_row_
    parts = [np.sort(units[labels == label]).astype(np.int64) for label in range(int(labels.max()) + 1)]
    return sorted((part for part in parts if len(part) >= smallest), key=lambda part: -len(part))
