"""Ordinary traits of an account, which every archetype starts from and then changes where it differs.

Volumes are log-normal with a Pareto tail, ages of accounts exponential, tastes beta distributed between people of one
kind (over-dispersed, as real operators are): the heterogeneity without which a null world proves nothing.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, speech
from hydrometer.simulate.world import Array, Columns

NOTHING = -1
"""Code of an absent value in an integer trait."""
TRAITS = (
    "scripted operator country language client address second_address mobility card issuer mail_domain "
    "mail_shape created plan programme verification owner organization pathway volume rhythm opened closed "
    "turns model adopts adopt_at temperature top_p max_tokens thinking stream system end_users reacts tools "
    "keys verbosity length machine sign_up "
).split()
EXTRAS: dict[str, bool | int | float] = {
    "number": NOTHING, "role": NOTHING, "choices": 1, "polyglot": False, "injected": NOTHING, "hidden_users": False,
    "jitter_s": 0.0, "paraphrase": 1.0, "wordings": 0, "resumes": 0.0, "replays": 0.0, "hands_over": 0.0,
    "decoys": 0.0, "fake_follow": False, "close_reason": NOTHING, "billing": NOTHING, "phone": NOTHING,
    "dispatcher": NOTHING, "shown_client": NOTHING, "moves_to": NOTHING, "prefix_cache": 0.0, "cover_reacts": False,
    "circle": 0, "heir": 0, "injects_for": NOTHING,
    "far_address": NOTHING, "far_client": NOTHING,
}  # fmt: skip
"""Traits that most accounts do without, and the value that means so.

number: position in its cohort; role: in a campaign; choices: samples asked of each request; polyglot: a language for
each conversation; injected: code of a text before every prompt; hidden_users: end users are not named to the provider;
jitter_s: conversations are moved by up to so much; paraphrase: share of prompts worded anew, the rest come from
`wordings` wordings of the operator; resumes and replays: share of turns that present the signature of another account
of the organisation, or of the campaign; hands_over: share of conversations that another account goes on with; decoys:
share of work-list items replaced by ones that are asked elsewhere; fake_follow: later turns pose as follow-ups;
close_reason: why `closed` ends it; billing, phone: countries other than that of residence; dispatcher: code of a common
queue; shown_client: client that the headers claim, with another one's TLS; moves_to: model that it switches to instead
of the newest; prefix_cache: share of requests whose beginning is cached; cover_reacts: traffic that is nobody's harvest
reacts to answers; circle: code of those who share the common items of a kind, 0 for all of the cohort; heir: 1 for
accounts that take over the work of banned ones; injects_for: builder before whose prompts alone the injected text
stands; far_address, far_client: where the campaign's part of the traffic comes from.
"""
_VOLUME_SIGMA = 0.95
_TAIL_SHARE, _TAIL_SHAPE = 0.04, 1.6
_AGE_DAYS = 95.0
_YOUNGEST_US = -6 * clock.HOUR_US
_MOBILE_SHARE, _VPN_SHARE = 0.24, 0.09
_CARD_SHARE, _SIGN_UP_AT_HOME = 0.74, 0.7
_VERBOSITY_SIGMA = 0.45
_EXTRA_SENTENCES = (0.85, 4.2)
"""Shape and scale of the gamma distribution of each person's mean number of extra sentences."""
FRAMEWORK_TEMPERATURE, FRAMEWORK_TOP_P, FRAMEWORK_MAX_TOKENS = 0.7, 0.95, 4096
_FRAMEWORK_SHARE = 0.22
_EQUIPPED_SHARE, _THOROUGH_SHARE, _TOOLSETS = 0.14, 0.4, 8
_SUBSCRIBED_SHARE, _CLOUD_SHARE, _AGGREGATOR_SHARE, _DISGUISED_SHARE = 0.07, 0.04, 0.04, 0.03
_EDITOR_TOOLS, _FORKED_SHARE = 0, 0.5
"""Tool set of editors' agents; programmers who disguise their client often run a fork of one, with its prompt."""
_SEARCHES_SHARE = 0.12
"""People in a browser who have the search of the product switched on."""
_SINGLE_QUESTIONS_SHARE = 0.14
"""People who never ask on."""
_BUDGET_SHARE = np.array([0.10, 0.13, 0.12, 0.12, 0.22])


def completed(accounts: Columns) -> Columns:
    """Traits of accounts with the extras that they do without filled in."""
    size = len(accounts["volume"])
    filled = {trait: accounts.get(trait, np.full(size, value)) for trait, value in EXTRAS.items()}
    return {**accounts, **filled, "number": np.arange(size)}


def codes(size: int, draw: np.random.Generator) -> Array:
    """Fresh identity codes, one for each of `size` things (63 random bits)."""
    return draw.integers(0, 2**62, size)


def volumes(size: int, median: float, draw: np.random.Generator) -> Array:
    """Exchanges of each account in the week: log-normal around `median`, some with a Pareto tail; at least one."""
    usual = median * np.exp(_VOLUME_SIGMA * draw.standard_normal(size))
    heavy = median * (1.0 + draw.pareto(_TAIL_SHAPE, size)) * 3.0
    chosen = np.where(draw.random(size) < _TAIL_SHARE, np.minimum(heavy, 60.0 * median), usual)
    return np.maximum(1, np.round(chosen)).astype(np.int64)


def ages(size: int, draw: np.random.Generator) -> Array:
    """When each account was made: exponential ages, as of a service that grows."""
    days = draw.exponential(_AGE_DAYS, size)
    return clock.START_US + _YOUNGEST_US - (days * clock.DAY_US).astype(np.int64)


def addresses(country: Array, draw: np.random.Generator) -> Array:
    """The usual address of each person: a fixed line, a mobile carrier's exit, or a VPN's."""
    size = len(country)
    way = draw.random(size)
    choices = [networks.mobile_exits(country, draw), networks.vpn_exits(size, draw)]
    return np.select(
        [way < _MOBILE_SHARE, way < _MOBILE_SHARE + _VPN_SHARE], choices, networks.fixed_lines(country, draw)
    )


def budgets(size: int, draw: np.random.Generator) -> Array:
    """Thinking budget of each account's client, NOTHING where it sets none."""
    chosen = draw.choice(len(_BUDGET_SHARE) + 1, size, p=[*_BUDGET_SHARE, 1.0 - _BUDGET_SHARE.sum()])
    return np.array([*identity.THINKING_BUDGETS, NOTHING])[chosen]


def temperatures(size: int, draw: np.random.Generator) -> Array:
    """Temperature of each account's client, NaN where it sets none."""
    return draw.choice(
        [np.nan, 0.0, 0.2, 0.3, 0.5, 0.7, 0.8, 1.0], size, p=[0.34, 0.1, 0.08, 0.07, 0.07, 0.14, 0.06, 0.14]
    )


def limits(size: int, draw: np.random.Generator) -> Array:
    """Limit of output tokens of each account's client, NOTHING where it sets none."""
    return draw.choice([NOTHING, 1024, 2048, 4096, 8192, 16384], size, p=[0.35, 0.11, 0.13, 0.17, 0.12, 0.12])


def ordinary(size: int, family: int, median: float, draw: np.random.Generator) -> Columns:
    """Traits of `size` independent people.

    Args:
        size: number of people.
        family: family of client stacks that they use (`identity.BROWSER` …).
        median: their median number of exchanges in the week.
        draw: random numbers of this cohort.
    """
    accounts = {
        **_residence(size, draw),
        **_habits(size, median, draw),
        **_requests(size, draw),
        **adoption(size, draw),
    }
    accounts.update(_papers(accounts, draw))
    accounts["client"] = identity.clients(family, size, draw)
    accounts["pathway"] = np.full(size, identity.SUBSCRIPTION if family == identity.BROWSER else identity.API)
    if family == identity.BROWSER:
        searches = draw.random(size) < _SEARCHES_SHARE
        accounts["tools"] = np.where(searches, identity.SEARCH_TOOLS, accounts["tools"])
    framework_defaults(accounts, _FRAMEWORK_SHARE, draw)
    return accounts


def tinker(accounts: Columns, draw: np.random.Generator) -> None:
    """What some programmers do: own tools, a subscription, cloud or aggregator behind a script, odd headers."""
    size = len(accounts["operator"])
    equipped = draw.random(size) < _EQUIPPED_SHARE
    accounts["tools"] = np.where(equipped, draw.integers(0, _TOOLSETS, size), accounts["tools"])
    deep = equipped & (draw.random(size) < _THOROUGH_SHARE)
    accounts["thinking"] = np.where(deep, identity.THINKING_BUDGETS[-1], accounts["thinking"])
    way = draw.random(size)
    ends = np.cumsum([_SUBSCRIBED_SHARE, _CLOUD_SHARE, _AGGREGATOR_SHARE])
    ways = [identity.SUBSCRIPTION, identity.CLOUD, identity.AGGREGATOR]
    accounts["pathway"] = np.select([way < end for end in ends], ways, accounts["pathway"])
    on_cloud = accounts["pathway"] == identity.CLOUD
    elsewhere = on_cloud | (accounts["pathway"] == identity.AGGREGATOR)
    accounts["card"] = np.where(elsewhere, NOTHING, accounts["card"])
    accounts["organization"] = np.where(on_cloud, codes(size, draw), accounts["organization"])
    disguised = draw.random(size) < _DISGUISED_SHARE
    forked = disguised & (draw.random(size) < _FORKED_SHARE)
    accounts["tools"] = np.where(forked, _EDITOR_TOOLS, accounts["tools"])
    editor = speech.system(speech.EDITOR, draw.integers(0, speech.EDITOR_BUILDS, size))
    accounts["system"] = np.where(forked, editor, accounts["system"])
    accounts["shown_client"] = np.where(disguised, identity.clients(identity.EDITOR, size, draw), NOTHING)


def _residence(size: int, draw: np.random.Generator) -> Columns:
    """Country, language and addresses."""
    country = networks.people_countries(size, draw)
    home = addresses(country, draw)
    return {
        "operator": np.arange(size),
        "country": country,
        "language": networks.languages(country, draw),
        "address": home,
        "second_address": addresses(country, draw),
        "sign_up": np.where(draw.random(size) < _SIGN_UP_AT_HOME, home, addresses(country, draw)),
        "mobility": draw.beta(0.7, 3.0, size),
    }


def _papers(accounts: Columns, draw: np.random.Generator) -> Columns:
    """Payment, mail, plan and verification of people whose residence is known."""
    size = len(accounts["country"])
    paying = draw.random(size) < _CARD_SHARE
    return {
        "card": np.where(paying, codes(size, draw), NOTHING),
        "issuer": identity.issuers(accounts["country"], draw),
        "mail_domain": identity.mail_domains(accounts["language"], draw),
        "mail_shape": identity.mail_shapes(size, draw),
        "created": ages(size, draw),
        "plan": np.where(paying, draw.choice([identity.PRO, identity.PAYG], size, p=[0.4, 0.6]), identity.FREE),
        "programme": np.full(size, NOTHING),
        "verification": draw.choice(
            [identity.EMAIL, identity.PHONE, identity.UNVERIFIED, identity.PAPERS], size, p=[0.5, 0.35, 0.1, 0.05]
        ),
        "owner": np.full(size, NOTHING),
        "organization": np.full(size, NOTHING),
    }


def _habits(size: int, median: float, draw: np.random.Generator) -> Columns:
    """Volume, hours, conversations and style."""
    return {
        "volume": volumes(size, median, draw),
        "rhythm": draw.choice([clock.WAKING, clock.EVENING], size),
        "opened": np.full(size, clock.START_US),
        "closed": np.full(size, clock.END_US),
        "turns": np.where(draw.random(size) < _SINGLE_QUESTIONS_SHARE, 1.0, 1.0 + draw.gamma(1.2, 1.6, size)),
        "end_users": np.zeros(size, dtype=np.int64),
        "reacts": np.full(size, True),
        "keys": np.ones(size, dtype=np.int64),
        "verbosity": _VERBOSITY_SIGMA * draw.standard_normal(size),
        "length": draw.gamma(*_EXTRA_SENTENCES, size),
        "machine": np.full(size, False),
        "scripted": np.full(size, False),
    }


def _requests(size: int, draw: np.random.Generator) -> Columns:
    """Configuration of the requests."""
    return {
        "model": draw.choice([identity.MINI, identity.STANDARD, identity.DEEP], size, p=[0.34, 0.45, 0.21]),
        "temperature": temperatures(size, draw),
        "top_p": np.where(draw.random(size) < 0.2, FRAMEWORK_TOP_P, np.nan),
        "max_tokens": limits(size, draw),
        "thinking": budgets(size, draw),
        "stream": draw.random(size) < 0.6,
        "system": np.full(size, NOTHING),
        "tools": np.full(size, NOTHING),
    }


def framework_defaults(accounts: Columns, share: float, draw: np.random.Generator) -> None:
    """Gives a share of the accounts the sampling defaults of a popular framework."""
    uses = draw.random(len(accounts["operator"])) < share
    accounts["temperature"] = np.where(uses, FRAMEWORK_TEMPERATURE, accounts["temperature"])
    accounts["top_p"] = np.where(uses, FRAMEWORK_TOP_P, accounts["top_p"])
    accounts["max_tokens"] = np.where(uses, FRAMEWORK_MAX_TOKENS, accounts["max_tokens"])


def adoption(size: int, draw: np.random.Generator) -> Columns:
    """How much of its traffic each account moves to the new model, and from when (spread over days)."""
    moves = draw.random(size) < 0.4
    delay_us = (draw.gamma(1.1, 20.0, size) * clock.HOUR_US).astype(np.int64)
    return {"adopts": np.where(moves, draw.beta(1.1, 1.1, size), 0.0), "adopt_at": clock.RELEASE_US + delay_us}


def grouped(size: int, group_size: int) -> Array:
    """Number of the group of each account: equal groups, the last one may be smaller."""
    return np.arange(size) // max(1, min(group_size, size))


def one_each(group: Array, value: Array) -> Array:
    """A value of each group handed to all its accounts: that of its first account."""
    _, first, where = np.unique(group, return_index=True, return_inverse=True)
    return np.asarray(value[first][where])


def commonest(values: Array) -> int:
    """The most frequent of some codes, the smallest of equals."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[np.argmax(counts)])


def tastes(size: int, means: list[float], concentration: float, draw: np.random.Generator) -> Array:
    """Dirichlet tastes of each account over kinds of prompt, shape (size, kinds).

    A low concentration means people who are unlike each other.
    """
    raw = draw.gamma(np.array(means) * concentration, 1.0, (size, len(means))) + 1e-9
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))
