"""Figures of all worlds → what the results file says: methods side by side, losses, false alarms, ablations.

Every number is computed from the documents in the cache; a method that is absent, that broke, or whose world is not
finished is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.range.cells import Document, Place, WorldKey, read_document
from bench.range.comparing import losses
from bench.range.figures import ARCHETYPE_COUNTS, AT
from bench.range.intervals import FIGURES, PER_100K, over_worlds
from bench.range.methods import HYDROMETER, absent
from bench.range.plan import KINDS, SPEED_WORLDS, About, Plan
from bench.range.steps import FIGURES as FIGURES_STEP
from bench.range.steps import RIVAL
from bench.range.tuning import MATCHED
from bench.table import MIB

ABLATION_GROUPS = ("all", "development", "held_out")
Rows = list[dict[str, Any]]
Chosen = Callable[[About], bool]
PER_WORLD = ("flagged", "right", "guilty", "false_accounts", "campaigns_true", "campaigns_hit", "false_campaigns")


def groups_of_worlds() -> dict[str, Chosen]:
    """Groups over which figures are given."""

    def kind(wanted: str, split: str | None = None) -> Chosen:
        return lambda one: one.kind == wanted and split in (None, one.split)

    return {
        "all": lambda one: True,
        "development": lambda one: one.split == "development",
        "held_out": lambda one: one.split == "held_out",
        **{name: kind(name) for name in KINDS},
        **{f"held_out {name}": kind(name, "held_out") for name in KINDS},
    }


def documents(cache: Path, keys: Iterable[WorldKey]) -> dict[WorldKey, Document]:
    """The figures of each world that has them."""
    found = {key: read_document(Place(cache, key).document(FIGURES_STEP)) for key in keys}
    return {key: one for key, one in found.items() if one is not None and "failed" not in one}


def rows_of(found: Mapping[WorldKey, Document], part: str = "methods") -> dict[str, Rows]:
    """Method (or ablation) → one row of counts and costs for each world and seed."""
    rows: dict[str, Rows] = defaultdict(list)
    for key, document in found.items():
        for name, counts in document.get(part, {}).items():
            spent = cost(document["costs"], name) if part == "methods" else {}
            rows[name].append({"world": key.world, "seed": key.seed} | counts | spent)
    return dict(rows)


def cost(costs: Document, label: str) -> Document:
    """Seconds and memory of a method on a world; empty where they were not measured."""
    method = label.partition(AT)[0]
    step = costs["steps"].get(method if method == HYDROMETER else RIVAL + method)
    if step is None:
        return {}
    return {
        "seconds": step["seconds"],
        "exchanges": costs["world"].get("exchanges"),
        "peak_memory_mib": step["peak_memory_bytes"] / MIB,
    }


def figures_of(rows: Rows) -> dict[str, Any]:
    """Every figure over the rows of one method that it has there."""
    found = {figure.name: over_worlds(figure, rows) for figure in FIGURES}
    return {name: one for name, one in found.items() if one is not None}


def side_by_side(rows: Mapping[str, Rows], worlds: Mapping[str, About]) -> dict[str, Document]:
    """Group of worlds → its worlds, and each method's figures on them; groups without a world are left out."""
    result: dict[str, Document] = {}
    for group, chosen in groups_of_worlds().items():
        inside = {name: [row for row in every if chosen(worlds[row["world"]])] for name, every in rows.items()}
        names = sorted({row["world"] for every in inside.values() for row in every})
        if names:
            result[group] = {
                "worlds": names,
                "methods": {name: figures_of(every) for name, every in inside.items() if every},
            }
    return result


def archetypes_of(rows: Rows) -> dict[str, Document]:
    """False alarms by benign population, pooled over worlds, with the upper bound over operators."""
    from hydrometer.simulate.metrics import upper_bound

    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(ARCHETYPE_COUNTS))
    for row in rows:
        for archetype, counts in row["archetypes"].items():
            sums[archetype] = [before + one for before, one in zip(sums[archetype], counts, strict=True)]
    result: dict[str, Document] = {}
    for archetype, counts in sorted(sums.items()):
        one: Document = dict(zip(ARCHETYPE_COUNTS, counts, strict=True))
        bound = upper_bound(one["flagged_operators"], one["operators"])
        rate = one["flagged_accounts"] / one["accounts"] if one["accounts"] else None
        result[archetype] = one | {
            "flagged_accounts_per_100k": None if rate is None else rate * PER_100K,
            "flagged_operators_per_100k_upper_95": None if bound is None else bound * PER_100K,
        }
    return result


def own_summary(found: Mapping[WorldKey, Document], worlds: Mapping[str, About]) -> Document:
    """Hydrometer's own score over worlds (times, shares, calibration, kinds), by split."""
    from hydrometer.simulate.score import over_worlds as summary

    result: Document = {}
    for split in ("development", "held_out"):
        scores = [one["score"] for key, one in found.items() if "score" in one and worlds[key.world].split == split]
        if scores:
            result[split] = summary(scores)
    return result


def shuffled_of(found: Mapping[WorldKey, Document]) -> Document:
    """Hydrometer against shuffled truths: right flags beside what chance gives, and campaigns hit; empty without any.

    `deviations` says how many standard deviations of chance the right flags of all worlds together lie from its mean.
    """
    rows: Rows = [
        {"world": key.world, "seed": key.seed} | document["shuffled"]
        for key, document in found.items()
        if "shuffled" in document
    ]
    if not rows:
        return {}
    names = ("flagged", "right", "by_chance_expected", "campaigns_hit", "campaigns_true")
    sums = {name: sum(row[name] for row in rows) for name in names}
    spread = sum(float(row["by_chance_deviation"]) ** 2 for row in rows) ** 0.5
    deviations = (sums["right"] - sums["by_chance_expected"]) / spread if spread else None
    return {"worlds": len(rows), **sums, "deviations": deviations, "each": rows}


def range_document(
    plan: Plan, found: Mapping[WorldKey, Document], worlds: Mapping[str, About], frozen: Document
) -> Document:
    """What `range.json` says below its head."""
    rows = rows_of(found)
    groups = side_by_side(rows, worlds)
    compared = [HYDROMETER, *(name + AT + MATCHED for name in sorted(frozen["thresholds"]))]
    untuned = sorted(set(plan.rivals) - set(frozen["thresholds"]))
    return {
        "worlds": [described(key, worlds[key.world], found.get(key)) for key in plan.worlds],
        "unfinished": [key.slug for key in plan.worlds if key not in found],
        "excluded": sorted(SPEED_WORLDS & set(worlds)),
        "absent": absent(),
        "untuned": untuned,
        "thresholds": frozen,
        "groups": groups,
        "losses": losses({name: group["methods"] for name, group in groups.items()}),
        "archetypes": {name: archetypes_of(rows[name]) for name in compared if name in rows},
        "hydrometer": own_summary(found, worlds),
        "shuffled": shuffled_of(found),
    }


def described(key: WorldKey, world: About, document: Document | None) -> Document:
    """One world of the run, with its size and hydrometer's counts."""
    said: Document = {"world": key.world, "seed": key.seed, "split": world.split, "kind": world.kind}
    if document is None:
        return said
    own = document["methods"].get(HYDROMETER, {})
    sizes: Document = document["costs"]["world"]
    return said | sizes | {name: own[name] for name in PER_WORLD if name in own}


def ablation_document(plan: Plan, found: Mapping[WorldKey, Document], worlds: Mapping[str, About]) -> Document:
    """What `range_ablations.json` says: figures of each ablation by split, beside those with nothing switched off."""
    from bench.range.ablations import FULL

    ablated = {key: one for key, one in found.items() if "ablations" in one}
    same = [one["ablations"][FULL] == one["methods"].get(HYDROMETER) for one in ablated.values()]
    groups = side_by_side(rows_of(ablated, "ablations"), worlds)
    return {
        "worlds": [key.slug for key in ablated],
        "unfinished": [key.slug for key in plan.worlds if key in plan.ablated and key not in ablated],
        "agree_with_scan": sum(same),
        "groups": {name: group for name, group in groups.items() if name in ABLATION_GROUPS},
    }


def failures(cache: Path, keys: Sequence[WorldKey]) -> Rows:
    """Steps that broke, with the reason."""
    rows = []
    for key in keys:
        for path in sorted(Place(cache, key).folder.glob("*.json")):
            document = read_document(path)
            if document is not None and "failed" in document:
                rows.append({"world": key.world, "seed": key.seed, "step": path.stem, "reason": document["failed"]})
    return rows
