"""People on the road: they signed up and pay at home, and write from hotels, roaming phones and VPNs abroad.

A twin of regions that do not match: the mismatch is one person's, and lasts as long as the journey.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "plan", "translate", "write", "explain", "summarise", "steps")
_MEANS = [2.6, 2.4, 2.0, 0.9, 0.8, 0.6, 0.3]
_COUNTRY_COUNT = len(networks.COUNTRIES)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Two stations abroad for each person; card, telephone and language stay those of home."""
    accounts = people.ordinary(size, identity.BROWSER, 9.0, draw)
    home = accounts["country"]
    abroad = (home + draw.integers(1, _COUNTRY_COUNT, size)) % _COUNTRY_COUNT
    further = (home + draw.integers(1, _COUNTRY_COUNT, size)) % _COUNTRY_COUNT
    accounts["billing"], accounts["phone"] = home, home
    accounts["country"] = abroad
    roaming = draw.random(size) < 0.5
    lines = [networks.mobile_exits(abroad, draw), people.addresses(abroad, draw)]
    accounts["address"] = np.where(roaming, *lines)
    accounts["second_address"] = people.addresses(further, draw)
    accounts["mobility"] = draw.beta(1.2, 1.6, size)
    accounts["verification"] = np.minimum(accounts["verification"], identity.PHONE)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("traveller", "people who write from abroad and pay at home", _settle)
