"""A pool of templates: the more of them, the fewer prompts look alike.

Source: mission table, row 7 (tens of thousands of variations); detection table, section 6.1 (template pool size).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """Every harvested prompt follows one of so many templates, unless the knob `paraphrase` words it anew."""
    traits = cohort.accounts
    traits["wordings"] = np.full(cohort.size, max(1, round(value)))
    traits["paraphrase"] = traits.get("paraphrase", np.zeros(cohort.size))
    return cohort


EVASION = Evasion(
    "template_pool",
    "size of the pool of templates that prompts follow",
    _apply,
    low=1.0,
    high=30_000.0,
    steps=(1.0, 10.0, 100.0, 1_000.0, 10_000.0, 30_000.0),
    unit="templates",
    cost="templates to write and keep apart",
)
