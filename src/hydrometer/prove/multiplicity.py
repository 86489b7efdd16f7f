"""Many groups, one error rate: e-BH over all groups that formation returned, valid under any dependence.

q_(k) = min(1, min over j ≥ k of m / (j e_(j))). Source: Wang & Ramdas 2022 (arXiv 2009.02824); `statistics.md` 3.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import DECISION_DIGITS


def q_values(log_e: NDArray[np.float64]) -> NDArray[np.float64]:
    """e-BH q-values.

    Args:
        log_e: shape (m,), natural logs of the groups' e-values; all groups, also hopeless ones.

    Returns:
        shape (m,), in the order given; smaller = more certain.

    >>> e = np.array([4e5, 6e4, 4e4, 900, 3, 1, .5, .2, .1, .01])
    >>> [float(f"{q:.3g}") for q in q_values(np.log(e))[:5]]
    [2.5e-05, 8.33e-05, 8.33e-05, 0.00278, 0.667]
    """
    count = len(log_e)
    if count == 0:
        return np.zeros(0)
    order = np.argsort(-np.round(log_e, DECISION_DIGITS), kind="stable")
    ratio = np.log(count) - np.log(np.arange(1, count + 1)) - log_e[order]
    best = np.minimum.accumulate(ratio[::-1])[::-1]
    result = np.empty(count)
    result[order] = np.exp(np.minimum(best, 0.0))
    return result


def posterior(log_e: float, prior: float) -> float:
    """Probability that the group is a campaign, at a stated prior, reading the e-value as a likelihood ratio.

    >>> round(posterior(np.log(99.0), 0.5), 2)
    0.99
    """
    odds = np.log(prior) - np.log1p(-prior) + log_e
    return float(1.0 / (1.0 + np.exp(-np.clip(odds, -700.0, 700.0))))
