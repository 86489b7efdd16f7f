"""The set of tool names that a request defines, as one hash, whatever their order."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed

COMMA = "\x1f"


def sorted_names(names: str) -> str | None:
    """The names in alphabetical order; None for an empty list.

    >>> sorted_names("b\\x1fa") == "a\\x1fb"
    True
    """
    return COMMA.join(sorted(names.split(COMMA))) if names else None


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Hash of the set; null where no tool is defined."""
    names = pc.binary_join(batch.rows["tools"].combine_chunks(), COMMA)
    return {"tool_set": hashed(names, batch.key, "tool_set", sorted_names)}


SIGNAL = Signal(
    name="tools",
    unit="64-bit hash",
    needs=("tools",),
    columns={"tool_set": pa.int64()},
    measure=measure,
    cost_of_evasion="the tools are part of what agentic training data are for",
    source="statistics cookbook section 2.4",
    layers={"tool_set": ("tool_set",)},
)
