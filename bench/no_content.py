"""What a scan without content loses: development worlds scanned with texts and without, and what metadata can tell.

Each world is scanned twice, and the same campaigns are looked for. Beside what is listed stands the reported group that
overlaps a campaign most, with its bits, so that one sees where it is lost: not put together by formation, not shown to
be one hand, or not seen to build a data set. Worlds without campaigns say what is flagged. The e-value of metadata is
also asked of true operators, which no formation chose: of benign ones it must be at most 1 in the mean; of campaigns it
is given with each family of figures left out, which says which of them carry it.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from bench import trials
from bench.gateway import closest
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 2}
FIRST_SEED = 1
SOUGHT = ("distillation", "stolen_keys")
"""Kinds of campaigns that are to be listed."""
E_VALUES = (20, 100)


def tasks(seeds: int) -> list[tuple[str, int]]:
    """All development worlds but the two that are only large."""
    from hydrometer.simulate.run import worlds
    from hydrometer.simulate.world import DEVELOPMENT

    names = [one.name for one in worlds().values() if one.split == DEVELOPMENT and one.name not in ("bench", "library")]
    return [(name, seed) for name in names for seed in range(FIRST_SEED, FIRST_SEED + seeds)]


def one_world(task: tuple[str, int]) -> Row:
    """Scan one world with content and without."""
    from hydrometer.simulate.score import score

    name, seed = task
    with tempfile.TemporaryDirectory() as folder:
        world = trials.made(name, Path(folder) / "world", seed)
        row: Row = {"world": name, "seed": seed}
        for mode, content in (("content", True), ("content_free", False)):
            run = Path(folder) / mode
            manifest = trials.scanned(world / "traffic", run, seed, content=content)
            row[mode] = figures(run, world, score(run, world / "truth"), manifest)
        row["operators"] = operators(Path(folder) / "content_free" / "state", world, f"{name} {seed}")
    return row


def figures(run: Path, world: Path, found: dict[str, Any], manifest: Row) -> Row:
    """What one scan found of each campaign, and whom else it listed."""
    import pyarrow.parquet as pq

    members, groups = pq.read_table(run / "members.parquet").to_pylist(), trials.groups(run)
    true: dict[str, set[str]] = {}
    for one in pq.read_table(world / "truth" / "memberships.parquet").to_pylist():
        true.setdefault(one["campaign_id"], set()).add(one["account_id"])
    kinds = {
        one["campaign_id"]: one["kind"] for one in pq.read_table(world / "truth" / "campaigns.parquet").to_pylist()
    }
    kept = ("preset", "accounts", "hit", "jaccard", "leakage")
    return {
        "campaigns": [
            {name: entry[name] for name in kept} | {"closest": closest(groups, members, true[entry["campaign_id"]])}
            for entry in found["campaigns"]
            if kinds[entry["campaign_id"]] in SOUGHT
        ],
        "false_campaigns": found["false_campaigns"],
        "benign_accounts": found["accounts"]["benign"],
        "benign_flagged": found["accounts"]["false_accounts"],
        "account_recall": found["accounts"]["recall"],
        "groups_judged": manifest["false_discovery"]["groups"],
        "wall_seconds": manifest["wall_seconds"],
    }


def operators(state: Path, world: Path, content: str) -> list[Row]:
    """Bits of metadata of each true operator and campaign of a world: with all figures, and without each family."""
    import numpy as np
    import pyarrow.parquet as pq
    from bench.fit_harvest import LAST_EPOCH, chosen

    from hydrometer.base.workspace import Workspace
    from hydrometer.prove.metadata import EXCHANGES_MIN, METADATA_FAMILIES, METADATA_FIGURES, metadata
    from hydrometer.prove.metadata_reference import metadata_reference
    from hydrometer.prove.own_operators import UNITS
    from hydrometer.prove.reference import ACCOUNTS_MIN, soft_rank

    workspace = Workspace(state, threads=1)
    workspace.store("units", UNITS)
    units = workspace.read("units")
    number = dict(zip(units["account_id"].to_pylist(), units["unit"].to_pylist(), strict=True))
    owners = pq.read_table(world / "traffic" / "accounts.parquet", columns=["account_id", "owner"]).to_pylist()
    declared = {one["account_id"] for one in owners if one["owner"] is not None}
    members, kinds, campaign = chosen(world / "truth", number, declared, content)
    values, exchanges, accounts = metadata(workspace, members, LAST_EPOCH)
    workspace.close()
    library, names = metadata_reference(), list(METADATA_FIGURES)
    told = (accounts >= ACCOUNTS_MIN) & (exchanges >= EXCHANGES_MIN)

    def bits(row: int, without: tuple[str, ...] = ()) -> float:
        figures = values[row].copy()
        figures[[names.index(name) for name in without]] = np.nan
        score = float(library.weights.score(figures[None, :])[0])
        return soft_rank(score, library.scores(~np.isnan(figures))) / float(np.log(2.0))

    return [
        {"kind": kinds[row], "campaign": campaign[row], "accounts": int(accounts[row]), "bits": bits(row)}
        | (
            {"without": {family: bits(row, some) for family, some in METADATA_FAMILIES.items()}}
            if campaign[row]
            else {}
        )
        for row in np.flatnonzero(told).tolist()
    ]


def summary(worlds: list[Row]) -> Row:
    """Recall and false alarms of both ways, where campaigns are lost, and what metadata says of true operators."""
    from scipy.stats import binomtest

    def way(mode: str) -> Row:
        entries = [entry for row in worlds for entry in row[mode]["campaigns"]]
        hits = sum(entry["hit"] for entry in entries)
        benign = sum(row[mode]["benign_accounts"] for row in worlds)
        flagged = sum(row[mode]["benign_flagged"] for row in worlds)
        low, high = binomtest(hits, len(entries)).proportion_ci(0.95, method="exact")
        return {
            "campaigns": len(entries), "hits": hits, "recall": hits / len(entries), "recall_low_95": float(low),
            "recall_high_95": float(high), "false_campaigns": sum(row[mode]["false_campaigns"] for row in worlds),
            "benign_accounts": benign, "benign_flagged": flagged, "flagged_per_100k": 1e5 * flagged / max(benign, 1),
            "groups_judged": trials.spread(row[mode]["groups_judged"] for row in worlds),
            "wall_seconds": trials.spread(row[mode]["wall_seconds"] for row in worlds), "lost": lost(entries),
        }  # fmt: skip

    return {mode: way(mode) for mode in ("content", "content_free")} | {"metadata": of_truth(worlds)}


def lost(entries: list[Row]) -> Row:
    """Campaigns that were not hit, by the first thing that they lack."""
    from hydrometer.simulate.metrics import HIT

    counted = {"not_formed": 0, "not_one_hand": 0, "not_a_data_set": 0, "not_listed": 0}
    for entry in (entry for entry in entries if not entry["hit"]):
        near = entry["closest"]
        if near is None or near["jaccard"] < HIT:
            counted["not_formed"] += 1
        elif (near["operator_bits"] or 0.0) < BAR_BITS:
            counted["not_one_hand"] += 1
        elif (near["extraction_bits"] or 0.0) < BAR_BITS:
            counted["not_a_data_set"] += 1
        else:
            counted["not_listed"] += 1
    return counted


BAR_BITS = 7.0
"""About what a lone group needs of either hypothesis: 1/q at q = 0.01."""


def of_truth(worlds: list[Row]) -> Row:
    """The e-value of metadata on true operators: benign ones, and campaigns with each family of figures left out."""
    import numpy as np

    every = [one for row in worlds for one in row["operators"]]
    benign = np.array([one["bits"] for one in every if not one["campaign"]])
    whole: dict[str, list[Row]] = {}
    for row in worlds:
        largest: dict[str, Row] = {}
        for one in (one for one in row["operators"] if one["campaign"]):
            if one["accounts"] > largest.get(one["kind"], {"accounts": 0})["accounts"]:
                largest[one["kind"]] = one
        for kind, one in largest.items():
            whole.setdefault(kind, []).append(one)
    return {
        "benign": {
            "operators": len(benign), "mean_e": float(np.mean(2.0**benign)), "most_bits": float(benign.max()),
            **{f"share_e_{least}": float((2.0**benign >= least).mean()) for least in E_VALUES},
        },
        "campaigns": {
            kind: {"worlds": len(some), "bits": trials.spread(one["bits"] for one in some)} | {
                f"without_{family}": trials.spread(one["without"][family] for one in some)
                for family in some[0]["without"]
            }
            for kind, some in sorted(whole.items())
        },
    }  # fmt: skip


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("no_content", "What a scan without content loses.", PUBLISHED)
    asked = tasks(int(measurement.settings["seeds"]))
    spawn = multiprocessing.get_context("spawn")
    worlds: list[Row] = []
    with ProcessPoolExecutor(max_workers=measurement.jobs, mp_context=spawn) as pool:
        for done in as_completed([pool.submit(one_world, task) for task in asked]):
            worlds.append(done.result())
            print(f"no_content: {len(worlds)} of {len(asked)} worlds", flush=True)
    worlds.sort(key=lambda row: (row["world"], row["seed"]))
    found = summary(worlds)
    for row in worlds:
        del row["operators"]
    trials.publish(measurement, {"summary": found, "worlds": worlds})


if __name__ == "__main__":
    main()
