"""Names the rows that are missing from sealed tables, long after they were erased.

A person's right to have rows erased outlives a dossier. So each sealed row leaves a digest in an index: from it alone
the row cannot be read, but what is left of a table can be compared with it. Rows that are gone are named by their
place and table, and rows that were altered or added are told from those that are gone. Fingerprints are indexed by
account.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.share.dossier_digests import DIGEST_LETTERS, digests
from hydrometer.share.dossier_sealed import EXCHANGES, FOLDER, TABLES

FILE = "index.json"
ROWS_NAMED = 8
LINE = "sha256(concat_ws(chr(31), {columns}))"
"""Digest of one row: of its values as text, at full precision, null apart from empty."""
BY_ROW = f"""
select {LINE}[1:{{letters}}] from read_parquet($path, file_row_number = true) order by file_row_number
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sealed table beside its index: what is gone, in words, and how many rows are not as they were sealed."""

    missing: tuple[str, ...]
    altered: int


def index(folder: Path) -> dict[str, Any]:
    """Digests of all sealed rows of the dossier in `folder`."""
    return {name: entries(folder, name) for name in (*TABLES, EXCHANGES) if _path(folder, name).exists()}


def _path(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.parquet"


def entries(folder: Path, name: str) -> list[Any]:
    """Digests of one table: of each row in its place, or of `exchanges` [account, rows, digest] by account.

    Raises:
        OSError, pa.ArrowException, duckdb.Error: the file cannot be read.
    """
    path = _path(folder, name)
    if name == EXCHANGES:
        return list(digests(path))
    columns = ", ".join(f"coalesce(cast({column} as varchar), chr(30))" for column in pq.read_schema(path).names)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        sql = BY_ROW.format(columns=columns, letters=DIGEST_LETTERS)
        found = connection.execute(sql, {"path": str(path)}).fetchall()
    return [str(one[0]) for one in found]


def compare(folder: Path, name: str, sealed: list[Any]) -> Comparison:
    """What of a table is gone or changed since it was sealed.

    Args:
        folder: of the dossier.
        name: of the table.
        sealed: its entries in the index.
    """
    path = _path(folder, name)
    if not path.exists():
        return Comparison((f"{path.name}: the whole table of {len(sealed)} entries",), 0)
    try:
        there = entries(folder, name)
    except (OSError, pa.ArrowException, duckdb.Error):
        return Comparison((), len(sealed))
    return _exchanges(sealed, there) if name == EXCHANGES else _rows(name, sealed, there)


def _rows(name: str, sealed: list[str], there: list[str]) -> Comparison:
    """Places of rows that are gone; rows that were never sealed are altered ones."""
    left = Counter(there)
    gone = []
    for place, digest in enumerate(sealed):
        if left[digest] > 0:
            left[digest] -= 1
        else:
            gone.append(place)
    altered = sum(left.values())
    named = ", ".join(f"{place} ({sealed[place]})" for place in gone[:ROWS_NAMED])
    more = f" and {len(gone) - ROWS_NAMED} more" if len(gone) > ROWS_NAMED else ""
    missing = (f"{name}.parquet: {len(gone)} of {len(sealed)} rows: {named}{more}",) if gone else ()
    return Comparison(missing, altered)


def _exchanges(sealed: list[list[Any]], there: list[list[Any]]) -> Comparison:
    """Accounts whose rows are gone, whole or in part; fewer rows are missing ones, as many or more are altered ones."""
    left = {account: (rows, digest) for account, rows, digest in there}
    gone, altered = [], 0
    for account, rows, digest in sealed:
        found_rows, found_digest = left.pop(account, (0, ""))
        if found_rows < rows:
            gone.append(f"{rows - found_rows} of {rows} of the account with SHA-256 {account}…")
        elif found_digest != digest:
            altered += found_rows
    altered += sum(rows for rows, _ in left.values())
    more = f" and of {len(gone) - ROWS_NAMED} more accounts" if len(gone) > ROWS_NAMED else ""
    missing = (f"{EXCHANGES}.parquet: rows {', '.join(gone[:ROWS_NAMED])}{more}",) if gone else ()
    return Comparison(missing, altered)
