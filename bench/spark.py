"""What a scan costs on a Spark cluster of one master and two workers, beside DuckDB on as many cores.

The cluster is a real one on the loopback address: each of its processes stands beside the others, and a worker has one
core. Everything, the driver and the yardsticks too, is kept to two cores. The cluster runs already when the scan is
begun, as a deployment's does; driver and executors start with the scan. What is compiled on first use is compiled
before, by a scan of a small world, for both. One DuckDB pass over the log is made before, between and after the scans,
since a machine's speed varies. A ratio of two runs that say different things would mean nothing, so they are compared
file by file first. Nothing is repeated: the file says how busy the machine was.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path

from bench import trials
from bench.growth import MILLIONS, PASSES, SUMS, WORLD, warmed
from bench.speed import COMPILED, HYDROMETER, SEED, THREADS, Child, child, exchange_files, yardstick
from bench.trials import Row
from tests.real.spark_cluster import Sizes, cluster

PUBLISHED: dict[str, int | float] = {"millions": 4.0}
TARGET_RATIO = 8.0
"""Seconds on the cluster over those on DuckDB, as issue and design ask."""
PYTHON = Path(__file__).parents[1] / ".venvs" / "spark" / "bin" / "python"
SIZES = Sizes(driver="2g", executor="3g", partitions=8)
"""Memory and parts of a shuffle for millions of exchanges; Java as it comes."""
ENGINES = ("duckdb", "spark")


def kept_to(cores: int) -> None:
    """Keep this process, and all that it starts, to some cores, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def on_duckdb(folder: Path) -> Child:
    """The scan within one process."""
    words = ["scan", "world/traffic", "--out", "duckdb", "--threads", str(THREADS)]
    return child([HYDROMETER, *words], folder)


def on_spark(folder: Path) -> Child:
    """The scan on a cluster that is started before and ended after it."""
    (folder / "cluster").mkdir()
    with cluster(PYTHON, folder / "cluster", SIZES) as running:
        words = ["scan", "world/traffic", "--out", "spark", "--threads", str(THREADS)]
        engine = ["--engine", "spark", "--master", running.master]
        return child([str(PYTHON), "-m", "hydrometer.cli", *words, *engine], folder, running.environment)


def files(run: Path) -> dict[str, bytes]:
    """What must be the same on both: the report for a program, every table, and the state."""
    paths = [run / "report.json", run / "state" / "state.json", *run.rglob("*.parquet")]
    return {str(path.relative_to(run)): path.read_bytes() for path in paths}


def differences(folder: Path) -> list[str]:
    """Names of files in which the two runs differ."""
    one, other = (files(folder / engine) for engine in ENGINES)
    return sorted(name for name in one | other if one.get(name) != other.get(name))


def figures(folder: Path, cost: Child, engine: str) -> Row:
    """What a scan cost: the whole process, and each stage."""
    manifest = json.loads((folder / engine / "manifest.json").read_text(encoding="utf-8"))
    return {
        "engine": engine, "seconds": cost.wall_seconds, "own_processor_seconds": cost.processor_seconds,
        "own_peak_rss_bytes": cost.peak_rss_bytes, "stage_seconds": manifest["stage_seconds"],
    }  # fmt: skip


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("spark", "A scan on a Spark cluster beside DuckDB on the same cores.", PUBLISHED)
    if not PYTHON.exists():
        raise SystemExit(f"no environment with Spark: run `make {'/'.join((*PYTHON.parts[-4:-2], '.stamp'))}`")
    kept_to(THREADS)
    millions, load = measurement.settings["millions"], os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = ["simulate", WORLD, "--out", "world", "--seed", str(SEED), "--scale", str(millions / MILLIONS)]
        child([HYDROMETER, *words], folder)
        os.environ["NUMBA_CACHE_DIR"] = str(folder / COMPILED)  # of the cluster's processes, too
        warmed(folder)
        passes, rows = [yardstick(folder, SUMS) for _ in range(PASSES)], []
        for engine, scan in zip(ENGINES, (on_duckdb, on_spark), strict=True):
            rows.append(figures(folder, scan(folder), engine))
            passes += [yardstick(folder, SUMS) for _ in range(PASSES)]
            print(f"spark: {millions:g} million on {engine}: {rows[-1]['seconds']:.0f} s", flush=True)
        if others := differences(folder):
            raise SystemExit(f"the runs differ in {', '.join(others)}")
        totals = json.loads((folder / "duckdb" / "manifest.json").read_text(encoding="utf-8"))["totals"]
        compared, size = len(files(folder / "duckdb")), sum(file.stat().st_size for file in exchange_files(folder))
    embedded, there = rows
    summary = totals | {
        "traffic_bytes": size, "files_identical": compared, "ratio": there["seconds"] / embedded["seconds"],
        "target_ratio": TARGET_RATIO, "yardstick_seconds": statistics.median(passes), "yardsticks": passes,
        "yardstick_ratios": {row["engine"]: row["seconds"] / statistics.median(passes) for row in rows},
        "cores": THREADS, "workers": 2, "load_before": load,
    }  # fmt: skip
    trials.publish(measurement, {"summary": summary, "rows": rows})


if __name__ == "__main__":
    main()
