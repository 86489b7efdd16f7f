"""People who live in one country and write the language of another, where many still have their bank.

A twin of a foreign pool behind local lines: language, line and card disagree in the same direction for very many.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "translate", "write", "explain", "plan", "exam", "rewrite")
_MEANS = [2.8, 2.0, 1.2, 1.0, 0.9, 0.6, 0.7]
_ORIGINS = ("TW", "HK", "UA", "KZ", "MX", "AR", "ES", "DE")
_RESIDENCES = ("US", "GB", "DE", "CA", "NL", "PL", "AU", "SG")
_BANK_AT_HOME, _PHONE_AT_HOME = 0.45, 0.3


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Origin gives the language; nearly half pay and some still telephone from there."""
    accounts = people.ordinary(size, identity.BROWSER, 8.0, draw)
    origin = draw.choice([networks.COUNTRIES.index(name) for name in _ORIGINS], size)
    residence = draw.choice([networks.COUNTRIES.index(name) for name in _RESIDENCES], size)
    accounts["country"] = residence
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = people.addresses(residence, draw)
    native = networks.languages(origin, draw)
    accounts["language"] = np.where(draw.random(size) < 0.8, native, networks.languages(residence, draw))
    accounts["polyglot"] = draw.random(size) < 0.25
    at_home = draw.random(size) < _BANK_AT_HOME
    accounts["billing"] = np.where(at_home, origin, people.NOTHING)
    accounts["issuer"] = identity.issuers(np.where(at_home, origin, residence), draw)
    accounts["phone"] = np.where(draw.random(size) < _PHONE_AT_HOME, origin, people.NOTHING)
    accounts["mail_domain"] = identity.mail_domains(accounts["language"], draw)
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.5, draw))


ARCHETYPE = Archetype("diaspora", "people who live abroad and write their first language", _settle)
