"""Figures of every method on one world, as counts that add up over worlds.

Every method is scored by the same function on the same footing: accounts that it flags, and groups of them. A group of
fewer flagged accounts than hydrometer judges is nobody's campaign. Hydrometer's own score, with times, shares and
calibration, stands beside it. Against a truth whose labels are shuffled all figures must be what chance gives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from bench.range.cells import Document, Place, read_document
from bench.range.steps import ABLATIONS, HYDROMETER, SIMULATE
from bench.range.tuning import flagged, groups_of, scores_of

from hydrometer.simulate.score import score, score_flags

SMALLEST_GROUP = 5
"""Flagged accounts from which a group counts as a campaign, as in hydrometer's settings."""
ARCHETYPE_COUNTS = ("accounts", "operators", "flagged_accounts", "flagged_operators")
ACCOUNT_COUNTS = ("flagged", "right", "guilty", "benign", "benign_operators", "false_accounts", "false_operators")
AT = " @ "


def world_figures(place: Place, frozen: Path) -> Document:
    """Counts of every method, of the ablations and against shuffled labels.

    Args:
        place: the world; every document in it that has not failed is scored.
        frozen: file of the frozen thresholds.
    """
    thresholds: Mapping[str, Mapping[str, float | None]] = (read_document(frozen) or {})["thresholds"]
    methods: Document = {}
    found: Document = {"methods": methods, "costs": costs(place)}
    own = usable(place, HYDROMETER)
    if own is not None:
        methods[HYDROMETER] = counts(place.truth, set(own["groups"]), own["groups"])
        found["score"] = score(place.run, place.truth, place.kept)
        found["shuffled"] = shuffled(place, own)
    for method, points in thresholds.items():
        scores = scores_of(place, method)
        groups = groups_of(place, method)
        for point, threshold in points.items() if scores is not None else ():
            methods[method + AT + point] = counts(place.truth, flagged(scores or {}, threshold), groups)
    off = usable(place, ABLATIONS)
    if off is not None:
        found["ablations"] = {name: counts(place.truth, set(groups), groups) for name, groups in off["groups"].items()}
    return found


def usable(place: Place, name: str) -> Document | None:
    """A document of the world that has not failed."""
    document = read_document(place.document(name))
    return None if document is None or "failed" in document else document


def costs(place: Place) -> Document:
    """Seconds and peak memory of each step, with the exchanges of the world."""
    made = usable(place, SIMULATE)
    steps = {path.stem: usable(place, path.stem) for path in sorted(place.folder.glob("*.json"))}
    kept = {
        name: {"seconds": one["seconds"], "peak_memory_bytes": one["peak_memory_bytes"]}
        for name, one in steps.items()
        if one is not None and "peak_memory_bytes" in one
    }
    return {"world": made["counts"] if made else {}, "steps": kept}


def counts(truth: Path, flags: set[str], groups: Mapping[str, str] | None) -> Document:
    """Counts of one method's flags and groups.

    Args:
        truth: the world's truth.
        flags: accounts that it flags.
        groups: group of each account that has one; None where it makes none.
    """
    return counted(score_flags(truth, flags, large_enough(flags, groups)))


def large_enough(flags: set[str], groups: Mapping[str, str] | None) -> dict[str, str] | None:
    """Groups with enough flagged accounts, of those accounts."""
    if groups is None:
        return None
    inside = {account: group for account, group in groups.items() if account in flags}
    sizes = Counter(inside.values())
    return {account: group for account, group in inside.items() if sizes[group] >= SMALLEST_GROUP}


def counted(figures: Document) -> Document:
    """What adds up over worlds, from the figures of one world."""
    cubed, clustering = figures.get("b_cubed_campaign_accounts"), figures.get("clustering")
    entries = figures["campaigns"]
    has_groups = figures["campaigns_hit"] is not None
    listed, false = figures["campaigns_listed"], figures["false_campaigns"]
    agreement = clustering["campaign_accounts"] if clustering else None
    return {name: figures["accounts"][name] for name in ACCOUNT_COUNTS} | {
        "campaigns_true": figures["campaigns_true"] if has_groups else None,
        "campaigns_hit": figures["campaigns_hit"],
        "campaigns_listed": listed,
        "false_campaigns": false,
        "false_discovery": (false / listed if listed else 0.0) if has_groups else None,
        "jaccard": fmean(entry["jaccard"] for entry in entries) if entries and has_groups else None,
        "coverage": figures.get("campaign_coverage"),
        "b_cubed_f1": cubed["f1"] if cubed and entries else None,
        "pairwise_f1": agreement["pairwise"]["f1"] if agreement and entries else None,
        "adjusted_mutual_information": agreement["adjusted_mutual_information"] if agreement and entries else None,
        "archetypes": {
            name: [row[column] for column in ARCHETYPE_COUNTS]
            for name, row in figures["false_alarms_by_archetype"].items()
        },
    }


def shuffled(place: Place, own: Document) -> Document:
    """Hydrometer's flags against a truth with shuffled labels, beside what chance gives (mean and deviation).

    Args:
        place: the world.
        own: the document of its scan.
    """
    found = counts(place.shuffled, set(own["groups"]), own["groups"])
    kept = {name: found[name] for name in ("flagged", "right", "guilty", "campaigns_hit", "campaigns_true")}
    return kept | {f"by_chance_{name}": value for name, value in own["right_by_chance"].items()}
