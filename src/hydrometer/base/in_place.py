"""Tables that stay where they lie: Parquet files of a log that already are what the workspace would write.

To copy a sound log costs more than everything else that is done to most of its columns. So the workspace keeps a note
of the files and of the SELECT over them instead, under the table's name. The files belong to somebody else: each is
stamped when the note is written, and a run that relies on them asks at its end whether they still are what they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from hydrometer.base.errors import InputError

ENDING = ".in_place"
"""Of the note's file, in place of `.parquet`."""


@dataclass(frozen=True, slots=True)
class InPlace:
    """Where the rows of a table lie.

    Attributes:
        files: Parquet files, in the order of the rows.
        stamps: bytes and time of change (ns) of each.
        select: SELECT of the table's columns over these files.
    """

    files: tuple[Path, ...]
    stamps: tuple[tuple[int, int], ...]
    select: str

    @classmethod
    def of(cls, files: Sequence[Path], select: str) -> InPlace:
        """A note of files as they are now."""
        return cls(tuple(files), tuple(stamp(path) for path in files), select)

    def dumped(self) -> bytes:
        """The note as a file."""
        told = {"files": [str(path) for path in self.files], "stamps": self.stamps, "select": self.select}
        return json.dumps(told, indent=1).encode()

    def refuse_changed(self) -> None:
        """Raise InputError where a file is not what it was."""
        for path, before in zip(self.files, self.stamps, strict=True):
            if stamp(path) != before:
                raise InputError(
                    path.name, "was changed while the scan relied on it", "a log that stays as it is to the end",
                    "scan again, or scan a copy",
                )  # fmt: skip


def noted(path: Path) -> InPlace:
    """The note in a file."""
    told = json.loads(path.read_bytes())
    stamps = tuple((int(size), int(changed)) for size, changed in told["stamps"])
    return InPlace(tuple(map(Path, told["files"])), stamps, told["select"])


def stamp(path: Path) -> tuple[int, int]:
    """Bytes and time of change (ns) of a file; -1 where there is none."""
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def rows_of(files: Iterable[Path]) -> int:
    """Rows of some Parquet files."""
    return sum(int(pq.read_metadata(path).num_rows) for path in files)


def filled_columns(files: Iterable[Path]) -> tuple[set[str], set[str]]:
    """Columns of which the files themselves say whether they hold anything but nulls.

    Returns:
        columns that hold a value for certain, and those that may: lists, which can be empty, and columns that no
        count of nulls is kept of. Every other column is wholly null or not there.
    """
    certain, possible = set(), set()
    for path in files:
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for place in range(metadata.num_columns):
                column = metadata.row_group(group).column(place)
                name, told = column.path_in_schema.split(".")[0], column.statistics
                if told is None or not told.has_null_count:
                    possible.add(name)
                elif told.null_count < column.num_values:
                    certain.add(name)
                elif name != column.path_in_schema:
                    possible.add(name)
    return certain, possible - certain
