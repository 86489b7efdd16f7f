"""The plain twin of the compiled pass over text: characters instead of bytes, naive search instead of an automaton."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.fingerprint.lexicon import lexicon, pattern

MASK = 2**64 - 1
OFFSET, PRIME = 14695981039346656037, 1099511628211
MIX_A, MIX_B = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
NUMBER = 0x23
HEAD, TAIL = 2048, 1024
PHRASE_UNITS, SHINGLE = 10, 4


def mix(value: int) -> int:
    """Finaliser of splitmix64."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


def fold(parts: bytes | list[int], value: int = OFFSET) -> int:
    """FNV-1a over bytes or over whole hashes."""
    for part in parts:
        value = (value ^ part) * PRIME & MASK
    return value


def kind(sign: str) -> str:
    """What a character is: letter, digit, tag, ideograph or separator."""
    code = ord(sign)
    if code < 0x80:
        return "letter" if sign.isalpha() else "digit" if sign.isdigit() else "tag" if sign in "<>" else "separator"
    if code < 0x800:
        return "separator" if code < 0xC0 else "letter"
    if code >= 0x10000:
        return "ideograph"
    if 0x2000 <= code < 0x3000 or 0x3000 <= code < 0x3040 or code >= 0xFF00:
        return "separator"
    return "ideograph" if 0x3040 <= code < 0xA000 else "letter"


def windows(text: str) -> list[str]:
    """What is read of a text: all of it, or its head and its tail."""
    data = text.encode()
    if len(data) <= HEAD + TAIL:
        return [text]
    return [data[:HEAD].decode(errors="ignore"), data[-TAIL:].decode(errors="ignore")]


def words(window: str) -> list[tuple[int, int]]:
    """(hash, units) of each word of a window."""
    found: list[tuple[int, int]] = []
    current = ""
    for sign in [*window, " "]:
        if kind(sign) in ("letter", "digit"):
            current += sign
            continue
        if current:
            number = any(kind(one) == "digit" for one in current)
            found.append((NUMBER if number else mix(fold(current.encode())), 2))
            current = ""
        if kind(sign) == "ideograph":
            found.append((mix(fold(sign.encode())), 1))
    return found


def normalised(window: str) -> str:
    """A window with every run of separators as one space, and one space around it."""
    spaced = "".join(" " if kind(sign) == "separator" else sign for sign in window)
    return " " + " ".join(part for part in spaced.split(" ") if part) + " "


def concepts(text: str, phrases: tuple[tuple[str, int], ...]) -> int:
    """Bits of the concepts of which a phrase stands in the text."""
    bodies = [normalised(window).encode() for window in windows(text)]
    found = 0
    for phrase, bit in phrases:
        if any(pattern(phrase) in body for body in bodies):
            found |= 1 << bit
    return found


def item(data: bytes) -> int:
    """Hash of all bytes."""
    whole = len(data) // 8 * 8
    value = fold([mix(int.from_bytes(data[start : start + 8], "little")) for start in range(0, whole, 8)])
    return mix(fold(data[whole:], value) ^ len(data))


def phrase(found: list[tuple[int, int]]) -> list[int]:
    """The first words that make up ten units."""
    taken, units = [], 0
    for word, size in found:
        if units >= PHRASE_UNITS:
            break
        taken.append(word)
        units += size
    return taken


def signed(value: int) -> int:
    """The same 64 bits with a sign."""
    return value - 2**64 if value >= 2**63 else value


def read(text: str, phrases: tuple[tuple[str, int], ...] | None = None) -> list[int]:
    """Concepts, opening, closing, skeleton, sketch a, sketch b, item, words of one text."""
    if not text:
        return [0] * 8
    lowered = pc.utf8_lower(pa.scalar(text)).as_py()
    found = [word for window in windows(lowered) for word in words(window)]
    hashes = [word for word, _ in found]
    long_enough = sum(size for _, size in found) >= PHRASE_UNITS
    shingles = [fold(hashes[end - SHINGLE : end][::-1]) for end in range(SHINGLE, len(hashes) + 1)]
    return [
        concepts(lowered, lexicon().phrases if phrases is None else phrases),
        signed(mix(fold(phrase(found)))) if long_enough else 0,
        signed(mix(fold(phrase(found[::-1])))) if long_enough else 0,
        signed(mix(fold(hashes))) if hashes else 0,
        signed(min(mix(one ^ MIX_A) for one in shingles)) if shingles else 0,
        signed(min(mix(one ^ MIX_B) for one in shingles)) if shingles else 0,
        signed(item(lowered.encode())),
        len(hashes),
    ]
