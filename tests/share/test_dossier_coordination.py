"""Coordination beside other accounts: an ordinary group lies within the range, one that shares lies beyond."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.share.dossier_coordination import coordination

ACCOUNTS, SIZE = 300, 40


def fingerprints(folder: Path, seed: int, *, shared: bool, names: str = "a") -> Path:
    """Accounts that hold random prefixes; with `shared` the first `SIZE` hold few."""
    draw = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for n in range(ACCOUNTS):
        for k in range(4):
            few = shared and n < SIZE
            rows.append({
                "account_id": f"{names}{n}", "client_type": "sdk" if n % 2 else "ide",
                "sent_us": int(draw.integers(10**12)),
                "item": int(draw.integers(10**12)), "prefix": int(draw.integers(1, 9 if few else 400)),
                "opening": n * 10 + k + 1,
            })  # fmt: skip
    order = draw.permutation(len(rows)) if names != "a" else np.arange(len(rows))
    path = folder / f"{names}{seed}{shared}.parquet"
    pq.write_table(pa.Table.from_pylist([rows[place] for place in order]), path)
    return path


def compared(path: Path, names: str = "a") -> dict[str, dict[str, Any]]:
    mine = [f"{names}{n}" for n in range(SIZE)]
    with duckdb.connect() as connection:
        return {one["kind"]: one for one in coordination(path, mine, mine, 7, connection)}


def test_on_null_data_the_group_is_beyond_the_range_no_more_often_than_it_says(tmp_path: Path) -> None:
    beyond = [
        one["group"] > one["high"]
        for seed in range(40)
        for one in [compared(fingerprints(tmp_path, seed, shared=False))["address ranges"]]
    ]
    assert sum(beyond) <= 7, "one-sided 5 %: more than 7 of 40 has a probability of 0.1 %"


def test_a_group_that_shares_is_beyond_and_what_nobody_shares_is_nought(tmp_path: Path) -> None:
    found = compared(fingerprints(tmp_path, 1, shared=True))
    assert found["address ranges"]["group"] > 0.99 > found["address ranges"]["high"]
    assert found["opening phrases"]["group"] == found["opening phrases"]["high"] == 0.0
    assert found["address ranges"]["accounts"] == SIZE and set(found) == {"address ranges", "opening phrases"}


def test_neither_names_nor_the_order_of_rows_matter(tmp_path: Path) -> None:
    first = compared(fingerprints(tmp_path, 3, shared=True))
    assert compared(fingerprints(tmp_path, 3, shared=True, names="zz"), "zz") == first


def test_too_small_a_side_gives_nothing(tmp_path: Path) -> None:
    path = fingerprints(tmp_path, 4, shared=True)
    with duckdb.connect() as connection:
        assert coordination(path, ["a1", "a2"], ["a1", "a2"], 7, connection) == []
        everybody = [f"a{n}" for n in range(ACCOUNTS)]
        assert coordination(path, everybody, everybody, 7, connection) == []
