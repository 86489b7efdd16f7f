"""What a law of plug-ins is, and the comparisons that the laws of all rooms share.

A law is a function of one plug-in and of tables that the caller supplies; it answers with its violations in words, and
an empty list says that the law holds. One parametrised test runs the laws of a room on each of its plug-ins, and
`check` runs those of packs on packs from outside. The laws stand in `laws_collect`, `laws_fingerprint`, `laws_link`,
`laws_prove` and `laws_simulate`. Source: the architecture, section 6 (table of laws).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pyarrow as pa

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
SHOWN_CHARACTERS = 60
"""Characters of a value that a violation quotes."""


def shown(value: object) -> str:
    """A value as a violation quotes it: short, with everything unusual escaped.

    >>> shown("a\\x1b[31m")
    "'a\\\\x1b[31m'"
    """
    text = ascii(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def differences(what: str, found: pa.Table, expected: pa.Table) -> list[str]:
    """Columns in which two tables differ, one violation each, with the first row that does.

    Args:
        what: what was done to get `found`, as the beginning of a sentence.
        found: one table.
        expected: the other one, with the columns that count.
    """
    if len(found) != len(expected):
        return [f"{what}: {len(found)} rows, expected {len(expected)}"]
    told = []
    for name in expected.column_names:
        left, right = found[name].to_pylist(), expected[name].to_pylist()
        place = next((row for row, pair in enumerate(zip(left, right, strict=True)) if not same(*pair)), None)
        if place is not None:
            told.append(f"{what}: {name} of row {place} is {shown(left[place])}, expected {shown(right[place])}")
    return told


def same(left: object, right: object) -> bool:
    """Equality in which NaN equals NaN.

    >>> same(float("nan"), float("nan")), same(None, 0)
    (True, False)
    """
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return left == right


def wilson(hits: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's interval for a share (Wilson 1927); (0, 1) where there is nothing to count.

    >>> [round(bound, 4) for bound in wilson(1, 100)]
    [0.0018, 0.0545]
    """
    if total == 0:
        return 0.0, 1.0
    share, weight = hits / total, z * z / total
    middle = (share + weight / 2.0) / (1.0 + weight)
    half = z * math.sqrt(share * (1.0 - share) / total + weight / (4.0 * total)) / (1.0 + weight)
    return max(0.0, middle - half), min(1.0, middle + half)


def attempted(what: str, law: Callable[[], list[str]]) -> list[str]:
    """What `law` says, or one violation where the plug-in breaks down.

    Args:
        what: what is done to the plug-in, as the beginning of a sentence.
        law: does it.
    """
    try:
        return law()
    except Exception as problem:  # a plug-in from outside may fail in any way, and that is what a law reports
        return [f"{what}: it breaks down with {type(problem).__name__}: {shown(str(problem))}"]
