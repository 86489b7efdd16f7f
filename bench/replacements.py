"""Ban replacement: how soon the accounts that take over from banned ones are listed members of their campaign.

The world `replaced`: a pool of 360 of whose accounts 108 are banned in the week and as many take over within the hour,
half of them made after the ban. The log is judged anew at the end of every epoch, from what was known then; an account
is linked at the end of the first epoch in which a listed group has it. Who replaces whom is read off the simulator.
Source: the issue on linking (linked within 24 hours of event time); mission table, row 33.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from bench import trials
from bench.h1_null import observed_population
from bench.trials import Row
from numpy.typing import NDArray

from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.moments import Known, listed_at
from hydrometer.prove.run import first_exchanges, unit_accounts
from hydrometer.simulate import columns
from hydrometer.simulate import run as simulator
from hydrometer.simulate.population import Asked, settle

PUBLISHED: dict[str, int | float] = {"seeds": 3}
WORLD = "replaced"
HOUR_US = 3_600_000_000
WITHIN_H = 24.0
NEVER = np.iinfo(np.int64).max


def one_world(seed: int) -> Row:
    """How many replacements were linked, and how soon."""
    with tempfile.TemporaryDirectory() as folder:
        world = trials.made(WORLD, Path(folder) / "world", seed)
        workspace = Workspace(Path(folder) / "work", threads=1)
        whole = observed_population(workspace, world / "traffic", seed)
        heirs = heirs_of(workspace, whole.units, seed)
        first = first_exchanges(workspace, whole.units)
        linked = linked_at(workspace, whole.units, seed)
        workspace.close()
    delay_h = (linked[heirs] - first[heirs]) / HOUR_US
    known = linked[heirs] < NEVER
    return {
        "seed": seed,
        "replacements": len(heirs),
        "linked": int(known.sum()),
        "linked_within": int((known & (delay_h <= WITHIN_H)).sum()),
        "median_hours": float(np.median(delay_h[known])) if known.any() else None,
        "listed_after_hours": (int(linked.min()) - int(first.min())) / HOUR_US if linked.min() < NEVER else None,
    }


def heirs_of(workspace: Workspace, units: int, seed: int) -> NDArray[np.int64]:
    """Units that take over from banned accounts, ascending."""
    world = simulator.worlds()[WORLD]
    asked = Asked(world, seed, world.usual_scale, {})
    accounts = settle(asked, simulator.plugins(), simulator.evasions()).accounts
    names = columns.account_ids(accounts["who"][accounts["heir"] > 0], seed)
    heirs = set(names.to_pylist())
    return np.array([unit for unit, own in enumerate(unit_accounts(workspace, units)) if own[0] in heirs], np.int64)


def linked_at(workspace: Workspace, units: int, seed: int) -> NDArray[np.int64]:
    """End of the first epoch in which each unit was a listed member, microseconds; `NEVER` where there is none."""
    known = Known(Settings(seed=seed, threads=1))
    span = workspace.query(
        "select min(sent_us) // {epoch_us} as first, max(sent_us) // {epoch_us} as last from {fingerprints}"
    )
    linked = np.full(units, NEVER)
    for epoch in range(int(span["first"][0].as_py()), int(span["last"][0].as_py()) + 1):
        for members in listed_at(workspace, known, epoch):
            chosen = np.array(sorted(members), np.int64)
            linked[chosen] = np.minimum(linked[chosen], (epoch + 1) * workspace.epoch_us)
    return linked


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("replacements", "How soon accounts that replace banned ones are linked.", PUBLISHED)
    worlds = trials.each_seed(measurement, one_world)
    summary = {name: sum(world[name] for world in worlds) for name in ("replacements", "linked", "linked_within")}
    trials.publish(measurement, {"summary": summary, "worlds": worlds, "within_hours": WITHIN_H})


if __name__ == "__main__":
    main()
