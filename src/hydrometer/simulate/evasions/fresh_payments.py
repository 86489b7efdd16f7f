"""Cards and issuers bought afresh for each account.

Source: detection table, section 9, evasion 1; robustness axis "payment rotation" of section 6.1.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the paying accounts gets a card of its own, of an issuer that people of its country use."""
    traits = cohort.accounts
    fresh = (draw.random(cohort.size) < value) & (traits["card"] >= 0)
    traits["card"] = np.where(fresh, people.codes(cohort.size, draw), traits["card"])
    traits["issuer"] = np.where(fresh, identity.issuers(traits["country"], draw), traits["issuer"])
    return cohort


EVASION = Evasion(
    "fresh_payments",
    "a card of its own for each account",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.3, 0.5, 0.7, 0.9, 1.0),
    unit="share of paying accounts",
    cost="a payment instrument for every account",
)
