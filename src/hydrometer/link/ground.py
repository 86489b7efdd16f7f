"""One side of a split, and what formation asks of it again and again, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.likeness import FamilyColumns
from hydrometer.base.population import FormingHalf, Population
from hydrometer.link.dense import dense_parts
from hydrometer.link.polish import columns

WORDING_FAMILY = "text"
PART_RESOLUTION = 1.0
"""Resolution of the denser parts of a group: modularity as it is."""
CONTRAST_SHARE_MAX = 0.9
"""Phrases that more than this part of a group uses tell nobody in it apart."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One side, and what formation asks of it again and again, worked out once.

    Attributes:
        half: the families that may be looked at.
        families: the same, read both ways.
        keys: see `content_keys`.
    """

    half: FormingHalf
    families: dict[str, FamilyColumns]
    keys: NDArray[np.int64]

    @classmethod
    def of(cls, half: FormingHalf) -> Ground:
        """The ground of one side."""
        return cls(half, columns(half), content_keys(half))

    @property
    def population(self) -> Population:
        """All units."""
        return self.half.population


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


def rarities(half: FormingHalf, units: NDArray[np.int64], most: float) -> sparse.csr_array | None:
    """(all units × phrases), each counting by its rarity among some units; None where they share none.

    Args:
        half: the wordings.
        units: shape (k,), the units that count.
        most: of the units that use a phrase; what more of them use is left out.
    """
    weighted: list[sparse.csr_array] = []
    for layer in half.families.get(WORDING_FAMILY, ()):
        degree = np.bincount(layer.held[units].indices, minlength=len(layer.entities))
        chosen = (degree >= 2) & (degree <= most)
        rarity = np.log(len(units) / np.maximum(degree[chosen], 1))
        weighted.append(layer.held[:, chosen].astype(np.float64).multiply(rarity).tocsr())
    return sparse.hstack(weighted, format="csr") if any(one.nnz for one in weighted) else None


def denser(ground: Ground, members: NDArray[np.int64], smallest: int) -> tuple[NDArray[np.int64], ...]:
    """Denser parts of a group by its phrases, a phrase counting by its rarity within it; none without phrases."""
    graph = rarities(ground.half, members, CONTRAST_SHARE_MAX * len(members))
    return () if graph is None else tuple(dense_parts(ground.keys, graph, members, smallest, PART_RESOLUTION))
