"""A pool behind one rented relay fleet: few network prefixes, one client build, one language, a work-list.

The small twin of the load-balanced pool, for logs that show no cards and no sign-ups: what a gateway sees of it is
addresses, clients, settings and words. Source: mission table, section 1.4 (relay software in front of pooled accounts).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import networks, people
from hydrometer.simulate.campaigns import load_balanced_pool
from hydrometer.simulate.world import Builder, Campaign, Cohort

_FLEETS = 4
"""Prefixes that the fleet's exits lie in."""
_OWN_LINE_SHARE = 0.15
"""Accounts that keep a line of their own."""
_STACK_SHARE = 0.9
_EXIT_HOSTS = 24
"""Exits of one prefix: several accounts leave through one address."""


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """The pool, with its traffic through the fleet."""
    cohort = load_balanced_pool.CAMPAIGN.settle(size, draw)
    accounts = cohort.accounts
    accounts["language"] = np.full(size, networks.LANGUAGES.index("en"))
    prefixes = networks.hosts(_FLEETS, draw) & ~0xFF
    for trait in ("address", "second_address"):
        exits = prefixes[draw.integers(0, _FLEETS, size)] | draw.integers(1, 1 + _EXIT_HOSTS, size)
        accounts[trait] = np.where(draw.random(size) < _OWN_LINE_SHARE, accounts[trait], exits)
    accounts["client"] = np.where(
        draw.random(size) < _STACK_SHARE, people.commonest(accounts["client"]), accounts["client"]
    )
    return cohort


CAMPAIGN = Campaign(
    "rented_fleet",
    "a pool behind one rented relay fleet divides a work-list of reasoning tasks",
    _settle,
    builders=(Builder(("reasoning", "mathematics"), pivots=True),),
    source="mission table 1.4, relay software",
)
