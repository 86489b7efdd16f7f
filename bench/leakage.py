"""Whether one field gives campaigns away: the best split of every per-account feature of the published list.

Campaign accounts of all worlds are pooled. Beside the accuracies stands what chance reaches: the best of all features
under shuffled labels.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import trials
from bench.trials import Row

if TYPE_CHECKING:
    from hydrometer.simulate.leakage import Accuracy, Pool

PUBLISHED: dict[str, int | float] = {"seeds": 1, "permutations": 5}
LARGE = "bench"
"""A world that is as the demo, but larger."""


def mixed_worlds() -> list[str]:
    """Names of the worlds that are pooled, each with every seed: all in which campaigns live among others."""
    from hydrometer.simulate.run import worlds

    return [world.name for world in worlds().values() if world.campaigns and world.name != LARGE]


def one_seed(folder: str, seed: int) -> Row:
    """Write every mixed world with one seed."""
    made = [trials.made(world, Path(folder) / f"{world}-{seed}", seed) for world in mixed_worlds()]
    return {"seed": seed, "folders": [str(path) for path in made]}


def entry(one: Accuracy) -> Row:
    """A feature's figures."""
    return {
        "feature": one.feature, "in_sample": one.in_sample, "held_out": one.held_out, "judged": one.judged,
        "exception": one.exception,
    }  # fmt: skip


def exceptions(found: Sequence[Accuracy]) -> Row:
    """Each column that may exceed the limit: why, and the highest accuracy of its features."""
    from hydrometer.simulate.leakage import EXCEPTIONS

    return {
        column: {
            "why": why,
            "highest": max(one.judged for one in found if one.feature.startswith(f"{column}.")),
        }
        for column, why in EXCEPTIONS.items()
    }


def each_world(pool: Pool, names: list[str]) -> list[Row]:
    """The feature that says most in each world by itself."""
    from hydrometer.simulate.leakage import accuracies

    rows = []
    for number, name in enumerate(names):
        alone = pool.only(number)
        found = [one for one in accuracies(alone) if one.exception is None]
        rows.append({"world": name, "campaign_accounts": int(alone.positive.sum()), **entry(found[0])})
    return rows


def main() -> None:
    """Measure and publish."""
    from hydrometer.simulate import leakage

    measurement = trials.asked("leakage", "Best split of every per-account feature.", PUBLISHED)
    with tempfile.TemporaryDirectory() as folder:
        rows = trials.each_seed(measurement, partial(one_seed, folder))
        pool = leakage.pooled([Path(path) for row in rows for path in row["folders"]])
    found = leakage.accuracies(pool)
    by_chance = leakage.chance(pool, int(measurement.settings["permutations"]))
    summary = {
        "worlds": each_world(pool, [f"{world}, seed {row['seed']}" for row in rows for world in mixed_worlds()]),
        "accounts": len(pool.positive),
        "campaign_accounts": int(pool.positive.sum()),
        "features": len(found),
        "limit": leakage.LIMIT,
        "above_limit": [one.feature for one in leakage.above_limit(found)],
        "exceptions": exceptions(found),
        "best_by_chance": trials.spread(by_chance.tolist()),
    }
    trials.publish(measurement, {"summary": summary, "features": [entry(one) for one in found]})


if __name__ == "__main__":
    main()
