"""A pool of accounts that divides a work-list of reasoning tasks, with shared cards and rotating proxies.

Shape of the large disclosed pools: one client stack, cards that pay for several accounts, sign-ups in batches, a flat
day, each item asked once over the whole pool, half of the traffic moved to a new model within a day of its release.
Source: mission table, section 1.1 (DeepSeek and MiniMax, February; load balancing and shared payment methods).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, coordination, identity, networks, people
from hydrometer.simulate.world import Array, Builder, Campaign, Cohort

_KINDS = ("harvest", "ask", "write", "translate", "code_fix")
_MEAN_EXCHANGES, _VOLUME_SIGMA = 45.0, 0.45
_ACCOUNTS_A_CARD = 8
_FRESH_CARDS, _FRESH_ADDRESSES = 0.30, 0.40
_PROXIES_SHARE = 7
"""Accounts that share a rented proxy where it is not fresh."""
_VPN_SHARE, _MOBILE_SHARE = 0.12, 0.12
_MOST_COVER = 0.20
_SIGN_UP_BATCHES, _BATCH_SPREAD_DAYS = 4, 0.9
_OWN_STACK_SHARE = 0.52
_DISPOSABLE_SHARE, _SHAPE_SHARE, _ISSUER_SHARE = 0.45, 0.5, 0.4
_FOCUS_SHARE = 0.45
_PREPAID_SHARE = 0.12
_CHINESE_SHARE = 0.45
_COUNTRIES = ("US", "SG", "HK", "JP", "DE", "TW", "BR", "GB")
_PIVOT_SHARE, _PIVOT_DELAY_H = 0.5, 14.0
_RESTED_SHARE, _SHIFT_DAYS = 0.45, 3
"""Accounts that work a shift of some days and rest in the others."""
_DEEPEST = identity.THINKING_BUDGETS[-1]


def _proxies(size: int, country: Array, draw: np.random.Generator) -> Array:
    """Addresses of residential proxies: some rented for one account, others used by several."""
    fresh = networks.fixed_lines(country, draw)
    rented = fresh[coordination.leaders(country, _PROXIES_SHARE, draw)]
    beside = (rented & ~0xFF) | draw.integers(1, 255, size)
    shared = np.where(draw.random(size) < 0.5, rented, beside)
    lines = np.where(draw.random(size) < _FRESH_ADDRESSES, fresh, shared)
    way = draw.random(size)
    exits = [networks.vpn_exits(size, draw), networks.mobile_exits(country, draw)]
    return np.select([way < _VPN_SHARE, way < _VPN_SHARE + _MOBILE_SHARE], exits, lines)


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """The pool: one client build, batches of sign-ups, cards bought by the dozen."""
    accounts = people.ordinary(size, identity.SDK, _MEAN_EXCHANGES, draw)
    places = np.array([networks.COUNTRIES.index(name) for name in _COUNTRIES])
    country = np.where(draw.random(size) < _FOCUS_SHARE, draw.choice(places, size), accounts["country"])
    accounts["country"] = country
    accounts["language"] = np.where(
        draw.random(size) < _CHINESE_SHARE, networks.LANGUAGES.index("zh"), networks.LANGUAGES.index("en")
    )
    stack = people.commonest(accounts["client"])
    other = np.where(draw.random(size) < 0.5, identity.clients(identity.BROWSER, size, draw), accounts["client"])
    accounts["client"] = np.where(draw.random(size) < _OWN_STACK_SHARE, stack, other)
    accounts["pathway"] = draw.choice([identity.API, identity.SUBSCRIPTION, identity.CLOUD], size, p=[0.62, 0.28, 0.1])
    for trait in ("address", "second_address", "sign_up"):
        accounts[trait] = _proxies(size, country, draw)
    accounts["mobility"] = draw.beta(4.0, 5.0, size)
    fresh = draw.random(size) < _FRESH_CARDS
    batch = people.codes(size, draw)[draw.integers(0, max(1, size // _ACCOUNTS_A_CARD), size)]
    accounts["card"] = np.where(fresh, people.codes(size, draw), batch)
    accounts["card"] = np.where(draw.random(size) < _PREPAID_SHARE, people.NOTHING, accounts["card"])
    accounts["issuer"] = np.where(draw.random(size) < _ISSUER_SHARE, batch % 3, identity.issuers(country, draw))
    accounts["mail_domain"] = np.where(
        draw.random(size) < _DISPOSABLE_SHARE,
        draw.choice(identity.DISPOSABLE[1:4], size),
        identity.mail_domains(accounts["language"], draw),
    )
    accounts["mail_shape"] = np.where(
        draw.random(size) < _SHAPE_SHARE, identity.MAIL_SHAPES.index("aaaa9999"), accounts["mail_shape"]
    )
    accounts["created"] = coordination.made_in_batches(size, _SIGN_UP_BATCHES, _BATCH_SPREAD_DAYS, draw)
    accounts["plan"] = draw.choice([identity.PAYG, identity.PRO, identity.FREE], size, p=[0.6, 0.3, 0.1])
    accounts["volume"] = np.maximum(
        12, _MEAN_EXCHANGES * np.exp(_VOLUME_SIGMA * draw.standard_normal(size) - _VOLUME_SIGMA**2 / 2)
    ).astype(np.int64)
    accounts["rhythm"] = np.full(size, clock.FLAT)
    coordination.shifts(accounts, _RESTED_SHARE, _SHIFT_DAYS, draw)
    accounts["machine"] = np.full(size, True)
    accounts["turns"] = np.where(draw.random(size) < 0.5, 1.0 + 0.5 * draw.random(size), 1.0)
    accounts["reacts"] = np.full(size, False)
    accounts["thinking"] = np.full(size, _DEEPEST)
    accounts["model"] = draw.choice([identity.STANDARD, identity.DEEP], size, p=[0.6, 0.4])
    accounts["adopts"] = draw.beta(20.0 * _PIVOT_SHARE, 20.0 * (1.0 - _PIVOT_SHARE), size)
    accounts["adopt_at"] = clock.RELEASE_US + (draw.random(size) * _PIVOT_DELAY_H * clock.HOUR_US).astype(np.int64)
    accounts["verbosity"] = accounts["verbosity"] * 0.5
    cover = draw.random(size) * _MOST_COVER
    weights = np.column_stack([1.0 - cover, *(cover[:, None] * people.tastes(size, [1.0] * 4, 0.5, draw)).T])
    return Cohort(accounts, _KINDS, weights, harvest=frozenset({"harvest"}), worklists=frozenset({"harvest"}))


CAMPAIGN = Campaign(
    "load_balanced_pool",
    "a pool with shared cards divides a work-list of reasoning tasks",
    _settle,
    builders=(Builder(("reasoning", "mathematics"), pivots=True),),
    source="mission table 1.1, DeepSeek and MiniMax of February; rows 29 and 31",
)
