"""Canonical Parquet files where they lie: their rows checked in place, and those that break or change set aside.

They are not copied to be checked. Where they hold just what would be stored, they are not copied at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hydrometer.base.shortage import is_shortage
from hydrometer.collect import pack_sql
from hydrometer.collect.pack_sql import Limits, identifier, quoted
from hydrometer.collect.sources import Source
from hydrometer.collect.staging import NOT_PARQUET, FileReject, Staged

CHANGED = "was changed while it was being read"


@dataclass(frozen=True, slots=True)
class Lying:
    """Canonical Parquet files where they lie.

    Attributes:
        selects: SELECTs of their checked rows, one for all files whose columns have the same types.
        files: in the order of these rows.
        as_stored: whether the files hold just what would be stored of them.
    """

    selects: tuple[str, ...]
    files: tuple[Path, ...]
    as_stored: bool


def lying_in_place(connection: duckdb.DuckDBPyConnection, staged: Staged, limits: Limits) -> Lying:
    """The canonical Parquet files.

    A first look counts what is wrong; where nothing is, the checks are left out of the SELECT that is run again later.
    """
    selects, unchanged = [], True
    for key, files in staged.in_place.items():
        numbers = ", ".join(str(number) for number, _ in files)
        listed = ", ".join(quoted(str(path.absolute())) for _, path in files)
        columns = ", ".join(identifier(name) for name, _ in key)
        mapped = f"""select list_extract([{numbers}], file_index::bigint + 1) as _source,
            file_row_number + 1 as _position, 0 as _item,
            null::varchar as _record, null::varchar as _sha256, null::varchar as _reason, {columns}
            from read_parquet([{listed}])"""
        select = pack_sql.checked_select(mapped, dict(key), limits)
        wrong = connection.execute(f"select count(_reason) + count_if(_dirty) from ({select})").fetchall()
        selects.append(select if wrong[0][0] else pack_sql.sound_select(mapped, dict(key), limits))
        unchanged = unchanged and not wrong[0][0] and pack_sql.as_stored(dict(key), limits)
    paths = tuple(path for files in staged.in_place.values() for _, path in files)
    return Lying(tuple(selects), paths, unchanged)


def set_damaged_aside(staged: Staged) -> bool:
    """Read all canonical Parquet files to their ends; those that break become rejects. Whether there was one."""
    return _set_aside(staged, lambda _, path: not _reads_whole(path), NOT_PARQUET)


def set_changed_aside(staged: Staged, sources: Sequence[Source]) -> bool:
    """Canonical Parquet files that are not what they were when they were found become rejects. Whether there was one.

    They are read several times where they lie, so that what was counted would not be what was kept.
    """
    return _set_aside(staged, lambda number, _: sources[number].changed(), CHANGED)


def _set_aside(staged: Staged, wrong: Callable[[int, Path], bool], reason: str) -> bool:
    """Make rejects of the canonical Parquet files of which something is wrong. Whether there was one."""
    found = False
    for key, files in list(staged.in_place.items()):
        sound = [(number, path) for number, path in files if not wrong(number, path)]
        for number in {number for number, _ in files} - {number for number, _ in sound}:
            found = True
            staged.ignored.pop(number, None)
            staged.rejects.append(FileReject(number, staged.rows[number], reason))
        if sound:
            staged.in_place[key] = sound
        else:
            del staged.in_place[key]
    return found


def _reads_whole(path: Path) -> bool:
    with duckdb.connect() as connection:
        try:
            connection.execute(f"select bit_xor(hash(columns(*))) from read_parquet({quoted(str(path))})").fetchall()
        except duckdb.Error as problem:
            if is_shortage(problem):
                raise
            return False
    return True
