"""Fits the weights of H2's profile on development worlds, and measures the library of benign operators that is shipped.

`python -m bench.fit_harvest` writes `prove/harvest.yaml` and `prove/library.parquet` again; the same worlds give the
same files. Beside them it says how each campaign fares that the weights never saw: they are fitted without it, and its
groups ranked among the library. Run it again when profiles, campaigns or archetypes of development worlds change;
held-out worlds are refused. Groups of a campaign are all its accounts, and random parts of them, since a scan rarely
has all. Groups of the library are benign operators of five accounts or more, declared or not, and strangers of one kind
who do the same (a school class, users of one framework): innocents that a scan may take for one hand. Operators of a
campaign that builds no data set (a reseller, a pool of accounts) are neither.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
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
from hydrometer.prove.forms import FORM_FIGURES, Forms, forms
from hydrometer.prove.profile import FIGURES, profiles
from hydrometer.prove.reference import (
    ACCOUNTS_MIN,
    FAMILIES,
    FORM_FAMILIES,
    FORM_PREFIX,
    ITEMS_MIN,
    LIBRARY,
    NONE,
    SPREADS_MAX,
    WEIGHTS,
    Weights,
    soft_rank,
)
from hydrometer.simulate import run
from hydrometer.simulate.score_tables import SOUGHT
from hydrometer.simulate.world import DEVELOPMENT

LIBRARY_WORLD, LIBRARY_SEEDS = "library", tuple(range(100, 116))
CAMPAIGN_SEEDS = (100, 101)
"""Seeds that no published figure uses."""
OUTSIDE = ("authorised_distiller",)
"""Populations that build data sets with permission: no sample of innocents."""
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
HARVEST_SHARE = 0.5
"""Share of a campaign's form from which it is one that carries harvest; the others are cover, and not learned from."""


HARVESTED = """
select k.row, avg((h.exchange_id is not null)::int) as part
from used k join members using (grp) join {units} using (unit) join {fingerprints} f using (account_id)
left join read_parquet($files) h using (exchange_id)
where f.words > 0 and ((k.side = 0 and f.opening = k.phrase) or (k.side = 1 and f.closing = k.phrase)) group by 1
"""


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups with known truth, and their forms.

    Attributes:
        kinds: preset of each campaign group, archetype of each benign one.
        values: shape (k, figures).
        accounts: shape (k,).
        items: shape (k,).
        campaign: shape (k,), whether it is (part of) a campaign.
        form_of: shape (f,), number of the group that a form belongs to.
        forms: shape (f, figures).
        harvested: shape (f,), share of a form's exchanges that the truth calls harvest.
    """

    kinds: NDArray[np.str_]
    values: NDArray[np.float64]
    accounts: NDArray[np.int64]
    items: NDArray[np.int64]
    campaign: NDArray[np.bool_]
    form_of: NDArray[np.int64]
    forms: NDArray[np.float64]
    harvested: NDArray[np.float64]

    def of(self, rows: NDArray[np.bool_]) -> Groups:
        """Some of them, with their forms."""
        number, kept = np.cumsum(rows) - 1, rows[self.form_of]
        return Groups(
            self.kinds[rows], self.values[rows], self.accounts[rows], self.items[rows], self.campaign[rows],
            number[self.form_of[kept]], self.forms[kept], self.harvested[kept],
        )  # fmt: skip

    def telling(self, scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(score, number) of each group's most telling form; `NONE` and -1 without one; scores have shape (f,)."""
        best, which = np.full(len(self.kinds), NONE), np.full(len(self.kinds), -1)
        for form, (group, score) in enumerate(zip(self.form_of, scores, strict=True)):
            if score > best[group]:
                best[group], which[group] = score, form
        return best, which


def joined(parts: Sequence[Groups]) -> Groups:
    """Groups of several worlds."""
    starts = np.cumsum([0, *(len(part.kinds) for part in parts)])
    numbers = [part.form_of + start for part, start in zip(parts, starts, strict=False)]
    names = ("kinds", "values", "accounts", "items", "campaign", "forms", "harvested")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Groups(**columns, form_of=np.concatenate(numbers))


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
        found, used = profiles(workspace, members, LAST_EPOCH), forms(workspace, members, LAST_EPOCH)
        groups = Groups(
            np.array(kinds), found.values, found.accounts, found.items, np.array(campaign), used.group, used.values,
            harvested(workspace, members, used, world / "truth"),
        )  # fmt: skip
        workspace.close()
    return groups.of((groups.accounts >= ACCOUNTS_MIN) & (groups.items >= ITEMS_MIN))


def harvested(workspace: Workspace, members: list[NDArray[np.int64]], used: Forms, truth: Path) -> NDArray[np.float64]:
    """Share of each form's exchanges that are harvest; shape (forms,)."""
    files = sorted((truth / "exchanges").glob("*.parquet")) or [truth / "exchanges.parquet"]
    keys = {"grp": used.group, "side": used.side, "phrase": used.phrase, "row": np.arange(len(used.group))}
    numbers = np.repeat(np.arange(len(members)), [len(units) for units in members])
    found = workspace.query(
        HARVESTED, {"files": [str(file) for file in files]}, used=pa.table(keys),
        members=pa.table({"grp": numbers, "unit": np.concatenate(members)}),
    )  # fmt: skip
    result = np.zeros(len(used.group))
    result[found["row"].to_numpy()] = found["part"].to_numpy()
    return result


def chosen(
    truth: Path, number: dict[str, int], declared: set[str], content: str
) -> tuple[list[NDArray[np.int64]], list[str], list[bool]]:
    """(accounts, kind, whether a campaign) of the groups of one world, accounts by their numbers."""
    draw = generator(0, "fit-harvest", content.encode())
    presets = {
        row["campaign_id"]: row["preset"]
        for row in pq.read_table(truth / "campaigns.parquet").to_pylist()
        if row["kind"] in SOUGHT
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
class Rows:
    """What one section of the weights is fitted on: one row a group, or one a form.

    Attributes:
        names: the figures.
        families: family → its figures.
        values: shape (r, figures).
        kinds: kind of the group.
        campaign: shape (r,), whether it is a campaign, or a form of one that carries harvest.
        used: shape (r,), whether it is clearly one or the other: cover of a campaign is neither.
    """

    names: tuple[str, ...]
    families: Mapping[str, tuple[str, ...]]
    values: NDArray[np.float64]
    kinds: NDArray[np.str_]
    campaign: NDArray[np.bool_]
    used: NDArray[np.bool_]


def of_groups(groups: Groups) -> Rows:
    """Rows of profiles."""
    return Rows(
        tuple(FIGURES), FAMILIES, groups.values, groups.kinds, groups.campaign, np.ones(len(groups.kinds), np.bool_)
    )


def of_forms(groups: Groups) -> Rows:
    """Rows of forms."""
    campaign, carries = groups.campaign[groups.form_of], groups.harvested >= HARVEST_SHARE
    return Rows(
        tuple(FORM_FIGURES), FORM_FAMILIES, groups.forms, groups.kinds[groups.form_of], campaign & carries,
        ~campaign | carries,
    )  # fmt: skip


def case_weights(rows: Rows, learned: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Every preset counts alike; a benign kind counts by the root of its rows; both classes count alike."""
    weight = np.zeros(len(rows.kinds))
    for campaign in (True, False):
        own = learned & (rows.campaign == campaign)
        for kind in np.unique(rows.kinds[own]):
            cases = own & (rows.kinds == kind)
            weight[cases] = 1.0 / cases.sum() if campaign else 1.0 / np.sqrt(cases.sum())
        weight[own] *= CLASS_CASES / weight[own].sum()
    return weight


def fit(rows: Rows, without: str | None = None) -> Weights:
    """Ridge-penalised logistic regression of campaign against benign, without one preset if that is said."""
    learned = rows.used & ~(rows.campaign & (rows.kinds == without))
    weight = case_weights(rows, learned)[learned]
    values, sign = rows.values[learned], np.where(rows.campaign[learned], 1.0, -1.0)
    known = ~np.isnan(values)
    total = weight @ known
    mean = weight @ np.where(known, values, 0.0) / total
    spread = np.sqrt(weight @ np.where(known, values - mean, 0.0) ** 2 / total)
    # What a log cannot tell counts as nothing, as it does in a score.
    distance = np.nan_to_num(np.clip((values - mean) / spread, -SPREADS_MAX, SPREADS_MAX))
    design = np.column_stack([distance, np.ones(len(weight))])

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (design @ point)
        slope = -weight * sign * np.exp(-np.logaddexp(0.0, margin))
        ridge = np.append(point[:-1], 0.0) * PENALTY
        return float(weight @ np.logaddexp(0.0, -margin) + ridge @ point / 2.0), design.T @ slope + ridge

    best = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    return Weights(rows.names, rows.families, mean, spread, best[:-1], float(best[-1]))


def left_out(groups: Groups) -> list[trials.Row]:
    """How each campaign is ranked by weights that were fitted without it."""
    result: list[trials.Row] = []
    for preset in np.unique(groups.kinds[groups.campaign]):
        own = groups.campaign & (groups.kinds == preset)
        profile = fit(of_groups(groups), str(preset)).score(groups.values)
        form, _ = groups.telling(fit(of_forms(groups), str(preset)).score(groups.forms))
        row: trials.Row = {"campaign": str(preset), "groups": int(own.sum())}
        for name, scores in (("profile", profile), ("form", form)):
            library = scores[~groups.campaign]
            bits = [0.0 if score == NONE else soft_rank(score, library) / np.log(2.0) for score in scores[own]]
            row |= {f"{name}_median_bits": float(np.median(bits)), f"{name}_least_bits": float(np.min(bits))}
        result.append(row)
    return result


def section(weights: Weights) -> dict[str, Any]:
    """Weights as they are stored."""
    figures = {
        name: {
            "mean": round(float(weights.mean[place]), 6), "spread": round(float(weights.spread[place]), 6),
            "weight": round(float(weights.weight[place]), 6),
        }
        for place, name in enumerate(weights.names)
    }  # fmt: skip
    return {"figures": figures, "intercept": round(weights.intercept, 6)}


def write(groups: Groups, worlds: Sequence[tuple[str, int]], target: Path, library: Path) -> None:
    """Write both files of the package."""
    profile, form = fit(of_groups(groups)), fit(of_forms(groups))
    head = (
        "# Weights of H2's scores, in nats a spread. Written by `python -m bench.fit_harvest`; do not edit.\n"
        "# Fitted on simulated development worlds alone; docs/model-card.md says where they fail.\n"
    )
    named = sorted({f"{name} {seed}" for name, seed in worlds})
    body = {"profile": section(profile), "form": section(form), "fitted_on": named}
    target.write_text(head + yaml.safe_dump(body, sort_keys=False, width=118), encoding="utf-8")
    benign = groups.of(~groups.campaign)
    _, which = benign.telling(form.score(benign.forms))
    telling = np.where((which < 0)[:, None], np.nan, np.vstack([benign.forms, np.zeros(len(FORM_FIGURES))])[which])
    columns: dict[str, pa.Array] = {
        "kind": pa.array(benign.kinds.tolist(), pa.string()).dictionary_encode(),
        "accounts": pa.array(benign.accounts, pa.int32()), "items": pa.array(benign.items, pa.int32()),
    }  # fmt: skip
    stored = {name: benign.values[:, place] for place, name in enumerate(FIGURES)}
    stored |= {FORM_PREFIX + name: telling[:, place] for place, name in enumerate(FORM_FIGURES)}
    columns |= {name: pa.array(np.round(values, STORED_DIGITS).astype(np.float32)) for name, values in stored.items()}
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
    settings: dict[str, int | float] = {"library seeds": len(LIBRARY_SEEDS), "campaign seeds": len(CAMPAIGN_SEEDS)}
    trials.publish(trials.Measurement("harvest", settings, True, words.out, words.jobs), {
        "library": dict(zip(kinds.tolist(), counts.tolist(), strict=True)),
        "operators": int((~groups.campaign).sum()), "left_out": left_out(groups),
    })  # fmt: skip


if __name__ == "__main__":
    main()
