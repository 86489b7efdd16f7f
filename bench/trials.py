"""What the measurements share: options, worlds in temporary folders, scans, facts about the machine, result files.

A measurement run with other settings than the published ones is marked as partial and cannot land among the published
results. Nothing heavy is imported at the top: the peak memory of a child counts from what its parent held when it was
started (see `speed.py`).
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hydrometer.base.workspace import Workspace
    from hydrometer.collect.run import CollectReport

RESULTS = Path(__file__).parent / "results"
BYTES_PER_GIB = 1024**3
DIGITS = 6
"""Significant digits of figures in a result file."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement.

    Attributes:
        name: stem of its result file.
        settings: what it ran with.
        full: whether these are the settings that are published.
        out: folder for the result file.
        jobs: processes at once.
    """

    name: str
    settings: dict[str, int | float]
    full: bool
    out: Path
    jobs: int


def asked(name: str, summary: str, published: dict[str, int | float], kept: Path = RESULTS) -> Measurement:
    """The measurement that the command line asks for; each published setting is an option.

    Args:
        name: stem of the result file.
        summary: first line of the help.
        published: setting → the value whose results are published.
        kept: folder of published results.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=summary)
    for setting, value in published.items():
        parser.add_argument(f"--{setting}", type=type(value), default=value, help=f"published with {value}")
    parser.add_argument("--jobs", type=int, default=usable_cores(), help="processes at once (default: all cores)")
    parser.add_argument("--out", type=Path, default=kept, help=f"folder for the result (default: bench/{kept.name})")
    words = parser.parse_args()
    settings = {setting: getattr(words, setting) for setting in published}
    full = settings == published
    if not full and words.out.resolve() == kept.resolve():
        parser.error("a run with other settings than the published ones needs --out and a folder of its own")
    return Measurement(name, settings, full, words.out, words.jobs)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """The machine in words, without a name or a place."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / BYTES_PER_GIB
    return (
        f"{usable_cores()} cores ({platform.machine()}), {memory:.0f} GiB of memory, Python {platform.python_version()}"
    )


def made(world: str, folder: Path, seed: int) -> Path:
    """Write a world to `folder`, and say where it is."""
    from hydrometer.simulate.run import simulate

    simulate(world, folder, seed)
    return folder


def scanned(source: Path, out: Path, seed: int, *, content: bool = True) -> Row:
    """Scan `source` on one thread (processes run side by side) into `out`; the manifest and the wall seconds."""
    from hydrometer import pipeline
    from hydrometer.base.progress import SilentProgress
    from hydrometer.base.settings import Settings

    began = time.perf_counter()
    settings = Settings(seed=seed, threads=1)
    manifest = pipeline.scan([str(source)], out, settings, pipeline.ScanOptions(content=content), SilentProgress())
    return manifest | {"wall_seconds": time.perf_counter() - began}


def fingerprinted(source: Path, folder: Path, seed: int) -> tuple[Workspace, CollectReport]:
    """Collect and fingerprint `source` into `folder` on one thread, without judging anybody; to be closed."""
    from hydrometer import pipeline
    from hydrometer.base.engines import opened
    from hydrometer.base.progress import SilentProgress
    from hydrometer.base.settings import Settings
    from hydrometer.collect.options import CollectOptions
    from hydrometer.collect.run import collect

    settings = Settings(seed=seed, threads=1)
    workspace = opened(folder, settings)
    collected = collect([str(source)], CollectOptions(), workspace, lambda *_: None)
    pipeline.read(pipeline.Run(workspace, settings, SilentProgress()))
    return workspace, collected


def groups(run: Path) -> list[Row]:
    """All groups that a run reports, listed or not."""
    import pyarrow.parquet as pq

    rows: list[Row] = pq.read_table(run / "campaigns.parquet").to_pylist()
    return rows


def listed(rows: Iterable[Row]) -> list[Row]:
    """Those at level suspected or confirmed."""
    from hydrometer.base.tables import LISTED_LEVELS

    return [row for row in rows if row["level"] in LISTED_LEVELS]


def conjunction_bits(row: Row) -> float | None:
    """Bits of the weaker hypothesis; None where one of them was not looked at."""
    both = (row["operator_bits"], row["extraction_bits"])
    return None if None in both else min(both)


def each_seed(measurement: Measurement, work: Callable[[int], Row]) -> list[Row]:
    """`work` for each seed from 0 on, in processes side by side; results by seed."""
    return each(measurement, work, [(seed,) for seed in range(int(measurement.settings["seeds"]))])


def each(measurement: Measurement, work: Callable[..., Row], jobs: Sequence[tuple[Any, ...]]) -> list[Row]:
    """`work` with each job's arguments, in processes side by side; results in the order of the jobs."""
    spawn = multiprocessing.get_context("spawn")
    rows: dict[int, Row] = {}
    with ProcessPoolExecutor(max_workers=min(measurement.jobs, len(jobs)), mp_context=spawn) as pool:
        waiting = {pool.submit(work, *job): number for number, job in enumerate(jobs)}
        for done in as_completed(waiting):
            rows[waiting[done]] = done.result()
            print(f"{measurement.name}: {len(rows)} of {len(jobs)} worlds", flush=True)
    return [rows[number] for number in range(len(jobs))]


def spread(values: Iterable[float | None]) -> Row | None:
    """Mean, smallest and largest of the values that are there; None where none is."""
    there = [value for value in values if value is not None]
    return {"mean": sum(there) / len(there), "low": min(there), "high": max(there), "n": len(there)} if there else None


def publish(measurement: Measurement, figures: Row) -> None:
    """Write the result file, and the table of all results beside it."""
    from bench.table import write_table

    from hydrometer import __version__

    measurement.out.mkdir(parents=True, exist_ok=True)
    head = {
        "measurement": measurement.name,
        "version": __version__,
        "machine": machine(),
        "settings": measurement.settings,
        "full": measurement.full,
    }
    text = json.dumps(rounded(head | figures), indent=2, allow_nan=False)
    (measurement.out / f"{measurement.name}.json").write_text(text + "\n", encoding="utf-8")
    write_table(measurement.out)


def rounded(value: Any) -> Any:
    """The same structure with floats at `DIGITS` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list | tuple) else value
