"""Opening phrase, closing phrase, skeleton and sketch of a prompt: how mass-produced requests resemble each other.

Numbers are masked, so that templates differ only where their slots do. The sketch (two minima over word shingles) still
agrees when a paraphrase moves the constant part into the middle.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.signals import Batch, Signal

COLUMNS = ("opening", "closing", "skeleton", "sketch_a", "sketch_b", "item")


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Hashes; 0 where the prompt is too short to have one."""
    return {column: pa.array(batch.reading("prompt", column)) for column in COLUMNS} | {
        "words": pa.array(batch.reading("prompt", "words"))
    }


SIGNAL = Signal(
    name="template",
    unit="64-bit hash; words",
    needs=("prompt",),
    columns=dict.fromkeys((*COLUMNS, "words"), pa.int64()),
    measure=measure,
    cost_of_evasion="each request needs a wording of its own, which costs a second model and blurs the data set",
    source="template families of the February 2026 disclosure; MinHash: Broder 1997",
    layers={
        "opening": ("opening",),
        "closing": ("closing",),
        "skeleton": ("skeleton",),
        "sketch": ("sketch_a", "sketch_b"),
    },
    fires_on=("demo",),
)
