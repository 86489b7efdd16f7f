"""Are the facts of a case true? What a listed campaign is after, when it turned, what it took; and who else "turned".

Development worlds are judged at the end of the log. A campaign is found where a listed group has half or more in common
with its operators and victims. Where one turns to a new model, the log is also cut so many hours after that and judged
again, as if nothing later were known: a pivot counts as stated by then if that run states it. Pivots are also asked of
benign operators, and of strangers of one kind, of five units or more: whoever is called a pivot there at any look is a
false one. Impact is that of what is listed, and the estimate in all with its range; where one listed group is the one
most like several campaigns, as of one hand's two builders, its take is theirs together. The roadmap's p-values are
those of made-up series, since worlds are a week long.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from bench import trials
from bench.trials import Row
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hydrometer.base.workspace import Workspace
    from hydrometer.collect.run import CollectReport
    from hydrometer.prove.subject import Subject, Surroundings, Words

WORLDS = (
    "demo", "mixed_half", "sharded", "replaced", "null_switch", "two_builders", "small_reseller", "fuzzing", "kernels",
    "templates", "four_pathways", "gtig_language", "keys_taken", "null_firms",
)  # fmt: skip
PIVOT_WORLDS = ("demo", "mixed_half", "sharded", "replaced")
"""Worlds in which a campaign turns to a new model; judged for more seeds."""
PUBLISHED: dict[str, int | float] = {"worlds": len(WORLDS), "seeds": 1, "pivot_seeds": 2, "series": 1_000}
FIRST_SEED = 300
"""Seeds that no other published figure uses."""
FOUND = 0.5
"""Jaccard index of operators and victims from which a listed group is the campaign."""
UNITS_MIN = 5
TOLERANCE = 0.05
"""Relative error up to which a figure of impact is right."""
WITHIN_H = (6.0, 24.0)
IN_ALL = "_in_all"
"""End of the names of facts that estimate a take in all."""
TAKEN = {
    "exchanges": None, "input_tokens": "input_tokens", "output_tokens": "output_tokens", "list_price": "cost_usd",
}  # fmt: skip
"""Fact of impact → column of the log that it sums; exchanges are counted."""
HOUR_S = 3_600.0
DAYS, EVENTS = 90, 3
LEVELS = (0.01, 0.05, 0.1, 0.5)


def one_world(name: str, seed: int) -> Row:
    """Judge one world, and score its facts."""
    from bench.fit_one_prompt import refuse_held_out

    refuse_held_out([name])
    with tempfile.TemporaryDirectory() as folder:
        world = trials.made(name, Path(folder) / "world", seed)
        workspace, collected = trials.fingerprinted(world / "traffic", Path(folder) / "work", seed)
        found, words = judged(workspace, collected, seed)
        campaigns = scored(found, world)
        benign = innocents(workspace, world / "truth", words, f"{name} {seed}")
        workspace.close()
        for entry in campaigns:
            if entry.get("pivots"):
                entry["stated_by_h"] = stated(world, Path(folder), seed, entry["preset"])
    return {"world": name, "seed": seed, "campaigns": campaigns, "benign": benign}


def stated(world: Path, folder: Path, seed: int, preset: str) -> Row:
    """Whether a run over the log up to so many hours after a campaign's turn finds it and states that it turned."""
    result: Row = {}
    for hours in WITHIN_H:
        part = cut(world, folder / f"cut{hours:g}", hours)
        workspace, collected = trials.fingerprinted(part / "traffic", folder / f"work{hours:g}", seed)
        found, _ = judged(workspace, collected, seed)
        workspace.close()
        result[f"{hours:g}"] = any(
            entry["preset"] == preset and entry.get("onset_error_h") is not None for entry in scored(found, part)
        )
    return result


def cut(world: Path, folder: Path, hours: float) -> Path:
    """The same world with the log up to so many hours after the turn; all else, the truth included, as it was."""
    shutil.copytree(world, folder)
    turns = [row["pivot_at"] for row in pq.read_table(world / "truth" / "campaigns.parquet").to_pylist()]
    end = min(turn for turn in turns if turn is not None) + timedelta(hours=hours)
    log = pq.read_table(world / "traffic" / "exchanges.parquet")
    before = pc.less(log["sent_at"], pa.scalar(end, log.schema.field("sent_at").type))
    pq.write_table(log.filter(before), folder / "traffic" / "exchanges.parquet")
    return folder


def judged(workspace: Workspace, collected: CollectReport, seed: int) -> tuple[dict[str, pa.Table], Words]:
    """Tables of the run at the end of the log, and the names of the bits."""
    from hydrometer import moments, pipeline
    from hydrometer.base.settings import Settings
    from hydrometer.fingerprint.lexicon import lexicon
    from hydrometer.prove.run import first_exchanges, tables, unit_accounts
    from hydrometer.prove.subject import Words
    from hydrometer.prove.verdict import verdicts

    settings, rules = Settings(seed=seed, threads=1), lexicon()
    words = Words(tuple(rules.techniques), tuple(rules.targets))
    known = moments.Known(settings, tuple(use.model_dump() for use in collected.register))
    last = workspace.query(pipeline.SPAN)["last"][0].as_py()
    population = moments.population_at(workspace, last)
    groups = moments.link(population, settings.minimum_accounts)
    names = [accounts[0] for accounts in unit_accounts(workspace, population.units)]
    reported = verdicts(
        moments.judged_at(workspace, known, population, groups, last), settings.q, names,
        first_exchanges(workspace, population.units),
    )  # fmt: skip
    return tables(
        workspace, population, reported, detectable={}, prior=settings.prior, vocabulary=words,
        policy=collected.policy, q=settings.q, seed=seed,
    ), words  # fmt: skip


def scored(found: dict[str, pa.Table], world: Path) -> list[Row]:
    """Each sought campaign of a world against the listed group that is most like it."""
    from hydrometer.simulate.score_tables import FLAGGED_ROLES, SOUGHT

    inside: dict[str, set[str]] = {}
    for row in trials.listed(found["campaigns"].to_pylist()):
        inside[row["campaign_id"]] = set()
    for row in found["members"].to_pylist():
        if row["campaign_id"] in inside and row["role"] in FLAGGED_ROLES:
            inside[row["campaign_id"]].add(row["account_id"])
    true: dict[str, set[str]] = {}
    for row in pq.read_table(world / "truth" / "memberships.parquet").to_pylist():
        if row["role"] in FLAGGED_ROLES:
            true.setdefault(row["campaign_id"], set()).add(row["account_id"])
    facts = [row for row in found["facts"].to_pylist() if row["account_id"] is None]
    said = {row["campaign_id"]: row for row in found["campaigns"].to_pylist()}
    sought = [row for row in pq.read_table(world / "truth" / "campaigns.parquet").to_pylist() if row["kind"] in SOUGHT]
    nearest = {row["campaign_id"]: closest(true[row["campaign_id"]], inside) for row in sought}
    result = []
    for row in sought:
        group, share = nearest[row["campaign_id"]]
        entry: Row = {"preset": row["preset"], "accounts": len(true[row["campaign_id"]]), "jaccard": share}
        if group is not None and share >= FOUND:
            own = [fact for fact in facts if fact["campaign_id"] == group]
            alike = sorted(name for name, (other, much) in nearest.items() if other == group and much >= FOUND)
            entry |= {
                **aims(list(said[group]["capabilities"] or []), list(row["capabilities"])),
                **turn([fact for fact in own if fact["fact"] == "release_pivot"], row["pivot_at"]),
                "taken": taken(own, alike, world),
            }
        result.append(entry)
    return sorted(result, key=lambda entry: (entry["preset"], -entry["accounts"]))


def closest(accounts: set[str], groups: dict[str, set[str]]) -> tuple[str | None, float]:
    """The group with the largest Jaccard index, the first of equals by id.

    >>> closest({"a", "b"}, {"y": {"a", "b", "c"}, "x": {"a", "b", "d"}, "z": {"a"}})
    ('x', 0.6666666666666666)
    """
    best: tuple[str | None, float] = (None, 0.0)
    for name in sorted(groups):
        share = len(accounts & groups[name]) / len(accounts | groups[name])
        if share > best[1]:
            best = name, share
    return best


def aims(said: Sequence[str], true: Sequence[str]) -> Row:
    """Whether the first capability is the one most aimed at, and whether it is aimed at at all."""
    return {"top1_right": said[:1] == list(true[:1]), "top1_among": bool(said) and said[0] in true}


def turn(facts: Iterable[Row], true: datetime | None) -> Row:
    """Pivots that are said against the true one: false ones, and hours from it to the onset and to when it showed.

    Args:
        facts: rows `release_pivot` of the group.
        true: the true pivot; None without one.
    """
    met = [fact for fact in facts if fact["state"] == "met"]
    if true is None:
        return {"pivots": False, "false_pivot": bool(met), "onset_error_h": None, "shown_after_h": None}
    onsets = [abs((fact["starts_at"] - true).total_seconds()) / HOUR_S for fact in met]
    shown = [(fact["ends_at"] - true).total_seconds() / HOUR_S for fact in met if fact["ends_at"] is not None]
    return {
        "pivots": True, "false_pivot": False, "onset_error_h": min(onsets, default=None),
        "shown_after_h": min(shown, default=None),
    }  # fmt: skip


def taken(facts: Iterable[Row], campaigns: Sequence[str], world: Path) -> dict[str, Row]:
    """Relative error of each figure of impact: listed, in all, and whether the range holds the truth; None = not said.

    Args:
        facts: of the group.
        campaigns: that it is the one most like.
        world: traffic and truth.
    """
    said = {fact["fact"]: fact for fact in facts if fact["fact"].removesuffix(IN_ALL) in TAKEN}
    harvest = pq.read_table(world / "truth" / "exchanges.parquet")
    wanted = pc.is_in(harvest["campaign_id"], pa.array(campaigns, pa.string()))
    ids = harvest.filter(wanted)["exchange_id"].combine_chunks()
    log = pq.read_table(world / "traffic" / "exchanges.parquet", columns=["exchange_id", *filter(None, TAKEN.values())])
    part = log.filter(pc.is_in(log["exchange_id"], ids))
    errors: dict[str, Row] = {}
    for name, column in TAKEN.items():
        true = len(ids) if column is None else pc.sum(part[column]).as_py()
        whole = said.get(f"{name}{IN_ALL}", {})
        held = None if not true or whole.get("high") is None else bool(whole["low"] <= true <= whole["high"])
        errors[name] = {
            "listed": error(said.get(name, {}).get("value"), true), "in_all": error(whole.get("value"), true),
            "in_range": held,
        }  # fmt: skip
    return errors


def error(value: float | None, true: float | None) -> float | None:
    """Relative error; None where either side has none.

    >>> error(3.0, 2.0), error(None, 2.0), error(3.0, 0.0)
    (0.5, None, None)
    """
    return None if value is None or not true else value / true - 1.0


def innocents(workspace: Workspace, truth: Path, words: Words, content: str) -> Row:
    """Pivots of benign operators and of strangers of one kind: how many could be looked at, and who is called one."""
    from bench.fit_harvest import chosen

    from hydrometer.prove.fact import UNKNOWN
    from hydrometer.prove.facts._moves import pivots
    from hydrometer.prove.subject import Surroundings

    rows = workspace.query("select account_id, unit, declared from {units} order by 1").to_pylist()
    number = {row["account_id"]: row["unit"] for row in rows}
    declared = {row["account_id"] for row in rows if row["declared"]}
    around = Surroundings(workspace, words, {}, [])
    looked, called = 0, []
    for units, kind, campaign in zip(*chosen(truth, number, declared, content), strict=True):
        if not campaign and len(set(units.tolist())) >= UNITS_MIN:
            for pivot in pivots(group(around, np.unique(units))):
                looked += pivot.switched != UNKNOWN
                called += [str(kind)] if any(pivot.stated) else []
    return {"looked_at": looked, "false_pivots": sorted(called)}


def group(around: Surroundings, units: NDArray[np.int64]) -> Subject:
    """Some units as a group of which all traffic is the group's, as if nobody else were listed."""
    from hydrometer.prove.assembly import ATTRIBUTED
    from hydrometer.prove.attribution import CELLS
    from hydrometer.prove.subject import Subject

    around, workspace = copy.copy(around), around.workspace
    around.listed = units
    chances: dict[str, Any] = {
        "unit": np.repeat(units, CELLS), "cell": np.tile(np.arange(CELLS), len(units)),
        "probability": np.ones(CELLS * len(units)),
    }  # fmt: skip
    none = pa.table({"layer": pa.array([], pa.string()), "hash": pa.array([], pa.int64())})
    part = workspace.query(ATTRIBUTED, marks=none, chances=pa.table(chances))
    members = workspace.query(
        "select account_id, unit, 1.0::double as probability from {units} semi join wanted using (unit) order by 1",
        wanted=pa.table({"unit": units}),
    )
    return Subject("benign", workspace, part, members, around)


def series(shape: str, draw: np.random.Generator) -> NDArray[np.float64]:
    """Level of a group's activity over the days, without any alignment; shape (days,)."""
    days = np.arange(DAYS)
    if shape == "drift":
        steps = draw.standard_normal(DAYS)
        for day in days[1:]:
            steps[day] += 0.9 * steps[day - 1]
        return np.asarray(np.exp(0.3 * steps))
    return {
        "flat": np.ones(DAYS), "ramp": np.clip((days - 30) / 30.0, 0.1, 1.0), "trend": np.exp(2.0 * days / DAYS)
    }[shape]  # fmt: skip


def roadmap_null(many: int) -> list[Row]:
    """P-values of alignment on series without one, by shape and by where the events lie."""
    from hydrometer.prove.facts.roadmap import LAG_DAYS, activity, aligned_p

    rows: list[Row] = []
    for shape in ("flat", "drift", "ramp", "trend"):
        for late in (False, True):
            draw = np.random.default_rng([17, len(rows)])
            days = np.arange(2 * DAYS // 3 if late else LAG_DAYS + 1, DAYS - LAG_DAYS)
            found = np.zeros(many)
            for place in range(many):
                own = draw.poisson(300 * series(shape, draw) * draw.gamma(20, 1 / 20, DAYS)).astype(float)
                events = np.sort(draw.choice(days, EVENTS, replace=False))
                found[place] = aligned_p(activity(own, own + draw.poisson(30_000, DAYS)), events)
            rows.append({"shape": shape, "late": late, "series": many} | uniformity(found))
    return rows


def uniformity(found: NDArray[np.float64]) -> Row:
    """Share of p-values up to each level, and how far they exceed it anywhere.

    >>> uniformity(np.arange(1, 101) / 100)["largest_excess"]
    0.0
    """
    ordered = np.sort(found)
    above = np.arange(1, len(ordered) + 1) / len(ordered) - ordered
    return {
        "at_most": {f"{level:g}": float((found <= level).mean()) for level in LEVELS},
        "largest_excess": float(max(above.max(), 0.0)),
    }


def pooled(worlds: Sequence[Row]) -> Row:
    """Figures over all worlds."""
    from hydrometer.simulate.metrics import upper_bound

    campaigns = [entry for world in worlds for entry in world["campaigns"]]
    found = [entry for entry in campaigns if "taken" in entry]
    pivots = [entry for entry in found if entry["pivots"]]
    looked = sum(world["benign"]["looked_at"] for world in worlds)
    false = [kind for world in worlds for kind in world["benign"]["false_pivots"]]
    bound = upper_bound(len(false), looked)
    return {
        "campaigns": len(campaigns), "found": len(found),
        "top1_right": sum(entry["top1_right"] for entry in found),
        "top1_among": sum(entry["top1_among"] for entry in found),
        "pivots": len(pivots), "pivots_said": sum(entry["onset_error_h"] is not None for entry in pivots),
        "onset_within": {f"{hours:g}": within(pivots, "onset_error_h", hours) for hours in WITHIN_H},
        "shown_within": {f"{hours:g}": within(pivots, "shown_after_h", hours) for hours in WITHIN_H},
        "stated_by": {f"{hours:g}": sum(one["stated_by_h"][f"{hours:g}"] for one in pivots) for hours in WITHIN_H},
        "false_pivots_of_campaigns": sum(entry["false_pivot"] for entry in found),
        "benign_looked_at": looked, "benign_false_pivots": len(false),
        "benign_false_pivots_by_kind": {kind: false.count(kind) for kind in sorted(set(false))},
        "false_pivots_per_1000_upper_95": None if bound is None else 1_000.0 * bound,
        "impact": {name: impact([entry["taken"][name] for entry in found]) for name in TAKEN},
    }  # fmt: skip


def within(entries: Iterable[Row], name: str, hours: float) -> int:
    """How many entries say a time, and none beyond so many hours."""
    return sum(entry[name] is not None and entry[name] <= hours for entry in entries)


def impact(errors: Sequence[Row]) -> Row:
    """How many figures there are, how many within `TOLERANCE`, the largest error, and how many ranges hold the truth.

    >>> names = "listed", "in_all", "in_range"
    >>> found = impact([dict(zip(names, one)) for one in [(0.01, 0.02, True), (-0.2, -0.04, True), (None,) * 3]])
    >>> found["listed"], found["in_all"]["right"], found["in_range"], found["ranges"]
    ({'told': 2, 'right': 1, 'largest_error': 0.2}, 2, 2, 2)
    """
    told = {name: [abs(one[name]) for one in errors if one[name] is not None] for name in ("listed", "in_all")}
    ranges = [one["in_range"] for one in errors if one["in_range"] is not None]
    return {
        name: {
            "told": len(found), "right": sum(round(one, 9) <= TOLERANCE for one in found),
            "largest_error": max(found, default=None),
        }
        for name, found in told.items()
    } | {"ranges": len(ranges), "in_range": sum(ranges)}  # fmt: skip


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("facts", "Whether the facts of a case are true.", PUBLISHED)
    settings = measurement.settings
    jobs = [
        (name, FIRST_SEED + number)
        for name in WORLDS[: int(settings["worlds"])]
        for number in range(int(settings["pivot_seeds" if name in PIVOT_WORLDS else "seeds"]))
    ]
    worlds = trials.each(measurement, one_world, jobs)
    roadmap = roadmap_null(int(settings["series"]))
    trials.publish(measurement, {"summary": pooled(worlds), "roadmap": roadmap, "worlds": worlds})


if __name__ == "__main__":
    main()
