"""The request configuration as one tuple: temperature, top_p, limits, choices, thinking budget, streaming."""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed, joined

PARAMETERS = ("temperature", "top_p", "max_tokens", "choices", "thinking_budget", "stream")


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Hash of the tuple; null where no parameter is known."""
    together = joined([batch.rows[name] for name in PARAMETERS])
    return {"configuration": hashed(together, batch.key, "configuration")}


SIGNAL = Signal(
    name="configuration",
    unit="64-bit hash",
    needs=PARAMETERS,
    columns={"configuration": pa.int64()},
    measure=measure,
    cost_of_evasion="settings are chosen for the value of the answers; random ones make the data set uneven",
    source="behavioural families of the statistics cookbook, section 2.4",
    layers={"configuration": ("configuration",)},
)
