"""Which published extraction techniques a request's wording shows, and which capabilities it is aimed at.

A technique is a conjunction of concepts (`lexicon.yaml`), so that no single phrase counts. The masks are counted per
operator later and compared with a random benign operator; one exchange proves nothing.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.lexicon import lexicon, satisfied


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Bit masks of techniques, capabilities and targets, from prompt and system prompt together."""
    concepts = batch.reading("prompt", "concepts") | batch.reading("system", "concepts")
    rules = lexicon()
    return {
        "techniques": pa.array(satisfied(concepts, rules.techniques)),
        "capabilities": pa.array(satisfied(concepts, rules.capabilities)),
        "targets": pa.array(satisfied(concepts, rules.targets)),
    }


SIGNAL = Signal(
    name="intent",
    unit="bit mask of techniques",
    needs=("prompt", "system_instructions"),
    columns={"techniques": pa.int64(), "capabilities": pa.int64(), "targets": pa.int64()},
    measure=measure,
    cost_of_evasion="a request that hides what it wants gets a worse training example",
    source="providers' disclosures of 2026 "
    "(CoT elicitation, rubric grading, trace cleaning, forced tags, fake debug sessions)",
    fires_on=("demo",),
    holds_on=("null",),
)
