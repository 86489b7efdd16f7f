"""Figures of merit of a partition, a set of flags and an estimate, with intervals that count independent units.

Source: statistics cookbook, section 12 (B-cubed after Bagga & Baldwin 1998; Clopper & Pearson 1934; maximum-weight
matching after Kuhn 1955).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import beta
from scipy.stats import t as student

HIT = 0.5
"""Jaccard from which a match is a hit; above one half it is unique."""
CONFIDENCE = 0.95


def ratio(part: float, whole: float) -> float | None:
    """`part / whole`, None where nothing is there to divide by."""
    return part / whole if whole else None


def f1(precision: float | None, recall: float | None) -> float | None:
    """Harmonic mean, None where either is not known."""
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def jaccard(first: set[str], second: set[str]) -> float:
    """Shared members over all members, 0 for two empty sets.

    >>> round(jaccard(set("0123456789"), set("23456789ab")), 6)
    0.666667
    """
    shared = len(first & second)
    union = len(first) + len(second) - shared
    return shared / union if union else 0.0


def match(truth: Mapping[str, set[str]], found: Mapping[str, set[str]]) -> dict[str, tuple[str, float]]:
    """For each true set its found one and their Jaccard, one to one by maximum total weight; ties by id.

    True sets that share no member with their partner are left out.
    """
    rows, columns = sorted(truth), sorted(found)
    if not rows or not columns:
        return {}
    weights = np.array([[jaccard(truth[row], found[column]) for column in columns] for row in rows])
    pairs = zip(*linear_sum_assignment(weights, maximize=True), strict=True)
    return {rows[i]: (columns[j], float(weights[i, j])) for i, j in pairs if weights[i, j] > 0}


def b_cubed(
    found: Sequence[str], true: Sequence[str], counted: Sequence[bool] | None = None
) -> tuple[float | None, float | None, float | None]:
    """B-cubed precision, recall and F1 of one cluster label for each item against the true ones.

    Args:
        found: the label that was found for each item.
        true: the true label of each item.
        counted: over which items the figures are averaged (clusters are formed over all); None counts every item.

    >>> [round(figure, 6) for figure in b_cubed("1112233", "1111223")]
    [0.714286, 0.642857, 0.676692]
    """
    clusters, classes, both = Counter(found), Counter(true), Counter(zip(found, true, strict=True))
    pairs = [pair for number, pair in enumerate(zip(found, true, strict=True)) if counted is None or counted[number]]
    if not pairs:
        return None, None, None
    precision = sum(both[pair] / clusters[pair[0]] for pair in pairs) / len(pairs)
    recall = sum(both[pair] / classes[pair[1]] for pair in pairs) / len(pairs)
    return precision, recall, f1(precision, recall)


def upper_bound(failures: int, units: int, confidence: float = CONFIDENCE) -> float | None:
    """One-sided Clopper-Pearson upper bound of a rate from independent units; None without any unit.

    >>> round(upper_bound(0, 300_000) * 1e5, 4)
    0.9986
    """
    if units == 0:
        return None
    return 1.0 if failures >= units else float(beta.ppf(confidence, failures + 1, units - failures))


def predictive_value(recall: float | None, false_rate: float | None, prevalence: float) -> float | None:
    """Share of the flagged that are right, where a share `prevalence` of all units is: it depends on that share.

    Args:
        recall: share of the right units that are flagged.
        false_rate: share of the wrong units that are flagged.
        prevalence: share of right units among all, between 0 and 1.

    Returns:
        None where a rate is not known or nothing would be flagged.

    >>> round(predictive_value(0.95, 0.01, 10 / 2_000), 2)
    0.32
    """
    if recall is None or false_rate is None:
        return None
    right = recall * prevalence
    return ratio(right, right + false_rate * (1.0 - prevalence))


def quantile(values: Sequence[float], share: float) -> float | None:
    """Quantile by linear interpolation; None for no value, and where it falls among infinite ones ("never").

    >>> quantile([1.0, 2.0, math.inf], 0.5), quantile([1.0, math.inf], 0.5)
    (2.0, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below, above = ordered[math.floor(place)], ordered[math.ceil(place)]
    found = below if below == above else below + (above - below) * (place - math.floor(place))
    return found if math.isfinite(found) else None


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float | None, float | None]:
    """Two-sided t interval of a mean; None for fewer than two values.

    >>> [round(end, 4) for end in t_interval([1.0, 2.0, 3.0])]
    [-0.4841, 4.4841]
    """
    if len(values) <= 1:
        return None, None
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(student.ppf((1.0 + confidence) / 2.0, len(values) - 1)) * error
    return mean - reach, mean + reach
