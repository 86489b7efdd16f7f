"""The H1 e-value where it must hold still: groups of unrelated accounts of simulated null worlds.

An e-value may reach x with a chance of at most 1/x, and its mean may not exceed 1, whenever the members are strangers.
Two sorts of groups are drawn. *Random groups* come from one stratum, by place or by client, and are exactly the null.
*Decoys* are natural groups: users of one popular system prompt, holders of one network prefix, people of one language
in one country. They are tested only on families that did not choose them, and hold one account of each true operator,
so that no hand is in them twice. As in a scan, other groups stand beside each, here of the same sort and of other true
operators, whose cards count as seen. Intervals of the mean come from resampling worlds.
Source: statistics cookbook, sections 2.1 and 14.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from bench import trials
from bench.plot import Curve, Panel, write_survival
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer import pipeline
from hydrometer.base import population as populations
from hydrometer.base.cases import Case, Counts, Usage
from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY, FAMILY_OF, SIDES, SPLITS, other_side
from hydrometer.base.groups import Group
from hydrometer.base.population import LAST_OF_ALL, Population
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.prove.background import log_mean
from hydrometer.prove.run import unit_accounts
from hydrometer.prove.tests import synchrony
from hydrometer.prove.tests.urn_families import one_family

PUBLISHED: dict[str, int | float] = {"seeds": 20, "random": 500, "decoys": 100}
"""Worlds; random groups of a world; decoys of each sort and world."""
SMALLEST, LARGEST = 10, 100
BESIDE = 5
"""Groups that stand beside each."""
THRESHOLDS = (20.0, 100.0)
QUANTILES = (0.5, 0.9, 0.99, 0.999)
CONFIDENCE = 0.95
RESAMPLES = 1000
DECOYS = {"one system prompt": "system_prompt", "one network prefix": "prefix", "one language": None}
"""Decoys, and the layer that chooses them."""
PLACES = """
with p as (select unit, country || ' ' || language as place, sum(exchanges) as n from {places} group by 1, 2)
select unit, arg_max(place, (n, place)) as place from p group by 1 order by 1
"""
Values = dict[tuple[str, str], list[float]]
"""(sort of group, `side:…` or `family:…`) → ln e of each group."""
Drawn = tuple[str, str | None, NDArray[np.int64]]
"""Sort of group, layer that chose it, members."""


def one_world(seed: int, random: int, decoys: int) -> Row:
    """ln e of all groups of one null world."""
    with tempfile.TemporaryDirectory() as folder:
        world = trials.made("null", Path(folder) / "world", seed)
        workspace = Workspace(Path(folder) / "work", threads=1)
        population = observed_population(workspace, world / "traffic", seed)
        operators = operators_of_units(workspace, population, world / "truth")
        communities = places_of(workspace, population)
        values: Values = defaultdict(list)
        drawn = [
            *random_groups(population, seed, random), *decoy_groups(population, operators, communities, seed, decoys)
        ]  # fmt: skip
        for number, (sort, layer, members) in enumerate(drawn):
            beside = strangers_beside(drawn, number, operators)
            add(values, sort, layer, family_values(workspace, population, members, beside, seed))
        workspace.close()
    return {"seed": seed, "units": population.units, "values": dict(values)}


def observed_population(workspace: Workspace, traffic: Path, seed: int) -> Population:
    """The population of a log as a scan sees it at its end."""
    run = pipeline.Run(workspace, Settings(seed=seed, threads=1), SilentProgress())
    collect([str(traffic)], CollectOptions(), workspace, lambda name, done, total: None)
    pipeline.read(run)
    last = workspace.query("select max(sent_us) // {epoch_us} as epoch from {fingerprints}")["epoch"][0].as_py()
    return populations.load(workspace, int(last))


def operators_of_units(workspace: Workspace, population: Population, truth: Path) -> NDArray[np.str_]:
    """True operator of each unit."""
    table = pq.read_table(truth / "accounts.parquet")
    known = dict(zip(table["account_id"].to_pylist(), table["operator_id"].to_pylist(), strict=True))
    return np.array([known[names[0]] for names in unit_accounts(workspace, population.units)])


def places_of(workspace: Workspace, population: Population) -> NDArray[np.str_]:
    """Country and language of each unit, by what it sent most."""
    places = workspace.query(PLACES)
    names = dict(zip(places["unit"].to_pylist(), places["place"].to_pylist(), strict=True))
    return np.array([names.get(unit, "?") for unit in range(population.units)])


def random_groups(population: Population, seed: int, number: int) -> Iterator[Drawn]:
    """Groups drawn uniformly from one stratum: by place and by client in turn; larger strata more often."""
    draw = generator(seed, "bench random groups")
    active = np.flatnonzero(population.active)
    for turn in range(number):
        strata, sort = ((population.fine_regions, "one place"), (population.clients, "one client type"))[turn % 2]
        pool = active[strata[active] == strata[draw.choice(active)]]
        while len(pool) < SMALLEST:
            pool = active[strata[active] == strata[draw.choice(active)]]
        yield sort, None, sample(draw, pool)


def decoy_groups(
    population: Population, operators: NDArray[np.str_], communities: NDArray[np.str_], seed: int, number: int
) -> Iterator[Drawn]:
    """Natural groups, one unit of each true operator; sorts of which the world has none are left out."""
    for sort, layer in DECOYS.items():
        draw = generator(seed, f"bench decoys {sort}")
        pools = [
            pool
            for pool in natural_pools(population, communities, layer)
            if len(np.unique(operators[pool])) >= SMALLEST
        ]
        for _ in range(number if pools else 0):
            pool = draw.permutation(pools[int(draw.integers(len(pools)))])
            _, first = np.unique(operators[pool], return_index=True)
            yield sort, layer, sample(draw, pool[np.sort(first)])


def strangers_beside(drawn: list[Drawn], number: int, operators: NDArray[np.str_]) -> NDArray[np.int64]:
    """Units of the next `BESIDE` groups of a group's sort that none of its members' operators runs."""
    sort, _, members = drawn[number]
    others = [one for place, (other, _, one) in enumerate(drawn) if other == sort and place != number]
    first = sum(other == sort for other, _, _ in drawn[:number])
    chosen = [others[(first + step) % len(others)] for step in range(min(BESIDE, len(others)))]
    found = np.unique(np.concatenate([np.zeros(0, np.int64), *chosen]))
    return found[~np.isin(operators[found], operators[members])]


def natural_pools(population: Population, communities: NDArray[np.str_], layer: str | None) -> list[NDArray[np.int64]]:
    """Active units that hold one entity of a layer, or share country and language, where there are enough."""
    if layer is None:
        pools = [np.flatnonzero((communities == place) & population.active) for place in np.unique(communities)]
    else:
        columns = population.layers[layer].held.tocsc()
        pools = [columns.indices[low:high] for low, high in zip(columns.indptr, columns.indptr[1:], strict=False)]
        pools = [np.sort(pool[population.active[pool]]).astype(np.int64) for pool in pools]
    return [pool for pool in pools if len(pool) >= SMALLEST]


def sample(
    draw: np.random.Generator, pool: NDArray[np.int64], smallest: int = SMALLEST, largest: int = LARGEST
) -> NDArray[np.int64]:
    """A part of the pool, its size log-uniform from the smallest to the largest as far as the pool goes."""
    size = round(float(np.exp(draw.uniform(np.log(smallest), np.log(min(largest, len(pool)))))))
    return np.sort(draw.choice(pool, size=size, replace=False))


def family_values(
    workspace: Workspace, population: Population, members: NDArray[np.int64], beside: NDArray[np.int64], seed: int
) -> dict[str, float]:
    """ln e of each family that is observed in enough members, by the test that a scan uses.

    Args:
        workspace: tables of the world.
        population: all units.
        members: units of the group.
        beside: units of other groups.
        seed: the world's seed.
    """
    none = Counts(
        np.zeros(0, np.int64), *(np.zeros(0) for _ in dataclasses.fields(Counts)[1:])
    )  # H1 looks at no counts
    values: dict[str, float] = {}
    for side in SPLITS[0]:
        testing = population.testing(side)
        case = Case(
            Group(members, other_side(side), "bench"),
            testing,
            population,
            workspace,
            0,
            seed,
            (),
            none,
            none,
            (),
            Usage(np.zeros(0), np.zeros((0, 0))),
            beside=beside,
        )
        for name, layers in testing.families.items():
            found = one_family(case, FAMILY[name], layers)
            if found is not None:
                values[name] = found[0]
    together = synchrony.judge(dataclasses.replace(case, last_epoch=LAST_OF_ALL))
    return values | ({} if together.log_e is None else {"synchrony": together.log_e})


def add(values: Values, sort: str, layer: str | None, found: dict[str, float]) -> None:
    """Add a group's e-values of the families and sides that did not choose it."""
    chosen_by = FAMILY_OF[layer] if layer else None
    for family, value in found.items():
        if family != chosen_by:
            values[sort, f"family:{family}"].append(value)
    for side, families in SIDES.items():
        own = [found[family] for family in families if family in found]
        if own and chosen_by not in families:
            values[sort, f"side:{side}"].append(log_mean(own))


def figures(by_world: list[NDArray[np.float64]], seed: int, name: str) -> Row:
    """Tail shares, mean with its interval, and quantiles of one sort of group on one family or side."""
    values = np.concatenate(by_world)
    return tails(values) | {
        "mean_e": float(np.exp(values).mean()),
        "mean_e_95": resampled_mean(by_world, seed, name),
        "allowed_share": {f"{level:g}": 1 / level for level in THRESHOLDS},
        "quantiles_bits": {f"{q:g}": float(np.quantile(values, q) / np.log(2)) for q in QUANTILES},
    }


def tails(values: NDArray[np.float64]) -> Row:
    """Groups, those at each e-value with the 95 % upper bound of their share, and the most bits; `values` are ln e."""
    from hydrometer.simulate.metrics import upper_bound

    over = {f"{level:g}": int((values >= np.log(level)).sum()) for level in THRESHOLDS}
    return {
        "groups": len(values),
        "at_least": over,
        "share_at_least": {level: count / len(values) for level, count in over.items()},
        "upper_95_of_share": {level: upper_bound(count, len(values)) for level, count in over.items()},
        "highest_bits": float(values.max() / np.log(2)),
    }


def resampled_mean(by_world: list[NDArray[np.float64]], seed: int, name: str) -> list[float] | None:
    """95 % interval of the mean e, over resampled worlds; None for a single world."""
    if len(by_world) < 2:
        return None
    sums, sizes = np.array([np.exp(one).sum() for one in by_world]), np.array([len(one) for one in by_world])
    chosen = generator(seed, "bench resampling", name.encode()).integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    return [float(bound) for bound in np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])]


class OneWorld:
    """`one_world` with its numbers of groups, in a form that another process can be given."""

    def __init__(self, random: int, decoys: int) -> None:
        self.random, self.decoys = random, decoys

    def __call__(self, seed: int) -> Row:
        return one_world(seed, self.random, self.decoys)


def main() -> None:
    """Measure and publish, with a drawing."""
    measurement = trials.asked("h1_null", "The H1 e-value of unrelated accounts of null worlds.", PUBLISHED)
    numbers = OneWorld(int(measurement.settings["random"]), int(measurement.settings["decoys"]))
    worlds = trials.each_seed(measurement, numbers)
    pooled: dict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
    for world in worlds:
        for key, values in world["values"].items():
            pooled[key].append(np.array(values))
    sorts = sorted({sort for sort, _ in pooled})
    summary = {
        sort: {on: figures(pooled[sort, on], 0, f"{sort} {on}") for one, on in sorted(pooled) if one == sort}
        for sort in sorts
    }
    trials.publish(measurement, {"worlds": len(worlds), "summary": summary})
    panels = [
        Panel(
            f"tested on {side}",
            [
                Curve(sort, np.concatenate(pooled[sort, f"side:{side}"]))
                for sort in sorts
                if (sort, f"side:{side}") in pooled
            ],
        )
        for side in SIDES
    ]
    write_survival(measurement.out / "h1_null.svg", "H1 e-values of unrelated accounts", panels)


if __name__ == "__main__":
    main()
