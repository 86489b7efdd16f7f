"""The pool split over pathways, each of which shows other columns of it.

Source: mission table, rows 2 and 36; detection table, section 9, evasion 9 (each sees a slice).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.coordination import several_pathways
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts moves to other pathways; clouds and aggregators show no card."""
    return several_pathways(cohort, value, draw)


EVASION = Evasion(
    "pathway_slicing",
    "accounts split over own API, cloud, aggregator and education",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="contracts with several sellers",
)
