"""One-prompt classifier: does a single prompt look like the harvest of training data?

Logistic regression on hashed character 3- to 5-grams. A prompt's feature is the share of its n-grams in each bucket, so
that its logit is the mean weight of its n-grams; length does not enter. An account's score is the mean probability of
its three likeliest prompts (of all, where it has fewer), between 0 and 1.

The weights in `one_prompt.npz` were fitted by `python -m bench.fit_one_prompt` on development worlds alone; the file
names them. It reads labelled prompts, which no other rival and no part of hydrometer does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit

from hydrometer.base.errors import BugError
from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._embedding import LONGEST, MOST_CHARACTERS, SHORTEST, characters, gram
from hydrometer.simulate.baselines._traffic import Text, account_ids, aligned, by_account, numbers, opened, text

BUCKETS = 2**14
PENALTY = 1e-7
"""Weight of half the squared norm of the coefficients, against the mean loss of a prompt."""
MOST_STEPS = 200
TOP_PROMPTS = 3
FITTED = Path(__file__).with_suffix(".npz")
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted classifier.

    Args:
        buckets: weight of each bucket of n-grams, shape (BUCKETS,).
        bias: logit of a prompt without n-grams.
    """

    buckets: NDArray[np.float32]
    bias: float


@njit(cache=True, nogil=True)
def _buckets(points: NDArray[np.uint64], count: int, found: NDArray[np.int32]) -> int:
    """Writes the bucket of each n-gram of a text to `found`, and says how many."""
    total = 0
    for size in range(SHORTEST, LONGEST + 1):
        for start in range(count - size + 1):
            found[total] = np.int32(gram(points, start, size) % np.uint64(BUCKETS))
            total += 1
    return total


@njit(cache=True, nogil=True)
def _mean_weights(data: NDArray[np.uint8], starts: NDArray[np.int64], weights: NDArray[np.float32]) -> Reals:
    """Mean weight of the n-grams of each text; 0 for a text without any."""
    means = np.zeros(len(starts) - 1)
    points = np.empty(MOST_CHARACTERS, dtype=np.uint64)
    found = np.empty((LONGEST - SHORTEST + 1) * MOST_CHARACTERS, dtype=np.int32)
    for row in range(len(means)):
        total = _buckets(points, characters(data, starts[row], starts[row + 1], points), found)
        summed = 0.0
        for place in range(total):
            summed += weights[found[place]]
        means[row] = summed / max(total, 1)
    return means


@njit(cache=True, nogil=True)
def _listed(data: NDArray[np.uint8], start: int, end: int) -> NDArray[np.int32]:
    """Buckets of the n-grams of one text, with repetitions."""
    points = np.empty(MOST_CHARACTERS, dtype=np.uint64)
    found = np.empty((LONGEST - SHORTEST + 1) * MOST_CHARACTERS, dtype=np.int32)
    return found[: _buckets(points, characters(data, start, end, points), found)].copy()


def shares(texts: Text) -> csr_matrix:
    """Share of each text's n-grams in each bucket, shape (texts, BUCKETS)."""
    data, starts = texts
    rows = [np.unique(_listed(data, one, other), return_counts=True) for one, other in pairwise(starts)]
    ends = np.cumsum([0, *(len(found) for found, _ in rows)])
    values = np.concatenate([counts / max(counts.sum(), 1) for _, counts in rows])
    return csr_matrix((values, np.concatenate([found for found, _ in rows]), ends), shape=(len(rows), BUCKETS))


def fit(prompts: list[str], labels: NDArray[np.bool_]) -> Weights:
    """Weights of least penalised logistic loss.

    Args:
        prompts: texts, both sorts among them.
        labels: whether each is harvest.

    Raises:
        BugError: only one sort is there, or the numbers of prompts and labels differ.
    """
    if len(prompts) != len(labels) or not 0 < labels.sum() < len(labels):
        raise BugError("one_prompt.fit", f"{int(labels.sum())} of {len(labels)}", "both labels", "give both sorts")
    import pyarrow as pa

    table = shares(text(pa.chunked_array([pa.array(prompts, pa.large_string())])))
    signs = np.where(labels, 1.0, -1.0)

    def loss(place: Reals) -> tuple[float, Reals]:
        margins = signs * (table @ place[:-1] + place[-1])
        pull = -signs * expit(-margins) / len(signs)
        slope = np.append(table.T @ pull + PENALTY * place[:-1], pull.sum())
        return float(np.logaddexp(0, -margins).mean() + PENALTY * place[:-1] @ place[:-1] / 2), slope

    best = minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS}).x
    return Weights(best[:-1].astype(np.float32), float(best[-1]))


def probabilities(texts: Text, weights: Weights) -> Reals:
    """Probability of each text to be harvest; shape (texts,), higher = more suspicious."""
    return np.asarray(expit(_mean_weights(*texts, weights.buckets) + weights.bias))


def fitted(file: Path = FITTED) -> Weights:
    """The weights in a file that `bench.fit_one_prompt` wrote."""
    with np.load(file) as stored:
        return Weights(stored["buckets"].astype(np.float32), float(stored["bias"]))


def run(traffic: Path, seed: int) -> Scored:
    """Scores of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    table = connection.sql("""
        select account_id, prompt, dense_rank() over (order by account_id) as account
        from exchanges where prompt is not null order by account_id, sent_at, exchange_id""").to_arrow_table()
    said = probabilities(text(table["prompt"]), fitted())
    sorted_said = said[np.lexsort((-said, numbers(table, "account")))]
    found = by_account(table, lambda rows: float(sorted_said[rows][:TOP_PROMPTS].mean()))
    return aligned(account_ids(connection), found)


BASELINE = Baseline(
    name="one_prompt",
    summary="a classifier of single prompts, trained on labelled development worlds",
    source="logistic regression on hashed character n-grams (common practice)",
    unit="prompt",
    published=None,
    run=run,
)
