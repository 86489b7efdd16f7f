"""Addresses bought afresh for each account: no two share a line, a prefix or a sign-up address by the operator's doing.

Source: detection table, section 9, evasion 1; robustness axis "fresh-entity rotation" of section 6.1.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.world import Cohort, Evasion


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts gets lines, a client build and a sign-up address of its own."""
    traits = cohort.accounts
    fresh = draw.random(cohort.size) < value
    for trait in ("address", "second_address", "sign_up"):
        traits[trait] = np.where(fresh, people.addresses(traits["country"], draw), traits[trait])
    family = np.where(draw.random(cohort.size) < 0.5, identity.BROWSER, identity.SDK)
    clients = [identity.clients(kind, cohort.size, draw) for kind in (identity.BROWSER, identity.SDK)]
    traits["client"] = np.where(fresh, np.where(family == identity.BROWSER, *clients), traits["client"])
    if "far_address" in traits:
        abused = fresh & (traits["far_address"] >= 0)
        traits["far_address"] = np.where(abused, people.addresses(traits["country"], draw), traits["far_address"])
        traits["far_client"] = np.where(abused, np.where(family == identity.BROWSER, *clients), traits["far_client"])
    return cohort


EVASION = Evasion(
    "fresh_infrastructure",
    "addresses and clients of its own for each account",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.3, 0.5, 0.7, 0.9, 1.0),
    unit="share of accounts",
    cost="a residential line for every account",
)
