"""MMD over windows of the whole stream, after arXiv 2606.05725, and what an account gets from its windows.

As published: windows of 1,500 prompts; unbiased MMD² under four Gaussian kernels whose width is the median distance;
a window's statistic is the mean over 20 random reference draws of 1,500; its null is 1,000 values between two disjoint
draws from the reference pool; a window is flagged above the null's 95 % quantile (one-sided).

What differs, and why:

* The stream has users and time, so windows are cut in time order; what is left over joins the last one.
* A log has no benign half. The reference pool is a random 30,000 prompts of the stream itself, campaign included.
* Prompts are points of `_embedding`, not of a neural sentence embedding; means are taken by random features
  (`_kernels`).
* A stream with fewer than eight windows of 1,500 is cut into the largest published size that gives eight, at least 100.

The method names windows, not accounts. An account's score is the sum, over the flagged windows it is in, of the
window's statistic (in units of the null's quantile, so above 1) times the account's share of the window's prompts. An
account in no flagged window scores 0. No threshold of the paper applies to such a sum.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._embedding import embedded
from hydrometer.simulate.baselines._kernels import (
    Points,
    features,
    frequencies,
    median_distance,
    run_means,
    squared_mmd,
    within,
)
from hydrometer.simulate.baselines._traffic import account_ids, aligned, numbers, opened, text

SIZES = (1_500, 1_000, 500, 200, 100)
"""Published sizes of windows, in prompts."""
LEAST_WINDOWS = 8
POOL_PROMPTS = 30_000
REFERENCES, NULL_DRAWS, NULL_QUANTILE = 20, 1_000, 0.95
Means = NDArray[np.float64]


def window_size(prompts: int) -> int:
    """Prompts in a window of a stream with so many prompts.

    >>> [window_size(prompts) for prompts in (1_000_000, 5_000, 30)]
    [1500, 500, 100]
    """
    return next((size for size in SIZES if prompts >= LEAST_WINDOWS * size), SIZES[-1])


def window_ratios(points: Points, size: int, draw: np.random.Generator) -> tuple[NDArray[np.int64], Means]:
    """First prompt of each window, and its mean MMD² in units of the null's 95 % quantile; above 1 is flagged.

    Args:
        points: the stream in time order, at least two windows long.
        size: prompts in a window.
        draw: chooses the pool, the kernels, the references and the null.
    """
    pool = points[np.sort(draw.permutation(len(points))[:POOL_PROMPTS])]
    waves = frequencies(points.shape[1], median_distance(pool, draw), draw)
    mapped = features(pool, waves)
    starts = size * np.arange(len(points) // size)
    counts = np.diff(np.append(starts, len(points)))
    means = run_means(points, waves, starts, counts)
    references = np.array([_mean_of(mapped, size, draw)[0] for _ in range(REFERENCES)])
    full = float(size)
    closeness = means @ references.T
    statistic = within(means, counts.astype(np.float64)) + within(references, full).mean() - 2 * closeness.mean(axis=1)
    null = []
    for _ in range(NULL_DRAWS):
        one, other = _mean_of(mapped, size, draw, samples=2)
        null.append(float(squared_mmd(one, full, other, full)))
    return starts, statistic / np.quantile(null, NULL_QUANTILE)


def _mean_of(mapped: Points, size: int, draw: np.random.Generator, samples: int = 1) -> Means:
    """Mean features of disjoint random draws from the pool, shape (samples, features)."""
    chosen = draw.choice(len(mapped), samples * size, replace=False, shuffle=False)
    return np.stack(
        [mapped[part].mean(axis=0, dtype=np.float64) for part in np.split(draw.permutation(chosen), samples)]
    )


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts; the seed draws the pool, the references and the null."""
    connection = opened(traffic)
    accounts = account_ids(connection)
    table = connection.sql("""
        select prompt, dense_rank() over (order by account_id) - 1 as account
        from exchanges where prompt is not null order by sent_at, exchange_id""").to_arrow_table()
    size = window_size(len(table))
    if len(table) < 2 * size:
        return aligned(accounts, {})
    points = embedded(text(table["prompt"]))
    starts, ratios = window_ratios(points, size, generator(seed, "baseline-mmd-window"))
    counts = np.diff(np.append(starts, len(points)))
    gain = np.where(ratios > 1, ratios, 0.0) / counts
    names = connection.execute(
        "select distinct account_id from exchanges where prompt is not null order by account_id"
    ).fetchall()
    scores = np.bincount(numbers(table, "account"), weights=np.repeat(gain, counts), minlength=len(names))
    return aligned(accounts, {name: float(score) for (name,), score in zip(names, scores, strict=True)})


BASELINE = Baseline(
    name="mmd_window",
    summary="windows of the stream that differ from the stream, by maximum mean discrepancy",
    source="arXiv 2606.05725 (Liu, Guo, Dong), protocol of its repository LabRAI/mmd-llm-mea-detection at 8bf1aa1",
    unit="window",
    published=None,
    run=run,
)
