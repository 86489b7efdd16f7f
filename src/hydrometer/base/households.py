"""Who lives together: a few units that share a card and an address with each other and with nobody else.

A family of three on one card and one line is one coincidence, however many families of evidence show it. Its members
are no evidence for each other when it is asked whether they belong to a group; what they share with others is.
Source: `detection.md` section 8 (households); `statistics.md` section 1 (contract what is known to be one).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from hydrometer.base.population import Layer

HOME_FAMILIES = ("payment", "network")
"""Families that people of one household share, both of them."""
HOUSEHOLD_MAX = 4
"""Units of a household at most; a card that more hold is no household's."""


def households(families: Mapping[str, Sequence[Layer]], units: int) -> NDArray[np.int64]:
    """A number for each unit; units of one household have the same, all others one of their own.

    Args:
        families: family → its layers; without both of `HOME_FAMILIES` nobody lives together.
        units: number of units.

    Returns:
        shape (units,).
    """
    alone = np.arange(units)
    if not set(HOME_FAMILIES) <= set(families):
        return alone
    together = sparse.csr_array((units, units), dtype=np.int64)
    for name in HOME_FAMILIES:
        shared = sparse.csr_array((units, units), dtype=np.int64)
        for layer in families[name]:
            holders = np.asarray(layer.held.astype(np.int64).sum(axis=0)).ravel()
            few = layer.held[:, (holders >= 2) & (holders <= HOUSEHOLD_MAX)].astype(np.int64)
            shared = shared + few @ few.T
        together = together + (shared > 0).astype(np.int64)
    _, label = connected_components(sparse.csr_array(together >= len(HOME_FAMILIES)), directed=False)
    crowded = np.bincount(label)[label] > HOUSEHOLD_MAX
    result: NDArray[np.int64] = np.where(crowded, label.max() + 1 + alone, label).astype(np.int64)
    return result
