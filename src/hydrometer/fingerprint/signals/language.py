"""The language of a prompt, by function words. It is never evidence: it only says with whom an account is compared.

People of one language share mail providers, carriers and ways of speaking; without this stratum they would look like
one hand. Source: statistics cookbook, section 1 (popularity, carrier and language are fixed by the null).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hydrometer.base.families import UNKNOWN
from hydrometer.base.signals import Batch, Signal
from hydrometer.fingerprint.lexicon import lexicon, satisfied


def measure(batch: Batch) -> dict[str, pa.Array]:
    """Code of the first language whose function words occur; "?" where none does."""
    rules = lexicon().languages
    found = satisfied(batch.reading("prompt", "concepts"), rules)
    result = np.full(len(found), UNKNOWN, dtype=object)
    for bit, code in reversed(list(enumerate(rules))):
        result[found >> bit & 1 == 1] = code
    return {"language": pa.array(result, pa.string())}


SIGNAL = Signal(
    name="language",
    unit="ISO 639-1 code",
    needs=("prompt",),
    columns={"language": pa.string()},
    measure=measure,
    cost_of_evasion="none is needed: it is no evidence",
    source="statistics cookbook, section 1",
)
