"""Whether one field, or two of them, give campaigns away: the best split of every per-account feature, and pure cells.

Campaign accounts of all worlds are pooled. Beside the accuracies stands what chance reaches: the best of all features
under shuffled labels. Beside the single features stand the pairs of views whose cells hold next to no benign account.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import trials
from bench.trials import Row

if TYPE_CHECKING:
    from hydrometer.simulate.leakage import Accuracy, Pool
    from hydrometer.simulate.pairs import Caught, Cell, PairReport

PUBLISHED: dict[str, int | float] = {"seeds": 1, "permutations": 5}
LARGE = "bench"
"""A world that is as the demo, but larger."""
LARGEST_CELLS = 15
LONGEST_VALUE = 32
COUNTED = {"system_start": "wording", "issuer": "issuer"}
"""Views whose values are not published, since they belong to one campaign or one bank: they are counted instead."""


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


def pairs_entry(report: PairReport) -> Row:
    """What pairs of views catch, and the cells that do."""
    from hydrometer.simulate import pairs

    seen: dict[str, list[str]] = {}
    return {
        "smallest": pairs.SMALLEST,
        "pure": pairs.PURE,
        "per": pairs.PER,
        "views": report.views,
        "accounts": report.accounts,
        "campaign_accounts": report.campaign,
        "held_out": caught_entry(report, report.held_out),
        "in_sample": caught_entry(report, report.in_sample),
        "cells": len(report.cells),
        "largest": [cell_entry(cell, seen) for cell in report.cells[:LARGEST_CELLS]],
        "cover": [cell_entry(cell, seen) for cell in report.cover],
    }


def caught_entry(report: PairReport, one: Caught) -> Row:
    """The share of campaign accounts that is caught, in all and in each world, and its price."""
    shares = dict(zip(report.worlds, one.by_world, strict=True))
    return {"caught": one.share, "false_alarms": one.false_alarms, "worlds": shares}


def cell_entry(cell: Cell, seen: dict[str, list[str]]) -> Row:
    """A cell's figures, its values fit to be shown."""
    values = [shown(view, value, seen) for view, value in zip(cell.views, cell.values, strict=True)]
    return {
        "views": list(cell.views), "values": values, "accounts": cell.accounts, "campaign_accounts": cell.campaign,
        "alone": list(cell.alone), "worlds": cell.worlds, "new": cell.new,
    }  # fmt: skip


def shown(view: str, value: str, seen: dict[str, list[str]]) -> str:
    """A value as it may be published; those of COUNTED views go by their number among all `seen`."""
    from hydrometer.base.safe_text import printable
    from hydrometer.simulate.account_views import NONE

    if view not in COUNTED or value == NONE:
        return re.sub(r"[^\w .:+/=@-]", "?", printable(value, LONGEST_VALUE))
    known = seen.setdefault(view, [])
    if value not in known:
        known.append(value)
    return f"{COUNTED[view]} {known.index(value) + 1}"


def main() -> None:
    """Measure and publish."""
    from hydrometer.simulate import leakage, pairs

    measurement = trials.asked("leakage", "Best split of every per-account feature, and pairs of views.", PUBLISHED)
    with tempfile.TemporaryDirectory() as folder:
        rows = trials.each_seed(measurement, partial(one_seed, folder))
        folders = [Path(path) for row in rows for path in row["folders"]]
        pool, report = leakage.pooled(folders), pairs.rules(folders)
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
        "pairs": pairs_entry(report),
    }
    trials.publish(measurement, {"summary": summary, "features": [entry(one) for one in found]})


if __name__ == "__main__":
    main()
