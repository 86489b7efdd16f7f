"""Connected components of accounts, and their names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Numbers = NDArray[np.int64]


def components(first: Numbers, second: Numbers, size: int) -> Numbers:
    """Component of each of `size` nodes under undirected edges `first`–`second`; numbered by first member.

    >>> components(np.array([0]), np.array([2]), 4).tolist()
    [0, 1, 0, 2]
    """
    edges = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    labels = connected_components(edges, directed=False)[1]
    return np.asarray(np.unique(labels, return_index=True)[1].argsort().argsort()[labels], dtype=np.int64)


def named(accounts: tuple[str, ...], labels: Numbers, least: int = 2) -> dict[str, str]:
    """Account → group for components of at least `least` accounts; a group is named after its first account."""
    sizes = np.bincount(labels, minlength=1)
    leaders: dict[int, str] = {}
    groups = {}
    for account, label in zip(accounts, labels.tolist(), strict=True):
        if sizes[label] >= least:
            groups[account] = leaders.setdefault(label, account)
    return groups
