"""How often data-set builders and benign operators show each public indicator: likelihood ratios on development worlds.

`python -m bench.indicators` publishes the counts, and writes them to `prove/factors/range_ratios.yaml`, from which a
case's rows quote them. Operators are counted, never accounts: one shows a flag where half of its accounts that can be
looked at do. Operators with a permit to build data sets, resellers and pools are neither builders nor benign. Builders
of one preset are alike, so that the intervals are narrower than other campaigns would have them; benign operators are
those that the range thought of. A partial run writes beside its result and leaves the package alone.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from bench import trials
from bench.trials import Row

from hydrometer.prove.facts import factors
from hydrometer.simulate.score_tables import SOUGHT

WORLDS = (
    "demo", "small_reseller", "two_builders", "fuzzing", "kernels", "keys_taken", "templates", "sharded",
    "four_pathways", "replaced", "gtig_language", "mixed_half",
)  # fmt: skip
PUBLISHED: dict[str, int | float] = {"worlds": len(WORLDS), "seeds": 3, "scale": 0.2}
FIRST_SEED = 200
"""Seeds that no other published figure uses."""
OUTSIDE = ("authorised_distiller",)
"""Populations that build data sets with permission."""
SHOWN_SHARE = 0.5
"""Share of an operator's accounts from which it shows a flag."""
BUILDER, BENIGN = "campaign", "benign"
COLUMNS = ("campaign_shown", "campaign", "benign_shown", "benign")


def one_world(name: str, seed: int, scale: float) -> Row:
    """Operators of one world that show each flag, by flag; flags that its log cannot show are left out."""
    from bench.fit_one_prompt import refuse_held_out

    from hydrometer.fingerprint.lexicon import lexicon
    from hydrometer.prove.subject import Surroundings, Words
    from hydrometer.simulate.run import simulate

    refuse_held_out([name])
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        simulate(name, world, seed, scale, jobs=1)
        workspace, _ = trials.fingerprinted(world / "traffic", Path(folder) / "work", seed)
        rules = lexicon()
        around = Surroundings(workspace, Words(tuple(rules.techniques), tuple(rules.targets)), {}, [])
        shown, absent = factors.flags(around), around.absent
        units = {row["account_id"]: row["unit"] for row in workspace.read("units").to_pylist()}
        workspace.close()
        sides = operators(world / "truth", units)
    visible = [flag for flag, needs in factors.NEEDS.items() if not needs or not set(needs) <= absent]
    return {"world": name, "seed": seed, "flags": counted(shown, sides, visible)}


def operators(truth: Path, units: Mapping[str, int]) -> dict[tuple[str, str], set[int]]:
    """(side, operator) → its units, of builders and of benign operators alone."""
    campaigns = pq.read_table(truth / "campaigns.parquet").to_pylist()
    built = {row["campaign_id"] for row in campaigns if row["kind"] in SOUGHT}
    sides: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in pq.read_table(truth / "accounts.parquet").to_pylist():
        if row["account_id"] not in units or row["archetype"] in OUTSIDE:
            continue
        if row["campaign_id"] in built and row["role"] == "operator":
            sides[BUILDER, row["operator_id"]].add(units[row["account_id"]])
        elif row["campaign_id"] is None:
            sides[BENIGN, row["operator_id"]].add(units[row["account_id"]])
    return dict(sides)


def counted(shown: pa.Table, sides: Mapping[tuple[str, str], set[int]], visible: Iterable[str]) -> dict[str, Row]:
    """Flag → how many operators of either side show it, of those with an account that can be looked at.

    Args:
        shown: columns `unit` and each flag, of units with enough exchanges.
        sides: see `operators`.
        visible: flags that the log can show.
    """
    rows = {row["unit"]: row for row in shown.to_pylist()}
    found = {flag: dict.fromkeys(COLUMNS, 0) for flag in visible}
    for (side, _), units in sorted(sides.items()):
        seen = [rows[unit] for unit in sorted(units & rows.keys())]
        for flag, counts in found.items():
            if seen:
                counts[side] += 1
                counts[f"{side}_shown"] += sum(bool(row[flag]) for row in seen) >= SHOWN_SHARE * len(seen)
    return found


def pooled(worlds: Iterable[Row]) -> dict[str, Row]:
    """Counts of all worlds together, with likelihood ratio and 95 % interval; flags in the order of their names."""
    totals: dict[str, Row] = {}
    for world in worlds:
        for flag, counts in world["flags"].items():
            total = totals.setdefault(flag, dict.fromkeys(COLUMNS, 0))
            for column in COLUMNS:
                total[column] += counts[column]
    for total in totals.values():
        ratio, low, high = factors.Measured(**total).ratio
        total |= {"likelihood_ratio": ratio, "low": low, "high": high}
    return dict(sorted(totals.items()))


def write(path: Path, flags: Mapping[str, Row], worlds: Iterable[Row]) -> None:
    """Write what the pack of factors reads: counts alone, ratios follow from them."""
    head = "# Operators of the simulated range that show each flag. Written by `python -m bench.indicators` alone.\n"
    body: dict[str, Any] = {
        "measured_on": [f"{world['world']} {world['seed']}" for world in worlds],
        "flags": {flag: {column: counts[column] for column in COLUMNS} for flag, counts in flags.items()},
    }
    path.write_text(head + yaml.safe_dump(body, sort_keys=False, width=118), encoding="utf-8")


def main() -> None:
    """Measure, publish, and write the data of the pack."""
    measurement = trials.asked("indicators", "How often builders and benign operators show each indicator.", PUBLISHED)
    settings = measurement.settings
    jobs = [
        (name, FIRST_SEED + number, float(settings["scale"]))
        for name in WORLDS[: int(settings["worlds"])]
        for number in range(int(settings["seeds"]))
    ]
    worlds = trials.each(measurement, one_world, jobs)
    flags = pooled(worlds)
    trials.publish(measurement, {"flags": flags, "worlds": worlds})
    folder = Path(factors.__file__).parents[1] / "factors" if measurement.full else measurement.out
    write(folder / factors.RATIOS, flags, worlds)


if __name__ == "__main__":
    main()
