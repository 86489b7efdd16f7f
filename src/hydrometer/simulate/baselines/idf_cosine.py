"""TF-IDF cosine between accounts over the traces that they leave, after Pacheco et al. (ICWSM 2021).

Traces: payment fingerprint, address, TLS fingerprint with user agent, prompt skeleton (`_traces`, at most 400 accounts
each). Weight of a trace in an account: (1 + ln times) · ln(accounts / accounts that share it). An account's score is
its highest cosine to another account, between 0 and 1. Groups are the connected components of pairs at or above the
99.5 % quantile of all cosines above 0 (quantised to ten-thousandths). The authors choose a percentile for each case, so
that no threshold of theirs carries over; a percentile always leaves edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from hydrometer.simulate.baseline import Baseline, Scored
from hydrometer.simulate.baselines._components import components, named
from hydrometer.simulate.baselines._traces import Numbers, incidences
from hydrometer.simulate.baselines._traffic import account_ids, opened

Reals = NDArray[np.float64]

CUT_QUANTILE = 0.995
BLOCK_ROWS = 1_000
BINS = 10_000


def weights(account: Numbers, entity: Numbers, times: Numbers, accounts: int) -> csr_matrix:
    """TF-IDF rows of length 1, shape (accounts, entities); an account without shared traces has an empty row."""
    entities = int(entity.max()) + 1 if len(entity) else 1
    rarity = np.log(max(accounts, 1) / np.maximum(np.bincount(entity, minlength=entities), 1))
    table = csr_matrix(((1 + np.log(times)) * rarity[entity], (account, entity)), shape=(accounts, entities))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return csr_matrix(table.multiply(1 / np.where(lengths > 0, lengths, 1)[:, None]))


def blocks(table: csr_matrix) -> Iterator[tuple[Numbers, Numbers, Reals]]:
    """Pairs of different accounts with a cosine above 0, each pair in both orders: first, second, cosine."""
    turned = table.T.tocsr()
    for begin in range(0, table.shape[0], BLOCK_ROWS):
        product = (table[begin : begin + BLOCK_ROWS] @ turned).tocoo()
        first, second = product.row.astype(np.int64) + begin, product.col.astype(np.int64)
        kept = (first != second) & (product.data > 0)
        yield first[kept], second[kept], np.minimum(product.data[kept], 1.0)


def binned(cosine: Reals) -> Numbers:
    """Ten-thousandths, so that rounding does not decide which of two equal cosines is above a cut."""
    return np.asarray(np.rint(cosine * BINS), dtype=np.int64)


def run(traffic: Path, seed: int) -> Scored:
    """Scores and groups of all accounts; nothing is drawn, so the seed has no effect."""
    del seed
    connection = opened(traffic)
    accounts = account_ids(connection)
    table = weights(*incidences(connection, wording=True), len(accounts))
    scores, seen = np.zeros(len(accounts)), np.zeros(BINS + 1, dtype=np.int64)
    for first, _, cosine in blocks(table):
        np.maximum.at(scores, first, cosine)
        seen += np.bincount(binned(cosine), minlength=BINS + 1)
    cut = int(np.searchsorted(np.cumsum(seen), CUT_QUANTILE * seen.sum()))
    edges = [
        (first[strong], second[strong]) for first, second, cosine in blocks(table) for strong in [binned(cosine) >= cut]
    ]
    nobody = np.zeros(0, dtype=np.int64)
    ends = [np.concatenate([nobody, *(pair[side] for pair in edges)]) for side in (0, 1)]
    labels = components(ends[0], ends[1], len(accounts))
    return Scored(accounts, scores, named(accounts, labels))


BASELINE = Baseline(
    name="idf_cosine",
    summary="accounts with the most alike traces, rare traces weighing more",
    source="Pacheco et al., ICWSM 2021",
    unit="pair",
    published=None,
    run=run,
)
