"""Makers of small products who run one batch job over many keys, each with an account of its own behind it.

The held-out twin of a sharded work-list: documents are digested and fields read into JSON, every input once over all
accounts, through an aggregator or the maker's own client on rented servers. A scheduler deals the inputs out and
rests a key that is used up. Accounts were opened one by one as the product grew. Source: detection table, section 8
(look-alikes); mission table, rows 23 and 31.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Array, Cohort, Columns

_KINDS = ("digest", "field_extract", "invoice", "ask")
_MEANS = [2.2, 2.2, 0.5, 0.2]
_SPREAD = (0.8, 80.0)
_FEWEST, _MOST, _SIZE_SHAPE = 3, 40, 1.2
_MEDIAN, _LOAD_SIGMA = 42.0, 0.6
_AGGREGATED_SHARE = 0.5
_CARELESS = (1.2, 1.6)
_DAYS_BETWEEN_KEYS, _OLDEST_DAYS = 5.0, 40.0
_SCHEDULES, _SCHEDULE_SHARE = (clock.ROTA, clock.OFFICE, clock.CRON, clock.FLAT), (0.35, 0.25, 0.2, 0.2)
_PROMPTED_SHARE = 0.45
_LIMITS = (people.NOTHING, 512, 1024, 2048)
_FREE_SHARE = 0.35
_TEMPLATES_P = 0.7


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """One service of each maker; the inputs are dealt out, so that accounts of one maker carry like loads."""
    accounts = people.ordinary(size, identity.SERVER, _MEDIAN, draw)
    maker = _operators.spread_out(size, (_FEWEST, _MOST), _SIZE_SHAPE, draw)
    accounts["operator"] = people.one_each(maker, np.arange(size))
    for trait in ("country", "language", "issuer", "verbosity"):
        accounts[trait] = people.one_each(maker, accounts[trait])
    own_kit = people.one_each(maker, draw.random(size) < 0.5)
    accounts["client"] = np.where(own_kit, accounts["client"], identity.clients(identity.SDK, size, draw))
    _operators.one_program(accounts, maker, draw)
    _service(accounts, maker, draw)
    _keys(accounts, maker, draw)
    return Cohort(accounts, _KINDS, _operators.tastes(maker, _MEANS, _SPREAD, draw), worklists=frozenset(_KINDS[:3]))


def _service(accounts: Columns, maker: Array, draw: np.random.Generator) -> None:
    """Load, schedule and settings of the program, which are the maker's."""
    size = len(maker)
    load = people.one_each(maker, accounts["volume"])
    accounts["volume"] = np.maximum(1, np.round(load * np.exp(_LOAD_SIGMA * draw.standard_normal(size)))).astype(int)
    _operators.volumes(accounts, maker, draw)
    accounts["rhythm"] = people.one_each(maker, draw.choice(_SCHEDULES, size, p=_SCHEDULE_SHARE))
    accounts["paraphrase"] = people.one_each(maker, draw.beta(0.3, 10.0, size))
    accounts["wordings"] = people.one_each(maker, draw.geometric(_TEMPLATES_P, size))
    accounts["temperature"] = people.one_each(maker, draw.choice([np.nan, 0.0, 0.2], size))
    accounts["max_tokens"] = people.one_each(maker, draw.choice(_LIMITS, size))
    prompted = people.one_each(maker, draw.random(size) < _PROMPTED_SHARE)
    pipeline = people.one_each(maker, speech.system(speech.PIPELINE, people.codes(size, draw)))
    accounts["system"] = np.where(prompted, pipeline, people.NOTHING)


def _keys(accounts: Columns, maker: Array, draw: np.random.Generator) -> None:
    """Accounts behind the keys: opened as the product grew, on the maker's servers, paid in his manner."""
    size = len(maker)
    careless = people.one_each(maker, draw.beta(*_CARELESS, size))
    _operators.servers(accounts, maker, draw)
    apart = draw.random(size) > careless
    accounts["address"] = np.where(apart, networks.hosts(size, draw), accounts["address"])
    accounts["sign_up"] = np.where(apart, people.addresses(accounts["country"], draw), accounts["sign_up"])
    for trait in ("card", "mail_domain", "mail_shape"):
        again = draw.random(size) < careless
        accounts[trait] = np.where(again, people.one_each(maker, accounts[trait]), accounts[trait])
    aggregated = people.one_each(maker, draw.random(size) < _AGGREGATED_SHARE)
    accounts["pathway"] = np.where(aggregated, identity.AGGREGATOR, identity.API)
    free = draw.random(size) < _FREE_SHARE
    accounts["plan"] = np.where(free, identity.FREE, np.where(aggregated, identity.CREDITS, identity.PAYG))
    accounts["card"] = np.where(free | (aggregated & (draw.random(size) < 0.7)), people.NOTHING, accounts["card"])
    accounts["verification"] = draw.choice([identity.EMAIL, identity.PHONE], size, p=[0.7, 0.3])
    later = np.bincount(maker)[maker] - 1 - _operators.places(maker)
    founded = people.one_each(maker, draw.exponential(_OLDEST_DAYS, size))
    pace = people.one_each(maker, _DAYS_BETWEEN_KEYS * draw.gamma(1.0, 1.0, size))
    days = 1.0 + founded + pace * draw.gamma(4.0, 0.25, size) * later
    accounts["created"] = clock.START_US - (days * clock.DAY_US).astype(np.int64)


ARCHETYPE = Archetype("key_juggler", "makers of small products with a job over many keys", _settle)
