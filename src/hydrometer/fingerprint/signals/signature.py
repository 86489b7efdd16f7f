"""Reasoning signatures issued with an answer or presented by a client, as keyed hashes.

A signature that was issued to one account and is presented by another is near-proof of transfer between them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hashes of the signature issued and of the (first) one presented; null where there is none."""
    rows = batch.rows
    several = pc.list_element(
        pc.if_else(
            pc.greater(pc.list_value_length(rows["reasoning_signatures_in"]), 0), rows["reasoning_signatures_in"], None
        ),
        0,
    )
    presented = pc.coalesce(rows["reasoning_signature_in"], several)
    return {
        "signature_issued": hashed(rows["reasoning_signature_out"], batch.key, "reasoning_signature"),
        "signature_presented": hashed(presented, batch.key, "reasoning_signature"),
    }


SIGNAL = Signal(
    name="signature",
    unit="64-bit keyed hash",
    needs=("reasoning_signature_in", "reasoning_signatures_in", "reasoning_signature_out"),
    columns={"signature_issued": pa.int64(), "signature_presented": pa.int64()},
    measure=measure,
    cost_of_evasion="without replay the reasoning cannot be continued on another account",
    source="signature replay in two September 2026 disclosures",
    layers={"reasoning_signature": ("signature_issued", "signature_presented")},
)
