"""Reads one Arrow column of texts with the compiled pass; each distinct text of a repeated column is read once.

Documents in ASCII are put into lower case by the pass itself; the others by Arrow, which knows all of Unicode and takes
as long for it as the pass for all the rest.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.signals import READING
from hydrometer.fingerprint.kernel import UNREAD, read_documents
from hydrometer.fingerprint.lexicon import Automaton, automaton

WORD_BYTES = 8


def read(column: pa.ChunkedArray | pa.Array, compiled: Automaton | None = None) -> NDArray[np.int64]:
    """The readings of a text column.

    Args:
        column: n texts; null counts as empty.
        compiled: a lexicon other than the shipped one.

    Returns:
        shape (n, 8), columns as in `READING`; zeros for an empty text.
    """
    compiled = compiled or automaton()
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    texts = whole.cast(pa.large_string())
    result = _read(texts, compiled, lower=True)
    others = np.flatnonzero(result[:, READING.index("words")] == UNREAD)
    if len(others):
        result[others] = _read(pc.utf8_lower(texts.take(pa.array(others))), compiled, lower=False)
    return result


def _read(texts: pa.LargeStringArray, compiled: Automaton, *, lower: bool) -> NDArray[np.int64]:
    """Readings of an array of texts; without `lower` they are in lower case already."""
    if len(texts) == 0:
        return np.zeros((0, len(READING)), np.int64)
    _, offsets, data = texts.buffers()
    edges = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    body = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    starts, ends = edges[:-1], edges[1:]
    if texts.null_count:
        ends = np.where(np.asarray(texts.is_valid()), ends, starts)
    scratch = np.empty(int((ends - starts).max()) // WORD_BYTES + 1, np.uint64)
    pieces = (compiled.table, compiled.outputs, compiled.classes)
    return np.asarray(read_documents(body, (starts, ends), pieces, scratch, lower))


def read_repeated(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """The same for a column whose texts repeat (system prompts): each distinct text is read once."""
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.fill_null(texts.cast(pa.large_string()), "").dictionary_encode()
    distinct = read(encoded.dictionary)
    return distinct[encoded.indices.to_numpy(zero_copy_only=False)] if len(encoded) else distinct
