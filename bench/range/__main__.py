"""The command: plan, say how long it takes, work, tune, freeze, score, write; interrupted, it continues later."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.range import plan as planning
from bench.range.cells import Document, Place, WorldKey
from bench.range.methods import rivals
from bench.range.plan import CURVE_WORLD, PUBLISHED_CURVE_SEEDS, PUBLISHED_SEEDS, About, Plan
from bench.range.runner import Task, work_off
from bench.range.steps import FIGURES, SIMULATE, Step
from bench.range.telling import teller
from bench.range.tuning import freeze, thawed
from bench.trials import RESULTS, Measurement, publish, usable_cores

CACHE = Path("runs") / "range"
SMOKE_OUT = CACHE / "smoke"
PARTS = ("worlds", "curves", "ablations", "table")
INTERRUPTED = 130
MINUTE = 60.0
THRESHOLDS = "range_thresholds.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for.

    Attributes:
        plan: worlds, ablations and curves of the run.
        only: part that is wanted; None = all.
        full: whether these are the published settings.
        settings: what goes into the head of the results.
        cache, out, jobs, keep: as given.
    """

    plan: Plan
    only: str | None
    full: bool
    settings: dict[str, int | float]
    cache: Path
    out: Path
    jobs: int
    keep: bool


def asked(words: Sequence[str], worlds: dict[str, About]) -> Asked:
    """The command line, understood."""
    parser = argparse.ArgumentParser(prog="python -m bench.range", description="Worlds × seeds × methods.")
    parser.add_argument("--smoke", action="store_true", help="few small worlds, one seed, all methods")
    parser.add_argument("--only", choices=PARTS, help="one part; `table` scores and writes what the cache holds")
    parser.add_argument("--seeds", type=int, default=PUBLISHED_SEEDS, help=f"published with {PUBLISHED_SEEDS}")
    parser.add_argument("--worlds", help="names of worlds, with commas (default: all)")
    parser.add_argument("--curves", default=CURVE_WORLD, help=f"base world of the curves (published: {CURVE_WORLD})")
    parser.add_argument("--jobs", type=int, default=usable_cores(), help="processes at once (default: all cores)")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"folder of the cache (default: {CACHE})")
    parser.add_argument("--out", type=Path, help="folder for the results (default: bench/results)")
    parser.add_argument("--keep", action="store_true", help="keep traffic and workspaces (gigabytes)")
    given = parser.parse_args(words)
    chosen = given.worlds.split(",") if given.worlds else sorted(worlds)
    strangers = sorted(set(chosen) - set(worlds))
    if strangers:
        parser.error(f"no world is called {', '.join(strangers)}; there are {', '.join(sorted(worlds))}")
    if given.seeds < 1 or given.jobs < 1:
        parser.error("--seeds and --jobs are at least 1")
    full = not (given.smoke or given.worlds) and given.seeds == PUBLISHED_SEEDS and given.curves == CURVE_WORLD
    out = given.out or (SMOKE_OUT if given.smoke else RESULTS)
    if not full and out.resolve() == RESULTS.resolve():
        parser.error("a run with other settings than the published ones needs --out and a folder of its own")
    few = {name: worlds[name] for name in chosen}
    axes = planning.known_axes()
    seeds, base = (1 if given.smoke else given.seeds), worlds.get(given.curves)
    if given.smoke:
        plan = planning.smoke(few, axes, base, given.curves)
    else:
        plan = planning.full(few, axes, seeds, base, given.curves)
    settings: dict[str, int | float] = {
        "worlds": len({key.world for key in plan.worlds}), "seeds": seeds, "rivals": len(plan.rivals),
        "curve seeds": min(seeds, PUBLISHED_CURVE_SEEDS), "axes": len(plan.curves),
    }  # fmt: skip
    return Asked(plan, given.only, full, settings, given.cache, out, given.jobs, given.keep)


def narrowed(plan: Plan, only: str | None) -> Plan:
    """The part of a plan that is wanted; ablations need the full scans of their worlds and nobody's scores."""
    if only == "worlds":
        return replace(plan, ablated=frozenset(), curves={})
    if only == "ablations":
        worlds = tuple(key for key in plan.worlds if key in plan.ablated)
        return replace(plan, worlds=worlds, rivals=(), curves={})
    return replace(plan, worlds=(), ablated=frozenset()) if only == "curves" else plan


def main(words: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit code."""
    worlds = planning.known_worlds()
    wanted = asked(sys.argv[1:] if words is None else words, worlds)
    tasks = narrowed(wanted.plan, wanted.only).tasks()
    try:
        failed = {} if wanted.only == "table" else worked(wanted, tasks, worlds)
        frozen = thresholds(wanted, worlds)
        figures = [Task(key, (FIGURES,), frozen) for key in scorable(wanted)]
        failed |= told("scoring", wanted, figures)
    except KeyboardInterrupt:
        print("interrupted; the same command continues where it was", file=sys.stderr)
        return INTERRUPTED
    write(wanted, worlds, frozen)
    for step, reason in failed.items():
        print(f"failed: {step.key.slug} {step.name}: {reason}", file=sys.stderr)
    return 1 if failed else 0


def worked(wanted: Asked, tasks: Sequence[Task], worlds: dict[str, About]) -> dict[Step, str]:
    """Say how long it will take, and work."""
    minutes = planning.estimate_seconds(wanted.cache, tasks, worlds, wanted.jobs) / MINUTE
    steps = len(planning.unfinished(wanted.cache, tasks))
    cells = sum(len(task.steps) for task in tasks)
    print(
        f"{len(tasks)} worlds, {cells} steps, {steps} not in {wanted.cache}: about {minutes:.0f} minutes "
        f"on {wanted.jobs} processes",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return told("range", wanted, tasks)


def told(name: str, wanted: Asked, tasks: Sequence[Task]) -> dict[Step, str]:
    """Work off tasks with progress."""
    shown = teller(name, sys.stderr)
    try:
        return work_off(wanted.cache, tasks, jobs=wanted.jobs, keep=wanted.keep, teller=shown)
    finally:
        shown.close()


def thresholds(wanted: Asked, worlds: dict[str, About]) -> Path:
    """Freeze thresholds from the plan's development worlds; the file, read again and found to name no other world.

    A run of one part that leaves no scores of rivals takes the thresholds that are already frozen.
    """
    path = wanted.out / THRESHOLDS
    splits = {name: one.split for name, one in worlds.items()}
    places = [(Place(wanted.cache, key), splits[key.world]) for key in wanted.plan.worlds]
    development = [(place, split) for place, split in places if split == "development"]
    if wanted.only not in ("curves", "ablations") or not path.exists():
        published = {name: one.published for name, one in rivals().items() if name in wanted.plan.rivals}
        freeze(path, [one for one in development if has_scan(one[0])], published, full=wanted.full)
    thawed(path, splits)
    return path


def has_scan(place: Place) -> bool:
    """Whether a world was made."""
    return Step(place.cache, place.key, SIMULATE).finished()


def scorable(wanted: Asked) -> list[WorldKey]:
    """Worlds of the plan that were made."""
    keys = [task.key for task in wanted.plan.tasks()]
    return [key for key in keys if has_scan(Place(wanted.cache, key))]


def write(wanted: Asked, worlds: dict[str, About], frozen: Path) -> None:
    """Write all result files and tables from the cache."""
    from bench.range.curves import curve_document, draw
    from bench.range.markdown import write_markdown
    from bench.range.results import ablation_document, documents, failures, range_document

    plan = wanted.plan
    found = documents(wanted.cache, [task.key for task in plan.tasks()])
    own = {key: found[key] for key in plan.worlds if key in found}
    said = thawed(frozen, {name: one.split for name, one in worlds.items()})
    if wanted.only in (None, "worlds", "table"):
        broken = {"failed": failures(wanted.cache, plan.worlds)}
        published(wanted, "range", range_document(plan, own, worlds, said) | broken)
    if wanted.only in (None, "ablations", "table"):
        published(wanted, "range_ablations", ablation_document(plan, own, worlds))
    if wanted.only in (None, "curves", "table"):
        document = curve_document(plan, found)
        published(wanted, "range_curves", document)
        draw(wanted.out / "range", document)
    write_markdown(wanted.out)
    print(wanted.out / "range.md")


def published(wanted: Asked, name: str, document: Document) -> None:
    """Write one result file; it is full only if the settings are the published ones and every cell is there."""
    whole = wanted.full and not document.get("unfinished") and not document.get("failed")
    publish(Measurement(name, wanted.settings, whole, wanted.out, wanted.jobs), document)


if __name__ == "__main__":
    sys.exit(main())
