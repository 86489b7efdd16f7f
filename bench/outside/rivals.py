"""Three simpler ways to groups, on the same links: components, IDF-cosine, and acting together in a fixed window.

Their cores are those of the range's rivals (`hydrometer.simulate.baselines`); no threshold was chosen by the labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hydrometer.simulate.baselines._components import components
from hydrometer.simulate.baselines._traces import MOST_ACCOUNTS
from hydrometer.simulate.baselines.idf_cosine import BINS, CUT_QUANTILE, binned, blocks, weights

Numbers = NDArray[np.int64]


def shared(account: Numbers, entity: Numbers) -> tuple[Numbers, Numbers]:
    """Links to entities that 2 to `MOST_ACCOUNTS` accounts hold."""
    degree = np.bincount(entity)[entity]
    kept = (degree >= 2) & (degree <= MOST_ACCOUNTS)
    return account[kept], np.unique(entity[kept], return_inverse=True)[1].astype(np.int64)


def by_components(account: Numbers, entity: Numbers, accounts: int) -> Numbers:
    """Component of each account over any shared entity."""
    if not len(account):
        return np.arange(accounts)
    return components(account, accounts + entity, accounts + int(entity.max()) + 1)[:accounts]


def by_window(account: Numbers, entity: Numbers, window: Sequence[str], accounts: int) -> Numbers:
    """Component of each account over entities shared by accounts of one window."""
    known = np.unique(np.array(window), return_inverse=True)[1].astype(np.int64)
    both = entity * (int(known.max()) + 1) + known[account]
    return by_components(*shared(account, np.unique(both, return_inverse=True)[1].astype(np.int64)), accounts)


def by_cosine(account: Numbers, entity: Numbers, accounts: int) -> Numbers:
    """Component of each account over pairs above the usual quantile of all cosines above 0."""
    table = weights(account, entity, np.ones(len(account), np.int64), accounts)
    seen = np.zeros(BINS + 1, np.int64)
    for _, _, cosine in blocks(table):
        seen += np.bincount(binned(cosine), minlength=BINS + 1)
    cut = int(np.searchsorted(np.cumsum(seen), CUT_QUANTILE * seen.sum()))
    first, second = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for one, other, cosine in blocks(table):
        strong = binned(cosine) >= cut
        first.append(one[strong])
        second.append(other[strong])
    return by_pairs(np.concatenate(first), np.concatenate(second), accounts)


def by_pairs(first: Numbers, second: Numbers, accounts: int) -> Numbers:
    """Component of each account over pairs of accounts."""
    return components(first, second, accounts)


def at_least(labels: Numbers, least: int) -> Numbers:
    """The labels, with −1 for accounts of groups with fewer than `least`."""
    return np.where(np.bincount(labels)[labels] >= least, labels, -1)
