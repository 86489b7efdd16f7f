"""Seconds and memory of making worlds: the largest disclosed case at full size, and every world at its usual scale.

The largest process is measured; as many of them run at once as there are cores, and one that waits for them, so that
their sum is at most so many times as much.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from bench import trials
from bench.speed import HYDROMETER, child
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"scale": 1.0}
LARGEST = "anthropic_feb"
SEED = 1


def made(folder: Path, world: str, scale: float | None) -> Row:
    """Make a world in a process of its own; what it cost and how large it is."""
    import pyarrow.parquet as pq

    words = ["simulate", world, "--out", "world", "--seed", str(SEED)]
    cost = child([HYDROMETER, *words, *([] if scale is None else ["--scale", str(scale)])], folder)
    traffic = folder / "world" / "traffic"
    files = [*traffic.glob("exchanges.parquet"), *traffic.glob("exchanges/*.parquet")]
    row = {
        "world": world,
        "exchanges": sum(pq.read_metadata(file).num_rows for file in files),
        "accounts": pq.read_metadata(traffic / "accounts.parquet").num_rows,
        "bytes": sum(file.stat().st_size for file in files),
        "wall_seconds": cost.wall_seconds,
        "processor_seconds": cost.processor_seconds,
        "largest_process_bytes": cost.peak_rss_bytes,
    }
    shutil.rmtree(folder / "world")
    return row


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("generation", "Seconds and memory of making worlds.", PUBLISHED)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        names = json.loads(child([HYDROMETER, "simulate", "--list", "--json"], folder).output)["worlds"]
        largest = made(folder, LARGEST, float(measurement.settings["scale"]))
        usual = [made(folder, entry["world"], None) for entry in names]
    processes = trials.usable_cores() + 1
    summary = {
        "largest": largest,
        "processes": processes,
        "memory_bytes_at_most": processes * largest["largest_process_bytes"],
        "exchanges_per_second": largest["exchanges"] / largest["wall_seconds"],
        "slowest_usual": max(usual, key=lambda row: row["wall_seconds"]),
    }
    trials.publish(measurement, {"summary": summary, "worlds": usual})


if __name__ == "__main__":
    main()
