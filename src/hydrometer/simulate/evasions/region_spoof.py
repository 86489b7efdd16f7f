"""Accounts that claim one supported country in everything: card, phone, address and hours.

Source: detection table, section 6.1 (region spoof).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks
from hydrometer.simulate.world import Cohort, Evasion

_CLAIMED = ("US", "GB", "DE", "CA", "AU", "NL")


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts lives in a supported country, by all that it shows; its language stays."""
    size, traits = cohort.size, cohort.accounts
    moved = draw.random(size) < value
    claimed = draw.choice(np.array([networks.COUNTRIES.index(name) for name in _CLAIMED]), size)
    traits["country"] = np.where(moved, claimed, traits["country"])
    for trait in ("address", "second_address", "sign_up"):
        traits[trait] = np.where(moved, networks.fixed_lines(traits["country"], draw), traits[trait])
    traits["rhythm"] = np.where(moved & (traits["rhythm"] == clock.FLAT), clock.WAKING, traits["rhythm"])
    traits["issuer"] = np.where(moved, identity.issuers(traits["country"], draw), traits["issuer"])
    return cohort


EVASION = Evasion(
    "region_spoof",
    "one supported country in card, phone, address and hours",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="lines and cards of that country",
)
