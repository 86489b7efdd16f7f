"""The conversation that an exchange belongs to, as a keyed hash.

One that begins on one account and goes on with another was carried over: relay software moves a session to the next
account of its pool when one is used up. Which were is decided where accounts meet (`fingerprint/transfers.py`).
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hash of the conversation; null where there is none."""
    return {"conversation": hashed(batch.rows["conversation_id"], batch.key, "conversation")}


SIGNAL = Signal(
    name="conversation",
    unit="64-bit keyed hash",
    needs=("conversation_id",),
    columns={"conversation": pa.int64()},
    measure=measure,
    cost_of_evasion="a session that is begun anew on the next account loses its context, or pays for it again",
    source="quota hand-off of relay software, mission table 1.4",
    layers={"conversation": ("conversation",)},
)
