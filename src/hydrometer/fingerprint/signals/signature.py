"""Reasoning signatures issued with an answer or presented by a client, as keyed hashes.

A signature that was issued to one account and is presented by another is near-proof of transfer between them; which are
is decided where accounts meet (`fingerprint/transfers.py`). A client that hands back a whole history presents many.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.hashing import hashed

AT_EITHER_END = 8
"""Signatures of a list that are kept: the first eight and the last eight, so that no request takes much room."""


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Keyed hashes of the signature issued and of those presented; null where there is none."""
    rows = batch.rows
    listed = either_end(rows["reasoning_signatures_in"])
    first = pc.list_element(pc.if_else(pc.greater(pc.list_value_length(listed), 0), listed, None), 0)
    presented = pc.coalesce(rows["reasoning_signature_in"], first)
    names = hashed(listed.flatten(), batch.key, "reasoning_signature")
    several = pc.greater(pc.list_value_length(listed), pc.if_else(pc.is_valid(rows["reasoning_signature_in"]), 0, 1))
    return {
        "signature_issued": hashed(rows["reasoning_signature_out"], batch.key, "reasoning_signature"),
        "signature_presented": hashed(presented, batch.key, "reasoning_signature"),
        "signatures_presented": pc.if_else(
            several, pa.ListArray.from_arrays(listed.offsets, names), pa.scalar(None, pa.list_(pa.int64()))
        ),
    }


def either_end(lists: pa.ChunkedArray) -> pa.ListArray:
    """The first and the last few values of each list, in their order; a null list is an empty one.

    >>> either_end(pa.chunked_array([[[str(n) for n in range(20)], None]])).to_pylist()[0][6:10]
    ['6', '7', '12', '13']
    """
    whole = lists.combine_chunks()
    lengths = np.asarray(pc.fill_null(pc.list_value_length(whole), 0)).astype(np.int64)
    kept = np.minimum(lengths, 2 * AT_EITHER_END)
    ends = np.cumsum(lengths)
    place = np.arange(int(kept.sum())) - np.repeat(np.cumsum(kept) - kept, kept)
    skipped = np.where(place >= AT_EITHER_END, np.repeat(lengths - kept, kept), 0)
    values = whole.flatten().take(pa.array(np.repeat(ends - lengths, kept) + place + skipped))
    offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)


SIGNAL = Signal(
    name="signature",
    unit="64-bit keyed hash",
    needs=("reasoning_signature_in", "reasoning_signatures_in", "reasoning_signature_out"),
    columns={
        "signature_issued": pa.int64(),
        "signature_presented": pa.int64(),
        "signatures_presented": pa.list_(pa.int64()),
    },
    measure=measure,
    cost_of_evasion="without replay the reasoning cannot be continued on another account",
    source="signature replay in two September 2026 disclosures",
    layers={"reasoning_signature": ("signature_issued", "signature_presented")},
)
