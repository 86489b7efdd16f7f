"""Keyed hashes of a whole Arrow column, compiled: the same numbers as `pseudonym`, without the interpreter's lock.

One hash is one compression of BLAKE2b for each 128 bytes, after the key's own block, which is compressed once for all
values. Source: RFC 7693, sections 2.7, 3.1 and 3.2; the tests compare with the standard library.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from hydrometer.fingerprint.buffers import buffers

BLOCK = 128
KEY_BYTES = 64
DIGEST_BYTES = 8
IV = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    np.uint8,
)  # fmt: skip
"""Order in which each round takes the words of a block; twelve rounds begin again after the tenth."""
ROUNDS = 12


@njit(cache=True, nogil=True, inline="always")
def turned(value: np.uint64, bits: int) -> np.uint64:
    """A word rotated to the right."""
    return (value >> np.uint64(bits)) | (value << np.uint64(64 - bits))


@njit(cache=True, nogil=True)
def mixed(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, words: tuple[np.uint64, np.uint64]
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """The mixing function G on four words of the state."""
    a = a + b + words[0]
    d = turned(d ^ a, 32)
    c = c + d
    b = turned(b ^ c, 24)
    a = a + b + words[1]
    d = turned(d ^ a, 16)
    c = c + d
    b = turned(b ^ c, 63)
    return a, b, c, d


@njit(cache=True, nogil=True)
def compressed(state: NDArray[np.uint64], block: NDArray[np.uint64], read: np.uint64, last: bool) -> None:
    """The compression function F, on `state` in place.

    Args:
        state: shape (8,).
        block: shape (16,), 128 bytes of the message, little-endian.
        read: bytes of the message up to the end of this block, the key's block included.
        last: whether it is the last block.
    """
    v0, v1, v2, v3, v4, v5, v6, v7 = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
    v8, v9, v10, v11, v13, v15 = IV[0], IV[1], IV[2], IV[3], IV[5], IV[7]
    v12 = IV[4] ^ read
    v14 = ~IV[6] if last else IV[6]
    for number in range(ROUNDS):
        order = SIGMA[number % len(SIGMA)]
        v0, v4, v8, v12 = mixed(v0, v4, v8, v12, (block[order[0]], block[order[1]]))
        v1, v5, v9, v13 = mixed(v1, v5, v9, v13, (block[order[2]], block[order[3]]))
        v2, v6, v10, v14 = mixed(v2, v6, v10, v14, (block[order[4]], block[order[5]]))
        v3, v7, v11, v15 = mixed(v3, v7, v11, v15, (block[order[6]], block[order[7]]))
        v0, v5, v10, v15 = mixed(v0, v5, v10, v15, (block[order[8]], block[order[9]]))
        v1, v6, v11, v12 = mixed(v1, v6, v11, v12, (block[order[10]], block[order[11]]))
        v2, v7, v8, v13 = mixed(v2, v7, v8, v13, (block[order[12]], block[order[13]]))
        v3, v4, v9, v14 = mixed(v3, v4, v9, v14, (block[order[14]], block[order[15]]))
    state[0] ^= v0 ^ v8
    state[1] ^= v1 ^ v9
    state[2] ^= v2 ^ v10
    state[3] ^= v3 ^ v11
    state[4] ^= v4 ^ v12
    state[5] ^= v5 ^ v13
    state[6] ^= v6 ^ v14
    state[7] ^= v7 ^ v15


@njit(cache=True, nogil=True)
def hashes(text: NDArray[np.uint8], edges: NDArray[np.int64], begun: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Hash of each text of one buffer.

    Args:
        text: bytes of all texts.
        edges: shape (n + 1,), where each begins and the last one ends.
        begun: shape (2, 8), state after the key's block where more follows, and where nothing does.
    """
    result = np.empty(len(edges) - 1, np.int64)
    state, block = np.empty(8, np.uint64), np.empty(BLOCK // 8, np.uint64)
    plain = block.view(np.uint8)
    for row in range(len(result)):
        place, end, read = edges[row], edges[row + 1], np.uint64(BLOCK)
        state[:] = begun[0] if place < end else begun[1]
        while place < end:
            size = min(end - place, BLOCK)
            for step in range(size):
                plain[step] = text[place + step]
            plain[size:] = 0
            place += size
            read += np.uint64(size)
            compressed(state, block, read, place >= end)
        result[row] = np.int64(state[0])
    return result


def begun_with(key: bytes, layer: str) -> NDArray[np.uint64]:
    """State after the key's block, personalised with the name of a layer, where more follows and where nothing does.

    Args:
        key: from 1 to 64 bytes.
        layer: name space of the hashes.

    Returns:
        shape (2, 8).
    """
    person = np.frombuffer(hashlib.blake2b(layer.encode(), digest_size=16).digest(), np.uint64)
    first = IV.copy()
    first[0] ^= np.uint64(DIGEST_BYTES | len(key) << 8 | 1 << 16 | 1 << 24)
    first[6:] ^= person
    states = np.stack([first, first])
    block = np.frombuffer(key.ljust(BLOCK, b"\0"), np.uint64)
    for state, last in zip(states, (False, True), strict=True):
        compressed(state, block, np.uint64(BLOCK), last)
    return states


def pseudonyms(values: pa.Array, key: bytes, layer: str) -> pa.Array:
    """Keyed hash of each value of a string array; null stays null.

    Args:
        values: n strings.
        key: the deployment's key; of a long one 64 bytes count.
        layer: name space of the hashes.
    """
    if len(values) == 0:
        return pa.array([], pa.int64())
    body, edges = buffers(values)
    found = hashes(body, edges, begun_with(key[:KEY_BYTES], layer))
    return pa.array(found, mask=np.asarray(values.is_null()) if values.null_count else None)
