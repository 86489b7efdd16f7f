"""Where the time of a scan goes: its stages, its statements and functions, and what each signal of an exchange costs.

Kept in `bench/profiles/`, to be read before anything is made faster. Statements are timed around the engine, functions
of this process's main thread by the interpreter's profiler; looks at earlier epochs run in processes of their own and
show as the wait for them. Signals are timed one by one on one thread, by processor time.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import trials
from bench.speed import HYDROMETER, SEED, THREADS, child, exchange_files
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"millions": 4}
WORLD, MILLIONS = "anthropic_feb", 16
"""The world at its full size has `MILLIONS`."""
PROFILES = Path(__file__).parent / "profiles"
SHOWN = 40
"""Statements and functions that are kept, the dearest first."""
LETTERS = 90
"""Of a statement that are kept."""
PIECES = 8
"""Pieces of the log that signals are timed on, after one that compiles them; the log is longer."""
TIMED = ("query", "store", "map", "read", "write")
"""Methods of a workspace that are timed; their first argument says what they did. Of `held` the beginning is."""


def processor_seconds() -> float:
    """Of all threads of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Spent:
    """How often each thing was asked of a workspace, and the wall and processor seconds of all its threads."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])

    @contextmanager
    def noted(self, what: str) -> Iterator[None]:
        """Note what happens within."""
        wall, processor = time.perf_counter(), processor_seconds()
        yield
        one = self.of[" ".join(what.split())[:LETTERS]]
        one[0] += 1
        one[1] += time.perf_counter() - wall
        one[2] += processor_seconds() - processor

    def watch(self) -> None:
        """Let every workspace of this process be watched from now on."""
        from hydrometer.base.workspace import Workspace

        def watched(name: str) -> None:
            original = getattr(Workspace, name)

            def asked(workspace: Workspace, what: str, *words: Any, **named: Any) -> Any:
                with self.noted(f"{name} {what}"):
                    return original(workspace, what, *words, **named)

            setattr(Workspace, name, asked)

        for name in TIMED:
            watched(name)
        held = Workspace.held

        @contextmanager
        def holding(workspace: Workspace, name: str, sql: str, *words: Any, **named: Any) -> Iterator[None]:
            whole = held(workspace, name, sql, *words, **named)
            with self.noted(f"held {name} {sql}"):
                whole.__enter__()
            try:
                yield
            finally:
                whole.__exit__(None, None, None)

        Workspace.held = holding  # type: ignore[method-assign, assignment]


def profiled(source: Path, out: Path) -> Row:
    """Scan a log in this process; what its stages, statements and functions took."""
    from hydrometer import pipeline
    from hydrometer.base.progress import SilentProgress
    from hydrometer.base.settings import Settings

    spent = Spent()
    spent.watch()
    profile = cProfile.Profile()
    options = pipeline.ScanOptions()
    manifest = profile.runcall(
        pipeline.scan, [str(source)], out, Settings(seed=SEED, threads=THREADS), options, SilentProgress()
    )
    statements = sorted(spent.of.items(), key=lambda one: -one[1][1])[:SHOWN]
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, Any]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    functions = sorted(stats.items(), key=lambda one: -one[1][2])[:SHOWN]
    return {
        "exchanges": manifest["totals"]["exchanges"],
        "accounts": manifest["totals"]["accounts"],
        "stage_seconds": manifest["stage_seconds"],
        "statements": [
            {"what": what, "times": int(times), "wall_seconds": wall, "processor_seconds": processor}
            for what, (times, wall, processor) in statements
        ],
        "functions": [
            {"what": f"{shortened(file)}:{name}", "times": times, "own_seconds": own, "whole_seconds": whole}
            for (file, _, name), (_, times, own, whole, _) in functions
        ],
    }


def shortened(file: str) -> str:
    """A source file without the place where it is installed.

    >>> shortened("/opt/x/site-packages/numpy/lib/a.py"), shortened("~"), shortened("/x/src/hydrometer/link/b.py")
    ('numpy/lib/a.py', 'built in', 'hydrometer/link/b.py')
    """
    for place in ("site-packages/", "/src/", "/lib/python"):
        if place in file:
            return file.rsplit(place, 1)[1]
    return "built in" if file == "~" else Path(file).name


def signals_timed(file: Path) -> Row:
    """Microseconds of processor time an exchange: reading it, each signal, all of them, and writing the fingerprint."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hydrometer.base.signals import Batch
    from hydrometer.fingerprint.run import fingerprint_batch, pieces, signals
    from hydrometer.fingerprint.text import read, read_repeated

    pa.set_cpu_count(1)
    key, found, spent, exchanges = b"key", signals(), defaultdict[str, float](float), 0

    @contextmanager
    def clocked(what: str) -> Iterator[None]:
        began = time.process_time()
        yield
        spent[what] += time.process_time() - began

    each = pieces().of(file)
    fingerprint_batch(next(each), found, key)
    with tempfile.TemporaryDirectory() as place:
        for _ in range(PIECES):
            with clocked("read Parquet"):
                rows = next(each)
            exchanges += len(rows)
            with clocked("text pass"):
                prompt = read(rows["prompt"])
            with clocked("text pass, repeated texts"):
                system = read_repeated(rows["system_instructions"])
            batch = Batch(rows, prompt, system, key)
            for name, signal in found.items():
                with clocked(f"signal {name}"):
                    signal.measure(batch)
            with clocked("all of a fingerprint"):
                made = fingerprint_batch(rows, found, key)
            with clocked("write Parquet"):
                pq.write_table(made, Path(place) / "made", compression="zstd")
    dearest = sorted(spent.items(), key=lambda one: -one[1])
    return {"exchanges": exchanges, "microseconds": {what: seconds / exchanges * 1e6 for what, seconds in dearest}}


def main() -> None:
    """Measure and keep."""
    measurement = trials.asked("profile", "Where the time of a scan goes.", PUBLISHED, PROFILES)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scale = str(measurement.settings["millions"] / MILLIONS)
        child([HYDROMETER, "simulate", WORLD, "--out", "world", "--seed", str(SEED), "--scale", scale], folder)
        signals = signals_timed(exchange_files(folder)[0])
        found = profiled(folder / "world" / "traffic", folder / "run")
    trials.publish(measurement, {"load_before": load, "threads": THREADS, "signals": signals} | found)


if __name__ == "__main__":
    main()
