"""The system prompt as one hash. Shared by all users of an IDE, it is never guilt by itself."""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.signals import Batch, Signal


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Hash of the system prompt; 0 where there is none."""
    return {"system_prompt": pa.array(batch.reading("system", "skeleton"))}


SIGNAL = Signal(
    name="system_prompt",
    unit="64-bit hash",
    needs=("system_instructions",),
    columns={"system_prompt": pa.int64()},
    measure=measure,
    cost_of_evasion="a varied system prompt varies the answers that are to be collected",
    source="fixed injected prompt of the September 2026 threat report",
    layers={"system_prompt": ("system_prompt",)},
)
