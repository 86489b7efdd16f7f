"""Reads one Arrow column of texts with the compiled pass; each distinct text of a repeated column is read once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.signals import READING
from hydrometer.fingerprint.kernel import read_documents
from hydrometer.fingerprint.lexicon import Automaton, automaton


def read(column: pa.ChunkedArray | pa.Array, compiled: Automaton | None = None) -> NDArray[np.int64]:
    """The readings of a text column.

    Args:
        column: n texts; null counts as empty.
        compiled: a lexicon other than the shipped one.

    Returns:
        shape (n, 8), columns as in `READING`; zeros for an empty text.
    """
    compiled = compiled or automaton()
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if len(texts) == 0:
        return np.zeros((0, len(READING)), np.int64)
    lowered = pc.utf8_lower(pc.fill_null(texts.cast(pa.large_string()), ""))
    lowered = lowered.combine_chunks() if isinstance(lowered, pa.ChunkedArray) else lowered
    _, offsets, data = lowered.buffers()
    starts = np.frombuffer(offsets, np.int64)[lowered.offset : lowered.offset + len(lowered) + 1]
    body = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return np.asarray(read_documents(body, starts, compiled.table, compiled.outputs, compiled.classes))


def read_repeated(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """The same for a column whose texts repeat (system prompts): each distinct text is read once."""
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = pc.fill_null(texts.cast(pa.large_string()), "").dictionary_encode()
    distinct = read(encoded.dictionary)
    return distinct[encoded.indices.to_numpy(zero_copy_only=False)] if len(encoded) else distinct
