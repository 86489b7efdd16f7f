"""Operators of several accounts: how operators of one trade differ, and what the accounts of one of them share.

Taste, volume and settings are drawn for the operator first and for its accounts around it, so that rates are
over-dispersed between operators as real ones are: a null without that is too narrow (statistics cookbook, section 14).
"""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.world import Array, Columns

_SIZE_SIGMA = 0.4
_OVERLAP = 0.15
"""Share of its own time by which the slice of an account may reach into those before and after."""
_BUSY_SIGMA, _BUSY_TAIL_SHARE, _BUSY_SHAPE, _BUSIEST = 0.8, 0.06, 1.3, 30.0
MOST_OF_A_PERSON, MOST_OF_A_SERVICE = 900, 60_000
"""Exchanges in the week that no account of one person, and no account of a service, goes beyond."""
_CROWD_SIGMA, _LARGEST_CROWD = 0.9, 20_000
_COMPANY_MAIL_SHARE = 0.75
_VERIFIED = (identity.BUSINESS, identity.PHONE, identity.EMAIL, identity.PAPERS)
_VERIFIED_SHARE = (0.5, 0.22, 0.2, 0.08)
_PLANS, _PLAN_SHARE = (identity.ENTERPRISE, identity.TEAM, identity.PAYG), (0.25, 0.3, 0.45)
_HOSTS_A_RACK = 40
_ODD_SHARE = 0.08
_PROGRAM_RHYTHM_SHARE = (0.4, 0.4, 0.2)
_CONFIGURATION = ("client", "model", "temperature", "top_p", "max_tokens", "thinking", "stream")
_JOINT_SWITCH_SHARE = 0.7
_NEWCOMER_SHARE, _LEAVER_SHARE = 0.05, 0.03
_LEAVER_REASONS = (identity.BANNED, identity.UNPAID, identity.LEFT)
_LEAVER_REASON_SHARE = (0.1, 0.3, 0.6)
_QUIET_EDGE_US = clock.DAY_US // 2
FIRM_TRAITS = ("country", "language", "issuer")


def sized(size: int, typical: float, draw: np.random.Generator) -> Array:
    """Number of the operator of each account; operators have half to twice the `typical` number of accounts."""
    wanted = np.round(typical * np.exp(_SIZE_SIGMA * draw.standard_normal(size)))
    ends = np.cumsum(np.clip(wanted, max(1, ceil(typical / 2)), max(1, floor(2 * typical))))
    return np.asarray(np.searchsorted(ends, np.arange(size), side="right"))


def spread_out(size: int, bounds: tuple[int, int], shape: float, draw: np.random.Generator) -> Array:
    """Number of the operator of each account, where most operators have few accounts and some have very many.

    Args:
        size: number of accounts.
        bounds: fewest and most accounts of an operator; the last one may have fewer.
        shape: of the Pareto distribution of an operator's accounts; the smaller, the heavier its tail.
        draw: random numbers of this cohort.
    """
    fewest, most = bounds
    wanted = np.minimum(np.floor(fewest * (1.0 + draw.pareto(shape, size))), most)
    return np.asarray(np.searchsorted(np.cumsum(wanted), np.arange(size), side="right"))


def places(group: Array) -> Array:
    """Place of each account in its group, from 0; `group` ascends."""
    _, first, where = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(np.arange(len(group)) - first[where])


def slices(group: Array, draw: np.random.Generator) -> tuple[Array, Array]:
    """Begin and end of the slice of the week in which each account works where those of a group take turns."""
    place, count = places(group), np.bincount(group)[group]
    begin = np.clip((place - _OVERLAP * draw.random(len(group))) / count, 0.0, 1.0)
    end = np.clip((place + 1.0 + _OVERLAP * draw.random(len(group))) / count, 0.0, 1.0)
    return clock.START_US + (begin * clock.SPAN_US).astype(int), clock.START_US + (end * clock.SPAN_US).astype(int)


def framework_prompts(group: Array, frameworks: int, draw: np.random.Generator) -> Array:
    """Default system prompt of the framework that each operator happens to use."""
    return people.one_each(group, speech.system(speech.FRAMEWORK, draw.integers(0, frameworks, len(group))))


def _around(centre: Array, concentration: float, draw: np.random.Generator) -> Array:
    """Dirichlet rows around the rows of `centre`; a low concentration scatters them widely."""
    raw = draw.gamma(centre * concentration) + 1e-9
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def tastes(group: Array, means: list[float], spread: tuple[float, float], draw: np.random.Generator) -> Array:
    """Tastes of accounts around those of their operators, shape (accounts, kinds).

    Args:
        group: operator of each account.
        means: how often the trade opens with each kind; only proportions count.
        spread: Dirichlet concentration of operators around the trade, and of accounts around their operator. The
            variance of a share is that of its mean over the concentration plus one.
        draw: random numbers of this cohort.
    """
    trade = np.tile(np.array(means) / sum(means), (len(group), 1))
    house = people.one_each(group, _around(trade, spread[0], draw))
    return _around(house, spread[1], draw)


def volumes(accounts: Columns, group: Array, draw: np.random.Generator, most: int = MOST_OF_A_PERSON) -> None:
    """Multiplies volumes by a factor of the operator: log-normal, some with a Pareto tail; no account above `most`."""
    usual = np.exp(_BUSY_SIGMA * draw.standard_normal(len(group)))
    heavy = np.minimum(3.0 * (1.0 + draw.pareto(_BUSY_SHAPE, len(group))), _BUSIEST)
    factor = people.one_each(group, np.where(draw.random(len(group)) < _BUSY_TAIL_SHARE, heavy, usual))
    accounts["volume"] = np.clip(np.round(accounts["volume"] * factor), 1, most).astype(np.int64)


def crowds(size: int, median: float, draw: np.random.Generator) -> Array:
    """Number of end users behind each account: log-normal, at least one."""
    wanted = np.round(median * np.exp(_CROWD_SIGMA * draw.standard_normal(size)))
    return np.clip(wanted, 1, _LARGEST_CROWD).astype(np.int64)


def one_firm(accounts: Columns, group: Array, draw: np.random.Generator, traits: tuple[str, ...]) -> None:
    """Gives the accounts of each group one operator, owner, organisation, card and one value of each of `traits`."""
    size = len(group)
    for trait in ("owner", "organization", "card"):
        accounts[trait] = people.one_each(group, people.codes(size, draw))
    for trait in traits:
        accounts[trait] = people.one_each(group, accounts[trait])
    accounts["operator"] = people.one_each(group, np.arange(size))
    newest = clock.START_US - clock.DAY_US // 4
    founded = people.one_each(group, accounts["created"])
    accounts["created"] = founded + ((newest - founded) * draw.beta(0.6, 2.0, size)).astype(np.int64)


def papers(accounts: Columns, group: Array, draw: np.random.Generator) -> None:
    """Mail, verification and plan of firms: most have a domain of their own, half are verified as businesses."""
    size = len(group)
    own_domain = people.one_each(group, draw.random(size) < _COMPANY_MAIL_SHARE)
    domain = people.one_each(group, draw.choice(identity.COMPANY, size))
    shape = people.one_each(group, accounts["mail_shape"])
    accounts["mail_domain"] = np.where(own_domain, domain, accounts["mail_domain"])
    accounts["mail_shape"] = np.where(own_domain, shape, accounts["mail_shape"])
    accounts["verification"] = people.one_each(group, draw.choice(_VERIFIED, size, p=_VERIFIED_SHARE))
    accounts["plan"] = people.one_each(group, draw.choice(_PLANS, size, p=_PLAN_SHARE))


def servers(accounts: Columns, group: Array, draw: np.random.Generator) -> None:
    """Addresses of each operator's rented servers: hosts of one rack, and another rack for the second address."""
    size = len(group)
    for trait in ("address", "second_address"):
        rack = people.one_each(group, networks.hosts(size, draw)) & ~0xFF
        accounts[trait] = rack | draw.integers(1, _HOSTS_A_RACK, size)
    accounts["sign_up"] = people.one_each(group, accounts["sign_up"])
    accounts["mobility"] = people.one_each(group, draw.beta(0.4, 3.0, size))


def offices(accounts: Columns, group: Array, draw: np.random.Generator) -> None:
    """One egress address for each operator; its people also work from their own lines."""
    home = people.addresses(accounts["country"], draw)
    accounts["address"] = people.one_each(group, networks.offices(len(group), draw))
    accounts["second_address"] = home
    accounts["sign_up"] = np.where(draw.random(len(group)) < 0.8, accounts["address"], home)
    accounts["mobility"] = draw.beta(0.8, 3.0, len(group))
    accounts["rhythm"] = draw.choice([clock.OFFICE, clock.WAKING], len(group), p=[0.8, 0.2])


def one_program(accounts: Columns, group: Array, draw: np.random.Generator) -> None:
    """Lets one program of each operator do the asking: its configuration, wordings and hours; single questions.

    A few accounts keep settings of their own, as forgotten jobs and test accounts do.
    """
    size = len(group)
    odd = draw.random(size) < _ODD_SHARE
    for trait in _CONFIGURATION:
        accounts[trait] = np.where(odd, accounts[trait], people.one_each(group, accounts[trait]))
    hours = draw.choice([clock.FLAT, clock.OFFICE, clock.CRON], size, p=_PROGRAM_RHYTHM_SHARE)
    accounts["rhythm"] = np.where(odd, accounts["rhythm"], people.one_each(group, hours))
    accounts["machine"], accounts["reacts"] = np.full(size, True), np.full(size, False)
    accounts["turns"] = np.ones(size)
    accounts["length"] = 0.5 * accounts["length"]
    accounts["dispatcher"] = people.one_each(group, people.codes(size, draw))
    accounts["paraphrase"] = people.one_each(group, draw.beta(0.4, 1.6, size))
    accounts["wordings"] = people.one_each(group, 1 + draw.geometric(0.4, size))


def switches(accounts: Columns, group: Array, draw: np.random.Generator) -> None:
    """Lets most operators move all their accounts to the new model together."""
    joint = people.one_each(group, draw.random(len(group)) < _JOINT_SWITCH_SHARE)
    for trait in ("adopts", "adopt_at"):
        accounts[trait] = np.where(joint, people.one_each(group, accounts[trait]), accounts[trait])


def churn(accounts: Columns, draw: np.random.Generator) -> None:
    """Lets a few accounts open and a few close inside the week; their volumes shrink with their time.

    Closing is mostly the user's wish, sometimes an unpaid bill, rarely a ban that hit the wrong one.
    """
    size = len(accounts["operator"])
    chance = draw.random(size)
    comes = chance < _NEWCOMER_SHARE
    leaves = (chance >= _NEWCOMER_SHARE) & (chance < _NEWCOMER_SHARE + _LEAVER_SHARE)
    moment = clock.START_US + _QUIET_EDGE_US + (draw.random(size) * (clock.SPAN_US - 3 * _QUIET_EDGE_US)).astype(int)
    accounts["opened"] = np.where(comes, moment, accounts["opened"])
    accounts["created"] = np.where(comes, moment - (draw.random(size) * clock.HOUR_US).astype(int), accounts["created"])
    accounts["closed"] = np.where(leaves, moment, accounts["closed"])
    reason = draw.choice(_LEAVER_REASONS, size, p=_LEAVER_REASON_SHARE)
    accounts["close_reason"] = np.where(leaves, reason, people.NOTHING)
    shorten(accounts)


def shorten(accounts: Columns) -> None:
    """Scales each volume by the part of the week in which its account is open, keeping at least one exchange."""
    part = (accounts["closed"] - accounts["opened"]) / clock.SPAN_US
    accounts["volume"] = np.maximum(1, np.round(accounts["volume"] * part)).astype(np.int64)


def firms(size: int, typical: float, family: int, median: float, draw: np.random.Generator) -> tuple[Columns, Array]:
    """Accounts of firms and the firm of each: papers, volumes, switches and churn; servers or offices by `family`.

    Args:
        size: number of accounts.
        typical: accounts of a typical firm.
        family: family of client stacks (`identity.SDK` …); people in browsers and editors sit in offices.
        median: median exchanges of an account in the week, before the firm's own factor.
        draw: random numbers of this cohort.
    """
    accounts = people.ordinary(size, family, median, draw)
    group = sized(size, typical, draw)
    one_firm(accounts, group, draw, FIRM_TRAITS)
    papers(accounts, group, draw)
    typed = family in (identity.BROWSER, identity.EDITOR)
    volumes(accounts, group, draw, MOST_OF_A_PERSON if typed else MOST_OF_A_SERVICE)
    switches(accounts, group, draw)
    if typed:
        offices(accounts, group, draw)
    else:
        servers(accounts, group, draw)
    churn(accounts, draw)
    return accounts, group
