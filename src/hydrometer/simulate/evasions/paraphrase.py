"""Prompts worded anew by a model, so that no template comes twice.

At 0 every harvested prompt is one of a few templates of the campaign; most campaigns of the range are at 1 unless told
otherwise.
Source: detection table, section 9, evasion 4.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion

_TEMPLATES = 12


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the harvested prompts is worded anew, the others follow one of the campaign's templates."""
    traits = cohort.accounts
    traits["paraphrase"] = np.full(cohort.size, value)
    traits["wordings"] = np.maximum(traits.get("wordings", np.zeros(cohort.size, dtype=np.int64)), _TEMPLATES)
    return cohort


EVASION = Evasion(
    "paraphrase",
    "prompts worded anew instead of taken from templates",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 0.9, 1.0),
    unit="share of prompts",
    cost="a second model's tokens for every prompt",
)
