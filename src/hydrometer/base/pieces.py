"""How a stored table is read piece by piece, so that each piece can be worked on anywhere and by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.tables import conform

SELDOM_TWICE = frozenset(
    {"exchange_id", "sent_us", "item", "skeleton", "signature_issued", "signature_presented", "micro_usd"}
)
"""Columns in which hardly a value comes twice: to try a dictionary of them takes a third of the time of writing."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A way to read a Parquet file.

    Attributes:
        schema: columns to read, in their types; one that the file lacks is null.
        repeated: those of them that stay a dictionary, since their values repeat.
        rows: most rows of a piece.
        size: bytes of a piece, about; where rows are long, a piece has fewer of them.
    """

    schema: pa.Schema
    repeated: tuple[str, ...]
    rows: int
    size: int

    def length(self, metadata: pq.FileMetaData) -> int:
        """Rows of a piece, by the mean length of a row."""
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
        size = sum(
            one.total_uncompressed_size for one in chunks if one.path_in_schema.split(".")[0] in self.schema.names
        )
        return int(max(1, min(self.rows, self.size * max(metadata.num_rows, 1) // max(size, 1))))

    def of(self, path: Path, groups: Sequence[int] | None = None) -> Iterator[pa.Table]:
        """The pieces of a file, or of some row groups of it, in order."""
        metadata = pq.read_metadata(path)
        there = [name for name in self.schema.names if name in metadata.schema.to_arrow_schema().names]
        repeated = [name for name in self.repeated if name in there]
        with pq.ParquetFile(path, metadata=metadata, read_dictionary=repeated) as file:
            length = self.length(metadata)
            for piece in file.iter_batches(length, row_groups=groups, columns=there):
                yield self.conformed(piece)

    def conformed(self, piece: pa.RecordBatch) -> pa.Table:
        """A piece with all columns, in their types; what repeats stays a dictionary."""
        kept = [piece.schema.field(name) for name in self.repeated if name in piece.schema.names]
        target = self.schema
        for field in kept:
            target = target.set(target.get_field_index(field.name), field)
        return conform(pa.Table.from_batches([piece]), target)


def shares(metadata: pq.FileMetaData, rows: int) -> list[range]:
    """The row groups of a file, in order, shared out so that each share has at least `rows` rows, but for the last."""
    found, first, held = [], 0, 0
    for number in range(metadata.num_row_groups):
        held += metadata.row_group(number).num_rows
        if held >= rows or number == metadata.num_row_groups - 1:
            found.append(range(first, number + 1))
            first, held = number + 1, 0
    return found


def regrouped(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of `rows` rows, but for the last.

    >>> [len(one) for one in regrouped([pa.table({"n": [1, 2, 3]}), pa.table({"n": [4, 5]})], 2)]
    [2, 2, 1]
    """
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += len(table)
        while held >= rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, rows).combine_chunks()
            waiting, held = [whole.slice(rows)], held - rows
    if held:
        yield pa.concat_tables(waiting).combine_chunks()


def write_regrouped(
    path: Path,
    tables: Iterable[pa.Table],
    schema: pa.Schema,
    rows: int,
    told: Callable[[int], None] = lambda _: None,
    **layout: Any,
) -> None:
    """Write tables that come one by one as one Parquet file; how they were cut leaves no trace in it.

    Args:
        path: the file.
        tables: its rows in order.
        schema: its schema.
        rows: rows of a row group.
        told: told of the rows written so far.
        layout: further options of the writer.
    """
    done, options = 0, {"use_dictionary": [name for name in schema.names if name not in SELDOM_TWICE]} | layout
    with pq.ParquetWriter(path, schema, compression="zstd", **options) as writer:
        for table in regrouped(tables, rows):
            writer.write_table(table, row_group_size=rows)
            done += len(table)
            told(done)
