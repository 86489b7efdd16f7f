"""People behind mobile carriers: hundreds of strangers on one address, many with prepaid cards of one seller.

Look-alike 7 (carrier-grade NAT) of the detection table, section 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "explain", "write", "translate", "plan", "steps", "rate", "exam")
_MEANS = [3.2, 1.2, 1.2, 1.1, 0.8, 0.5, 0.4, 0.7]
_PREPAID_SHARE = 0.3
_COUNTRIES = ("IN", "BR", "MX", "SG", "KZ", "UA", "TW")


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Both addresses are the carrier's exits; cards, devices and mail are unrelated."""
    accounts = people.ordinary(size, identity.BROWSER, 7.0, draw)
    country = draw.choice([networks.COUNTRIES.index(name) for name in _COUNTRIES], size)
    accounts["country"] = country
    accounts["language"] = networks.languages(country, draw)
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = networks.mobile_exits(country, draw)
    prepaid = draw.random(size) < _PREPAID_SHARE
    accounts["issuer"] = np.where(prepaid, identity.GLOBAL_ISSUERS - 1, identity.issuers(country, draw))
    accounts["mail_domain"] = identity.mail_domains(accounts["language"], draw)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("carrier_user", "strangers behind the NAT of a mobile carrier", _settle)
