"""Robustness curves: recall and campaigns found as one evasion is turned up, and what that costs the attacker.

The other knobs stay as the base world has them. The attacker's cost is what a useful exchange takes: accounts, and
exchanges sent (a decoy that repeats a prompt is sent and useless). The cost at which recall has fallen to one half,
relative to the weakest setting, is the multiplier; it is linear between the settings on both sides.
Source: detection table, section 6.1 (robustness curves).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.range.cells import Document, WorldKey
from bench.range.curve_plot import Curve, Panel, Point, write_curves
from bench.range.figures import AT
from bench.range.intervals import FIGURES, over_worlds
from bench.range.methods import HYDROMETER
from bench.range.plan import CURVE_RIVALS, Plan
from bench.range.results import rows_of
from bench.range.tuning import MATCHED

HALF = 0.5
SHOWN = ("account_recall", "campaign_recall")
COSTS = {"accounts": "campaign_accounts", "exchanges": "sent_by_campaign_accounts"}


def curve_document(plan: Plan, found: Mapping[WorldKey, Document]) -> Document:
    """What `range_curves.json` says: every axis with its points, costs and multipliers."""
    keys = [key for values in plan.curves.values() for point in values.values() for key in point]
    return {
        "axes": {
            axis.name: axis_document(axis.said, plan.curves[axis.name], found)
            for axis in plan.axes
            if axis.name in plan.curves
        },
        "rivals": [
            name for name in CURVE_RIVALS if any(name + AT + MATCHED in one["methods"] for one in found.values())
        ],
        "unfinished": [key.slug for key in keys if key not in found] or ([] if keys else ["every axis"]),
    }


def rivals_on(documents: Iterable[Document]) -> list[str]:
    """Rivals of the curves that have a matched threshold and were scored."""
    labels = {name for document in documents for name in document["methods"]}
    return [name for name in CURVE_RIVALS if name + AT + MATCHED in labels]


def axis_document(
    said: str, values: Mapping[float, Sequence[WorldKey]], found: Mapping[WorldKey, Document]
) -> Document:
    """One axis, from weak to strong."""
    points: list[Document] = []
    for value, keys in values.items():
        there = {key: found[key] for key in keys if key in found}
        rows = rows_of(there)
        chosen = [figure for figure in FIGURES if figure.name in SHOWN]
        points.append({
            "value": value, "runs": len(there), "cost": costs_of(there.values()),
            "methods": {
                name: {figure.name: over_worlds(figure, rows[name]) for figure in chosen}
                for name in [HYDROMETER, *(rival + AT + MATCHED for rival in CURVE_RIVALS)] if name in rows
            },
        })  # fmt: skip
    finished = [point for point in points if point["runs"]]
    names = {name for point in finished for name in point["methods"]}
    return {
        "said": said,
        "points": points,
        "unfinished": [point["value"] for point in points if not point["runs"]],
        "at_half_recall": {name: multipliers(finished, name) for name in sorted(names)},
    }


def costs_of(documents: Iterable[Document]) -> dict[str, float | None]:
    """Accounts, and exchanges sent, for each useful exchange of the campaigns."""
    worlds = [document["costs"]["world"] for document in documents]
    useful = sum(world.get("useful_exchanges", 0) for world in worlds)
    return {
        name: sum(world.get(column, 0) for world in worlds) / useful if useful else None
        for name, column in COSTS.items()
    }


def multipliers(points: Sequence[Document], method: str) -> Document:
    """Cost multipliers where a method's recall has fallen to one half.

    Returns:
        `value` of the knob and multiplier of each cost, or `said`, why there is none.
    """
    recalls = [(point["methods"].get(method) or {}).get("account_recall") for point in points]
    known = [(point, one["value"]) for point, one in zip(points, recalls, strict=True) if one is not None]
    if not known:
        return {"said": "not measured"}
    if known[0][1] < HALF:
        return {"said": "below one half at the weakest setting"}
    place = next((i for i, (_, recall) in enumerate(known) if recall < HALF), None)
    if place is None:
        strongest = {name: ratio(known[-1][0], known[0][0], name, 0.0, known[-1][0]) for name in COSTS}
        return {"said": "never below one half", "multiplier_at_strongest": strongest}
    (before, high), (after, low) = known[place - 1], known[place]
    way = (high - HALF) / (high - low)
    value = before["value"] + way * (after["value"] - before["value"])
    return {
        "value": value,
        "multiplier": {name: ratio(before, known[0][0], name, way, after) for name in COSTS},
    }


def ratio(before: Document, base: Document, name: str, way: float, after: Document) -> float | None:
    """Cost on the way from one setting to the next, relative to the base; None where a cost is not known."""
    costs = [point["cost"][name] for point in (before, after, base)]
    if None in costs or not costs[2]:
        return None
    return float((costs[0] + way * (costs[1] - costs[0])) / costs[2])


def draw(folder: Path, document: Document) -> list[Path]:
    """Write one SVG file for each axis that has two finished points; their paths."""
    paths = []
    for axis, one in document["axes"].items():
        finished = [point for point in one["points"] if point["runs"]]
        if len(finished) < 2:
            continue
        names = sorted({name for point in finished for name in point["methods"]}, key=lambda n: (n != HYDROMETER, n))
        panels = [
            Panel(title, [Curve(name.partition(AT)[0], drawn(finished, name, figure)) for name in names])
            for figure, title in (("account_recall", "accounts found"), ("campaign_recall", "campaigns found"))
        ]
        folder.mkdir(parents=True, exist_ok=True)
        paths.append(folder / f"{axis}.svg")
        write_curves(paths[-1], axis.replace("_", " "), [point["value"] for point in finished], panels)
    return paths


def drawn(points: Sequence[Document], method: str, figure: str) -> list[Point]:
    """Points of one curve; those where the figure has no value are left out."""
    found = []
    for place, point in enumerate(points):
        cell = (point["methods"].get(method) or {}).get(figure)
        if cell is not None:
            found.append(Point(place, cell["value"], cell["low"], cell["high"]))
    return found
