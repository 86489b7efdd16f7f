"""Candidate groups of one side of a split: communities of weighty entities, or communities of wordings.

Two ways, because operators hide in two ways. A *community* is a dense part of the graph of units and entities, each
entity counting by its learned weight: it finds shared infrastructure, shared stacks and families of templates.
A community of *wordings* looks at phrases alone, by their rarity in their language: what is left when each account has
a fresh card, a fresh address, a client of its own and four requests. Both are polished (`link/polish.py`) before they
are asked about. A group is only a question; all groups count in the multiplicity.
Source: `statistics.md` sections 1 (weights), 2.4 and 10 (adopters); Louvain: Blondel et al. 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

from hydrometer.base.groups import Group, jaccard
from hydrometer.base.likeness import FamilyColumns, likeness
from hydrometer.base.population import FormingHalf, Population
from hydrometer.link.polish import columns, joined, polished
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
RESOLUTION = 0.8
"""Resolution of the modularity that Louvain maximises: below 1, because one operator's prefixes and languages are
loosely tied to each other; at 1 the same operator came back in pieces on development worlds."""
CORE_SHARE = 0.2
"""A member of a community of wordings is tied to at least a fifth as many fellows as the typical one: a few strangers
who share a rare phrase with each other are not drawn in."""
WORDING_RESOLUTIONS = (0.8, 1.5)
"""Of communities of wordings. At 0.8 alone a campaign that replays an editor's sessions is one with its users; at 1.5
alone, and more so at 2.5 and 4, campaigns of many templates came back in pieces (development worlds, seed 1)."""
WORDING_FAMILY = "text"
PART_RESOLUTION = 1.0
"""Resolution of the denser parts of a group: modularity as it is."""
PART_SHARE, PART_UNITS = 0.2, 30
"""A part with this share of its community's units, and so many of them, is a candidate, too."""
REPEATED = 0.5
"""A part that shares this much of the smaller one with an earlier part is the same candidate."""
SAME = 0.75
"""Jaccard index from which what two resolutions found is one candidate: a half and its whole are two questions."""
PHRASE_SHARE = 0.4
MARKED_SHARE = 0.6
"""A community of wordings must show one mark (`base/likeness.py`) in two fifths of its units, and two or more in three
fifths of them: campaigns of development worlds do, parts of one language of ordinary people reach a third at most."""
WORDING_SHARE_MAX = 0.1
WORDING_HOLDERS_MIN = 30
"""Phrases that more than this part of a language's units use, and more than thirty, are what everybody says."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One side, and what formation asks of it again and again, worked out once.

    Attributes:
        half: the families that may be looked at.
        families: the same, read both ways.
        keys: see `content_keys`.
        phrases: (units × phrases), each counting by its rarity among all units; None without phrases.
    """

    half: FormingHalf
    families: dict[str, FamilyColumns]
    keys: NDArray[np.int64]
    phrases: sparse.csr_array | None

    @classmethod
    def of(cls, half: FormingHalf) -> Ground:
        """The ground of one side."""
        return cls(half, columns(half), content_keys(half), rare_phrases(half))

    @property
    def population(self) -> Population:
        """All units."""
        return self.half.population


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


def large_parts(found: Sequence[Group]) -> list[Group]:
    """Denser parts of communities of wordings that are a good part of them, each a candidate by itself.

    Users of an editor whose sessions an operator replays make one community with its accounts; a part of it is its own.
    """
    result: list[Group] = []
    for group in found:
        for part in group.parts:
            known = (other.members for other in (*found, *result))
            large = len(part) >= max(PART_UNITS, PART_SHARE * len(group.members))
            if large and all(jaccard(part, other) < SAME for other in known):
                result.append(Group(part, group.side, "part of a community of wordings"))
    return result


def denser(ground: Ground, members: NDArray[np.int64], smallest: int) -> tuple[NDArray[np.int64], ...]:
    """Denser parts of a group by its phrases, a phrase counting by its rarity among all units; none without phrases."""
    if ground.phrases is None:
        return ()
    return tuple(dense_parts(ground.keys, ground.phrases, members, smallest, PART_RESOLUTION))


def rare_phrases(half: FormingHalf) -> sparse.csr_array | None:
    """(units × phrases), each counting by its rarity among all units; None without phrases."""
    active = int(half.population.active.sum())
    weighted: list[sparse.csr_array] = []
    for layer in half.families.get(WORDING_FAMILY, ()):
        degree = np.bincount(layer.held[half.population.active].indices, minlength=len(layer.entities))
        chosen = (degree >= 2) & (degree <= WORDING_SHARE_MAX * active)
        rarity = np.log(active / np.maximum(degree[chosen], 1))
        weighted.append(layer.held[:, chosen].astype(np.float64).multiply(rarity).tocsr())
    return sparse.hstack(weighted, format="csr") if any(part.nnz for part in weighted) else None


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


def distinct(parts: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Parts without those that mostly repeat an earlier one, largest first."""
    kept: list[NDArray[np.int64]] = []
    for part in parts:
        if all(len(np.intersect1d(part, other)) < REPEATED * min(len(part), len(other)) for other in kept):
            kept.append(part)
    return sorted(kept, key=lambda part: (-len(part), part.tolist()))


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


def wordings(ground: Ground, smallest: int) -> list[Group]:
    """Communities of wordings at each resolution, and those of all of them that hold each other's marks, together.

    A campaign whose template is an editor's too comes out alone only where communities are small, one of many templates
    whole only where they are large, or put together. What was found before, by and large, counts once.
    """
    found: list[NDArray[np.int64]] = []

    def add(parts: Sequence[NDArray[np.int64]]) -> None:
        for part in parts:
            if all(jaccard(part, other) < SAME for other in found):
                found.append(part)

    for resolution in WORDING_RESOLUTIONS:
        add(wordings_at(ground, smallest, resolution))
    whole, count = list(found), len(found) + 1
    while len(whole) < count:
        count = len(whole)
        whole = joined(ground.population, ground.families, whole, ground.population.languages)
    add(whole)
    found.sort(key=lambda part: (-len(part), part.tolist()))
    return [Group(part, ground.half.side, "community of wordings") for part in found]


def wordings_at(ground: Ground, smallest: int, resolution: float) -> list[NDArray[np.int64]]:
    """Dense parts of the graph of units and phrases, found language by language, polished, and joined over languages.

    People of one language share phrases whatever they do; over all languages at once the densest parts are languages.
    """
    population, families = ground.population, ground.families
    everywhere = np.zeros(population.units, np.int64)
    parts = [
        part
        for language in range(int(population.languages.max(initial=-1)) + 1)
        for part in wording_parts(ground, population.languages == language, smallest, resolution)
    ]
    parts.sort(key=lambda part: (-len(part), part.tolist()))
    better = [
        polished(population, families, part, population.languages, smallest=smallest, core=CORE_SHARE) for part in parts
    ]
    marked = [part for part in distinct([part for part in better if len(part) >= smallest]) if by_phrase(ground, part)]
    whole = [
        np.union1d(part, polished(population, families, part, everywhere, smallest=smallest, core=CORE_SHARE))
        for part in joined(population, families, marked, population.languages)
    ]
    return distinct([part for part in whole if len(part) >= smallest])


def wording_parts(
    ground: Ground, speakers: NDArray[np.bool_], smallest: int, resolution: float
) -> list[NDArray[np.int64]]:
    """Dense parts of the graph of some units and their phrases, a phrase counting by its rarity among them.

    Args:
        ground: the wordings.
        speakers: shape (units,), units of one language.
        smallest: fewest units of a part.
        resolution: of the modularity; higher = smaller parts.
    """
    half, population = ground.half, ground.population
    speakers = speakers & population.active
    count = int(speakers.sum())
    weighted: list[sparse.csr_array] = []
    for layer in (layer for layers in half.families.values() for layer in layers):
        degree = np.bincount(layer.held[speakers].indices, minlength=len(layer.entities))
        chosen = (degree >= 2) & (degree <= max(WORDING_SHARE_MAX * count, WORDING_HOLDERS_MIN))
        rarity = np.log(count / np.maximum(degree[chosen], 1))
        weighted.append(layer.held[:, chosen].astype(np.float64).multiply(rarity).tocsr())
    if not any(part.nnz for part in weighted):
        return []
    graph = sparse.hstack(weighted, format="csr")
    units = np.flatnonzero((np.diff(graph.indptr) > 0) & speakers & ~population.declared)
    return dense_parts(ground.keys, graph, units, smallest, resolution)


def by_phrase(ground: Ground, part: NDArray[np.int64]) -> bool:
    """Whether phrases mark a part: one common in it and rare among strangers of its languages, and several a unit."""
    inside = np.zeros(ground.population.units, np.bool_)
    inside[part] = True
    marks = likeness(ground.families, inside).marks
    layers = [layer for family in ground.half.families.values() for layer in family]
    held = sparse.hstack([layer.held[part][:, marks[layer.name]] for layer in layers], format="csr").astype(np.int64)
    if not held.nnz:
        return False
    share = np.asarray(held.sum(axis=0)).ravel() / len(part)
    several = float((np.asarray(held.sum(axis=1)).ravel() >= 2).mean())
    return bool(round(float(share.max()), 9) >= PHRASE_SHARE and round(several, 9) >= MARKED_SHARE)


def dense_parts(
    keys: NDArray[np.int64],
    graph: sparse.csr_array,
    units: NDArray[np.int64],
    smallest: int,
    resolution: float,
) -> list[NDArray[np.int64]]:
    """Communities of some units in a weighted (units × entities) graph, largest first; each hangs together.

    The order in which the algorithm meets the units comes from what they hold, so that names and row order do not
    matter. Louvain and not Leiden: the library's Leiden draws from the process's random numbers and cannot be repeated;
    what Leiden's refinement is for, communities that fall apart, is mended here by taking their components.

    Args:
        keys: shape (all units,), see `content_keys`.
        graph: (all units × entities), weights.
        units: shape (k,), the units that count.
        smallest: fewest units of a part.
        resolution: of the modularity; higher = smaller parts.
    """
    if len(units) < smallest:
        return []
    units = units[np.argsort(keys[units], kind="stable")]
    chosen = graph[units]
    chosen = chosen[:, np.bincount(chosen.indices[chosen.data > 0], minlength=chosen.shape[1]) >= 2]
    if not chosen.nnz:
        return []
    louvain = Louvain(resolution=resolution, shuffle_nodes=False, random_state=0)
    labels = louvain.fit(sparse.csr_matrix(chosen), force_bipartite=True).labels_row_
    parts = [np.sort(units[rows]) for rows in connected(chosen, labels) if len(rows) >= smallest]
    return sorted(parts, key=lambda part: (-len(part), part.tolist()))


def connected(graph: sparse.csr_array, labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Components of the rows of each label that share columns, each an array of row numbers.

    Args:
        graph: (rows × columns); every entry that is stored ties its row to its column.
        labels: shape (rows,), numbers from 0; rows of two labels are never in one component.
    """
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    _, shared = np.unique(labels[rows].astype(np.int64) * graph.shape[1] + graph.indices, return_inverse=True)
    size = graph.shape[0] + int(shared.max(initial=-1)) + 1
    ties = sparse.coo_array((np.ones(len(rows), np.bool_), (rows, graph.shape[0] + shared)), shape=(size, size))
    _, component = connected_components(ties.tocsr(), directed=False)
    order = np.argsort(component[: graph.shape[0]], kind="stable")
    return np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
