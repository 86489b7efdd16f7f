"""Five accounts that the people of one flat use as if they were one: each account from several people's devices.

Everybody asks for what they need, and goes on with whichever account has quota left. Source: mission table, section 1.4
(private poolers are a class of their own) and row 40.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.world import Builder, Campaign, Cohort

_PEOPLE = 4
_MEDIAN = 90.0
_OWNER_KINDS = ("ask", "write", "translate", "plan")
_OTHER_KINDS = ("code_fix", "explain", "summarise")
_MEANS = [2.0, 1.2, 0.8, 0.5, 1.2, 1.0, 0.8]


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One line, one card, four devices: whoever an account is made out to, two people use it."""
    accounts = people.ordinary(size, identity.BROWSER, _MEDIAN, draw)
    flat = np.zeros(size, dtype=np.int64)
    for trait in ("country", "address", "second_address", "card", "issuer", "sign_up"):
        accounts[trait] = people.one_each(flat, accounts[trait])
    devices = identity.clients(identity.BROWSER, _PEOPLE, draw)
    owner = np.arange(size) % _PEOPLE
    accounts["client"] = devices[owner]
    accounts["far_client"] = devices[(owner + 1 + draw.integers(0, _PEOPLE - 1, size)) % _PEOPLE]
    accounts["far_address"] = accounts["address"]
    return Cohort(
        accounts,
        (*_OWNER_KINDS, *_OTHER_KINDS),
        people.tastes(size, _MEANS, 6.0, draw),
        harvest=frozenset(_OTHER_KINDS),
    )


CAMPAIGN = Campaign(
    "shared_flat",
    "five accounts shared by the people of one flat: a pool, not distillation",
    _settle,
    builders=(Builder(("general_instruction",), kind="pool"),),
    source="mission table, row 40",
)
