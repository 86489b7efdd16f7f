"""Columns of values → columns of 64-bit hashes, computed once per distinct value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.fingerprint.keyed import pseudonyms


def hashed(
    column: pa.ChunkedArray | pa.Array, key: bytes, layer: str, simplify: Callable[[str], str | None] | None = None
) -> pa.Array:
    """Keyed hash of each value of a string column; null stays null.

    Args:
        column: n strings.
        key: the deployment's key.
        layer: name space of the hash.
        simplify: what to make of a value before it is hashed; None from it means "not known".
    """
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = values.dictionary_encode()
    kept = encoded.dictionary
    if simplify:
        kept = pa.array([None if value is None else simplify(value) for value in kept.to_pylist()], pa.string())
    return pseudonyms(kept, key, layer).take(encoded.indices)


def joined(columns: list[pa.ChunkedArray | pa.Array]) -> pa.Array:
    """Values of several columns as one string each ("a|b|?"); null where all of them are null."""
    texts = [pc.fill_null(column.cast(pa.string()), "?") for column in columns]
    together = pc.binary_join_element_wise(*texts, "|")
    known = np.zeros(len(together), np.bool_)
    for column in columns:
        known |= np.asarray(pc.is_valid(column))
    merged = together.combine_chunks() if isinstance(together, pa.ChunkedArray) else together
    return pc.if_else(pa.array(known), merged, pa.scalar(None, pa.string()))
