"""Seconds and memory of a scan of a million exchanges, beside one DuckDB pass over the same file in the same run.

A machine's speed varies, so the yardstick and the scan alternate and the ratio is published with the seconds. Both are
fresh processes; the yardstick is charged for its query alone, the scan for everything from its start to its end. Linux
starts a child's peak memory from what its parent holds, so this process stays small: it makes, scans and scores through
the command line only.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"scale": 1.0, "repetitions": 3, "helps": 10}
THREADS = 2
SEED = 0
BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024
HYDROMETER = str(Path(sys.executable).with_name("hydrometer"))
COMPILED = "compiled"
"""Folder of what the first child compiles."""
SUMS = "count(*), sum(length(prompt))"
"""What the yardstick asks for."""
YARDSTICK = """
import sys, time, duckdb
connection = duckdb.connect()
connection.execute(f"set threads = {int(sys.argv[1])}")
connection.execute("set enable_progress_bar = false")
began = time.perf_counter()
connection.execute(f"select {sys.argv[2]} from read_parquet(?)", [sys.argv[3:]]).fetchone()
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class Child:
    """What a finished process cost.

    Attributes:
        wall_seconds: from its start to its end.
        processor_seconds: of all its threads.
        peak_rss_bytes: most memory resident at once.
        output: what it wrote to stdout.
    """

    wall_seconds: float
    processor_seconds: float
    peak_rss_bytes: int
    output: str


def child(words: list[str], folder: Path, outside: Mapping[str, str] | None = None) -> Child:
    """Run a program in `folder` with no settings from outside, and say what it cost.

    Args:
        words: of its command.
        folder: where it runs.
        outside: the environment that settings are left out of; by default this process's.

    Raises:
        SystemExit: it failed.
    """
    given = os.environ if outside is None else outside
    environment = {name: value for name, value in given.items() if not name.startswith("HYDROMETER_")}
    environment["NUMBA_CACHE_DIR"] = str(folder / COMPILED)
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=stdout, stderr=stderr)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit((folder / "stderr").read_text(encoding="utf-8", errors="replace")[-2000:])
    output = (folder / "stdout").read_text(encoding="utf-8")
    return Child(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * BYTES_OF_MAXRSS, output)


def exchange_files(folder: Path) -> list[Path]:
    """Parquet files of the exchanges of the world in `folder`: one, or a shard each."""
    traffic = folder / "world" / "traffic"
    return [*traffic.glob("exchanges.parquet"), *sorted(traffic.glob("exchanges/*.parquet"))]


def yardstick(folder: Path, sums: str = SUMS) -> float:
    """Seconds of one DuckDB pass over the exchanges of the world in `folder`, in a process of its own."""
    files = [str(file) for file in exchange_files(folder)]
    return float(child([sys.executable, "-c", YARDSTICK, str(THREADS), sums, *files], folder).output)


def alternated(folder: Path, repetitions: int) -> list[Row]:
    """Yardstick and scan in turn over the world in `folder`."""
    rows: list[Row] = []
    for number in range(repetitions):
        passed = yardstick(folder)
        words = ["scan", "world/traffic", "--out", "run", "--threads", str(THREADS), "--force"]
        scan = child([HYDROMETER, *words], folder)
        manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
        rows.append(
            {
                "yardstick_seconds": passed,
                "scan_seconds": scan.wall_seconds,
                "ratio": scan.wall_seconds / passed,
                "scan_processor_seconds": scan.processor_seconds,
                "peak_rss_bytes": scan.peak_rss_bytes,
                "stage_seconds": manifest["stage_seconds"],
            }
        )
        print(f"speed: {number + 1} of {repetitions}: {scan.wall_seconds:.1f} s, {passed:.3f} s", flush=True)
    return rows


def world_figures(folder: Path) -> Row:
    """What was scanned, what was found in it, and the size of the run folder."""
    manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
    scored: dict[str, Any] = json.loads(
        child([HYDROMETER, "score", "run", "--truth", "world/truth", "--json"], folder).output
    )
    kept = sum(file.stat().st_size for file in (folder / "run").rglob("*") if file.is_file())
    return {
        "exchanges": manifest["totals"]["exchanges"],
        "accounts": manifest["totals"]["accounts"],
        "traffic_bytes": sum(file.stat().st_size for file in exchange_files(folder)),
        "run_folder_bytes_per_exchange": kept / manifest["totals"]["exchanges"],
        "campaigns_true": scored["campaigns_true"],
        "campaigns_hit": scored["campaigns_hit"],
        "false_campaigns": scored["false_campaigns"],
        "jaccard": {entry["preset"]: entry["jaccard"] for entry in scored["campaigns"]},
        "benign_flagged": scored["accounts"]["false_accounts"],
        "benign_accounts": scored["accounts"]["benign"],
    }


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("speed", "Seconds and memory of a scan, beside one DuckDB pass.", PUBLISHED)
    settings, load = measurement.settings, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        helps = [child([HYDROMETER, "--help"], folder).wall_seconds for _ in range(int(settings["helps"]))]
        demo_first, demo_again = (child([HYDROMETER, "demo"], folder) for _ in range(2))
        words = ["simulate", "bench", "--out", "world", "--seed", str(SEED), "--scale", str(settings["scale"])]
        simulated = child([HYDROMETER, *words], folder)
        rows = alternated(folder, int(settings["repetitions"]))
        world = world_figures(folder)
    summary = {
        name: statistics.median(row[name] for row in rows) for name in ("yardstick_seconds", "scan_seconds", "ratio")
    } | {
        "peak_rss_bytes": max(row["peak_rss_bytes"] for row in rows),
        "exchanges_per_second": world["exchanges"] / statistics.median(row["scan_seconds"] for row in rows),
        "stage_seconds": {
            stage: statistics.median(row["stage_seconds"][stage] for row in rows) for stage in rows[0]["stage_seconds"]
        },
        "simulate_seconds": simulated.wall_seconds,
        "help_seconds": statistics.median(helps),
        "help_seconds_slowest": max(helps),
        "demo_seconds_before_compilation": demo_first.wall_seconds,
        "demo_seconds": demo_again.wall_seconds,
        "demo_peak_rss_bytes": max(demo_first.peak_rss_bytes, demo_again.peak_rss_bytes),
        "threads": THREADS,
        "load_before": load,
    }
    trials.publish(measurement, {"summary": summary, "world": world, "repetitions": rows, "help_seconds": helps})


if __name__ == "__main__":
    main()
