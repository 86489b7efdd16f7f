"""A candidate operator: the units that formation put together, on which half, and how; a question, not a finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OVERLAP = 0.5
"""A group is part of another, in one run or in the next, when at least this share of the smaller one is in both."""


@dataclass(frozen=True, slots=True)
class Group:
    """Units that may be one operator.

    Attributes:
        members: shape (k,), unit numbers, ascending.
        side: the side of a split of the families on which it was formed.
        origin: how it was formed, in words.
        parts: its denser parts by wordings, each of shape (m,), disjoint; none where they were not looked for.
    """

    members: NDArray[np.int64]
    side: str
    origin: str
    parts: tuple[NDArray[np.int64], ...] = ()


def jaccard(left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """|A ∩ B| / |A ∪ B| of two ascending arrays without repeats.

    >>> jaccard(np.arange(10), np.arange(2, 12))
    0.6666666666666666
    """
    both = len(np.intersect1d(left, right, assume_unique=True))
    return both / (len(left) + len(right) - both)
