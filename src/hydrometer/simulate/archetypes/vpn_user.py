"""Privacy-minded people behind VPN and proxy sellers, with relay mail and virtual cards.

Look-alike 7 (VPN and residential proxies) of the detection table, section 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "explain", "write", "rewrite", "code_fix", "code_write", "steps", "rate")
_MEANS = [2.4, 1.3, 1.2, 0.8, 1.0, 0.6, 0.6, 0.3]


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Exits change between conversations; half of the people use disposable mail, many a virtual card."""
    accounts = people.ordinary(size, identity.BROWSER, 8.0, draw)
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = networks.vpn_exits(size, draw)
    accounts["mobility"] = draw.beta(2.0, 2.0, size)
    accounts["mail_domain"] = np.where(
        draw.random(size) < 0.5, draw.choice(identity.DISPOSABLE, size), accounts["mail_domain"]
    )
    accounts["issuer"] = np.where(
        draw.random(size) < 0.5, draw.integers(0, identity.GLOBAL_ISSUERS, size), accounts["issuer"]
    )
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("vpn_user", "people behind VPN exits with relay mail", _settle)
