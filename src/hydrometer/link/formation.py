"""Candidate groups of one side of a split: communities of weighty entities, or communities of wordings.

Two ways, because operators hide in two ways. A *community* is a dense part of the graph of units and entities, each
entity counting by its learned weight: it finds shared infrastructure, shared stacks and families of templates.
A community of *wordings* looks at phrases alone (`link/wordings.py`). Both are polished (`link/polish.py`) before they
are asked about. A group is only a question; all groups count in the multiplicity.
Source: `statistics.md` sections 1 (weights), 2.4 and 10 (adopters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.dense import dense_parts, distinct
from hydrometer.base.groups import Group
from hydrometer.base.population import FormingHalf
from hydrometer.link.ground import Ground, denser
from hydrometer.link.polish import polished
from hydrometer.link.weights import entity_weights
from hydrometer.link.wordings import large_parts, wordings

WEIGHTY_NATS = 0.15
"""Weight from which an entity enters the graph: nine of ten benign entities lie below."""
FAMILIES_MIN = 2
"""A unit enters the graph when entities of at least this many families hold it: never one indicator alone."""
UNIT_NATS = 0.5
"""… and when its strongest entities, one a family, weigh at least this much together."""
FELLOWS_MIN = 2.02
"""A community counts when a unit is tied to this many fellows, on average, over two families each: more than households
of three give, which hang together by chance."""
RESOLUTION = 0.8
"""Resolution of the modularity that Louvain maximises: below 1, because one operator's prefixes and languages are
loosely tied to each other; at 1 the same operator came back in pieces on development worlds."""


def form(half: FormingHalf, smallest: int) -> list[Group]:
    """Candidate groups of one side, largest first.

    Args:
        half: the families that may be looked at; `wording` is looked at by phrases alone.
        smallest: fewest units of a group.
    """
    ground = Ground.of(half)
    if half.side == "wording":
        found = wordings(ground, smallest)
    else:
        found = communities(ground, entity_weights(half), smallest)
    found = [replace(group, parts=denser(ground, group.members, smallest)) for group in found]
    return found + (large_parts(found) if half.side == "wording" else [])


def communities(ground: Ground, weights: dict[str, NDArray[np.float64]], smallest: int) -> list[Group]:
    """Dense parts of the graph of units and weighty entities."""
    half = ground.half
    kept: list[tuple[str, sparse.csr_array]] = []
    for name, layers in half.families.items():
        for layer in layers:
            heavy = weights[layer.name] >= WEIGHTY_NATS
            kept.append((name, layer.held[:, heavy].astype(np.float64).multiply(weights[layer.name][heavy]).tocsr()))
    if not kept:
        return []
    best = {name: np.zeros(half.population.units) for name in half.families}
    for name, weighted in kept:
        if weighted.nnz:
            best[name] = np.maximum(best[name], weighted.max(axis=1).toarray().ravel())
    support = np.array([best[name] for name in half.families])
    inside = ((support > 0).sum(axis=0) >= FAMILIES_MIN) & (support.sum(axis=0) >= UNIT_NATS)
    units = np.flatnonzero(inside & ~half.population.declared)
    graph = sparse.hstack([weighted for _, weighted in kept], format="csr")
    families = {
        name: sparse.hstack([part for other, part in kept if other == name], format="csr") for name in half.families
    }
    return [
        Group(part, half.side, "community of weighty entities")
        for part in refined(ground, dense_parts(ground.keys, graph, units, smallest, RESOLUTION), smallest)
        if round(fellows(families, part), 9) >= FELLOWS_MIN
    ]


def refined(ground: Ground, parts: Sequence[NDArray[np.int64]], smallest: int) -> list[NDArray[np.int64]]:
    """Parts polished, without those that mostly repeat an earlier one or have become too small; largest first."""
    population, families = ground.population, ground.families
    better = [polished(population, families, part, population.regions, smallest=smallest) for part in parts]
    return distinct([part for part in better if len(part) >= smallest])


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
