"""Reads one Arrow column of texts with the compiled pass; each distinct text of a repeated column is read once.

The pass puts texts into lower case itself, with Arrow's own table of letters, so that both agree on all of Unicode.
Only a text with one of the few letters whose lower case has another number of bytes goes through Arrow.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.signals import READING
from hydrometer.fingerprint.buffers import buffers
from hydrometer.fingerprint.kernel import UNREAD, read_documents
from hydrometer.fingerprint.lexicon import Automaton, automaton

WORD_BYTES = 8
LAST_CASED = 0x1F000
"""No letter from here on has a lower case of its own; a test asks Arrow."""
SURROGATES = (0xD800, 0xE000)
BYTE_EDGES = (0x80, 0x800, 0x10000)
"""Code points from which UTF-8 takes a byte more."""


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
    result = _read(texts, compiled, lower_cases())
    others = np.flatnonzero(result[:, READING.index("words")] == UNREAD)
    if len(others):
        result[others] = _read(pc.utf8_lower(texts.take(pa.array(others))), compiled, np.zeros(0, np.int32))
    return result


@cache
def lower_cases() -> NDArray[np.int32]:
    """Lower case of each code point by Arrow, -1 where that has another number of bytes; shape (code points,)."""
    codes = np.concatenate([np.arange(SURROGATES[0]), np.arange(SURROGATES[1], LAST_CASED)]).astype(np.int32)
    letters = codes.tobytes().decode("utf-32-le")
    lower = np.frombuffer(pc.utf8_lower(pa.scalar(letters)).as_py().encode("utf-32-le"), np.int32)
    changes = np.digitize(codes, BYTE_EDGES) != np.digitize(lower, BYTE_EDGES)
    cases = np.arange(LAST_CASED, dtype=np.int32)
    cases[codes] = np.where(changes, -1, lower)
    return cases


def _read(texts: pa.LargeStringArray, compiled: Automaton, cases: NDArray[np.int32]) -> NDArray[np.int64]:
    """Readings of an array of texts; without `cases` letters beyond ASCII are in lower case already."""
    if len(texts) == 0:
        return np.zeros((0, len(READING)), np.int64)
    body, edges = buffers(texts)
    starts, ends = edges[:-1], edges[1:]
    if texts.null_count:
        ends = np.where(np.asarray(texts.is_valid()), ends, starts)
    scratch = np.empty(int((ends - starts).max()) // WORD_BYTES + 1, np.uint64)
    pieces = (compiled.table, compiled.outputs, compiled.classes, compiled.first)
    return np.asarray(read_documents(body, (starts, ends), pieces, cases, scratch))


def read_repeated(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """The same for a column whose texts repeat, as system prompts do: each distinct text is read once."""
    texts = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode()
    distinct = np.vstack([read(encoded.dictionary), np.zeros((1, len(READING)), np.int64)])
    places = pc.fill_null(encoded.indices, len(distinct) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(distinct[places])
