"""PRADA on text: are the distances between an account's prompts as bell-shaped as ordinary use makes them?

Juuti et al. 2019 (arXiv 1805.02628) watch each new query's smallest distance to the account's earlier ones and alarm
where the distribution is far from normal: a small Shapiro-Wilk W. Here, as in the comparison of arXiv 2606.05725, the
distance is that of each prompt to its nearest other prompt of the same account, and the score is 1 − W, between 0 and
1. An account with fewer than 8 prompts, or whose distances are all the same, scores 0. The paper waits for 100
distances and sets its threshold on each data set apart, so that none carries over. Only the first 400 prompts of an
account, by time, are compared, because the search is quadratic.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import shapiro

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._embedding import embedded
from hydrometer.simulate.baselines._traffic import account_ids, aligned, by_account, opened, text

LEAST_PROMPTS, MOST_PROMPTS = 8, 400


def nearest(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance of each point, all of length 1, to its nearest other one; shape (points,)."""
    wide = points.astype(np.float64)
    closeness = wide @ wide.T
    np.fill_diagonal(closeness, -np.inf)
    lengths = (wide**2).sum(axis=1)
    best = closeness.argmax(axis=1)
    squared = lengths + lengths[best] - 2 * closeness[np.arange(len(wide)), best]
    return np.asarray(np.sqrt(np.where(squared > 1e-9, squared, 0.0)))


def departure(distances: NDArray[np.float64]) -> float:
    """1 − W of Shapiro and Wilk; 0 where all distances are the same. Higher = further from normal.

    >>> departure(np.array([1.0, 1.0, 1.0]))
    0.0
    """
    return float(1 - shapiro(distances).statistic) if np.ptp(distances) > 0 else 0.0


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    table = connection.sql(f"""
        select account_id, prompt, dense_rank() over (order by account_id) as account
        from exchanges where prompt is not null
        qualify count(*) over (partition by account_id) >= {LEAST_PROMPTS}
            and row_number() over (partition by account_id order by sent_at, exchange_id) <= {MOST_PROMPTS}
        order by account_id, sent_at, exchange_id""").to_arrow_table()
    points = embedded(text(table["prompt"]))
    return aligned(account_ids(connection), by_account(table, lambda rows: departure(nearest(points[rows]))))


BASELINE = Baseline(
    name="prada",
    summary="departure from normality of the distances between an account's prompts",
    source="arXiv 1805.02628 (Juuti et al.), as compared in arXiv 2606.05725",
    unit="account",
    published=None,
    run=run,
)
