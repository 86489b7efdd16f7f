"""How often people who are no one hand share cards and lines, and what the H1 e-value makes of it at each rate.

The urn grants each family a rate η at which benign people clump beyond chance (`base/families.py`). A rate is right
when groups of people whom nothing but a client, a system prompt, a network prefix or a language puts together reach an
e-value of x in one case of x at most. The groups are natural ones of development worlds without a campaign. Households
and private pools of up to four accounts stay whole in them, of each larger operator one account is in a group: what
clumps is what benign people do. As in a scan, other groups of the same sort stand beside each.
Source: statistics cookbook, sections 2.1 (clumping rate) and 2.4 (decoys).
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from bench import trials
from bench.h1_null import natural_pools, observed_population, operators_of_units, places_of, sample, tails
from bench.link_scale import case
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer.base.draws import generator
from hydrometer.base.families import FAMILY, FAMILY_OF
from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove.tests.urn_families import one_family

PUBLISHED: dict[str, int | float] = {"seeds": 3, "decoys": 60}
"""Seeds of each world; decoys of each sort and world."""
WORLDS = ("null", "null_firms", "null_switch", "hard_development", "library")
RATES = (0.005, 0.01, 0.02, 0.03, 0.05)
SMALLEST, LARGEST = 20, 150
BESIDE = 5
"""Groups that stand beside each."""
SMALL_OPERATOR = 4
"""Accounts of a household or private pool, at most."""
SORTS = {
    "one client": "client_stack",
    "one system prompt": "system_prompt",
    "one network prefix": "prefix",
    "one language": None,
}
"""Decoys, and the layer that chooses them."""
TESTED = ("payment", "network")
Values = dict[str, list[float]]


def one_world(world: str, seed: int, decoys: int) -> Row:
    """ln e of all decoys of one world, by family, sort and rate: `family|sort|rate`."""
    with tempfile.TemporaryDirectory() as folder:
        made = trials.made(world, Path(folder) / "world", seed)
        workspace = Workspace(Path(folder) / "work", threads=1)
        population = observed_population(workspace, made / "traffic", seed)
        operators = operators_of_units(workspace, population, made / "truth")
        communities = places_of(workspace, population)
        workspace.close()
    values: Values = defaultdict(list)
    for sort, layer in SORTS.items():
        drawn = natural_groups(population, operators, communities, (sort, layer), seed, decoys)
        for number, members in enumerate(drawn):
            others = [drawn[(number + step) % len(drawn)] for step in range(1, min(BESIDE + 1, len(drawn)))]
            beside = np.setdiff1d(np.unique(np.concatenate([members[:0], *others])), members)
            for family in (name for name in TESTED if name != FAMILY_OF.get(layer or "")):
                for rate, value in at_each_rate(population, members, beside, family):
                    values[f"{family}|{sort}|{rate:g}"].append(value)
    return {"world": world, "seed": seed, "values": dict(values)}


def natural_groups(
    population: Population,
    operators: NDArray[np.str_],
    communities: NDArray[np.str_],
    chosen_by: tuple[str, str | None],
    seed: int,
    number: int,
) -> list[NDArray[np.int64]]:
    """Groups of people whom one thing puts together; small operators are whole in them, of a larger one is one account.

    Args:
        population: all units.
        operators: shape (units,), true operators.
        communities: shape (units,), country and language.
        chosen_by: name of the sort, and the layer; None = country and language.
        seed: the world's seed.
        number: how many.
    """
    _, of, size = np.unique(operators, return_inverse=True, return_counts=True)
    small = size[of] <= SMALL_OPERATOR
    draw = generator(seed, f"bench clumping {chosen_by[0]}")
    pools = [
        pool for pool in natural_pools(population, communities, chosen_by[1]) if len(np.unique(of[pool])) >= SMALLEST
    ]
    result = []
    for _ in range(number if pools else 0):
        pool = draw.permutation(pools[int(draw.integers(len(pools)))])
        _, first = np.unique(of[pool], return_index=True)
        alone = np.zeros(len(pool), np.bool_)
        alone[first] = True
        result.append(sample(draw, pool[alone | small[pool]], SMALLEST, LARGEST))
    return result


def at_each_rate(
    population: Population, members: NDArray[np.int64], beside: NDArray[np.int64], family: str
) -> list[tuple[float, float]]:
    """(rate, ln e) of a group on one family; none where too few members show it."""
    one = case(population, Group(members, "wording", "bench"), beside)
    layers = one.testing.families.get(family, ())
    found = [(rate, one_family(one, dataclasses.replace(FAMILY[family], clumping=rate), layers)) for rate in RATES]
    return [(rate, value[0]) for rate, value in found if value is not None]


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("clumping", "The H1 e-value of benign groups at each rate of clumping.", PUBLISHED)
    seeds, decoys = int(measurement.settings["seeds"]), int(measurement.settings["decoys"])
    worlds = trials.each(measurement, one_world, [(name, seed, decoys) for name in WORLDS for seed in range(seeds)])
    pooled: Values = defaultdict(list)
    for world in worlds:
        for key, values in world["values"].items():
            pooled[key] += values
            family, _, rate = key.split("|")
            pooled[f"{family}|all|{rate}"] += values
    summary: dict[str, dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for key, values in sorted(pooled.items()):
        family, sort, rate = key.split("|")
        summary[family][sort][rate] = tails(np.array(values))
    granted = {family: FAMILY[family].clumping for family in TESTED}
    trials.publish(measurement, {"worlds": list(WORLDS), "granted": granted, "summary": summary})


if __name__ == "__main__":
    main()
