"""A population without a log: 100,000 accounts by what they hold, with one sparse network planted among them.

Strangers share what strangers share: carriers' exits, reassigned lines, cards of households, mail domains, days of
sign-up, phrases of their language by a power law, builds of clients, popular settings. In the network each account
shares a card with one other, a line with a second and a sign-up line with a third; in everything else its accounts are
strangers. Where it is told to have wordings, its accounts also fill in its templates.
Source: mission table, row 34 (no entity that more than a few accounts share).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY_OF, LEARNING_STRATUM, TESTING_STRATUM
from hydrometer.base.population import Layer, Population, pooled_strata, refined

Numbers = NDArray[np.int64]

COUNTRIES, PLANS, CLIENTS, LANGUAGES, DAYS = 14, 3, 9, 5, 700
CARRIER_SHARE, CARRIER_EXITS = 0.35, 500
LINES_OF_EACH = 40
"""Lines that were ever given out for each account: some are held by two strangers in turn."""
PREFIXES = 25_000
HOUSEHOLD_SHARE = 0.06
MAILS = 4_000
PHRASES = {"opening": (60_000, 4), "closing": (60_000, 3), "skeleton": (40_000, 4), "sketch": (80_000, 5)}
"""Phrases of each kind that are in use, and how many an account uses."""
PHRASE_POWER = 1.1
"""Exponent of the popularity of phrases and settings."""
SETTINGS = {"configuration": (400, 2), "client_stack": (160, 1), "tool_set": (80, 1), "system_prompt": (3_000, 1)}
SHOWN = {"tool_set": 0.4, "system_prompt": 0.5}
"""Share of accounts that show it; the rest is not known."""
TEMPLATES, TEMPLATES_OF_EACH = 40, 3
"""Templates of the network, and how many of them each of its accounts fills in."""


@dataclass(frozen=True, slots=True)
class Made:
    """A population and the truth about it.

    Attributes:
        population: all units.
        planted: shape (units,), the network's accounts.
        edges: pairs of a unit and an entity that another unit holds, too, over all layers.
        partners: shape (planted accounts,), other accounts with which each shares a card or a line.
    """

    population: Population
    planted: NDArray[np.bool_]
    edges: int
    partners: Numbers


def made(accounts: int, network: int, wordings: bool, seed: int) -> Made:
    """A population of `accounts`, `network` of them planted.

    Args:
        accounts: number of accounts, each a unit of its own.
        network: number of the network's accounts.
        wordings: whether they also fill in the network's templates.
        seed: of everything that is drawn.
    """
    draw = generator(seed, "bench network")
    planted = np.zeros(accounts, np.bool_)
    planted[draw.choice(accounts, network, replace=False)] = True
    place = {
        name: draw.integers(0, count, accounts)
        for name, count in (("country", COUNTRIES), ("plan", PLANS), ("client", CLIENTS), ("language", LANGUAGES))
    }
    day = draw.integers(0, DAYS, accounts)
    held = {**network_layers(accounts, place["country"], draw), **setting_layers(accounts, place, draw)}
    held["signup_day"] = (np.arange(accounts), day)
    links = planted_links(np.flatnonzero(planted), draw)
    for name, (unit, entity) in links.items():
        keep = ~np.isin(held[name][0], unit) if name == "payment_fingerprint" else np.ones(len(held[name][0]), np.bool_)
        fresh = int(held[name][1].max()) + 1
        held[name] = (
            np.concatenate([held[name][0][keep], unit]),
            np.concatenate([held[name][1][keep], fresh + entity]),
        )
    if wordings:
        filled_in(held, np.flatnonzero(planted), draw)
    layers = {name: layer(name, accounts, *rows) for name, rows in held.items()}
    return Made(
        population(accounts, place, day, layers),
        planted,
        sum(one.held.nnz for one in layers.values()),
        partners(accounts, links)[planted],
    )


def network_layers(accounts: int, country: Numbers, draw: np.random.Generator) -> dict[str, tuple[Numbers, Numbers]]:
    """(units, entities) of cards, lines, prefixes, sign-up lines and mail of strangers."""
    everybody = np.arange(accounts)
    mobile = np.flatnonzero(draw.random(accounts) < CARRIER_SHARE)
    exits = country[mobile] * CARRIER_EXITS + draw.integers(0, CARRIER_EXITS, len(mobile))
    lines = COUNTRIES * CARRIER_EXITS + draw.integers(0, LINES_OF_EACH * accounts, 2 * accounts)
    homes = np.flatnonzero(draw.random(accounts) < HOUSEHOLD_SHARE)
    card = everybody.copy()
    card[homes] = homes[np.arange(len(homes)) // 2 * 2]
    line = lines[:accounts].copy()
    line[homes] = line[card[homes]]
    prefix = draw.integers(0, PREFIXES // COUNTRIES, 3 * accounts) * COUNTRIES + np.tile(country, 3)
    return {
        "payment_fingerprint": (everybody, card),
        "client_ip": (np.concatenate([mobile, everybody, everybody]), np.concatenate([exits, line, lines[accounts:]])),
        "prefix": (np.tile(everybody, 3), prefix),
        "signup_ip": (everybody, line),
        "mail_shape": (everybody, popular(MAILS, accounts, draw)),
    }


def setting_layers(
    accounts: int, place: dict[str, Numbers], draw: np.random.Generator
) -> dict[str, tuple[Numbers, Numbers]]:
    """(units, entities) of phrases, which go with the language, and of settings, which go with the client."""
    everybody, result = np.arange(accounts), {}
    for table, with_whom in ((PHRASES, "language"), (SETTINGS, "client")):
        groups = int(place[with_whom].max()) + 1
        for name, (kinds, uses) in table.items():
            unit = np.tile(everybody[draw.random(accounts) < SHOWN.get(name, 1.0)], uses)
            entity = popular(kinds // groups, len(unit), draw) * groups + place[with_whom][unit]
            both = np.unique(np.stack([unit, entity]), axis=1)
            result[name] = (both[0], both[1])
    return result


def popular(kinds: int, size: int, draw: np.random.Generator) -> Numbers:
    """Numbers below `kinds` by a power law, the smallest the most common."""
    weights = np.arange(1, kinds + 1) ** -PHRASE_POWER
    return np.searchsorted(np.cumsum(weights) / weights.sum(), draw.random(size)).astype(np.int64)


def planted_links(members: Numbers, draw: np.random.Generator) -> dict[str, tuple[Numbers, Numbers]]:
    """(units, entities) of the network: each account with one other over a card, a line and a sign-up line."""
    result = {}
    for name in ("payment_fingerprint", "client_ip", "signup_ip"):
        mixed = draw.permutation(members)[: len(members) // 2 * 2]
        result[name] = (mixed, np.arange(len(mixed)) // 2)
    return result


def partners(accounts: int, links: dict[str, tuple[Numbers, Numbers]]) -> Numbers:
    """How many others each account shares a planted entity with; shape (accounts,)."""
    together = sparse.csr_array((accounts, accounts), dtype=np.int64)
    for unit, entity in links.values():
        one = sparse.csr_array((np.ones(len(unit), np.int64), (unit, entity)), shape=(accounts, int(entity.max()) + 1))
        together = together + one @ one.T
    return np.asarray(np.diff(sparse.csr_array(together).indptr) - (together.diagonal() > 0))


def filled_in(held: dict[str, tuple[Numbers, Numbers]], members: Numbers, draw: np.random.Generator) -> None:
    """Let the members fill in templates, each of which has a phrase of every kind."""
    chosen = draw.integers(0, TEMPLATES, TEMPLATES_OF_EACH * len(members))
    for name in PHRASES:
        unit, entity = held[name]
        new = int(entity.max()) + 1 + chosen
        both = np.unique(np.stack([np.tile(members, TEMPLATES_OF_EACH), new]), axis=1)
        held[name] = (np.concatenate([unit, both[0]]), np.concatenate([entity, both[1]]))


def layer(name: str, accounts: int, unit: Numbers, entity: Numbers) -> Layer:
    """The layer of some (unit, entity) pairs; entities that one unit holds are shown and not shared."""
    observed = np.zeros(accounts, np.bool_)
    observed[unit] = True
    kinds, column = np.unique(entity, return_inverse=True)
    matrix = sparse.csr_array((np.ones(len(unit), np.bool_), (unit, column)), shape=(accounts, len(kinds)))
    matrix.sum_duplicates()
    matrix.data[:] = True
    shared = np.bincount(matrix.indices, minlength=len(kinds)) >= 2
    return Layer(name, FAMILY_OF[name], kinds[shared], matrix[:, shared].tocsr(), observed)


def population(accounts: int, place: dict[str, Numbers], day: Numbers, layers: dict[str, Layer]) -> Population:
    """The population of some layers, with the strata that a scan would make."""
    active = np.ones(accounts, np.bool_)
    country, plan, client, language = (
        [f"{name} {number}" for number in place[name].tolist()] for name in ("country", "plan", "client", "language")
    )
    week, month = ([f"{name} {number}" for number in (day // days).tolist()] for name, days in (("w", 7), ("m", 28)))
    return Population(
        units=accounts,
        active=active,
        declared=np.zeros(accounts, np.bool_),
        exchanges=np.full(accounts, 20, np.int64),
        regions=pooled_strata(refined(country, plan), active, LEARNING_STRATUM),
        clients=pooled_strata(refined(client, plan), active, LEARNING_STRATUM),
        fine_regions=pooled_strata(refined(country, language, plan), active, TESTING_STRATUM),
        languages=pooled_strata(refined(language), active, TESTING_STRATUM),
        cohorts=pooled_strata([month, week], active, TESTING_STRATUM),
        layers={name: layers[name] for name in FAMILY_OF if name in layers},
    )
