"""One side of a split, and what formation asks of it again and again, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.dense import content_keys, dense_parts, rarities
from hydrometer.base.likeness import FamilyColumns
from hydrometer.base.population import FormingHalf, Layer, Population
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
        layers = (layer for layers in half.families.values() for layer in layers)
        return cls(half, columns(half), content_keys(layers, half.population.units))

    @property
    def population(self) -> Population:
        """All units."""
        return self.half.population

    @property
    def phrases(self) -> tuple[Layer, ...]:
        """The layers of wordings, if this side has them."""
        return tuple(self.half.families.get(WORDING_FAMILY, ()))


def denser(ground: Ground, members: NDArray[np.int64], smallest: int) -> tuple[NDArray[np.int64], ...]:
    """Denser parts of a group by its phrases, a phrase counting by its rarity within it; none without phrases."""
    graph = rarities(ground.phrases, members, CONTRAST_SHARE_MAX * len(members))
    return () if graph is None else tuple(dense_parts(ground.keys, graph, members, smallest, PART_RESOLUTION))
