"""Dense parts of a graph of units and things: Louvain's communities, each of which hangs together.

Source: Blondel et al. 2008; a community falls apart where it does not hang together, which Leiden was made for (Traag,
Waltman & van Eck 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

from hydrometer.base.population import Layer

REPEATED = 0.5
"""A part that shares this much of the smaller one with an earlier part is the same candidate."""


def content_keys(layers: Iterable[Layer], units: int) -> NDArray[np.int64]:
    """A number for each unit that depends on what it holds and on nothing else; equal for equal profiles.

    Args:
        layers: what counts.
        units: number of all units.

    Returns:
        shape (units,), wrapping 64-bit sums of the held entities' hashes.
    """
    total = np.zeros(units, np.int64)
    for layer in layers:
        with np.errstate(over="ignore"):
            total += layer.held.astype(np.int64) @ layer.entities
    return total


def rarities(layers: Iterable[Layer], units: NDArray[np.int64], most: float) -> sparse.csr_array | None:
    """(all units × things), each counting by its rarity among some units; None where they share none.

    Args:
        layers: what counts.
        units: shape (k,), the units that count.
        most: of the units that hold a thing; what more of them hold is left out.
    """
    weighted: list[sparse.csr_array] = []
    for layer in layers:
        degree = np.bincount(layer.held[units].indices, minlength=len(layer.entities))
        chosen = (degree >= 2) & (degree <= most)
        rarity = np.log(len(units) / np.maximum(degree[chosen], 1))
        weighted.append(layer.held[:, chosen].astype(np.float64).multiply(rarity).tocsr())
    return sparse.hstack(weighted, format="csr") if any(one.nnz for one in weighted) else None


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
    return largest_first(units[rows] for rows in connected(chosen, labels) if len(rows) >= smallest)


def largest_first(parts: Iterable[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Parts, each ascending; of equally large ones the one with the first unit first."""
    return sorted((np.sort(part) for part in parts), key=lambda part: (-len(part), part.tolist()))


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


def distinct(parts: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Parts without those that mostly repeat an earlier one, largest first."""
    kept: list[NDArray[np.int64]] = []
    for part in parts:
        if all(overlap(part, other) < REPEATED for other in kept):
            kept.append(part)
    return largest_first(kept)


def overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Share of the smaller of two sets that is in both."""
    return len(np.intersect1d(one, other)) / min(len(one), len(other))
