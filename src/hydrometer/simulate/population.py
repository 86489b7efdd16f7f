"""Settles all cohorts of a world and draws their traffic as codes: the world before any word of it is written.

Volumes of benign accounts are stretched so that a world has the number of exchanges that it states; campaigns keep the
volumes that their sources disclose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydrometer.base.draws import generator
from hydrometer.simulate import people, traffic
from hydrometer.simulate.world import Archetype, Array, Campaign, Cohort, Columns, World

_SHARED_NAMES = 2**40
"""Step between the name spaces of cohorts, for conversations, keys and end users."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One cohort in its world: the plug-in it comes from, its accounts' first number, and the exchanges once drawn."""

    plugin: Archetype | Campaign
    cohort: Cohort
    first_account: int


@dataclass(frozen=True, slots=True)
class Population:
    """A world as codes: cohorts, traits of all accounts (`who` numbers them), exchanges sorted by time."""

    settled: tuple[Settled, ...]
    accounts: Columns
    exchanges: Columns


def _stretch(cohorts: list[Cohort], benign: list[bool], target: int) -> None:
    """Scales benign volumes in place so that all volumes add up to `target`, each account keeping at least one."""
    fixed = sum(int(cohort.accounts["volume"].sum()) for cohort, free in zip(cohorts, benign, strict=True) if not free)
    free = [cohort for cohort, is_benign in zip(cohorts, benign, strict=True) if is_benign]
    wanted = np.concatenate([cohort.accounts["volume"] for cohort in free]).astype(float)
    spare = max(target - fixed - len(wanted), 0)
    extra = np.maximum(wanted - 1.0, 0.0)
    reach = np.floor(np.cumsum(extra) / max(extra.sum(), 1.0) * spare + 1e-6).astype(np.int64)
    volume = 1 + np.diff(reach, prepend=0)
    done = 0
    for cohort in free:
        cohort.accounts["volume"] = volume[done : done + cohort.size]
        done += cohort.size


def settle(world: World, plugins: dict[str, Archetype | Campaign], seed: int, scale: float) -> Population:
    """The whole world as codes.

    Args:
        world: which cohorts, and how large.
        seed: the run's seed.
        plugins: archetypes and campaigns by name.
        scale: factor on accounts and exchanges.
    """
    placements = [*world.benign, *world.campaigns]
    chosen = [plugins[placement.plugin] for placement in placements]
    cohorts = [
        plugin.settle(max(1, round(placement.accounts * scale)), _draw(seed, world, plugin.name, "settle"))
        for plugin, placement in zip(chosen, placements, strict=True)
    ]
    _stretch(cohorts, [isinstance(plugin, Archetype) for plugin in chosen], round(world.exchanges * scale))
    firsts = np.concatenate([[0], np.cumsum([cohort.size for cohort in cohorts])])
    settled = tuple(Settled(*entry) for entry in zip(chosen, cohorts, firsts.tolist(), strict=False))
    drawn = [
        _numbered(traffic.exchanges(one.cohort, _draw(seed, world, one.plugin.name, "traffic")), number, one)
        for number, one in enumerate(settled)
    ]
    accounts = {trait: np.concatenate([cohort.accounts[trait] for cohort in cohorts]) for trait in people.TRAITS}
    accounts["operator"] = np.concatenate([one.first_account + one.cohort.accounts["operator"] for one in settled])
    accounts["who"] = np.arange(len(accounts["operator"]))
    return Population(settled, accounts, _merged(drawn))


def _draw(seed: int, world: World, plugin: str, stage: str) -> np.random.Generator:
    """The generator of one plug-in in one world for one stage."""
    return generator(seed, f"simulate:{stage}", f"{world.name}:{plugin}".encode())


def _numbered(rows: Columns, number: int, settled: Settled) -> Columns:
    """Exchanges of one cohort with numbers that are unique in the world."""
    step = number * _SHARED_NAMES
    rows["who"] = rows["account"] + settled.first_account
    rows["conversation"] = rows["conversation"] + step
    rows["key"] = rows["key"] + step
    rows["end_user"] = np.where(rows["end_user"] >= 0, rows["end_user"] + step, people.NOTHING)
    rows["cohort"] = np.full(len(rows["account"]), number)
    return rows


def _merged(drawn: list[Columns]) -> Columns:
    """Exchanges of all cohorts, numbered by `code` along each account and then sorted by time."""
    rows: Columns = {}
    for name in list(drawn[0]):
        rows[name] = np.concatenate([part.pop(name) for part in drawn])
    rows["code"] = np.arange(len(rows["who"]))
    order = np.lexsort((rows["code"], rows["sent"]))
    for name in list(rows):
        rows[name] = rows[name][order]
    return rows


def joined(population: Population, start: int, stop: int) -> Columns:
    """A slice of the exchanges with the traits of their accounts."""
    rows: dict[str, Array] = {name: values[start:stop] for name, values in population.exchanges.items()}
    for trait in people.TRAITS:
        if trait not in rows:
            rows[trait] = population.accounts[trait][rows["who"]]
    return rows
