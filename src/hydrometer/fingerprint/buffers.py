"""Texts of an Arrow array as compiled code reads them: one buffer of bytes, and where each text begins in it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def buffers(texts: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of an array of strings, and the places in them at which texts begin and the last one ends.

    Args:
        texts: n strings, at least one; what lies in the place of a null means nothing.

    Returns:
        bytes, at least one; and shape (n + 1,).
    """
    large = texts.cast(pa.large_string())
    _, offsets, data = large.buffers()
    edges = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
    body = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return body, edges
