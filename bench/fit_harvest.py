"""Fits the weights of H2's profile on development worlds, and measures the library of benign operators that is shipped.

`python -m bench.fit_harvest` writes `prove/harvest.yaml` and `prove/library.parquet` again; the same worlds give the
same files. Beside them it says how each campaign fares that the weights never saw: they are fitted without it, and its
groups ranked among the library. Run it again when profiles, campaigns or archetypes of development worlds change;
held-out worlds are refused. Groups of a campaign are all its accounts, and random parts of them, since a scan rarely
has all. Groups of the library are benign operators of five accounts or more, declared or not, and strangers of one kind
who do the same (a school class, users of one framework): innocents that a scan may take for one hand.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from bench import trials
from bench.fit_one_prompt import refuse_held_out
from numpy.typing import NDArray
from scipy.optimize import minimize

from hydrometer import pipeline
from hydrometer.base.draws import generator
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.prove.profile import FIGURES, profiles
from hydrometer.prove.reference import ACCOUNTS_MIN, ITEMS_MIN, LIBRARY, WEIGHTS, robust_score, soft_rank
from hydrometer.simulate import run
from hydrometer.simulate.world import DEVELOPMENT

LIBRARY_WORLD, LIBRARY_SEEDS = "library", (100, 101, 102, 103)
CAMPAIGN_SEEDS = (100, 101, 102)
"""Seeds that no published figure uses."""
OUTSIDE = ("authorised_distiller",)
"""Populations that build data sets with permission: no sample of innocents."""
UNSOUGHT = "resale"
PARTS, SMALLEST_PART, LARGEST_PART = 3, 0.15, 0.9
"""Random parts of each campaign, and how much of it they hold."""
COMMUNITY_SIZES = (5, 300)
"""Accounts of a group of strangers, log-uniform."""
PENALTY = 1.0
"""Ridge penalty of the logistic fit, in squared nats a spread, against 200 cases in all; .3 and 3 rank alike."""
CLASS_CASES = 100.0
"""Weight of all campaign groups, and of all benign ones."""
LAST_EPOCH = 2**40
STORED_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups with known truth.

    Attributes:
        kinds: preset of each campaign group, archetype of each benign one.
        values: shape (k, figures).
        accounts: shape (k,).
        items: shape (k,).
        campaign: shape (k,), whether it is (part of) a campaign.
    """

    kinds: NDArray[np.str_]
    values: NDArray[np.float64]
    accounts: NDArray[np.int64]
    items: NDArray[np.int64]
    campaign: NDArray[np.bool_]

    def of(self, rows: NDArray[np.bool_]) -> Groups:
        """Some of them."""
        return Groups(self.kinds[rows], self.values[rows], self.accounts[rows], self.items[rows], self.campaign[rows])


def joined(parts: Sequence[Groups]) -> Groups:
    """Groups of several worlds."""
    return Groups(
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.accounts for part in parts]),
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.campaign for part in parts]),
    )


def campaign_worlds() -> list[str]:
    """Development worlds in which campaigns live, but for those that are only larger than another."""
    return [
        world.name
        for world in run.worlds().values()
        if world.split == DEVELOPMENT and world.campaigns and world.name != "bench"
    ]


def of_world(task: tuple[str, int]) -> Groups:
    """All groups of one world that have enough accounts and prompts."""
    name, seed = task
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        run.simulate(name, world, seed, scale=1.0 if name == LIBRARY_WORLD else None, jobs=1)
        workspace = Workspace(Path(folder) / "work", threads=1)
        given: dict[str, Any] = {
            field: getattr(pipeline.ScanOptions(), field) for field in CollectOptions.__dataclass_fields__
        }
        collect([str(world / "traffic")], CollectOptions(**given), workspace, lambda *_: None)
        pipeline.read(pipeline.Run(workspace, Settings(seed=seed, threads=1), SilentProgress()))
        declared = workspace.query("select account_id from {units} where declared")["account_id"].to_pylist()
        # Each account by itself: an operator who has not declared himself works as one who has.
        workspace.store(
            "units", "select account_id, dense_rank() over (order by account_id) - 1 as unit, declared from {units}"
        )
        number = dict(
            zip(
                *(column.to_pylist() for column in workspace.query("select account_id, unit from {units}")), strict=True
            )
        )
        members, kinds, campaign = chosen(world / "truth", number, set(declared), f"{name} {seed}")
        found = profiles(workspace, members, LAST_EPOCH)
        workspace.close()
    groups = Groups(np.array(kinds), found.values, found.accounts, found.items, np.array(campaign))
    return groups.of((groups.accounts >= ACCOUNTS_MIN) & (groups.items >= ITEMS_MIN))


def chosen(
    truth: Path, number: dict[str, int], declared: set[str], content: str
) -> tuple[list[NDArray[np.int64]], list[str], list[bool]]:
    """(accounts, kind, whether a campaign) of the groups of one world, accounts by their numbers."""
    draw = generator(0, "fit-harvest", content.encode())
    presets = {
        row["campaign_id"]: row["preset"]
        for row in pq.read_table(truth / "campaigns.parquet").to_pylist()
        if row["kind"] != UNSOUGHT
    }
    built: dict[str, list[int]] = {}
    held: dict[tuple[str, str], list[int]] = {}
    alone: dict[str, list[int]] = {}
    for row in pq.read_table(truth / "accounts.parquet").sort_by("account_id").to_pylist():
        unit = number.get(row["account_id"])
        if unit is None or row["archetype"] in OUTSIDE:
            continue
        if row["campaign_id"] in presets and row["role"] == "operator":
            built.setdefault(row["campaign_id"], []).append(unit)
        elif row["campaign_id"] is None:
            held.setdefault((row["archetype"], row["operator_id"]), []).append(unit)
            if row["account_id"] not in declared:
                alone.setdefault(row["archetype"], []).append(unit)
    groups = [
        (part, presets[campaign], True) for campaign, units in sorted(built.items()) for part in _parts(units, draw)
    ]
    groups += [(np.array(units), archetype, False) for (archetype, _), units in sorted(held.items())]
    several = {archetype for (archetype, _), units in held.items() if len(units) > 1}
    groups += [
        (part, f"strangers:{archetype}", False)
        for archetype, units in sorted(alone.items())
        if archetype not in several
        for part in _communities(units, draw)
    ]
    return [group[0] for group in groups], [group[1] for group in groups], [group[2] for group in groups]


def _parts(units: list[int], draw: np.random.Generator) -> list[NDArray[np.int64]]:
    """A campaign whole, and random parts of it."""
    whole = np.array(units)
    sizes = [max(ACCOUNTS_MIN, int(len(whole) * draw.uniform(SMALLEST_PART, LARGEST_PART))) for _ in range(PARTS)]
    return [whole, *(np.sort(draw.choice(whole, min(size, len(whole)), replace=False)) for size in sizes)]


def _communities(units: list[int], draw: np.random.Generator) -> list[NDArray[np.int64]]:
    """Strangers of one kind, dealt into groups: each is in one of them."""
    order, parts, start = draw.permutation(np.array(units)), [], 0
    while len(order) - start >= ACCOUNTS_MIN:
        size = int(np.exp(draw.uniform(*np.log(COMMUNITY_SIZES))))
        parts.append(np.sort(order[start : start + size]))
        start += size
    return parts


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights: see `reference.Reference`."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weight: NDArray[np.float64]
    intercept: float

    def scores(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of profiles; shape (k, figures) → (k,)."""
        return robust_score((values - self.mean) / self.spread * self.weight, self.intercept)


def case_weights(groups: Groups) -> NDArray[np.float64]:
    """Every preset counts alike; a benign kind counts by the root of its groups; both classes count alike."""
    weight = np.zeros(len(groups.kinds))
    for kind in np.unique(groups.kinds):
        for campaign in (True, False):
            rows = (groups.kinds == kind) & (groups.campaign == campaign)
            if rows.any():
                weight[rows] = 1.0 / rows.sum() if campaign else 1.0 / np.sqrt(rows.sum())
    for campaign in (True, False):
        rows = groups.campaign == campaign
        weight[rows] *= CLASS_CASES / weight[rows].sum()
    return weight


def fit(groups: Groups) -> Fit:
    """Ridge-penalised logistic regression of campaign against benign."""
    weight = case_weights(groups)
    mean = weight @ groups.values / weight.sum()
    spread = np.sqrt(weight @ (groups.values - mean) ** 2 / weight.sum())
    design = np.column_stack([(groups.values - mean) / spread, np.ones(len(weight))])
    sign = np.where(groups.campaign, 1.0, -1.0)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (design @ point)
        slope = -weight * sign * np.exp(-np.logaddexp(0.0, margin))
        ridge = np.append(point[:-1], 0.0) * PENALTY
        return float(weight @ np.logaddexp(0.0, -margin) + ridge @ point / 2.0), design.T @ slope + ridge

    best = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    return Fit(mean, spread, best[:-1], float(best[-1]))


def left_out(groups: Groups) -> list[trials.Row]:
    """How each campaign is ranked by weights that were fitted without it."""
    rows: list[trials.Row] = []
    for preset in np.unique(groups.kinds[groups.campaign]):
        own = groups.campaign & (groups.kinds == preset)
        fitted = fit(groups.of(~own))
        library = np.sort(fitted.scores(groups.of(~groups.campaign).values))
        found = np.array([soft_rank(score, library) for score in fitted.scores(groups.of(own).values)]) / np.log(2.0)
        rows.append({
            "campaign": str(preset), "groups": int(own.sum()), "median_bits": float(np.median(found)),
            "least_bits": float(found.min()),
        })  # fmt: skip
    return rows


def write(groups: Groups, worlds: Sequence[tuple[str, int]], weights: Path, library: Path) -> None:
    """Write both files of the package."""
    fitted = fit(groups)
    figures = {
        name: {
            "mean": round(float(fitted.mean[place]), 6), "spread": round(float(fitted.spread[place]), 6),
            "weight": round(float(fitted.weight[place]), 6),
        }
        for place, name in enumerate(FIGURES)
    }  # fmt: skip
    head = (
        "# Weights of the profile of H2, in nats a spread. Written by `python -m bench.fit_harvest`; do not edit.\n"
        "# Fitted on simulated development worlds alone; docs/model-card.md says where they fail.\n"
    )
    named = sorted({f"{name} {seed}" for name, seed in worlds})
    body = {"figures": figures, "intercept": round(fitted.intercept, 6), "fitted_on": named}
    weights.write_text(head + yaml.safe_dump(body, sort_keys=False, width=118), encoding="utf-8")
    benign = groups.of(~groups.campaign)
    columns: dict[str, pa.Array] = {
        "kind": pa.array(benign.kinds.tolist(), pa.string()).dictionary_encode(),
        "accounts": pa.array(benign.accounts, pa.int32()), "items": pa.array(benign.items, pa.int32()),
    }  # fmt: skip
    columns |= {
        name: pa.array(np.round(benign.values[:, place], STORED_DIGITS).astype(np.float32))
        for place, name in enumerate(FIGURES)
    }
    pq.write_table(pa.table(columns), library, compression="zstd", compression_level=19)


def main() -> None:
    """Measure the groups, fit, write both files, and say how each campaign fares that was left out."""
    parser = argparse.ArgumentParser(prog="python -m bench.fit_harvest", description=__doc__)
    parser.add_argument("--out", type=Path, default=trials.RESULTS, help="folder for harvest.json")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="file of weights to write")
    parser.add_argument("--library", type=Path, default=LIBRARY, help="library to write")
    parser.add_argument("--jobs", type=int, default=trials.usable_cores(), help="processes at once")
    words = parser.parse_args()
    tasks = [(LIBRARY_WORLD, seed) for seed in LIBRARY_SEEDS]
    tasks += [(name, seed) for name in campaign_worlds() for seed in CAMPAIGN_SEEDS]
    refuse_held_out(name for name, _ in tasks)
    with ProcessPoolExecutor(words.jobs) as pool:
        parts = []
        for part in pool.map(of_world, tasks):
            parts.append(part)
            print(f"fit_harvest: {len(parts)} of {len(tasks)} worlds", flush=True)
    groups = joined(parts)
    write(groups, tasks, words.weights, words.library)
    kinds, counts = np.unique(groups.kinds[~groups.campaign], return_counts=True)
    figures = {
        "measurement": "harvest", "library": dict(zip(kinds.tolist(), counts.tolist(), strict=True)),
        "operators": int((~groups.campaign).sum()), "left_out": left_out(groups),
    }  # fmt: skip
    words.out.mkdir(parents=True, exist_ok=True)
    (words.out / "harvest.json").write_text(json.dumps(trials.rounded(figures), indent=2) + "\n", encoding="utf-8")
    print(json.dumps(trials.rounded(figures), indent=2))


if __name__ == "__main__":
    main()
