"""Staff who pay with one company card: some forty people with accounts, mail and lines of their own.

A twin of a pool on one card: the card is all that they share, and each lives a life of their own.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "write", "rewrite", "summarise", "translate", "explain", "code_fix", "plan")
_MEANS = [2.2, 1.6, 1.3, 1.2, 0.8, 1.0, 0.8, 0.8]
_STAFF, _MEDIAN = 40.0, 10.0
_SPREAD = (14.0, 5.0)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Homes, clients and hours are the person's; half of the firms have a domain of their own, none an organisation."""
    accounts = people.ordinary(size, identity.BROWSER, _MEDIAN, draw)
    firm = _operators.sized(size, _STAFF, draw)
    accounts["operator"] = people.one_each(firm, np.arange(size))
    accounts["card"] = people.one_each(firm, people.codes(size, draw))
    accounts["issuer"] = people.one_each(firm, accounts["issuer"])
    accounts["billing"] = people.one_each(firm, accounts["country"])
    local = draw.random(size) < 0.85
    accounts["country"] = np.where(local, accounts["billing"], accounts["country"])
    accounts["language"] = np.where(local, people.one_each(firm, accounts["language"]), accounts["language"])
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = people.addresses(accounts["country"], draw)
    own_domain = people.one_each(firm, draw.random(size) < 0.5)
    domain = people.one_each(firm, draw.choice(identity.COMPANY, size))
    accounts["mail_domain"] = np.where(own_domain, domain, identity.mail_domains(accounts["language"], draw))
    accounts["plan"] = np.full(size, identity.PRO)
    _operators.volumes(accounts, firm, draw)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, _operators.tastes(firm, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("company_card", "staff at home who share a company card", _settle)
