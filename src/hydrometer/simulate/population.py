"""Settles all cohorts of a world and draws their traffic as codes, shard by shard: the world before any word of it.

Volumes of benign accounts are stretched so that a world has the number of exchanges that it states; campaigns keep the
volumes that their sources disclose, and where they are most of a world it grows (`volumes.py`). A world is settled as a
whole (an account is some sixty integers) and drawn in shards of operators, each with random numbers of its own, so that
memory does not grow with the traffic and any number of processes gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hydrometer.base.draws import generator
from hydrometer.simulate import people, traffic, volumes
from hydrometer.simulate.dabbling import DABBLERS, dabbled
from hydrometer.simulate.mixing import mix
from hydrometer.simulate.reconcile import evaded, reconciled
from hydrometer.simulate.world import OPERATOR, Archetype, Array, Campaign, Cohort, Columns, Evasion, Placement, World

Plugin = Archetype | Campaign
SHARD_EXCHANGES = 400_000
"""Exchanges of a shard, about; worlds of up to so many are drawn in one piece."""
SMALLEST_CAMPAIGN = 12
"""Accounts below which a pool is no longer a campaign that anything could find."""
_COHORT_STEP, _SHARD_STEP = 2**40, 2**24
"""Steps between name spaces, for conversations, keys and end users."""
_CODE_STEP = 2**40
_SHARD_SALT = 61
_CHAIN = 4
"""Neighbours of a campaign that share a shard, so that chains of accounts hand over to each other at any size."""
_SALT_BITS = 2**31


@dataclass(frozen=True, slots=True)
class Settled:
    """One cohort in its world.

    Attributes:
        plugin: what it comes from.
        cohort: its accounts.
        first_account: number of the first of them in the world.
        salt: of its items.
        key: names its random numbers; that of a plug-in placed a second time differs from its name.
    """

    plugin: Plugin
    cohort: Cohort
    first_account: int
    salt: int
    key: str


@dataclass(frozen=True, slots=True)
class Population:
    """A world as accounts.

    Attributes:
        world: what it is made from.
        seed: the run's seed.
        settled: its cohorts.
        accounts: traits of all accounts; `who` numbers them, `shard` says in which shard each is drawn.
        shards: number of shards.
    """

    world: World
    seed: int
    settled: tuple[Settled, ...]
    accounts: Columns
    shards: int

    @property
    def exchanges(self) -> int:
        """Exchanges of the whole world."""
        return int(self.accounts["volume"].sum())


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a world: which, its random numbers, its size, its campaigns' evasions.

    Attributes:
        world: the world.
        seed: the run's seed.
        scale: factor on accounts and exchanges.
        evasions: knobs and how far they are turned, beside those of the world itself.
    """

    world: World
    seed: int
    scale: float
    evasions: Mapping[str, float]


def settle(asked: Asked, plugins: Mapping[str, Plugin], evasions: Mapping[str, Evasion]) -> Population:
    """All accounts of a world.

    Args:
        asked: which world, and how.
        plugins: archetypes and campaigns by name.
        evasions: evasions by name.
    """
    world = asked.world
    placements = [*world.benign, *world.campaigns]
    chosen = [plugins[placement.plugin] for placement in placements]
    keys = _keys([placement.plugin for placement in placements])
    knobs = [(evasions[name], value) for name, value in sorted({**world.evasions, **asked.evasions}.items())]
    cohorts = [
        _cohort(asked, plugin, key, accounts_at(placement, plugin, asked.scale), knobs)
        for plugin, key, placement in zip(chosen, keys, placements, strict=True)
    ]
    benign, campaigns = cohorts[: len(world.benign)], cohorts[len(world.benign) :]
    target, taken = round(world.exchanges * asked.scale), _volume(campaigns)
    share = target - taken
    if taken > volumes.MOST_OF_A_WORLD * target:
        share = max(share, volumes.of_a_grown_world(target - _undisturbed(asked, plugins), _volume(benign)))
    volumes.stretch([cohort.accounts for cohort in benign], share)
    firsts = np.concatenate([[0], np.cumsum([cohort.size for cohort in cohorts])])
    salts = [int(_draw(asked, key, "items").integers(_SALT_BITS)) for key in keys]
    settled = tuple(Settled(*entry) for entry in zip(chosen, cohorts, firsts.tolist(), salts, keys, strict=False))
    accounts = {
        trait: np.concatenate([cohort.accounts[trait] for cohort in cohorts])
        for trait in (*people.TRAITS, *people.EXTRAS)
    }
    accounts["operator"] = np.concatenate([_operators(one) for one in settled])
    accounts["who"] = np.arange(len(accounts["operator"]))
    shards = max(1, -(-int(accounts["volume"].sum()) // SHARD_EXCHANGES))
    together = np.concatenate([_together(one) for one in settled])
    accounts["shard"] = (mix(together, asked.seed * 64 + _SHARD_SALT) % np.uint64(shards)).astype(np.int64)
    return Population(world, asked.seed, settled, accounts, shards)


def _keys(names: list[str]) -> list[str]:
    """What names the random numbers of each placement: its plug-in, and at a repetition how often it came before."""
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}:{count}" if count else name for name, count in zip(names, before, strict=True)]


def _volume(cohorts: list[Cohort]) -> int:
    """Exchanges of some cohorts."""
    return sum(int(cohort.accounts["volume"].sum()) for cohort in cohorts)


def _undisturbed(asked: Asked, plugins: Mapping[str, Plugin]) -> float:
    """Exchanges that the campaigns of a world would have without knobs and without a least number of accounts."""
    placed = asked.world.campaigns
    total = 0.0
    for placement, key in zip(placed, _keys([placement.plugin for placement in placed]), strict=True):
        plugin = plugins[placement.plugin]
        plain = plugin.settle(accounts_at(placement, plugin, asked.scale), _draw(asked, key, "settle"))
        total += placement.accounts * asked.scale * float(plain.accounts["volume"].mean())
    return total


def _together(one: Settled) -> Array:
    """Number of those who share a shard with each account: its operator, or a few neighbours in a campaign."""
    if isinstance(one.plugin, Campaign):
        return np.asarray(one.first_account + one.cohort.accounts["number"] // _CHAIN * _CHAIN)
    return _operators(one)


def accounts_at(placement: Placement, plugin: Plugin, scale: float) -> int:
    """Accounts of a placement at a scale; a campaign never shrinks to fewer than could be one."""
    least = min(placement.accounts, SMALLEST_CAMPAIGN) if isinstance(plugin, Campaign) else 1
    return max(least, round(placement.accounts * scale))


def _cohort(asked: Asked, plugin: Plugin, key: str, size: int, knobs: list[tuple[Evasion, float]]) -> Cohort:
    """The accounts of one plug-in; those of a campaign after its evasions."""
    cohort = plugin.settle(size, _draw(asked, key, "settle"))
    if isinstance(plugin, Campaign):
        for evasion, value in knobs:
            if evasion.accounts is not None:
                wanted = evasion.accounts(cohort.size, float(cohort.accounts["volume"].mean()), value)
                cohort = plugin.settle(wanted, _draw(asked, key, "settle"))
        for evasion, value in knobs:
            cohort = evaded(cohort, evasion, value, _draw(asked, key, f"evade:{evasion.name}"))
        cohort = reconciled(cohort, _draw(asked, key, "reconcile"))
    elif plugin.name in DABBLERS:
        cohort = dabbled(plugin.name, cohort, _draw(asked, key, "dabble"))
    cohort.accounts.update(people.completed(cohort.accounts))
    if isinstance(plugin, Campaign):
        role = cohort.accounts["role"]
        cohort.accounts["role"] = np.where(role < 0, OPERATOR, role)
    return cohort


def _operators(one: Settled) -> Array:
    """Number of the operator of each account: that of its first account; a campaign is one operator."""
    if isinstance(one.plugin, Campaign):
        return np.full(one.cohort.size, one.first_account)
    return np.asarray(one.first_account + one.cohort.accounts["operator"])


def _draw(asked: Asked | Population, key: str, stage: str) -> np.random.Generator:
    """The generator of one placement in one world for one stage."""
    return generator(asked.seed, f"simulate:{stage}", f"{asked.world.name}:{key}".encode())


def draw_shard(population: Population, shard: int) -> Columns:
    """Exchanges of one shard with the traits of their accounts, sorted by time.

    `code` numbers the exchanges of the world, `who` its accounts, `cohort` its cohorts.
    """
    drawn: list[Columns] = []
    done = 0
    for number, one in enumerate(population.settled):
        chosen = np.flatnonzero(
            population.accounts["shard"][one.first_account : one.first_account + one.cohort.size] == shard
        )
        draw = _draw(population, one.key, f"traffic:{shard}")
        rows = traffic.exchanges(one.cohort.take(chosen), draw, one.salt, shard)
        drawn.append(_numbered(rows, number * _COHORT_STEP + shard * _SHARD_STEP, one.first_account + chosen, done))
        drawn[-1]["cohort"] = np.full(len(rows["account"]), number)
        done += len(rows["account"])
    return _merged(drawn, shard, population.accounts)


def _numbered(rows: Columns, space: int, accounts: Array, done: int) -> Columns:
    """Exchanges of one cohort and shard with numbers that are unique in the world; `accounts` numbers its accounts."""
    rows["who"] = accounts[rows["account"]]
    rows["conversation"] = rows["conversation"] + space
    rows["key"] = rows["key"] + space - space % _COHORT_STEP
    users = rows["end_user"] + space - space % _COHORT_STEP
    rows["end_user"] = np.where(rows["end_user"] >= 0, users, people.NOTHING)
    rows["presented"] = np.where(rows["presented"] >= 0, rows["presented"] + done, people.NOTHING)
    return rows


def _merged(drawn: list[Columns], shard: int, accounts: Columns) -> Columns:
    """Exchanges of all cohorts, numbered by `code` along each account, with their accounts' traits, by time."""
    rows: Columns = {}
    authors = [part["who"] for part in drawn]
    for name in sorted({name for part in drawn for name in part}):
        # Only some cohorts say what others leave to the traits of their accounts.
        parts = [part.pop(name, None) for part in drawn]
        filled = [accounts[name][who] if part is None else part for part, who in zip(parts, authors, strict=True)]
        rows[name] = np.concatenate(filled)
    rows["code"] = shard * _CODE_STEP + np.arange(len(rows["who"]))
    rows["presented"] = np.where(rows["presented"] >= 0, rows["presented"] + shard * _CODE_STEP, people.NOTHING)
    order = np.lexsort((rows["code"], rows["sent"]))
    return {name: rows.pop(name)[order] for name in list(rows)}


def with_traits(rows: Columns, accounts: Columns) -> Columns:
    """Exchanges with the traits of their accounts; what an exchange says itself stays."""
    return {**{trait: values[rows["who"]] for trait, values in accounts.items() if trait not in rows}, **rows}
