"""Digests of the sealed fingerprints, one an account: of its rows' values, column by column, in their order.

Millions of rows are digested in a stream, a few row groups at a time, whatever the groups are: an account's rows are
held together before they are digested. Values enter as their bytes, nulls apart from noughts and empty texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

ACCOUNT, EXCHANGE = "account_id", "exchange_id"
BATCH_ROWS = 262_144
"""Rows that are looked at together; an account with more is held whole."""
DIGEST_LETTERS = 32
NULL = np.uint8(255)
"""Byte of a row that has a value; one less where it is null."""
Places = NDArray[np.int64]


class _UnorderedError(Exception):
    """Rows that do not lie in the order in which they were sealed."""


def digests(path: Path) -> list[list[Any]]:
    """[SHA-256 of the account's name, its rows, their digest] of each account of a table, by the first.

    Raises:
        OSError, pa.ArrowException: the file cannot be read.
    """
    with pq.ParquetFile(path) as file:
        try:
            return sorted(_digested(file.schema_arrow, file.iter_batches(BATCH_ROWS)))
        except _UnorderedError:
            keys = [name for name in (ACCOUNT, EXCHANGE) if name in file.schema_arrow.names]
            table = file.read().sort_by([(name, "ascending") for name in keys])
            return sorted(_digested(file.schema_arrow, iter(table.combine_chunks().to_batches())))


def _digested(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[list[Any]]:
    """The digests, in the order of the accounts."""
    named = hashlib.sha256(repr([(one.name, str(one.type)) for one in schema]).encode())
    for batch in _whole_accounts(batches):
        names, counts = (part.to_pylist() for part in batch[ACCOUNT].value_counts().flatten())
        ends = np.cumsum([0, *counts])
        columns = [
            (bounds[ends].tolist(), data)
            for column in batch.columns
            for bounds, data in _pieces(column, ends[:-1])
            if len(data)
        ]
        for place, name in enumerate(names):
            digest = named.copy()
            for cuts, data in columns:
                digest.update(data[cuts[place] : cuts[place + 1]])
            yield [_short(hashlib.sha256(str(name).encode())), counts[place], _short(digest)]


def _short(digest: Any) -> str:
    return str(digest.hexdigest())[:DIGEST_LETTERS]


def _whole_accounts(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in pieces that hold accounts whole."""
    left: list[pa.RecordBatch] = []
    for batch in batches:
        if not len(batch):
            continue
        if not _ordered(batch, left[-1].slice(len(left[-1]) - 1) if left else None):
            raise _UnorderedError
        begins = int(pc.index(batch[ACCOUNT], batch[ACCOUNT][-1]).as_py())
        if left and (begins or left[0][ACCOUNT][0] != batch[ACCOUNT][0]):
            yield _joined([*left, batch.slice(0, begins)])
            left = []
        elif begins:
            yield batch.slice(0, begins)
        left.append(batch.slice(begins))
    if left:
        yield _joined(left)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _ordered(batch: pa.RecordBatch, before: pa.RecordBatch | None) -> bool:
    """Whether the rows ascend by account, and within it by exchange where there is one, from the row before them on."""
    rows = batch if before is None else _joined([before, batch])
    account = rows[ACCOUNT]
    rises = pc.less(account.slice(0, len(rows) - 1), account.slice(1))
    if EXCHANGE in rows.schema.names:
        exchange = rows[EXCHANGE]
        follows = pc.less_equal(exchange.slice(0, len(rows) - 1), exchange.slice(1))
    else:
        follows = pa.scalar(value=True)
    same = pc.equal(account.slice(0, len(rows) - 1), account.slice(1))
    return bool(pc.all(pc.or_(rises, pc.and_(same, follows))).as_py() in (True, None))


def _pieces(column: pa.Array, begins: Places) -> list[tuple[Places, memoryview]]:
    """A column as buffers: for each the place at which every row's bytes begin, with the end, and the bytes.

    Nulls have no bytes of their own: which rows are null comes first, for an account with any. Texts and lists have
    their lengths before their bytes.

    Args:
        column: of a piece that holds accounts whole.
        begins: first row of each account.
    """
    found = [_nulls(column, begins)]
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        inner = _pieces(column.drop_null().flatten(), np.zeros(1, np.int64))[1:]
        return [*found, _fixed(lengths), *((bounds[_ends(lengths)], data) for bounds, data in inner)]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = column.fill_null("").cast(pa.large_binary())
        lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
        first = int(np.frombuffer(texts.buffers()[1], np.int64)[texts.offset]) if len(texts) else 0
        return [*found, _fixed(lengths), (_ends(lengths), memoryview(texts.buffers()[2] or b"").cast("B")[first:])]
    kind = pa.int64() if pa.types.is_temporal(column.type) else column.type
    values = column.cast(kind).fill_null(pa.scalar(0, pa.int64()).cast(kind))
    return [*found, _fixed(np.ascontiguousarray(values.to_numpy(zero_copy_only=False)))]


def _nulls(column: pa.Array, begins: Places) -> tuple[Places, memoryview]:
    """Which rows are null: a byte for each row of the accounts that have any, nothing for the others."""
    null = column.is_null().to_numpy(zero_copy_only=False).astype(np.uint8)
    if not column.null_count:
        return np.zeros(len(column) + 1, np.int64), memoryview(b"")
    some = np.add.reduceat(null.astype(np.int64), begins) > 0
    shown = np.repeat(some, np.diff(np.append(begins, len(column)))).astype(np.int64)
    return _ends(shown), memoryview((NULL - null[shown > 0]).data)


def _ends(lengths: Places) -> Places:
    """Where each of some lengths begins, and the end of all."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])


def _fixed(values: NDArray[Any]) -> tuple[Places, memoryview]:
    """Values of one size, as bytes of one order."""
    ordered = values.astype(values.dtype.newbyteorder("<"), copy=False)
    bounds = np.arange(len(values) + 1, dtype=np.int64) * ordered.dtype.itemsize
    return bounds, memoryview(ordered.view(np.uint8).data) if len(values) else memoryview(b"")
