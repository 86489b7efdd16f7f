"""Many accounts, few exchanges each: grading, pairwise judging and synthetic instructions behind fresh cards and lines.

Shape of the low-and-slow disclosures: a handful of requests for each account, a day that looks human, hardly any shared
infrastructure; what stays is one request configuration, narrow sign-up days and a few template families.
Source: mission table, section 1.1 (core of 4 requests for each user; rubric grading).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import coordination, identity, networks, people
from hydrometer.simulate.world import Builder, Campaign, Cohort

_KINDS = ("judge", "pairwise", "synthesis", "ask", "explain")
_FEWEST, _MOST = 6, 10
_FRESH_CARDS, _FRESH_ADDRESSES = 0.85, 0.90
_SIGN_UP_BATCHES, _BATCH_SPREAD_DAYS = 4, 0.8
_COUNTRIES = ("US", "SG", "HK", "JP", "KR", "TW", "MX", "PL", "CA")
_TASTE = [0.42, 0.33, 0.25, 0.04, 0.03]
_PAIRED_SHARE = 0.6
_CONFIGURED_SHARE = 0.85
_OWN_STACK_SHARE = 0.46
_SHAPE_SHARE, _ISSUER_SHARE, _FREE_SHARE = 0.55, 0.25, 0.18
_FOCUS_SHARE = 0.4
_ACCOUNTS_A_CARD = 4
_RESTED_SHARE, _SHIFT_DAYS = 0.4, 2
"""Accounts that are used on some days alone."""
_MOBILE_SHARE = 0.12


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """The pool: looks like people, asks like one program."""
    accounts = people.ordinary(size, identity.SDK, 8.0, draw)
    places = draw.choice(np.array([networks.COUNTRIES.index(name) for name in _COUNTRIES]), size)
    country = np.where(draw.random(size) < _FOCUS_SHARE, places, accounts["country"])
    accounts["country"] = country
    accounts["language"] = np.full(size, networks.LANGUAGES.index("en"))
    stack = people.commonest(accounts["client"]) + 1
    other = np.where(draw.random(size) < 0.7, identity.clients(identity.BROWSER, size, draw), accounts["client"])
    accounts["client"] = np.where(draw.random(size) < _OWN_STACK_SHARE, stack, other)
    accounts["pathway"] = draw.choice([identity.API, identity.SUBSCRIPTION], size, p=[0.6, 0.4])
    lines = networks.fixed_lines(country, draw)
    shared = lines[coordination.leaders(country, _ACCOUNTS_A_CARD, draw)]
    mobile = draw.random(size) < _MOBILE_SHARE
    lines = np.where(mobile, networks.mobile_exits(country, draw), lines)
    accounts["address"] = np.where(draw.random(size) < _FRESH_ADDRESSES, lines, shared)
    accounts["second_address"] = np.where(
        draw.random(size) < 0.3, networks.mobile_exits(country, draw), accounts["address"]
    )
    accounts["sign_up"] = accounts["address"]
    cards = people.codes(size, draw)
    reused = cards[draw.integers(0, max(1, size // _ACCOUNTS_A_CARD), size)]
    accounts["card"] = np.where(draw.random(size) < _FRESH_CARDS, cards, reused)
    free = draw.random(size) < _FREE_SHARE
    accounts["card"] = np.where(free, people.NOTHING, accounts["card"])
    accounts["issuer"] = np.where(draw.random(size) < _ISSUER_SHARE, 4, identity.issuers(country, draw))
    accounts["mail_shape"] = np.where(
        draw.random(size) < _SHAPE_SHARE, identity.MAIL_SHAPES.index("aaaaaa99"), accounts["mail_shape"]
    )
    accounts["created"] = coordination.made_in_batches(size, _SIGN_UP_BATCHES, _BATCH_SPREAD_DAYS, draw)
    accounts["plan"] = np.where(free, identity.FREE, draw.choice([identity.PAYG, identity.PRO], size, p=[0.6, 0.4]))
    accounts["volume"] = draw.integers(_FEWEST, _MOST + 1, size)
    coordination.shifts(accounts, _RESTED_SHARE, _SHIFT_DAYS, draw)
    accounts["turns"] = np.where(draw.random(size) < _PAIRED_SHARE, 1.5, 1.0)
    accounts["reacts"] = np.full(size, False)
    people.framework_defaults(accounts, _CONFIGURED_SHARE, draw)
    accounts["length"] = 0.45 * accounts["length"]
    return Cohort(
        accounts,
        _KINDS,
        people.tastes(size, _TASTE, 12.0, draw),
        harvest=frozenset({"judge", "pairwise", "synthesis"}),
        worklists=frozenset({"judge", "pairwise", "synthesis"}),
    )


CAMPAIGN = Campaign(
    "low_and_slow",
    "many fresh accounts grade answers and make instructions, a few requests each",
    _settle,
    builders=(Builder(("grading", "general_instruction")),),
    source="mission table 1.1, low-and-slow core of July; row 23",
)
