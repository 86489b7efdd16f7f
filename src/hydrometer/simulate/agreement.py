"""How well a partition agrees with the true one: pairs, homogeneity and completeness, mutual information above chance.

Each figure takes one found and one true label for each item, in the same order. Source: statistics cookbook, section
12; Manning, Raghavan & Schütze 2008, section 16.3 (pairs); Rosenberg & Hirschberg 2007 (V-measure); Vinh, Epps & Bailey
2010, equation 24a (expected mutual information of two random partitions with the given sizes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from hydrometer.simulate.metrics import f1, ratio

_NEGLIGIBLE = 1e-12
"""Nats below which an entropy counts as none."""
Floats = NDArray[np.float64]


def pairwise(
    found: Sequence[str], true: Sequence[str], counted: Sequence[bool] | None = None
) -> tuple[float | None, float | None, float | None]:
    """Precision, recall and F1 over pairs of items that share a label.

    Args:
        found: the label that was found for each item.
        true: the true label of each item.
        counted: a pair counts once for each of its two items that is counted here; None counts every item.

    Returns:
        None where no pair shares a found label (precision), or a true one (recall).

    >>> [round(figure, 4) for figure in pairwise("1112233", "1111223")]
    [0.6, 0.4286, 0.5]
    """
    clusters, classes, both = Counter(found), Counter(true), Counter(zip(found, true, strict=True))
    together = same_cluster = same_class = 0
    for number, pair in enumerate(zip(found, true, strict=True)):
        if counted is None or counted[number]:
            together += both[pair] - 1
            same_cluster += clusters[pair[0]] - 1
            same_class += classes[pair[1]] - 1
    precision, recall = ratio(together, same_cluster), ratio(together, same_class)
    return precision, recall, f1(precision, recall)


def v_measure(found: Sequence[str], true: Sequence[str]) -> tuple[float | None, float | None, float | None]:
    """Homogeneity, completeness and their harmonic mean; None for no item.

    >>> [round(figure, 4) for figure in v_measure("0123", "0011")]
    [1.0, 0.5, 0.6667]
    """
    if not found:
        return None, None, None
    shared = mutual_information(found, true)
    entropies = _entropy(Counter(true)), _entropy(Counter(found))
    homogeneity, completeness = (shared / entropy if entropy > _NEGLIGIBLE else 1.0 for entropy in entropies)
    return homogeneity, completeness, f1(homogeneity, completeness)


def mutual_information(found: Sequence[str], true: Sequence[str]) -> float:
    """Mutual information of two labellings, in nats; 0 for no item."""
    clusters, classes, both = Counter(found), Counter(true), Counter(zip(found, true, strict=True))
    items = len(found)
    counts = np.array(list(both.values()), dtype=np.float64)
    chance = np.array([clusters[one] * classes[other] for one, other in both], dtype=np.float64)
    return max(0.0, float(np.sum(counts / items * np.log(items * counts / chance)))) if items else 0.0


def adjusted_mutual_information(found: Sequence[str], true: Sequence[str]) -> float | None:
    """Mutual information above chance over its most (mean of the entropies): 1 is identity, 0 is chance; None for no
    item.

    >>> round(adjusted_mutual_information("0123", "0000"), 6)
    0.0
    """
    if not found:
        return None
    both = Counter(zip(found, true, strict=True))
    clusters, classes = Counter(found), Counter(true)
    if len(both) == len(clusters) == len(classes):
        return 1.0
    expected = expected_mutual_information(list(clusters.values()), list(classes.values()))
    most = (_entropy(clusters) + _entropy(classes)) / 2.0 - expected
    return (mutual_information(found, true) - expected) / most if most > _NEGLIGIBLE else 0.0


def expected_mutual_information(clusters: Sequence[int], classes: Sequence[int]) -> float:
    """Mean mutual information, in nats, of random labellings with these sizes; both sum to the number of items.

    Clusters of one size are summed once, with their multiplicity, so that many singletons cost nothing.
    """
    items = sum(clusters)
    log_factorial = gammaln(np.arange(items + 1, dtype=np.float64) + 1.0)
    total = 0.0
    for size, copies in sorted(Counter(clusters).items()):
        for other, others in sorted(Counter(classes).items()):
            total += copies * others * _expected_term(size, other, items, log_factorial)
    return total


def _expected_term(size: int, other: int, items: int, log_factorial: Floats) -> float:
    """Part of the expected mutual information that a cluster and a class of these sizes contribute."""
    overlap = np.arange(max(1, size + other - items), min(size, other) + 1)
    if not len(overlap):
        return 0.0
    outside = items - size - other
    log_probability = (
        log_factorial[size] + log_factorial[other] + log_factorial[items - size] + log_factorial[items - other]
        - log_factorial[items] - log_factorial[overlap] - log_factorial[size - overlap]
        - log_factorial[other - overlap] - log_factorial[outside + overlap]
    )  # fmt: skip
    nats = np.log(items * overlap / (float(size) * other))
    return float(np.sum(overlap / items * nats * np.exp(log_probability)))


def _entropy(sizes: Counter[str]) -> float:
    """Entropy of a labelling with these sizes, in nats."""
    shares = np.array(list(sizes.values()), dtype=np.float64) / sizes.total()
    return float(-np.sum(shares * np.log(shares)))
