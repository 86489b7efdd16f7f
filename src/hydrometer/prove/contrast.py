"""Does part of an account's traffic come from another hand than the rest? An e-value from the account alone.

Requests that look like a campaign's, and places that other accounts' campaign requests come from: in an account that
one hand runs, which of a day's requests look so has nothing to do with which of them come from there. Given both
counts of a day, their overlap is hypergeometric, exactly; a thief beside the owner makes it as large as it can be. Days
are compared within themselves, so that a journey, a new client or a move of the job is no contrast.
Source: Fisher 1935 (the exact conditional test); Mantel & Haenszel 1959 (strata); `statistics.md` section 9 (of a
victim the background is the account's own history).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

ODDS_RATIOS = (4.0, 16.0, 64.0, 256.0)
"""Alternatives: how much likelier a request from there looks like the campaign's; their mean is one e-value."""


def log_e(days: NDArray[np.int64]) -> float:
    """ln of the mean likelihood ratio of `ODDS_RATIOS` against an odds ratio of 1, over all days of one account.

    Args:
        days: shape (d, 4), for each day requests from there that look like the campaign's, other requests from there,
            requests from elsewhere that look so, other requests from elsewhere.

    Returns:
        0 where no day has both kinds of places and both kinds of requests: nothing can be told.

    >>> round(float(np.exp(log_e(np.array([[4, 0, 0, 4]])))), 3), log_e(np.array([[4, 4, 0, 0]]))
    (40.856, 0.0)
    """
    ratios = np.log(np.array(ODDS_RATIOS))
    total = np.zeros(len(ratios))
    for both, there, alike, neither in days.tolist():
        total += _one_day(both, both + there, alike + neither, both + alike, ratios)
    return float(logsumexp(total) - np.log(len(ratios)))


def _one_day(both: int, there: int, elsewhere: int, alike: int, ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln likelihood ratios of one day's overlap given its margins; shape (ratios,)."""
    overlap = np.arange(max(0, alike - elsewhere), min(there, alike) + 1)
    if len(overlap) == 1:
        return np.zeros(len(ratios))
    ways = log_choose(there, overlap) + log_choose(elsewhere, alike - overlap)  # (k,)
    weighted = logsumexp(ways + ratios[:, None] * overlap, axis=1)  # (ratios,)
    return np.asarray(ratios * both - weighted + logsumexp(ways))


def log_choose(total: int, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """ln of the binomial coefficient."""
    return np.asarray(gammaln(total + 1.0) - gammaln(chosen + 1.0) - gammaln(total - chosen + 1.0))
