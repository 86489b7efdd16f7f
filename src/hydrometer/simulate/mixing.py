"""Integer hashing in arrays: the same item always gets the same words, ids and addresses, without keeping state.

The finaliser of SplitMix64 (Steele, Lea, Flood 2014) is bijective on 64 bits, so distinct codes give distinct ids.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hydrometer.simulate.world import Array

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HEX_DIGITS = 16
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")


def mix(codes: Array, salt: int = 0) -> Array:
    """A 64-bit hash of each code; bijective for a given salt.

    >>> len(set(mix(np.arange(1000), 7).tolist()))
    1000
    """
    salted = (salt * int(_GOLDEN)) & 0xFFFFFFFFFFFFFFFF
    value = codes.astype(np.uint64) + np.uint64(salted) + _GOLDEN
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return np.asarray(value ^ (value >> np.uint64(31)))


def choose(codes: Array, salt: int, size: int) -> Array:
    """An index below `size` for each code."""
    return (mix(codes, salt) % np.uint64(size)).astype(np.int64)


def hexadecimal(codes: Array) -> pa.StringArray:
    """Each code as 16 hexadecimal digits.

    >>> hexadecimal(np.array([255])).to_pylist()
    ['ff00000000000000']
    """
    digits = _HEX[np.ascontiguousarray(codes.astype(np.uint64)).view(np.uint8)]
    offsets = np.arange(0, _HEX_DIGITS * len(codes) + 1, _HEX_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(codes), pa.py_buffer(offsets.tobytes()), pa.py_buffer(digits.tobytes()))
