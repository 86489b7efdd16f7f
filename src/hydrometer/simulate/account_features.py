"""The published list of per-account features that must not give a campaign away, and their values in a world.

Every column of the contract's tables `exchanges` and `accounts` is in it: its commonest value, number of distinct
values, mean, spread and share of nulls, as far as its type has them. The list follows from the contract and nothing
else, so a new column is tested from its first day.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from hydrometer.base.errors import UsageError
from hydrometer.base.tables import FLAG, INPUTS, INT, REAL, TEXT, TEXTS, TIME
from hydrometer.simulate.world import Array

KEY = "account_id"
TABLES = ("exchanges", "accounts")
NUMBER, WORD, IDENTITY = "number", "word", "identity"
IDENTITIES = frozenset(
    "exchange_id organization_id api_key_id end_user_id conversation_id system_instructions prompt response client_ip "
    "reasoning_signature_in reasoning_signature_out signup_ip payment_fingerprint owner".split()
)
"""Columns whose values name one thing. Which one it is says nothing; how many accounts of the world share it does."""
LONG_TEXTS = frozenset(("prompt", "response", "system_instructions"))
STATISTICS = {
    NUMBER: ("mode", "mode_word", "count", "mean", "spread", "nulls"),
    WORD: ("mode_word", "count", "entropy", "nulls"),
    IDENTITY: ("shared", "count", "entropy", "nulls"),
}
"""`mode` is split by size, `mode_word` by value; `count` is of distinct values; `shared` is the number of accounts of
the world that have the same mode; `spread` is the standard deviation, `entropy` takes its place for words (bits)."""
OF_ONE_ROW = frozenset(("mode", "mode_word", "shared", "nulls"))
"""What an account's single row in `accounts` can vary in."""


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each row of a table, of which features are statistics by account.

    Args:
        table: `exchanges` or `accounts`.
        column: column of the contract.
        view: what is taken of the column, "" for its value.
        sql: the value as an expression over the table.
        sort: NUMBER, WORD or IDENTITY.
    """

    table: str
    column: str
    view: str
    sql: str
    sort: str

    @property
    def features(self) -> dict[str, str]:
        """Name of each feature, by statistic."""
        stem = ".".join(part for part in (self.table, self.column, self.view) if part)
        kept = [name for name in STATISTICS[self.sort] if self.table == "exchanges" or name in OF_ONE_ROW]
        return {statistic: f"{stem}.{statistic}" for statistic in kept}


def _views(table: str, field: pa.Field) -> list[tuple[str, str, str]]:
    """View, expression and sort of each series of a column."""
    name = field.name
    if field.type in (INT, REAL):
        return [("", f"{name}::double", NUMBER)]
    if field.type == FLAG:
        return [("", f"{name}::int::double", NUMBER)]
    if field.type == TEXTS:
        return [("length", f"len({name})::double", NUMBER), ("first", f"{name}[1]", WORD)]
    if field.type == TIME:
        gap = f"epoch({name} - lag({name}) over (partition by {KEY} order by {name}))"
        parts = [("", f"epoch({name})"), ("hour", f"hour({name})::double"), ("weekday", f"isodow({name})::double")]
        parts += [("gap", gap)] if table == "exchanges" else []
        return [(view, sql, NUMBER) for view, sql in parts]
    views = [("", name, IDENTITY if name in IDENTITIES else WORD)]
    return [*views, ("length", f"length({name})::double", NUMBER)] if name in LONG_TEXTS else views


SERIES = tuple(
    Series(table, field.name, *view)
    for table in TABLES
    for field in INPUTS[table]
    if field.name != KEY
    for view in _views(table, field)
)
"""All series, in the order of the contract."""
FEATURES = tuple(feature for series in SERIES for feature in series.features.values())
"""The published list."""
WORDS = frozenset(feature for feature in FEATURES if feature.endswith(".mode_word"))
"""Features whose values have no order of their own."""
assert {field.type for table in TABLES for field in INPUTS[table]} <= {TEXT, INT, REAL, FLAG, TIME, TEXTS}

_STATISTIC_SQL = {
    "mode": "(max({'n': n, 'v': v}) filter (where v is not null)).v",
    "mode_word": "(max({'n': n, 'v': v}) filter (where v is not null)).v::varchar",
    "count": "count(v)::double",
    "mean": "sum(v * n) filter (where v is not null) / sum(n) filter (where v is not null)",
    "spread": "case when count(v) > 1 then sqrt(sum((v - middle) * (v - middle) * n) filter (where v is not null) "
    "/ sum(n) filter (where v is not null)) when count(v) = 1 then 0.0 end",
    "entropy": "log2(sum(n) filter (where v is not null)) "
    "- sum(n * log2(n)) filter (where v is not null) / sum(n) filter (where v is not null)",
    "nulls": "coalesce(sum(n) filter (where v is null), 0) / sum(n)",
}


def traffic_files(traffic: Path, table: str) -> list[str]:
    """Parquet files of a table: one file, or a folder of them.

    Raises:
        UsageError: there is neither.
    """
    files = sorted((traffic / table).glob("*.parquet")) or [traffic / f"{table}.parquet"]
    if not files[0].is_file():
        raise UsageError(
            str(files[0]), "no such file", "a traffic folder as `simulate` writes it", "give the folder of a world"
        )
    return [str(file) for file in files]


def account_features(traffic: Path) -> tuple[list[str], dict[str, Array]]:
    """Values of all features of one world.

    Returns:
        ids of the accounts that sent anything, in order; feature → one value an account: floats (NaN where there is
        none) or, for those of WORDS, objects (None where there is none).

    Raises:
        UsageError: the folder holds no traffic.
    """
    found: dict[str, Array] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for table in TABLES:
            connection.read_parquet(traffic_files(traffic, table)).create_view(table)
        connection.execute(f"create table ids as select distinct {KEY} from exchanges")
        ids = [str(row[0]) for row in connection.execute(f"select {KEY} from ids order by {KEY}").fetchall()]
        for series in SERIES:
            found |= _values(connection, series)
    return ids, found


def _values(connection: duckdb.DuckDBPyConnection, series: Series) -> dict[str, Array]:
    """The features of one series; distinct values are counted once, so that ties break alike on every machine."""
    wanted = [f"{_STATISTIC_SQL['mode_word' if name == 'shared' else name]} as {name}" for name in series.features]
    middle = _STATISTIC_SQL["mean"] if series.sort == NUMBER else "0.0"
    table = connection.sql(
        f"""with counted as (
                select {KEY}, v, count(*)::double as n from (select {KEY}, {series.sql} as v from {series.table})
                group by all),
            middles as (select {KEY}, {middle} as middle from counted group by 1),
            by_account as (select {KEY}, {", ".join(wanted)} from counted join middles using ({KEY}) group by 1)
            select by_account.* exclude ({KEY}) from ids left join by_account using ({KEY}) order by ids.{KEY}"""
    ).to_arrow_table()
    return {feature: _array(table[name], name) for name, feature in series.features.items()}


def _array(column: Any, statistic: str) -> Array:
    """A result column as floats, as words, or as the number of accounts that share each."""
    if statistic == "mode_word":
        return np.array(column.to_pylist(), dtype=object)
    if statistic != "shared":
        return np.array([np.nan if value is None else value for value in column.to_pylist()], dtype=np.float64)
    words = column.to_pylist()
    sharing: dict[object, int] = {}
    for word in words:
        sharing[word] = sharing.get(word, 0) + 1
    return np.array([np.nan if word is None else sharing[word] for word in words], dtype=np.float64)
