"""People who hide on principle: disposable mail, a prepaid wallet and changing VPN exits, all at once.

A twin of fresh identities: each trait is shared with thousands of strangers, and behind each account is one person.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "explain", "write", "code_fix", "code_write", "rewrite", "steps")
_MEANS = [2.4, 1.4, 1.2, 1.1, 0.8, 0.8, 0.5]
_YOUNG_DAYS = 20.0


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Accounts are young because such mail does not last; nothing is verified beyond it."""
    accounts = people.ordinary(size, identity.BROWSER, 8.0, draw)
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = networks.vpn_exits(size, draw)
    accounts["mobility"] = draw.beta(2.5, 1.5, size)
    accounts["mail_domain"] = draw.choice(identity.DISPOSABLE, size)
    accounts["issuer"] = draw.integers(0, identity.GLOBAL_ISSUERS, size)
    accounts["verification"] = draw.choice([identity.EMAIL, identity.UNVERIFIED], size, p=[0.7, 0.3])
    age = (draw.exponential(_YOUNG_DAYS, size) * clock.DAY_US).astype(np.int64)
    accounts["created"] = clock.START_US - clock.DAY_US // 4 - age
    script = draw.random(size) < 0.3
    accounts["client"] = np.where(script, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["pathway"] = np.where(script, identity.API, identity.SUBSCRIPTION)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("privacy_mail_user", "people with disposable mail, a VPN and a prepaid wallet", _settle)
