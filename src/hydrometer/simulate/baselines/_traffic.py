"""Opens the traffic of a world for a rival, and brings what the rival found back to all accounts.

Rivals read through one engine (DuckDB) and sum integers or sorted rows only, so that threads cannot change a score.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.errors import InputError
from hydrometer.base.tables import INPUTS
from hydrometer.simulate.baseline import Scored

_MEMORY_LIMIT = "2500MB"
_MICRO = 1_000_000
MINUTE, HOUR, DAY = (f"(epoch_us(sent_at) // {length * _MICRO})" for length in (60, 3_600, 86_400))
"""SQL: the whole seconds, minutes, hours and days (UTC) since the epoch at which an exchange was sent."""
Text = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""UTF-8 bytes of many texts, and the offset at which each begins; one more offset than texts."""


def opened(traffic: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the views `exchanges` and `accounts`, which have every column of the contract.

    Raises:
        InputError: the folder holds no exchanges.
    """
    connection = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT})
    connection.execute(f"set temp_directory = '{tempfile.gettempdir()}'")
    connection.execute("set enable_progress_bar = false")
    for name in ("exchanges", "accounts"):
        files = sorted((traffic / name).glob("*.parquet")) or sorted(traffic.glob(f"{name}.parquet"))
        if name == "exchanges" and not files:
            raise InputError(
                str(traffic),
                "no exchanges",
                "exchanges.parquet or a folder exchanges/",
                "give a world's traffic folder",
            )
        connection.execute(f"create view {name} as {_selection(connection, name, files)}")
    return connection


def _selection(connection: duckdb.DuckDBPyConnection, name: str, files: list[Path]) -> str:
    """One SELECT of a table's columns; those that the files lack are null."""
    empty = INPUTS[name].empty_table()
    connection.register(f"{name}_shape", empty)
    shape = f"select * from {name}_shape"
    if not files:
        return shape
    listed = ", ".join("'" + str(file.absolute()).replace("'", "''") + "'" for file in files)
    return f"{shape} union all by name select * from read_parquet([{listed}], union_by_name = true)"


def account_ids(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Every account that sent an exchange, ascending."""
    rows = connection.execute("select distinct account_id from exchanges order by account_id").fetchall()
    return tuple(row[0] for row in rows)


def aligned(
    accounts: tuple[str, ...], found: Mapping[str, float], groups: dict[str, str] | None = None, silent: float = 0.0
) -> Scored:
    """Scores of all accounts; one that the rival says nothing of gets `silent`."""
    scores = np.array([found.get(account, silent) for account in accounts], dtype=np.float64)
    return Scored(accounts, scores, groups)


def numbers(table: pa.Table, column: str) -> NDArray[Any]:
    """A column without nulls as an array."""
    return np.asarray(table[column].combine_chunks().to_numpy(zero_copy_only=False))


def text(column: pa.ChunkedArray) -> Text:
    """Bytes and offsets of a column of texts; a null is an empty text."""
    whole = column.cast(pa.large_string()).fill_null("").combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays([*whole.chunks, pa.array([], pa.large_string())])
    _, offsets, data = whole.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[whole.offset : whole.offset + len(whole) + 1]
    return np.frombuffer(data if data is not None else b"", dtype=np.uint8), starts


def spans(keys: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and length of each run of equal values in sorted `keys`.

    >>> [part.tolist() for part in spans(np.array([3, 3, 5]))]
    [[0, 2], [2, 1]]
    """
    if not len(keys):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], np.flatnonzero(keys[1:] != keys[:-1]) + 1])
    return starts, np.diff(np.concatenate([starts, [len(keys)]]))


def by_account(table: pa.Table, measure: Callable[[slice], float]) -> dict[str, float]:
    """A figure of each account's rows; the table is sorted by account, `account_id` and its number `account`."""
    starts, counts = spans(numbers(table, "account"))
    names = table["account_id"].take(starts).to_pylist()
    ends = (starts + counts).tolist()
    return {name: measure(slice(first, end)) for name, first, end in zip(names, starts.tolist(), ends, strict=True)}
