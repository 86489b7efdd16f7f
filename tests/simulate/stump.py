"""How well one split of one per-account feature separates campaign accounts from benign ones.

Every column of the traffic gives its mean, its mode, its share of nulls and, where its values are identities, how many
accounts share the mode. Nominal features are ordered by an oracle, which is the strongest split that they allow.
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

IDENTITIES = (
    "client_ip", "api_key_id", "organization_id", "system_instructions", "prompt", "payment_fingerprint", "signup_ip",
    "owner", "conversation_id", "end_user_id",
    "reasoning_signature_in", "reasoning_signature_out",
)  # fmt: skip
SKIPPED = (
    "exchange_id",
    "account_id",
    "response",
    "tools",
    "input_modalities",
    "output_modalities",
    "reasoning_signatures_in",
)
NUMBERS = ("BIGINT", "DOUBLE")


def best_split(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Best balanced accuracy of a threshold on `values`, in either direction; a missing value sorts below all."""
    filled = np.nan_to_num(values, nan=np.nanmin(values, initial=0.0) - 1.0)
    order = np.argsort(filled, kind="stable")
    edges = np.append(np.diff(filled[order]) != 0, True)
    above = 1.0 - np.cumsum(positive[order]) / positive.sum()
    false = 1.0 - np.cumsum(~positive[order]) / (~positive).sum()
    return float(0.5 + 0.5 * np.abs(above - false)[edges].max())


def oracle(words: list[object], positive: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Each word as the share of campaign accounts among those that have it."""
    _, where = np.unique(np.array([str(word) for word in words]), return_inverse=True)
    return np.asarray((np.bincount(where, weights=positive) / np.bincount(where))[where])


def plain(values: list[object]) -> NDArray[np.float64]:
    """Numbers, NaN for what is missing."""
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def features(traffic: Path) -> tuple[list[str], dict[str, list[object]]]:
    """Account ids, and for each feature one value an account."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    wanted: list[str] = [
        "count(*) as count",
        "avg(hour(sent_at)) as hour_mean",
        "stddev(epoch(sent_at)) as time_spread",
        "avg(length(prompt)) as prompt_length",
    ]
    kinds = connection.execute(f"describe select * from '{traffic}/exchanges.parquet'").fetchall()
    for name, kind, *_ in kinds:
        if name in SKIPPED:
            continue
        wanted.append(f"avg(({name} is null)::int) as {name}_null")
        if name == "sent_at":
            continue
        wanted.append(f"mode({name}) as {name}_mode")
        if kind in NUMBERS:
            wanted.append(f"avg({name}) as {name}_mean")
    connection.execute(
        f"create table x as select account_id, {', '.join(wanted)} from '{traffic}/exchanges.parquet' group by 1"
    )
    accounts = f"""select * replace (epoch(created_at) as created_at), hour(created_at) as created_hour
                   from '{traffic}/accounts.parquet'"""
    table = connection.sql(f"select * from x join ({accounts}) using (account_id) order by account_id").to_arrow_table()
    columns = {name: table[name].to_pylist() for name in table.column_names}
    ids = [str(value) for value in columns.pop("account_id")]
    for name in list(columns):
        if name.removesuffix("_mode") in IDENTITIES:
            degree: dict[object, int] = {}
            for value in columns[name]:
                degree[value] = degree.get(value, 0) + 1
            columns[f"{name}_shared_by"] = [None if value is None else degree[value] for value in columns[name]]
            del columns[name]
    return ids, columns


def accuracies(traffic: Path, campaign_accounts: set[str]) -> dict[str, float]:
    """Best balanced accuracy of each feature, highest first."""
    ids, columns = features(traffic)
    positive = np.array([one in campaign_accounts for one in ids])
    found = {}
    for name, values in columns.items():
        nominal = any(isinstance(value, str) for value in values)
        numbers = oracle(values, positive) if nominal else plain(values)
        found[name] = best_split(numbers, positive)
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))
