"""MMD for each account: do its prompts differ from those of everybody?

The statistic of `mmd_window` (arXiv 2606.05725) with an account's prompts in place of a window, against the whole
stream. Unbiased MMD² shrinks as one over the number of prompts where nothing differs, so the score is n · MMD² in units
of the 95 % quantile of the same product over 1,000 random draws of 64 prompts against the rest of the stream: above 1
is what the published rule flags. An account with fewer than 8 prompts scores 0; so does one that is as close as chance
makes it. The more an ordinary account says, the further it is from everybody: that is the method's known weakness, not
ours.
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
)
from hydrometer.simulate.baselines._traffic import account_ids, aligned, numbers, opened, spans, text

Numbers = NDArray[np.int64]

LEAST_PROMPTS = 8
POOL_PROMPTS = 30_000
NULL_PROMPTS, NULL_DRAWS, NULL_QUANTILE = 64, 1_000, 0.95


def account_ratios(
    points: Points, times: Numbers, starts: Numbers, counts: Numbers, draw: np.random.Generator
) -> NDArray[np.float64]:
    """n · MMD² of each run of points against all points, in units of its null quantile; above 1 is flagged.

    Args:
        points: all prompts, those of an account together.
        times: place of each prompt in time; what is drawn goes by it, so that names of accounts do not matter.
        starts: first row of each account.
        counts: rows of each account, at least two.
        draw: chooses the kernels and the null.
    """
    pool = points[np.argsort(times)[np.sort(draw.permutation(len(points))[:POOL_PROMPTS])]]
    waves = frequencies(points.shape[1], median_distance(pool, draw), draw)
    mapped = features(pool, waves)
    reference, size = mapped.mean(axis=0, dtype=np.float64), float(len(pool))
    drawn = min(NULL_PROMPTS, len(pool) // 2)
    null = np.empty(NULL_DRAWS)
    for row in range(NULL_DRAWS):
        mean = mapped[draw.choice(len(pool), drawn, replace=False)].mean(axis=0, dtype=np.float64)
        rest = (size * reference - drawn * mean) / (size - drawn)
        null[row] = drawn * float(squared_mmd(mean, float(drawn), rest, size - drawn))
    means = run_means(points, waves, starts, counts)
    product = counts * squared_mmd(means, counts.astype(np.float64), reference, size)
    return np.asarray(np.maximum(product, 0) / max(float(np.quantile(null, NULL_QUANTILE)), np.finfo(float).tiny))


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts; the seed draws the pool, the kernels and the null."""
    connection = opened(traffic)
    accounts = account_ids(connection)
    table = connection.sql(f"""
        select account_id, prompt, dense_rank() over (order by account_id) as account,
            row_number() over (order by sent_at, exchange_id) as time
        from exchanges where prompt is not null
        qualify count(*) over (partition by account_id) >= {LEAST_PROMPTS}
        order by account_id, sent_at, exchange_id""").to_arrow_table()
    if not len(table):
        return aligned(accounts, {})
    starts, counts = spans(numbers(table, "account"))
    points = embedded(text(table["prompt"]))
    ratios = account_ratios(points, numbers(table, "time"), starts, counts, generator(seed, "baseline-mmd-account"))
    names = table["account_id"].take(starts).to_pylist()
    return aligned(accounts, dict(zip(names, ratios.tolist(), strict=True)))


BASELINE = Baseline(
    name="mmd_account",
    summary="maximum mean discrepancy of each account's prompts from everybody's",
    source="statistic of arXiv 2606.05725 (Liu, Guo, Dong) with the account as its unit",
    unit="account",
    published=1.0,
    run=run,
)
