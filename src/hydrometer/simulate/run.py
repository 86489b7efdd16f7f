"""Writes a world to a folder: traffic in the contract's tables, truth beside it, and nothing at all if anything fails.

The world is drawn and written shard by shard, in as many processes as there are cores, so that neither memory nor order
depends on its size; the folder gets its name only when it is whole. Worlds of one shard have one file of exchanges,
larger ones a folder of files.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hydrometer.base.errors import UsageError
from hydrometer.base.plugins import discover
from hydrometer.base.settings import usable_threads
from hydrometer.base.tables import INPUTS
from hydrometer.simulate import archetypes, campaigns, clock, columns, identity, outside, placing, truth
from hydrometer.simulate import evasions as evasion_folder
from hydrometer.simulate import worlds as world_folder
from hydrometer.simulate.columns import Writing
from hydrometer.simulate.population import Asked, Population, draw_shard, settle, with_traits
from hydrometer.simulate.world import Archetype, Campaign, Evasion, World

SMALLEST_SCALE, LARGEST_SCALE = 0.001, 100.0
LARGEST_WORLD = 200_000_000
"""Exchanges beyond which no world is written: twelve times the largest disclosure."""
_BATCH_ROWS = 65_536
_REGISTER_EXPIRES = "2027-06-01"
Progress = Callable[[int, int], None]
"""Told the exchanges written so far and their total."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of `simulate`; see there."""

    world: str
    seed: int
    scale: float | None
    evasions: Mapping[str, float]
    data: Path | None


def worlds() -> dict[str, World]:
    """All worlds by name."""
    return discover(world_folder, "WORLD")


def evasions() -> dict[str, Evasion]:
    """All evasions by name."""
    return discover(evasion_folder, "EVASION")


def plugins() -> dict[str, Archetype | Campaign]:
    """All archetypes and campaigns by name."""
    folders: tuple[tuple[ModuleType, str], ...] = ((archetypes, "ARCHETYPE"), (campaigns, "CAMPAIGN"))
    return {name: plugin for folder, constant in folders for name, plugin in discover(folder, constant).items()}


def simulate(
    world: str,
    out: Path,
    seed: int = 0,
    scale: float | None = None,
    progress: Progress | None = None,
    *,
    evasions: Mapping[str, float] = MappingProxyType({}),
    data: Path | None = None,
    jobs: int | None = None,
) -> None:
    """Write a world to `out/traffic` and `out/truth`.

    Args:
        world: name of a world.
        out: folder to make; it may exist if it is empty.
        seed: the same seed gives the same bytes.
        scale: factor on accounts and exchanges; None takes the world's usual one.
        progress: told about what is written.
        evasions: knobs of campaigns and how far to turn them, beside those of the world.
        data: folder with real prompts that stand in for some of the made ones.
        jobs: processes at once; None takes one for each core. The bytes do not depend on it.

    Raises:
        UsageError: no such world or knob, an impossible scale, a folder that is not empty or cannot be written, or a
            process that was ended from outside.
    """
    request = Request(world, seed, scale, dict(evasions), data)
    placing.check(out)
    population, writing = _prepared(request)
    told = Reporting(progress or (lambda done, total: None), jobs)
    with placing.unfinished(out) as folder:
        _write(Task(request, folder), population, writing, told)


def write_world(world: World, out: Path, seed: int, more: Mapping[str, Archetype | Campaign]) -> None:
    """Write a world that is no plug-in, at its usual scale and in one process: for measurements of parts.

    Args:
        world: what it is made from.
        out: folder to make; it may exist if it is empty.
        seed: the same seed gives the same bytes.
        more: archetypes and campaigns that it may place beside the plug-ins.
    """
    placing.check(out)
    population = settle(Asked(world, seed, world.usual_scale, {}), {**plugins(), **more}, evasions())
    request = Request(world.name, seed, world.usual_scale, {}, None)
    with placing.unfinished(out) as folder:
        writing = Writing(seed, world.week * clock.SPAN_US, world.bank, None)
        _write(Task(request, folder), population, writing, Reporting(lambda done, total: None, jobs=1))


def _checked(request: Request) -> tuple[World, float]:
    """The world of that name and its scale, if it can be written so."""
    known = worlds()
    name = request.world.replace("-", "_")
    if name not in known:
        raise UsageError(
            "world",
            repr(request.world),
            f"one of {', '.join(known)}",
            "choose a world; `simulate --list` describes them",
        )
    world = known[name]
    scale = world.usual_scale if request.scale is None else request.scale
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise UsageError(
            "--scale", f"{scale:g}", f"a number from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}", "choose another scale"
        )
    if world.exchanges * scale > LARGEST_WORLD:
        raise UsageError(
            "--scale",
            f"an impossible scale: {scale:g} makes {world.exchanges * scale:,.0f} exchanges of {world.name}",
            f"at most {LARGEST_WORLD:,} exchanges, so at most {LARGEST_WORLD / world.exchanges:.4g}",
            "choose a smaller scale",
        )
    _check_evasions(request.evasions, has_campaigns=bool(world.campaigns))
    return world, scale


def _check_evasions(asked: Mapping[str, float], *, has_campaigns: bool) -> None:
    """Raise UsageError for a knob that does not exist, cannot be turned so far, or has nothing to act on."""
    known = evasions()
    for name, value in asked.items():
        if name not in known:
            raise UsageError("--evade", repr(name), f"one of {', '.join(known)}", "choose an evasion")
        low, high = sorted((known[name].low, known[name].high))
        if not low <= value <= high:
            raise UsageError("--evade", f"{name}={value:g}", f"{low:g} to {high:g} ({known[name].unit})", "change it")
    if asked and not has_campaigns:
        raise UsageError("--evade", ", ".join(asked), "a world with a campaign", "choose another world")


def _prepared(request: Request) -> tuple[Population, Writing]:
    """The settled world of a request, and how it is written."""
    world, scale = _checked(request)
    population = settle(Asked(world, request.seed, scale, request.evasions), plugins(), evasions())
    real = outside.load(request.data) if request.data else None
    return population, Writing(request.seed, world.week * clock.SPAN_US, world.bank, real)


@dataclass(frozen=True, slots=True)
class Task:
    """What a process that writes shards must know: the request, and the unfinished folder."""

    request: Request
    folder: Path


@dataclass(frozen=True, slots=True)
class Reporting:
    """Whom to tell, and how many processes to use."""

    progress: Progress
    jobs: int | None


def _write(task: Task, population: Population, writing: Writing, reporting: Reporting) -> None:
    """Write all files of a world into the unfinished folder."""
    traffic, single = task.folder / "traffic", population.shards == 1
    if not single:
        (traffic / "exchanges").mkdir()
    harvested: list[truth.Harvest] = []
    done = 0
    # Closed at once when interrupted: no process may write on while the folder is being removed.
    with closing(_shards(task, population, writing, reporting)) as shards:
        for part in shards:
            harvested = [truth.joined([*harvested, part])]
            done += int(part.total.sum())
            reporting.progress(done, population.exchanges)
    pieces = [_truth_part(task.folder, shard) for shard in range(population.shards)]
    truth.write_exchanges(pieces, task.folder / "truth" / "exchanges.parquet")
    truth.write(population, harvested[0], writing, task.folder / "truth")
    accounts = columns.account_table(population.accounts, writing)
    pq.write_table(accounts, traffic / "accounts.parquet", compression="zstd")
    pq.write_table(_releases(writing.shift_us), traffic / "releases.parquet", compression="zstd")
    acted = columns.enforcement_table(population.accounts, writing)
    if len(acted):
        pq.write_table(acted, traffic / "enforcement.parquet", compression="zstd")
    register = _register(population, writing.seed)
    if register:
        (traffic / "register.yaml").write_text(yaml.safe_dump(register, sort_keys=True), encoding="utf-8")


def _truth_part(folder: Path, shard: int) -> Path:
    """Where the truth of the exchanges of a shard lies until all shards are written."""
    return folder / "truth" / f".exchanges-{shard:05d}.parquet"


def _shards(
    task: Task, population: Population, writing: Writing, reporting: Reporting
) -> Generator[truth.Harvest, None, None]:
    """Writes the exchanges of every shard and their truth; yields what was harvested in each, in no certain order."""
    jobs = min(population.shards, reporting.jobs or usable_threads())
    if jobs == 1:
        for shard in range(population.shards):
            yield _write_shard(population, writing, task.folder, shard)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(_shard_of_task, task, shard) for shard in range(population.shards)]
        try:
            for finished in as_completed(running):
                yield finished.result()
        except BrokenProcessPool as problem:
            raise UsageError(
                f"writing {population.shards} shards in {jobs} processes",
                "one of the processes was ended from outside, most often for want of memory",
                f"memory for {jobs} shards at once",
                "use fewer threads, choose a smaller --scale, or free memory",
            ) from problem
        finally:
            pool.shutdown(cancel_futures=True)


def _shard_of_task(task: Task, shard: int) -> truth.Harvest:
    """Writes one shard in a process of its own."""
    request = task.request
    turned = tuple(sorted(request.evasions.items()))
    population, writing = _remembered(request.world, request.seed, request.scale, turned, request.data)
    return _write_shard(population, writing, task.folder, shard)


@lru_cache(maxsize=1)
def _remembered(
    world: str, seed: int, scale: float | None, turned: tuple[tuple[str, float], ...], data: Path | None
) -> tuple[Population, Writing]:
    """The settled world, once for each process."""
    return _prepared(Request(world, seed, scale, dict(turned), data))


def _write_shard(population: Population, writing: Writing, folder: Path, shard: int) -> truth.Harvest:
    """Writes the exchanges of one shard, and which of them were harvested."""
    rows = draw_shard(population, shard)
    name = "exchanges.parquet" if population.shards == 1 else f"exchanges/part-{shard:05d}.parquet"
    with pq.ParquetWriter(folder / "traffic" / name, INPUTS["exchanges"], compression="zstd") as writer:
        for start in range(0, len(rows["who"]), _BATCH_ROWS):
            batch = {trait: values[start : start + _BATCH_ROWS] for trait, values in rows.items()}
            writer.write_table(columns.exchange_table(with_traits(batch, population.accounts), writing))
    pq.write_table(truth.exchange_table(rows, writing.seed), _truth_part(folder, shard), compression="zstd")
    return truth.harvest(rows, len(population.accounts["who"]))


def _releases(shift_us: int) -> pa.Table:
    """When each model came out; the newest inside the week."""
    older = [clock.START_US - days * clock.DAY_US for days in (300, 210, 120)]
    families = [name.rsplit("-", 1)[0] if name.count("-") > 1 else name for name in identity.MODELS]
    return pa.table(
        {
            "model": pa.array(identity.MODELS, pa.string()),
            "released_at": columns.times(np.array([*older, clock.RELEASE_US]), shift_us),
            "family": pa.array(families, pa.string()),
        },
        schema=INPUTS["releases"],
    )


def _register(population: Population, seed: int) -> list[dict[str, str]]:
    """Entries of the register: one for each organisation whose archetype is authorised."""
    entries: list[dict[str, str]] = []
    for one in population.settled:
        if not isinstance(one.plugin, Archetype) or one.plugin.authorisation is None:
            continue
        ids = columns.organization_ids(one.cohort.accounts["organization"], seed).to_pylist()
        permit = one.plugin.authorisation
        entries += [
            {
                "organization_id": organization,
                "purpose": permit.purpose,
                "scope": permit.scope,
                "expires_at": _REGISTER_EXPIRES,
                "approved_by": permit.approved_by,
            }
            for organization in sorted(set(ids))
        ]
    return entries
