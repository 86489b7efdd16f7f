"""What a run consists of: which worlds with which seeds, methods, ablations and curves, and how long that will take.

The estimate multiplies exchanges by the seconds that the cache has measured for each step; what was never measured
counts with a stated guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.range.cells import Place, WorldKey, read_document
from bench.range.methods import rivals
from bench.range.runner import Task, pending
from bench.range.steps import ABLATIONS, FIGURES, HYDROMETER, RIVAL, SIMULATE, Step

if TYPE_CHECKING:
    from hydrometer.simulate.world import World

PUBLISHED_SEEDS, PUBLISHED_CURVE_SEEDS = 1, 1
ABLATION_SEEDS = 1
CURVE_WORLD = "curves"
CURVE_RIVALS = ("fixed_rules", "shared_entity", "one_prompt")
"""Rivals on the curves: rules, infrastructure and text, one of each."""
SPEED_WORLDS = frozenset({"bench"})
"""Worlds that measure speed and not detection."""
SMOKE_SCALE, SMOKE_AXES = 0.3, 2
SMALLEST_CAMPAIGN = 12
GUESSED_SECONDS = {SIMULATE: 12.0, HYDROMETER: 16.0, ABLATIONS: 150.0, RIVAL: 8.0, FIGURES: 6.0}
"""Seconds for 100,000 exchanges where nothing was measured yet."""
START_SECONDS = 2.0
PER = 100_000.0
KINDS = ("mixed", "null", "hard_benign", "out_of_distribution")
DEVELOPMENT, HELD_OUT = "development", "held_out"


@dataclass(frozen=True, slots=True)
class About:
    """What the run needs to know of a world.

    Attributes:
        split: `development` or `held_out`.
        kind: one of `KINDS`.
        exchanges: exchanges at scale 1.
        scale: usual scale.
        least: accounts of its smallest campaign at scale 1; None where it has none.
    """

    split: str
    kind: str
    exchanges: int
    scale: float
    least: int | None


@dataclass(frozen=True, slots=True)
class Axis:
    """One evasion knob and the values at which it is set, from weak to strong."""

    name: str
    values: tuple[float, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All worlds of a run.

    Attributes:
        worlds: worlds on which all methods stand side by side.
        ablated: those of them on which parts are switched off.
        axes: evasion axes.
        curves: axis → value → worlds of that point.
        rivals: names of all rivals that can run.
    """

    worlds: tuple[WorldKey, ...]
    ablated: frozenset[WorldKey]
    axes: tuple[Axis, ...]
    curves: dict[str, dict[float, tuple[WorldKey, ...]]]
    rivals: tuple[str, ...]

    def tasks(self) -> list[Task]:
        """Steps of every world; development worlds first, as they were planned."""
        tasks = [Task(key, steps_of(self.rivals, ablated=key in self.ablated)) for key in self.worlds]
        few = tuple(name for name in self.rivals if name in CURVE_RIVALS)
        points = {key for values in self.curves.values() for keys in values.values() for key in keys}
        return tasks + [Task(key, steps_of(few, ablated=False)) for key in sorted(points - set(self.worlds))]


def steps_of(names: Sequence[str], *, ablated: bool) -> tuple[str, ...]:
    """Steps of one world in order."""
    return (SIMULATE, HYDROMETER, *((ABLATIONS,) if ablated else ()), *(RIVAL + name for name in names))


def about(world: World) -> About:
    """What is to be known of one world."""
    campaigns = [placement.accounts for placement in world.campaigns]
    least = min(campaigns, default=None)
    return About(world.split, world.kind, world.exchanges, world.usual_scale, least)


def known_worlds() -> dict[str, About]:
    """All worlds by name."""
    from hydrometer.simulate.run import worlds

    return {name: about(world) for name, world in worlds().items()}


def known_axes() -> tuple[Axis, ...]:
    """All evasion axes."""
    from hydrometer.simulate.run import evasions

    return tuple(Axis(name, one.steps, f"{one.summary} ({one.unit})") for name, one in evasions().items())


def full(worlds: Mapping[str, About], axes: Sequence[Axis], seeds: int, curve_world: About | None, base: str) -> Plan:
    """Every world with every seed, parts switched off on development worlds alone, every axis from the base world.

    Whether a part stays is decided by what it adds, and nothing is decided on held-out worlds.
    """
    names = sorted((name for name in worlds if name not in SPEED_WORLDS), key=lambda one: (worlds[one].split, one))
    keys = tuple(WorldKey(name, seed) for seed in range(seeds) for name in names)
    ablated = frozenset(key for key in keys if key.seed < ABLATION_SEEDS and worlds[key.world].split == DEVELOPMENT)
    curve_seeds = min(seeds, PUBLISHED_CURVE_SEEDS)
    curves = points(base, axes, curve_seeds, None) if curve_world is not None else {}
    return Plan(keys, ablated, tuple(axes), curves, tuple(rivals()))


def smoke(worlds: Mapping[str, About], axes: Sequence[Axis], curve_world: About | None, base: str) -> Plan:
    """The smallest world of each kind among the development worlds and one held-out mixed world, one seed, small."""
    groups = [(DEVELOPMENT, kind) for kind in KINDS] + [(HELD_OUT, kind) for kind in KINDS]
    chosen: dict[str, str] = {}
    for split, kind in groups:
        fit = [name for name, one in worlds.items() if (one.split, one.kind) == (split, kind)]
        fit = [name for name in fit if name not in SPEED_WORLDS]
        if fit and (kind not in chosen or (split, kind) == (HELD_OUT, "mixed")):
            smallest = min(fit, key=lambda name: size(worlds[name], name))
            chosen["held-out" if split == HELD_OUT and kind == "mixed" else kind] = smallest
    keys = tuple(WorldKey(name, 0, smaller(worlds[name])) for name in chosen.values())
    ablated = frozenset(key for key in keys if worlds[key.world].kind == "mixed")
    few = [Axis(one.name, (one.values[0], one.values[-1]), one.said) for one in axes[:SMOKE_AXES]]
    curves = points(base, few, 1, smaller(curve_world)) if curve_world is not None else {}
    return Plan(keys, ablated, tuple(few), curves, tuple(rivals()))


def size(world: About, name: str) -> tuple[bool, float, str]:
    """Order by size; worlds of strangers without a campaign come last, but for kinds that have none."""
    return world.least is None, world.exchanges * world.scale, name


def smaller(world: About) -> float:
    """Scale of a world in a smoke run: small, but with campaigns that are still campaigns."""
    least = SMALLEST_CAMPAIGN / world.least if world.least else 0.0
    return min(world.scale, max(SMOKE_SCALE * world.scale, round(least + 0.005, 2)))


def points(
    world: str, axes: Sequence[Axis], seeds: int, scale: float | None
) -> dict[str, dict[float, tuple[WorldKey, ...]]]:
    """The worlds of every point of every axis; all other knobs stay as the base world has them."""
    return {
        axis.name: {
            value: tuple(WorldKey(world, seed, scale, ((axis.name, value),)) for seed in range(seeds))
            for value in axis.values
        }
        for axis in axes
    }


def estimate_seconds(cache: Path, tasks: Sequence[Task], worlds: Mapping[str, About], jobs: int) -> float:
    """Wall seconds that the pending steps and the scoring of their worlds will take, from what earlier steps took."""
    lines = measured(cache)
    total = 0.0
    for task in tasks:
        exchanges = expected_exchanges(Place(cache, task.key), worlds[task.key.world])
        names = [step.name for step in pending(cache, task)]
        for name in [*names, *((FIGURES,) if names else ())]:
            guessed = GUESSED_SECONDS[RIVAL if name.startswith(RIVAL) else name]
            total += lines.get(name, Line(START_SECONDS, 0.0, 0.0)).seconds(exchanges / PER, guessed)
    return total / jobs


def expected_exchanges(place: Place, world: About) -> float:
    """Exchanges of a world: counted where it was made once, else as it is described."""
    document = read_document(place.document(SIMULATE))
    if document is not None and "counts" in document:
        return float(document["counts"]["exchanges"])
    return world.exchanges * (world.scale if place.key.scale is None else place.key.scale)


@dataclass(frozen=True, slots=True)
class Line:
    """Seconds of a step by the size of its world, as far as it was measured.

    Attributes:
        fixed: seconds of any world.
        rate: seconds for 100,000 exchanges on top.
        largest: largest size measured, in 100,000 exchanges.
    """

    fixed: float
    rate: float
    largest: float

    def seconds(self, size: float, guessed: float) -> float:
        """Seconds of a size; beyond what was measured the rate is at least the guessed one.

        >>> Line(1.0, 2.0, 3.0).seconds(2.0, 9.0), Line(1.0, 2.0, 3.0).seconds(4.0, 9.0)
        (5.0, 16.0)
        """
        beyond = max(size - self.largest, 0.0)
        return self.fixed + self.rate * (size - beyond) + max(self.rate, guessed) * beyond


def measured(cache: Path) -> dict[str, Line]:
    """Step → its seconds by size, from the documents in the cache."""
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for made in sorted(cache.glob(f"*/{SIMULATE}.json")):
        counts = (read_document(made) or {}).get("counts", {})
        for path in sorted(made.parent.glob("*.json")) if counts else []:
            one = read_document(path)
            if one is not None and one.get("seconds") and "failed" not in one:
                seen[path.stem].append((counts["exchanges"] / PER, one["seconds"]))
    return {name: Line(*fitted(points), max(size for size, _ in points)) for name, points in seen.items()}


def fitted(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares of seconds on size with neither coefficient below 0.

    >>> fitted([(1.0, 3.0), (2.0, 5.0)])
    (1.0, 2.0)
    """
    import numpy as np
    from scipy.optimize import nnls

    sizes, seconds = np.array(points).T
    (fixed, rate), _ = nnls(np.column_stack([np.ones(len(sizes)), sizes]), seconds)
    return round(float(fixed), 6), round(float(rate), 6)


def unfinished(cache: Path, tasks: Sequence[Task]) -> list[Step]:
    """Steps that a table made now has to do without."""
    steps = [Step(cache, task.key, name) for task in tasks for name in task.steps]
    return [step for step in steps if not step.finished()]
