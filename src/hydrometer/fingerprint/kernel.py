"""The one pass over text: a document's bytes → lexicon concepts, phrase hashes, sketch, item hash, word count.

Every prompt is read once, by this compiled function, over Arrow's own buffers; the same bytes give the same numbers in
every thread, process and engine. Long documents are read in a window at their head and one at their tail, so that cost
per document is bounded; only lower case and item hash cover all bytes, eight at a time.

Words: runs of ASCII letters or of other alphabetic bytes; each Chinese or Japanese character is a word of half weight;
a word with a digit counts as "a number". Sketch: two minima over 4-word shingles (MinHash, Broder 1997), so that two
texts share one with the probability of their Jaccard similarity. Lexicon: Aho & Corasick 1975 with a dense table.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

HEAD_BYTES = 2048
TAIL_BYTES = 1024
PHRASE_UNITS = 10
"""Length of opening and closing phrase: a word counts 2 units, a Chinese or Japanese character 1."""
SHINGLE_WORDS = 4
RING = 16
"""Words remembered for the closing phrase; at least `PHRASE_UNITS`."""

FNV_OFFSET = np.uint64(14695981039346656037)
FNV_PRIME = np.uint64(1099511628211)
MIX_A = np.uint64(0x9E3779B97F4A7C15)
MIX_B = np.uint64(0xC2B2AE3D27D4EB4F)
NUMBER_WORD = np.uint64(0x23)

SEPARATOR, LETTER, DIGIT, IDEOGRAPH, TAG = 0, 1, 2, 3, 4
SPACE = 32
TAG_SIGNS = (60, 62)
UNREAD = -1
"""Words of a document that is to be put into lower case elsewhere, since its length changes by it."""

HIGH_BITS, SEVEN_BITS = np.uint64(0x8080808080808080), np.uint64(0x7F7F7F7F7F7F7F7F)
FROM_A, PAST_Z = np.uint64(0x3F3F3F3F3F3F3F3F), np.uint64(0x2525252525252525)
"""Added to eight bytes at once they set the high bit of those from `A` on, and of those past `Z`."""


@njit(cache=True, nogil=True)
def mix(value: np.uint64) -> np.uint64:
    """Finaliser of splitmix64 (Steele et al. 2014): every input bit changes every output bit with probability 1/2."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def classify(text: NDArray[np.uint8], position: int, end: int) -> tuple[int, int]:
    """(class, length in bytes) of the character at `position`; punctuation of any script is a separator."""
    byte = text[position]
    if byte < 0x80:
        if 97 <= byte <= 122 or 65 <= byte <= 90:
            return LETTER, 1
        if 48 <= byte <= 57:
            return DIGIT, 1
        if byte in TAG_SIGNS:
            return TAG, 1
        return SEPARATOR, 1
    length = 1
    if byte >= 0xF0:
        length = 4
    elif byte >= 0xE0:
        length = 3
    elif byte >= 0xC0:
        length = 2
    length = min(length, end - position)
    if length == 2:
        return (SEPARATOR if byte == 0xC2 else LETTER), 2
    if length == 3:
        second = text[position + 1]
        if byte == 0xE2 or (byte == 0xE3 and second == 0x80) or (byte == 0xEF and second >= 0xBC):
            return SEPARATOR, 3
        if 0xE3 <= byte <= 0xE9:
            return IDEOGRAPH, 3
        return LETTER, 3
    if length == 4:
        return IDEOGRAPH, 4
    return SEPARATOR, length


@njit(cache=True, nogil=True)
def copied(source: NDArray[np.uint8], scratch: NDArray[np.uint8]) -> None:
    """Copy a document to the beginning of the scratch; the plain loop is ten times faster here than a slice."""
    target = scratch[: len(source)]
    for place in range(len(source)):
        target[place] = source[place]


@njit(cache=True, nogil=True)
def others_lower(words: NDArray[np.uint64], scratch: NDArray[np.uint8], size: int, cases: NDArray[np.int32]) -> bool:
    """Put letters beyond ASCII into lower case in place; False where one would change its length by it.

    Args:
        words: the scratch, eight bytes a word.
        scratch: the same, byte by byte.
        size: bytes of the document.
        cases: lower case of each code point, -1 where that has another number of bytes.
    """
    place = 0
    while place < size:
        if place % 8 == 0 and place + 8 <= size and words[place // 8] & HIGH_BITS == np.uint64(0):
            place += 8
            continue
        byte = scratch[place]
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        if length > 1 and place + length <= size and not (0xE3 <= byte <= 0xE9 or byte == 0xE0):
            code = np.int64(byte) & (0x7F >> length)
            for step in range(1, length):
                code = code << 6 | np.int64(scratch[place + step] & 0x3F)
            low = np.int64(cases[code]) if code < len(cases) else code
            if low < 0:
                return False
            if low != code:
                for step in range(length - 1, 0, -1):
                    scratch[place + step] = 0x80 | (low & 0x3F)
                    low >>= 6
                scratch[place] = (0xF00 >> length & 0xFF) | low
        place += length
    return True


@njit(cache=True, nogil=True)
def item_hash(words: NDArray[np.uint64], scratch: NDArray[np.uint8], size: int) -> np.uint64:
    """Hash of all bytes, eight at a time; ASCII letters are put into lower case on the way.

    Args:
        words: the scratch, eight bytes a word, on a little-endian machine.
        scratch: the same, byte by byte.
        size: bytes of the document.
    """
    value = FNV_OFFSET
    whole = size // 8
    for place in range(whole):
        word = words[place]
        low = word & SEVEN_BITS
        word |= (((low + FROM_A) ^ (low + PAST_Z)) & ~word & HIGH_BITS) >> np.uint64(2)
        words[place] = word
        value = (value ^ mix(word)) * FNV_PRIME
    for place in range(8 * whole, size):
        byte = np.uint64(scratch[place])
        if np.uint64(65) <= byte <= np.uint64(90):
            byte |= np.uint64(32)
            scratch[place] = byte
        value = (value ^ byte) * FNV_PRIME
    return mix(value ^ np.uint64(size))


@njit(cache=True, nogil=True)
def all_ascii(words: NDArray[np.uint64], scratch: NDArray[np.uint8], size: int) -> bool:
    """Whether a document is ASCII throughout."""
    seen = np.uint64(0)
    for place in range(size // 8):
        seen |= words[place]
    for place in range(size // 8 * 8, size):
        seen |= np.uint64(scratch[place])
    return bool(seen & HIGH_BITS == np.uint64(0))


@njit(cache=True, nogil=True)
def take_word(
    word: np.uint64, units: int, ring: NDArray[np.uint64], ring_units: NDArray[np.int64], state: NDArray[np.uint64]
) -> None:
    """Count one word in: state = (words, units, skeleton, opening, sketch a, sketch b)."""
    words = state[0]
    ring[words % np.uint64(RING)] = word
    ring_units[words % np.uint64(RING)] = units
    state[0] = words + np.uint64(1)
    state[2] = (state[2] ^ word) * FNV_PRIME
    if state[1] < np.uint64(PHRASE_UNITS):
        state[3] = (state[3] ^ word) * FNV_PRIME
    state[1] += np.uint64(units)
    if state[0] >= np.uint64(SHINGLE_WORDS):
        shingle = FNV_OFFSET
        for back in range(SHINGLE_WORDS):
            shingle = (shingle ^ ring[(words - np.uint64(back)) % np.uint64(RING)]) * FNV_PRIME
        state[4] = min(state[4], mix(shingle ^ MIX_A))
        state[5] = min(state[5], mix(shingle ^ MIX_B))


@njit(cache=True, nogil=True)
def closing_hash(ring: NDArray[np.uint64], ring_units: NDArray[np.int64], words: int) -> np.uint64:
    """Hash of the last words that make up `PHRASE_UNITS` units."""
    value = FNV_OFFSET
    units = 0
    back = 1
    while units < PHRASE_UNITS and back <= min(words, RING):
        slot = (words - back) % RING
        value = (value ^ ring[slot]) * FNV_PRIME
        units += ring_units[slot]
        back += 1
    return mix(value)


@njit(cache=True, nogil=True)
def scan_window(
    text: NDArray[np.uint8],
    bounds: tuple[int, int],
    automaton: tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.uint8], int],
    ring: tuple[NDArray[np.uint64], NDArray[np.int64]],
    state: NDArray[np.uint64],
) -> np.int64:
    """Read one window: words into `state`, concepts of the lexicon as a bit mask (returned)."""
    table, outputs, classes, first = automaton
    node = table[0, classes[SPACE]]
    mask: np.int64 = outputs[node]
    word, open_word, has_digit, spaced = FNV_OFFSET, False, False, True
    position, end = bounds
    while position < end:
        kind, length = classify(text, position, end)
        if kind == SEPARATOR:
            if not spaced:
                node = table[node, classes[SPACE]]
                if node >= first:
                    mask |= outputs[node]
            spaced = True
        else:
            for step in range(length):
                node = table[node, classes[text[position + step]]]
                if node >= first:
                    mask |= outputs[node]
            spaced = False
        if kind in (LETTER, DIGIT):
            for step in range(length):
                word = (word ^ np.uint64(text[position + step])) * FNV_PRIME
            open_word = True
            has_digit = has_digit or kind == DIGIT
        else:
            if open_word:
                take_word(NUMBER_WORD if has_digit else mix(word), 2, ring[0], ring[1], state)
                word, open_word, has_digit = FNV_OFFSET, False, False
            if kind == IDEOGRAPH:
                sign = FNV_OFFSET
                for step in range(length):
                    sign = (sign ^ np.uint64(text[position + step])) * FNV_PRIME
                take_word(mix(sign), 1, ring[0], ring[1], state)
        position += length
    if open_word:
        take_word(NUMBER_WORD if has_digit else mix(word), 2, ring[0], ring[1], state)
    mask |= outputs[table[node, classes[SPACE]]]
    return mask


@njit(cache=True, nogil=True)
def put(
    row: NDArray[np.int64],
    mask: np.int64,
    ring: tuple[NDArray[np.uint64], NDArray[np.int64]],
    state: NDArray[np.uint64],
) -> None:
    """Write what was read of one document into its row, all but the item."""
    words = int(state[0])
    row[0] = mask
    if state[1] >= np.uint64(PHRASE_UNITS):
        row[1] = np.int64(mix(state[3]))
        row[2] = np.int64(closing_hash(ring[0], ring[1], words))
    if words > 0:
        row[3] = np.int64(mix(state[2]))
    if words >= SHINGLE_WORDS:
        row[4] = np.int64(state[4])
        row[5] = np.int64(state[5])
    row[7] = words


@njit(cache=True, nogil=True)
def read_documents(
    text: NDArray[np.uint8],
    extents: tuple[NDArray[np.int64], NDArray[np.int64]],
    automaton: tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.uint8], int],
    cases: NDArray[np.int32],
    words: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """All documents of one Arrow buffer.

    Args:
        text: bytes of all documents.
        extents: where each begins and where it ends, each of shape (n,).
        automaton: next states, of shape (states, byte classes); concepts complete in a state, as bits, of shape
            (states,); class of each byte, of shape (256,); first state in which one is complete.
        cases: lower case of each code point, -1 where that has another number of bytes.
        words: scratch for the longest document, eight bytes a word.

    Returns:
        shape (n, 8): concepts, opening, closing, skeleton, sketch a, sketch b, item, words. A phrase hash is 0 where
        the document is too short for it. A document that lower case makes longer or shorter has `UNREAD` words.
    """
    count = len(extents[0])
    result = np.zeros((count, 8), np.int64)
    ring = (np.zeros(RING, np.uint64), np.zeros(RING, np.int64))
    state = np.zeros(6, np.uint64)
    scratch = words.view(np.uint8)
    for row in range(count):
        start, end = extents[0][row], extents[1][row]
        if end <= start:
            continue
        size = end - start
        copied(text[start:end], scratch)
        if not all_ascii(words, scratch, size) and not others_lower(words, scratch, size, cases):
            result[row, 7] = UNREAD
            continue
        item = item_hash(words, scratch, size)
        state[0], state[1], state[2], state[3] = 0, 0, FNV_OFFSET, FNV_OFFSET
        state[4] = state[5] = np.uint64(0xFFFFFFFFFFFFFFFF)
        if size <= HEAD_BYTES + TAIL_BYTES:
            mask = scan_window(scratch, (0, size), automaton, ring, state)
        else:
            head, tail = HEAD_BYTES, size - TAIL_BYTES
            while head > 0 and scratch[head] & 0xC0 == 0x80:
                head -= 1
            while tail < size and scratch[tail] & 0xC0 == 0x80:
                tail += 1
            mask = scan_window(scratch, (0, head), automaton, ring, state)
            mask |= scan_window(scratch, (tail, size), automaton, ring, state)
        put(result[row], mask, ring, state)
        result[row, 6] = np.int64(item)
    return result
