"""Small customers who spread an ordinary batch job over accounts of their own to stretch free and starter quota.

The hardest innocent twin of a sharded work-list: a template or a few, filled with inputs that never come twice, over
accounts that nobody declared as one owner's. Tickets and reviews are sorted, articles described, catalogue lines
translated; the answers go into the customer's product. Accounts run side by side or take turns, and betray one
careless hand to a degree of its own. Source: detection table, section 8 (look-alikes); mission table, rows 23 and 29.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Array, Cohort, Columns

_KINDS = ("ticket_sort", "product_copy", "catalogue_line", "rewrite")
_MEANS = [2.6, 2.2, 1.7, 0.15]
_SPREAD = (0.9, 60.0)
_FEWEST, _MOST, _SIZE_SHAPE = 3, 40, 1.05
_MEDIAN, _QUOTA_SIGMA = 34.0, 0.45
_TURNS_SHARE = 0.35
_HOSTED_SHARE, _SCRIPT_SHARE = 0.45, 0.4
_CARELESS = (1.6, 1.3)
"""Beta distribution of how often an operator uses one thing for several of his accounts."""
_SIGN_UP_DAYS, _OLDEST_DAYS = 3, 120.0
_TEMPLATES_P = 0.55
_STARTER = (identity.FREE, identity.CREDITS, identity.PAYG, identity.PRO)
_STARTER_SHARE = (0.52, 0.2, 0.2, 0.08)
_NO_CARD_SHARE = 0.9
_PROMPTED_SHARE, _FRAMEWORKS = 0.2, 9


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Operators of three to forty accounts, most of few; each with a program, a job and a carelessness of its own."""
    accounts = people.ordinary(size, identity.SDK, _MEDIAN, draw)
    scripts = identity.clients(identity.SCRIPT, size, draw)
    accounts["client"] = np.where(draw.random(size) < _SCRIPT_SHARE, scripts, accounts["client"])
    hand = _operators.spread_out(size, (_FEWEST, _MOST), _SIZE_SHAPE, draw)
    accounts["operator"] = people.one_each(hand, np.arange(size))
    for trait in ("country", "language", "issuer", "length", "verbosity"):
        accounts[trait] = people.one_each(hand, accounts[trait])
    _operators.one_program(accounts, hand, draw)
    accounts["paraphrase"] = people.one_each(hand, draw.beta(0.3, 8.0, size))
    accounts["wordings"] = people.one_each(hand, draw.geometric(_TEMPLATES_P, size))
    _quota(accounts, hand, draw)
    _one_hand(accounts, hand, draw)
    _papers(accounts, draw)
    prompted = people.one_each(hand, draw.random(size) < _PROMPTED_SHARE)
    accounts["system"] = np.where(prompted, _operators.framework_prompts(hand, _FRAMEWORKS, draw), people.NOTHING)
    weights = _operators.tastes(hand, _MEANS, _SPREAD, draw)
    return Cohort(accounts, _KINDS, weights, worklists=frozenset(_KINDS[:3]))


def _quota(accounts: Columns, hand: Array, draw: np.random.Generator) -> None:
    """Volumes near the quota of the operator's plan; some operators let their accounts take turns over the week."""
    size = len(hand)
    level = people.one_each(hand, accounts["volume"])
    accounts["volume"] = np.maximum(1, np.round(level * np.exp(_QUOTA_SIGMA * draw.standard_normal(size)))).astype(int)
    _operators.volumes(accounts, hand, draw)
    in_turn = people.one_each(hand, draw.random(size) < _TURNS_SHARE)
    opened, closed = _operators.slices(hand, draw)
    accounts["opened"] = np.where(in_turn, opened, accounts["opened"])
    accounts["closed"] = np.where(in_turn, closed, accounts["closed"])
    accounts["rhythm"] = np.where(in_turn, clock.WINDOW, accounts["rhythm"])


def _one_hand(accounts: Columns, hand: Array, draw: np.random.Generator) -> None:
    """Lines, cards, mail and sign-up days that an operator uses again, as often as he is careless."""
    size = len(hand)
    careless = people.one_each(hand, draw.beta(*_CARELESS, size))
    hosted = people.one_each(hand, draw.random(size) < _HOSTED_SHARE)
    home = people.addresses(accounts["country"], draw)
    accounts["address"] = np.where(hosted, networks.hosts(size, draw), home)
    accounts["second_address"] = people.addresses(accounts["country"], draw)
    accounts["sign_up"] = np.where(draw.random(size) < 0.5, home, people.addresses(accounts["country"], draw))
    accounts["mobility"] = draw.beta(0.6, 4.0, size)
    for trait in ("address", "second_address", "sign_up", "card", "mail_domain", "mail_shape"):
        again = draw.random(size) < careless
        accounts[trait] = np.where(again, people.one_each(hand, accounts[trait]), accounts[trait])
    day = people.one_each(hand, draw.exponential(_OLDEST_DAYS, size)) + draw.integers(0, _SIGN_UP_DAYS, size)
    batch = clock.START_US - ((day + draw.random(size)) * clock.DAY_US).astype(np.int64)
    made = np.where(draw.random(size) < careless, batch, accounts["created"])
    late = accounts["opened"] - (draw.random(size) * clock.HOUR_US).astype(np.int64)
    fresh = (accounts["opened"] > clock.START_US) & (draw.random(size) < 0.3)
    accounts["created"] = np.where(fresh, late, made)


def _papers(accounts: Columns, draw: np.random.Generator) -> None:
    """Free and starter plans, most without a card; an address of mail or a telephone is all that is verified."""
    size = len(accounts["volume"])
    accounts["plan"] = draw.choice(_STARTER, size, p=_STARTER_SHARE)
    starter = np.isin(accounts["plan"], [identity.FREE, identity.CREDITS])
    bare = starter & (draw.random(size) < _NO_CARD_SHARE)
    accounts["card"] = np.where(
        bare, people.NOTHING, np.where(accounts["card"] < 0, people.codes(size, draw), accounts["card"])
    )
    accounts["verification"] = draw.choice(
        [identity.EMAIL, identity.PHONE, identity.UNVERIFIED], size, p=[0.62, 0.28, 0.1]
    )


ARCHETYPE = Archetype("quota_stretcher", "customers who stretch starter quota over accounts of their own", _settle)
