"""Exchanges → fingerprints: one row of fixed size per exchange, in one pass over text, in batches on all threads.

The batches are independent and written in order, so that the result does not depend on the number of threads. After
this stage no text is needed any more, but for the few samples that a report masks and shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.pieces import Pieces
from hydrometer.base.plugins import discover
from hydrometer.base.signals import Batch, Signal
from hydrometer.base.tables import INPUTS
from hydrometer.base.units import MICRO_USD
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import signals as signal_room
from hydrometer.fingerprint.hashing import hashed
from hydrometer.fingerprint.text import read, read_repeated

BATCH_ROWS = 32_768
BATCH_BYTES = 64 << 20
"""A batch has fewer rows where they are long: each thread holds one, and one waits."""
REPEATED = "system_instructions"
"""Column whose texts repeat so much that they stay a dictionary."""
PLAIN = (
    "exchange_id",
    "account_id",
    "turn",
    "request_model",
    "input_tokens",
    "output_tokens",
    "pathway",
    "country",
    "finish_reason",
)
"""Canonical columns that the fingerprint keeps as they are."""
KEPT: dict[str, pa.DataType] = {name: INPUTS["exchanges"].field(name).type for name in PLAIN} | {
    "sent_us": pa.int64(),
    "micro_usd": pa.int64(),
    "end_user": pa.int64(),
}

Progress = Callable[[str, int, int | None], None]


def signals() -> dict[str, Signal]:
    """All signals, by name."""
    return discover(signal_room, "SIGNAL")


def schema(found: dict[str, Signal]) -> pa.Schema:
    """Schema of the table `fingerprints`."""
    columns = dict(KEPT)
    for signal in found.values():
        columns |= signal.columns
    return pa.schema(list(columns.items()))


def abstaining(found: dict[str, Signal], absent: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Signals for which every column that they could use is absent, with those columns."""
    return {name: signal.needs for name, signal in found.items() if set(signal.needs) <= set(absent)}


def fingerprint_batch(rows: pa.Table, found: dict[str, Signal], key: bytes) -> pa.Table:
    """Fingerprints of some exchanges.

    Args:
        rows: n exchanges with the canonical columns.
        found: the signals.
        key: the deployment's key.

    Returns:
        n rows of `schema(found)`.
    """
    batch = Batch(rows, read(rows["prompt"]), read_repeated(rows["system_instructions"]), key)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {name: rows[name] for name in PLAIN}
    columns["sent_us"] = rows["sent_at"].cast(pa.int64())
    money = np.nan_to_num(np.asarray(pc.fill_null(rows["cost_usd"], 0.0)))
    columns["micro_usd"] = pa.array(np.rint(money * MICRO_USD).astype(np.int64))
    columns["end_user"] = hashed(rows["end_user_id"], key, "end_user")
    for signal in found.values():
        columns |= signal.measure(batch)
    target = schema(found)
    return pa.table([columns[field.name].cast(field.type) for field in target], schema=target)


def pieces() -> Pieces:
    """How the table `exchanges` is read: at most `BATCH_ROWS` rows and about `BATCH_BYTES` bytes at once."""
    wanted = [field for field in INPUTS["exchanges"] if field.name not in ("response", "latency_ms")]
    return Pieces(pa.schema(wanted), (REPEATED,), BATCH_ROWS, BATCH_BYTES)


def fingerprint(workspace: Workspace, key: bytes, progress: Progress) -> None:
    """Write the table `fingerprints` of the workspace.

    Args:
        workspace: holds the table `exchanges`.
        key: the deployment's key for pseudonyms.
        progress: called with (stage, rows done, rows in all).
    """
    found = signals()
    work = partial(fingerprint_batch, found=found, key=key)
    told = partial(progress, "fingerprint")
    workspace.map("fingerprints", "exchanges", pieces(), work, schema(found), told)
