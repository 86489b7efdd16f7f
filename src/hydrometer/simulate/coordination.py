"""How a campaign's accounts hang together: every disclosed way to buy, house and steer a pool, ready to compose.

Each takes a cohort and a strength, the share of its accounts that it touches, and returns the cohort changed. Source:
the mission table, section 1.4 and section 1.5 C and D, rows 27 to 42.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hydrometer.simulate import clock, cover, identity, networks, people
from hydrometer.simulate.world import OPERATOR, VICTIM, Array, Cohort, Columns

Change = Callable[[Cohort, float, np.random.Generator], Cohort]


@dataclass(frozen=True, slots=True)
class Coordination:
    """One way in which accounts hang together: row of the mission table, benign twin, and what it changes."""

    row: int
    twin: str
    change: Change


_ACCOUNTS_A_CARD, _ACCOUNTS_A_PROXY, _BEST_LINKED = 8, 7, 3
_SIGN_UP_BATCHES, _SIGN_UP_SPREAD_DAYS = 4, 0.9
_OLDEST_BATCH_DAYS, _YOUNGEST_BATCH_DAYS = 160.0, 5.0
_CHAIN = 4
_HANDED_OVER = 0.5
_SEATS_AGE_DAYS = 5.0
_PIVOT_SHARE, _PIVOT_DELAY_H = 0.5, 14.0
_ARBITRAGE_SPREAD_H = 10.0
_SUCCESSOR_DELAY_S, _SLOWEST_SUCCESSOR_S = 1_500.0, 3_400.0
_SHIFT_HOURS = 6.0
_VIRTUAL_CARDS = 2
"""Global issuers that sell virtual cards."""
_DISPATCH_QUEUES = 3
_OWNERS_SHARE = 0.45
"""Share of a stolen key's traffic that is its owner's."""


def _touched(cohort: Cohort, share: float, draw: np.random.Generator) -> Array:
    """Which accounts are touched."""
    return draw.random(cohort.size) < share


def _put(cohort: Cohort, touched: Array, **traits: Array) -> Cohort:
    """The cohort with traits of the touched accounts replaced."""
    for trait, values in traits.items():
        default = people.EXTRAS.get(trait)
        before = cohort.accounts.get(trait, np.full(cohort.size, default) if default is not None else values)
        cohort.accounts[trait] = np.where(touched, values, before)
    return cohort


def leaders(country: Array, each: int, draw: np.random.Generator) -> Array:
    """For every account the one whose line it shares: circles of `each` accounts that claim the same country."""
    order = np.lexsort((draw.random(len(country)), country))
    firsts = np.flatnonzero(np.append(True, np.diff(country[order]) != 0))
    rank = np.arange(len(country)) - np.repeat(firsts, np.diff(np.append(firsts, len(country))))
    leader = np.empty(len(country), dtype=np.int64)
    leader[order] = order[np.arange(len(country)) - rank % each]
    return leader


def shared_cards(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Cards that pay for several accounts each."""
    cards = people.codes(max(1, cohort.size // _ACCOUNTS_A_CARD), draw)
    return _put(cohort, _touched(cohort, share, draw), card=draw.choice(cards, cohort.size))


def rented_proxies(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Residential lines that several accounts leave through, or whose neighbours they do."""
    size, traits = cohort.size, cohort.accounts
    touched = _touched(cohort, share, draw)
    for trait in ("address", "second_address", "sign_up"):
        lines = networks.fixed_lines(traits["country"], draw)
        rented = lines[leaders(traits["country"], _ACCOUNTS_A_PROXY, draw)]
        beside = (rented & ~0xFF) | draw.integers(1, 255, size)
        traits[trait] = np.where(touched, np.where(draw.random(size) < 0.5, rented, beside), traits[trait])
    return _put(cohort, touched, mobility=draw.beta(4.0, 5.0, size))


def one_fleet(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Exits of a rented relay fleet in few prefixes."""
    size = cohort.size
    touched = _touched(cohort, share, draw)
    prefixes = networks.hosts(_CHAIN, draw) & ~0xFF
    for trait in ("address", "second_address"):
        exits = prefixes[draw.integers(0, _CHAIN, size)] | draw.integers(1, 25, size)
        cohort.accounts[trait] = np.where(touched, exits, cohort.accounts[trait])
    return cohort


def one_client(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """One build of one client."""
    stack = np.full(cohort.size, people.commonest(cohort.accounts["client"]))
    return _put(cohort, _touched(cohort, share, draw), client=stack)


def one_configuration(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """One set of limits and sampling settings."""
    people.framework_defaults(cohort.accounts, share, draw)
    return cohort


def sign_up_batches(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Accounts made on a few days."""
    made = made_in_batches(cohort.size, _SIGN_UP_BATCHES, _SIGN_UP_SPREAD_DAYS, draw)
    return _put(cohort, _touched(cohort, share, draw), created=made)


def made_in_batches(size: int, batches: int, spread_days: float, draw: np.random.Generator) -> Array:
    """When each account was made: within `spread_days` before one of `batches` random moments of the last months."""
    ages = draw.uniform(_YOUNGEST_BATCH_DAYS, _OLDEST_BATCH_DAYS, batches)
    days = draw.choice(ages, size) + spread_days * draw.random(size)
    return np.asarray(clock.START_US - (days * clock.DAY_US).astype(np.int64))


def shifts(accounts: Columns, share: float, days: int, draw: np.random.Generator) -> None:
    """Lets a share of the accounts work on some days in a row alone, each on its own."""
    size = len(accounts["opened"])
    rested = draw.random(size) < share
    start = clock.START_US + (draw.random(size) * (clock.SPAN_US - days * clock.DAY_US)).astype(np.int64)
    accounts["opened"] = np.where(rested, start, accounts["opened"])
    accounts["closed"] = np.where(rested, start + days * clock.DAY_US, accounts["closed"])


def manufactured_identities(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Disposable mail in one shape, virtual cards of one seller, hardly any verification."""
    size = cohort.size
    shape = np.full(size, int(draw.integers(len(identity.MAIL_SHAPES))))
    cohort = _put(cohort, _touched(cohort, share, draw), mail_domain=draw.choice(identity.DISPOSABLE[1:4], size))
    cohort = _put(cohort, _touched(cohort, share, draw), mail_shape=shape)
    cohort = _put(cohort, _touched(cohort, share, draw), issuer=draw.integers(0, _VIRTUAL_CARDS, size))
    return _put(cohort, _touched(cohort, share, draw), verification=np.full(size, identity.EMAIL))


def sparse_links(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """No account shares a card, a line or a sign-up address with more than two others, and never with the same ones."""
    size = cohort.size
    touched, country = _touched(cohort, share, draw), cohort.accounts["country"]
    cards = people.codes(size, draw)[draw.permutation(size) % -(-size // _BEST_LINKED)]
    lines = {trait: networks.fixed_lines(country, draw) for trait in ("address", "sign_up")}
    shared = {trait: values[leaders(country, _BEST_LINKED, draw)] for trait, values in lines.items()}
    return _put(cohort, touched, card=cards, **shared)


def load_balancing(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """A dispatcher deals requests out in turn: equal loads, evenly spread."""
    size = cohort.size
    level = np.full(size, max(1, round(float(np.mean(cohort.accounts["volume"])))))
    touched = _touched(cohort, share, draw)
    return _put(cohort, touched, volume=level, rhythm=np.full(size, clock.ROTA))


def dispatch_bursts(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Queues wake their accounts at the same moments."""
    queues = people.codes(_DISPATCH_QUEUES, draw) >> 2
    touched = _touched(cohort, share, draw)
    queue = queues[draw.integers(0, _DISPATCH_QUEUES, cohort.size)]
    return _put(cohort, touched, dispatcher=queue, rhythm=np.full(cohort.size, clock.DISPATCH))


def round_the_clock(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """No night, no weekend, and full use from the first day of new paid seats."""
    size = cohort.size
    touched = _touched(cohort, share, draw)
    bought = clock.START_US - (_SEATS_AGE_DAYS * draw.random(size) * clock.DAY_US).astype(np.int64)
    newly = touched & (draw.random(size) < 0.5)
    cohort = _put(cohort, newly, created=bought, plan=np.full(size, identity.PRO))
    return _put(cohort, touched, rhythm=np.full(size, clock.FLAT), machine=np.full(size, True))


def quota_handoff(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Chains of accounts: the next begins when one is used up; sessions are carried to another open account."""
    size = cohort.size
    touched = _touched(cohort, share, draw)
    place = np.arange(size) % _CHAIN
    begins, ends = _trait(cohort, "opened"), _trait(cohort, "closed")
    step_us = (ends - begins) // _CHAIN
    opened = begins + place * step_us + (draw.random(size) * 180.0 * clock.SECOND_US).astype(np.int64)
    cohort = _put(cohort, touched, opened=opened, closed=opened + step_us, rhythm=np.full(size, clock.WINDOW))
    return _put(cohort, touched, hands_over=np.full(size, _HANDED_OVER))


def ban_replacement(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts is banned during the week; a new account takes over each one's work within minutes."""
    banned, heirs = _pairs(cohort, share, np.full(cohort.size, True), draw)
    pairs = len(banned)
    opened, closed = (_trait(cohort, name)[banned] for name in ("opened", "closed"))
    acted = opened + ((0.15 + 0.6 * draw.random(pairs)) * (closed - opened)).astype(np.int64)
    delay_s = np.minimum(draw.gamma(2.0, _SUCCESSOR_DELAY_S / 2.0, pairs), _SLOWEST_SUCCESSOR_S)
    return _replaced(cohort, banned, heirs, acted, acted + (delay_s * clock.SECOND_US).astype(np.int64))


def pool_shift(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Half of a share of the accounts is banned in one sweep; the other half, idle before, takes over within hours."""
    sweep = clock.START_US + int((0.35 + 0.2 * draw.random()) * clock.SPAN_US)
    busy = (_trait(cohort, "opened") < sweep) & (_trait(cohort, "closed") > sweep + clock.HOUR_US)
    banned, heirs = _pairs(cohort, share, busy, draw)
    acted = sweep + (draw.random(len(banned)) * clock.HOUR_US).astype(np.int64)
    taken_over = sweep + ((1.0 + _SHIFT_HOURS * draw.random(len(banned))) * clock.HOUR_US).astype(np.int64)
    return _replaced(cohort, banned, heirs, acted, taken_over)


def _trait(cohort: Cohort, name: str) -> Array:
    """A trait of all accounts, also where the cohort leaves it to its default."""
    return np.asarray(cohort.accounts.get(name, np.full(cohort.size, people.EXTRAS.get(name, people.NOTHING))))


def involved(cohort: Cohort) -> Array:
    """Which accounts were banned or have taken over from a banned one."""
    return (_trait(cohort, "close_reason") >= 0) | (_trait(cohort, "heir") > 0)


def _pairs(cohort: Cohort, share: float, busy: Array, draw: np.random.Generator) -> tuple[Array, Array]:
    """Accounts to ban, which are `busy`, and as many heirs: of the operator's own, and none that took part before."""
    role = _trait(cohort, "role")
    order = draw.permutation(cohort.size)
    order = order[(~involved(cohort) & ((role < 0) | (role == OPERATOR)))[order]]
    pairs = min(int(cohort.size * share / 2), int(busy[order].sum()), len(order) // 2)
    banned = order[busy[order]][:pairs]
    return banned, order[~np.isin(order, banned)][:pairs]


_INHERITED = (
    "system", "client", "language", "model", "thinking", "volume", "rhythm", "dispatcher", "injected", "injects_for",
    "temperature", "top_p", "max_tokens", "tools", "turns", "choices", "machine", "pathway",
)  # fmt: skip
"""Settings that an heir takes over from the account before it."""


def _replaced(cohort: Cohort, banned: Array, heirs: Array, acted: Array, taken_over: Array) -> Cohort:
    """The cohort with accounts banned at `acted` and heirs, like them in taste and settings, from `taken_over` on."""
    traits = cohort.accounts
    for trait in ("close_reason", "opened", "closed", "heir"):
        traits[trait] = np.array(_trait(cohort, trait))
    traits["heir"][heirs] = 1
    traits["opened"][heirs] = taken_over
    traits["closed"][heirs] = np.minimum(np.maximum(traits["closed"][banned], taken_over + clock.DAY_US), clock.END_US)
    traits["close_reason"][banned], traits["closed"][banned] = identity.BANNED, acted
    traits["created"] = np.array(traits["created"])
    late = np.arange(len(heirs)) % 2 == 0
    traits["created"][heirs[late]] = (traits["opened"][heirs] - clock.HOUR_US // 4)[late]
    for trait in _INHERITED:
        traits[trait] = np.array(_trait(cohort, trait))
        traits[trait][heirs] = traits[trait][banned]
    cohort.weights[heirs] = cohort.weights[banned]
    return cohort


def fuzz_then_scale(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """A small share tries techniques in the first days; the others open when the winners are known."""
    size = cohort.size
    tries = _touched(cohort, share, draw)
    fuzz = cohort.kinds.index("fuzz")
    cohort.weights[tries] = np.eye(len(cohort.kinds))[fuzz]
    scaled = ~tries & (np.delete(cohort.weights, fuzz, axis=1).sum(axis=1) > 0)
    cohort.weights[scaled, fuzz] = 0.0
    second_day = np.full(size, clock.START_US + 2 * clock.DAY_US)
    cohort = _put(cohort, tries, closed=second_day, rhythm=np.full(size, clock.WINDOW))
    return _put(cohort, ~tries, opened=second_day)


def programme_abuse(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Accounts of education, start-up and research programmes."""
    programme = draw.choice([identity.EDUCATION, identity.STARTUP, identity.RESEARCH], cohort.size)
    pathway = np.array([identity.CLASS, identity.VENTURE, identity.STUDY])[programme]
    touched = _touched(cohort, share, draw)
    credits = np.full(cohort.size, identity.CREDITS)
    cohort = _put(cohort, touched & (draw.random(cohort.size) < 0.5), mail_domain=np.full(cohort.size, identity.CAMPUS))
    return _put(cohort, touched, programme=programme, pathway=pathway, plan=credits)


def stolen_keys(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Genuine accounts whose key a thief uses too: their owners' own traffic stays, his comes from elsewhere."""
    size = cohort.size
    touched = _touched(cohort, share, draw) & ~involved(cohort)
    genuine = people.ordinary(size, identity.SDK, float(np.median(cohort.accounts["volume"])), draw)
    fleet = networks.hosts(_CHAIN, draw)[draw.integers(0, _CHAIN, size)]
    stack = np.full(size, people.commonest(cohort.accounts["client"]))
    cohort = _put(cohort, touched, **{trait: values for trait, values in genuine.items() if trait != "volume"})
    cohort = _put(cohort, touched, far_address=fleet, far_client=stack)
    cohort = cover.mixed(cohort, np.where(touched, _OWNERS_SHARE, 0.0), draw)
    return _put(cohort, np.full(size, True), role=np.where(touched, VICTIM, OPERATOR))


def release_pivot(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """About half of the traffic moves to the new model within a day of its release."""
    size = cohort.size
    moved = draw.beta(20.0 * _PIVOT_SHARE, 20.0 * (1.0 - _PIVOT_SHARE), size)
    delay = clock.RELEASE_US + (draw.random(size) * _PIVOT_DELAY_H * clock.HOUR_US).astype(np.int64)
    return _put(cohort, _touched(cohort, share, draw), adopts=moved, adopt_at=delay)


def safeguard_arbitrage(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """Traffic leaves the strictest model for a laxer one on the same day."""
    size = cohort.size
    when = (
        clock.START_US + 2 * clock.DAY_US + (draw.random(size) * _ARBITRAGE_SPREAD_H * clock.HOUR_US).astype(np.int64)
    )
    touched = _touched(cohort, share, draw)
    cohort = _put(cohort, touched, model=np.full(size, identity.DEEP), moves_to=np.full(size, identity.STANDARD))
    return _put(cohort, touched, adopts=np.full(size, 0.9), adopt_at=when)


def several_pathways(cohort: Cohort, share: float, draw: np.random.Generator) -> Cohort:
    """The pool is split over own API, cloud, aggregator and education; clouds and aggregators show no card."""
    size = cohort.size
    touched = _touched(cohort, share, draw)
    ways = [identity.API, identity.SUBSCRIPTION, identity.CLOUD, identity.AGGREGATOR, identity.CLASS]
    pathway = draw.choice(ways, size)
    elsewhere = touched & np.isin(pathway, [identity.CLOUD, identity.AGGREGATOR])
    cohort = _put(cohort, elsewhere, card=np.full(size, people.NOTHING))
    return _put(cohort, touched & (_trait(cohort, "programme") < 0), pathway=pathway)


COORDINATIONS: dict[str, Coordination] = {
    "fuzz_then_scale": Coordination(14, "prompt_optimiser", fuzz_then_scale),
    "dispatch_bursts": Coordination(27, "outage_recoverer", dispatch_bursts),
    "one_configuration": Coordination(28, "framework_user", one_configuration),
    "shared_cards": Coordination(29, "company_card", shared_cards),
    "sign_up_batches": Coordination(29, "large_course", sign_up_batches),
    "rented_proxies": Coordination(30, "vpn_user", rented_proxies),
    "one_fleet": Coordination(30, "white_label", one_fleet),
    "one_client": Coordination(30, "editor_user", one_client),
    "load_balancing": Coordination(31, "white_label", load_balancing),
    "quota_handoff": Coordination(32, "private_pooler", quota_handoff),
    "ban_replacement": Coordination(33, "key_rotation", ban_replacement),
    "pool_shift": Coordination(33, "key_rotation", pool_shift),
    "sparse_links": Coordination(34, "household", sparse_links),
    "manufactured_identities": Coordination(35, "privacy_mail_user", manufactured_identities),
    "programme_abuse": Coordination(36, "large_course", programme_abuse),
    "several_pathways": Coordination(36, "multi_cloud_firm", several_pathways),
    "stolen_keys": Coordination(37, "key_rotation", stolen_keys),
    "round_the_clock": Coordination(39, "ci_swarm", round_the_clock),
    "release_pivot": Coordination(41, "release_enthusiast", release_pivot),
    "safeguard_arbitrage": Coordination(42, "price_mover", safeguard_arbitrage),
}
"""By name, in the order of the rows; composition applies them in this order."""
