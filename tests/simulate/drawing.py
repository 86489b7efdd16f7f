"""Worlds as codes, settled and drawn in one process: what tests of effects measure without writing a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from hydrometer.base.draws import generator
from hydrometer.simulate import clock, columns, population, run
from hydrometer.simulate.world import Campaign, Cohort, Columns, World

PLUGINS, EVASIONS, WORLDS = run.plugins(), run.evasions(), run.worlds()
CAMPAIGNS = {name: plugin for name, plugin in PLUGINS.items() if isinstance(plugin, Campaign)}
NO_KNOB: Mapping[str, float] = MappingProxyType({})
MOST_EXCHANGES = 8_000


@dataclass(frozen=True)
class Drawn:
    """A world's accounts, its exchanges by time with their accounts' traits, and how it would be written."""

    population: population.Population
    rows: Columns
    writing: columns.Writing

    @cached_property
    def exchanges(self) -> pa.Table:
        """The table of exchanges as it is written."""
        return columns.exchange_table(self.rows, self.writing)

    @cached_property
    def accounts(self) -> pa.Table:
        """The table of accounts as it is written."""
        return columns.account_table(self.population.accounts, self.writing)

    @property
    def inside(self) -> np.ndarray:
        """Which exchanges come from accounts of a campaign."""
        return self.members[self.rows["who"]]

    @property
    def harvested(self) -> np.ndarray:
        """Which exchanges are a campaign's harvest."""
        return np.asarray(self.rows["builder"] >= 0)

    @property
    def members(self) -> np.ndarray:
        """Which accounts belong to a campaign."""
        return np.concatenate(
            [np.full(one.cohort.size, isinstance(one.plugin, Campaign)) for one in self.population.settled]
        )

    def traits(self, name: str) -> np.ndarray:
        """A trait of the accounts of campaigns."""
        return np.asarray(self.population.accounts[name][self.members])

    def prompts(self, chosen: np.ndarray) -> list[str]:
        """Written prompts of chosen exchanges."""
        return list(self.exchanges.column("prompt").filter(pa.array(chosen)).to_pylist())


def drawn(world: World, evasions: Mapping[str, float] = NO_KNOB, *, scale: float = 1.0, seed: int = 3) -> Drawn:
    """A world in memory."""
    settled = population.settle(population.Asked(world, seed, scale, evasions), PLUGINS, EVASIONS)
    parts = [
        population.with_traits(population.draw_shard(settled, shard), settled.accounts)
        for shard in range(settled.shards)
    ]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Drawn(settled, rows, columns.Writing(seed, world.week * clock.SPAN_US, world.bank))


@lru_cache
def named(name: str, knobs: tuple[tuple[str, float], ...] = (), scale: float = 0.3) -> Drawn:
    """A world by name; drawn once for all tests."""
    return drawn(WORLDS[name], dict(knobs), scale=scale)


@lru_cache
def small(name: str) -> Drawn:
    """A world at a scale at which it has about MOST_EXCHANGES, or its campaign alone has more."""
    world = WORLDS[name]
    return named(name, scale=max(run.SMALLEST_SCALE, min(world.usual_scale, MOST_EXCHANGES / world.exchanges)))


def settled(campaign: str, size: int, seed: int = 5) -> Cohort:
    """The accounts of a campaign alone."""
    return CAMPAIGNS[campaign].settle(size, generator(seed, "test", campaign.encode()))
