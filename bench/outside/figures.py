"""Found groups against labels: precision, recall, B-cubed and pairs, with intervals by resampling groups.

B-cubed and pairs are averaged over accounts that the labels put into a group, so that thousands of others that stand
alone hide nothing. Their clusters hold all accounts but those that are flagged and in no group: whose these are is not
known. Accounts of one hand come and go together: precision resamples found groups, all else resamples true ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer.base.draws import generator

CONFIDENCE = 0.95
Numbers = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the accounts; each array has shape (accounts,).

    Attributes:
        flagged: whether the account is flagged.
        grouped: whether it is flagged and in a group.
        hand: number of its group; accounts in no group have one each.
    """

    flagged: NDArray[np.bool_]
    grouped: NDArray[np.bool_]
    hand: Numbers


def against_labels(found: Numbers, labels: Labels, resamples: int, seed: int) -> Row:
    """All figures of one grouping.

    Args:
        found: shape (accounts,), number of the found group, −1 for none.
        labels: what is known of the accounts.
        resamples: of the bootstrap.
        seed: of its draws.
    """
    flagged, listed = labels.flagged, found >= 0
    by_found = np.unique(found[listed], return_inverse=True)[1]
    by_hand = np.unique(labels.hand[flagged], return_inverse=True)[1]
    alone = np.where(listed, found, int(found.max(initial=-1)) + 1 + np.arange(len(found)))
    sure = labels.grouped | ~flagged
    counted = labels.grouped[sure]
    both = np.unique(np.stack([alone, labels.hand])[:, sure], axis=1, return_inverse=True)[1].ravel()
    same, own, whole = (_size(each)[counted].astype(float) for each in (both, alone[sure], labels.hand[sure]))
    true = np.unique(labels.hand[labels.grouped], return_inverse=True)[1]

    def ratio(*parts: tuple[Numbers, Reals, Reals]) -> Row | None:
        return _ratio(list(parts), resamples, seed)

    precise, complete = (true, same / own, np.ones(len(true))), (true, same / whole, np.ones(len(true)))
    return {
        "groups": len(np.unique(by_found)),
        "accounts": int(listed.sum()),
        "unflagged_accounts": int((listed & ~flagged).sum()),
        "precision": ratio((by_found, flagged[listed].astype(float), np.ones(len(by_found)))),
        "recall": ratio((by_hand, listed[flagged].astype(float), np.ones(len(by_hand)))),
        "b_cubed_precision": ratio(precise),
        "b_cubed_recall": ratio(complete),
        "b_cubed_f1": ratio(precise, complete),
        "pairwise_precision": ratio((true, same - 1.0, own - 1.0)),
        "pairwise_recall": ratio((true, same - 1.0, whole - 1.0)),
    }


def _size(label: Numbers) -> Numbers:
    """Accounts of each account's cluster."""
    return np.bincount(label)[label].astype(np.int64)


def _ratio(parts: list[tuple[Numbers, Reals, Reals]], resamples: int, seed: int) -> Row | None:
    """Σ part / Σ whole with its interval; of two, their harmonic mean. None where there is nothing to divide by.

    Args:
        parts: (group of each account, its part, its whole); groups are numbered alike in all of them.
        resamples: of the bootstrap over groups.
        seed: of its draws.
    """
    sums = [(np.bincount(group, part), np.bincount(group, whole)) for group, part, whole in parts]
    groups = len(sums[0][0])
    if not all(whole.sum() > 0 for _, whole in sums):
        return None
    value = _mean_of([np.array([part.sum() / whole.sum()]) for part, whole in sums])[0]
    drawn = generator(seed, "bench outside resampling").multinomial(groups, np.full(groups, 1 / groups), resamples)
    spread = _mean_of([(drawn @ part) / np.maximum(drawn @ whole, 1e-12) for part, whole in sums])
    low, high = np.quantile(spread, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {"value": float(value), "low": float(low), "high": float(high)}


def _mean_of(values: list[Reals]) -> Reals:
    """The values, or the harmonic mean of two."""
    if len(values) == 1:
        return values[0]
    first, second = values
    return np.asarray(2 * first * second / np.maximum(first + second, 1e-12))
