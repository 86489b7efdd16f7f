"""What the last day costs on top of the days before it, beside a scan of all days, stage by stage.

Both begin as fresh processes and take turns, since a machine's speed varies; the ratio is published with the seconds.
The earlier run is made once and is not charged: a deployment has it from the day before. That both say the same is
checked here as well, by their reports without inputs and by their tables of members.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import trials
from bench.speed import HYDROMETER, SEED, THREADS, Child, child, exchange_files
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"scale": 1.0, "repetitions": 3}
TARGET_RATIO = 0.2
"""Wall seconds of a day over those of a scan of all, as issue and design ask."""
BESIDE = ("accounts.parquet", "enforcement.parquet", "releases.parquet", "register.yaml")


def cut(folder: Path) -> Row:
    """Write the log of the world in `folder` as `before` (all days but the last) and `day`; exchanges of each."""
    import duckdb

    traffic = folder / "world" / "traffic"
    files = [str(file) for file in exchange_files(folder)]
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    last = connection.execute("select max(epoch_us(sent_at)) from read_parquet(?)", [files]).fetchall()[0][0]
    end = datetime.fromtimestamp(last // 1_000_000, UTC)
    midnight = datetime(end.year, end.month, end.day, tzinfo=UTC)
    counts: Row = {}
    for name, condition in (("before", "<"), ("day", ">=")):
        part = folder / name
        part.mkdir()
        for beside in BESIDE:
            if (traffic / beside).exists():
                (part / beside).symlink_to((traffic / beside).resolve())
        rows = connection.read_parquet(files).filter(f"sent_at {condition} timestamptz '{midnight.isoformat()}'")
        rows.write_parquet(str(part / f"{name}.parquet"))
        counts[name] = rows.count("*").fetchall()[0][0]
    return counts


def scanned(folder: Path, source: str, out: str, *more: str) -> tuple[Child, Row]:
    """Scan into a run folder; what it cost and its manifest."""
    words = [HYDROMETER, "scan", source, "--out", out, "--threads", str(THREADS), "--force", *more]
    cost = child(words, folder)
    return cost, json.loads((folder / out / "manifest.json").read_text(encoding="utf-8"))


def differences(folder: Path) -> int:
    """Entries of the two reports that say something else, and accounts that only one lists; ids and inputs apart."""
    import pyarrow.parquet as pq

    reports = [json.loads((folder / run / "report.json").read_text(encoding="utf-8")) for run in ("whole", "on_top")]
    names = [name for name in reports[0] if name not in ("inputs", "campaigns", "not_listed")]
    members = [
        sorted(pq.read_table(folder / run / "members.parquet")["account_id"].to_pylist()) for run in ("whole", "on_top")
    ]
    others = [name for name in names if reports[0][name] != reports[1][name]]
    return len(others) + int(members[0] != members[1])


def alternated(folder: Path, repetitions: int) -> list[Row]:
    """A scan of all and the day on top of the days before, in turn."""
    rows: list[Row] = []
    for number in range(repetitions):
        whole, told = scanned(folder, "world/traffic", "whole")
        day, told_day = scanned(folder, "day", "on_top", "--since", "earlier")
        rows.append(
            {
                "whole_seconds": whole.wall_seconds, "day_seconds": day.wall_seconds,
                "ratio": day.wall_seconds / whole.wall_seconds,
                "processor_ratio": day.processor_seconds / whole.processor_seconds,
                "whole_stage_seconds": told["stage_seconds"], "day_stage_seconds": told_day["stage_seconds"],
                "day_peak_rss_bytes": day.peak_rss_bytes, "looks_kept": told_day["since"]["looks_kept"],
                "differences": differences(folder),
            }
        )  # fmt: skip
        print(
            f"incremental: {number + 1} of {repetitions}: {day.wall_seconds:.1f} of {whole.wall_seconds:.1f} s",
            flush=True,
        )
    return rows


def medians(rows: list[Row], name: str) -> Any:
    """Median over repetitions, of each stage where there are stages."""
    if isinstance(rows[0][name], dict):
        return {stage: statistics.median(row[name][stage] for row in rows) for stage in rows[0][name]}
    return statistics.median(row[name] for row in rows)


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("incremental", "The last day on top of an earlier run, beside a scan of all.", PUBLISHED)
    settings, load = measurement.settings, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        words = ["simulate", "bench", "--out", "world", "--seed", str(SEED), "--scale", str(settings["scale"])]
        child([HYDROMETER, *words], folder)
        counts = cut(folder)
        _, earlier = scanned(folder, "before", "earlier")
        rows = alternated(folder, int(settings["repetitions"]))
        state = sum(file.stat().st_size for file in (folder / "on_top" / "state").iterdir())
    summary = {
        name: medians(rows, name) for name in rows[0] if name != "differences"
    } | {
        "differences": max(row["differences"] for row in rows), "target_ratio": TARGET_RATIO,
        "exchanges_before": counts["before"], "exchanges_day": counts["day"],
        "earlier_stage_seconds": earlier["stage_seconds"],
        "state_bytes_per_exchange": state / (counts["before"] + counts["day"]), "threads": THREADS, "load_before": load,
    }  # fmt: skip
    trials.publish(measurement, {"summary": summary, "repetitions": rows})


if __name__ == "__main__":
    main()
