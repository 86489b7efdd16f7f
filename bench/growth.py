"""What a scan costs as the log grows, by exchanges and by accounts, beside one DuckDB pass over each.

By exchanges: `anthropic_feb` at 1, 4 and 16 million, accounts growing with them. By accounts: `sharded`, about twenty
exchanges an account, from ten thousand accounts on. Each scan is a process of its own, and so is each pass; what has to
be compiled once on a machine is compiled before. The passes are made before and after the scan, since a machine's speed
varies, and the ratio is to their median. Nothing is repeated: the file says how busy the machine was. Source of the
case and the yardstick: the disclosure, 16 million exchanges over about 24,000 accounts; `engines.md` of the design.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path

from bench import trials
from bench.speed import HYDROMETER, SEED, THREADS, child, exchange_files, yardstick
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"largest": 16, "accounts": 100_000}
WORLD, MILLIONS = "anthropic_feb", 16
SIZES = (1, 4, 16)
"""Millions of exchanges; the world at its full size has `MILLIONS`."""
CROWD, CROWD_ACCOUNTS = "sharded", 4_690
CROWDS = (10_000, 100_000, 1_000_000)
"""Accounts; the world at its usual size has `CROWD_ACCOUNTS`."""
WARMING = "gateway"
"""World whose scan compiles what is compiled once."""
PASSES = 2
"""Yardsticks before the scan, and as many after it."""
SUMS = "count(*), sum(length(prompt)), sum(length(system_instructions))"
"""What the yardstick of the design asks for."""


def measured(folder: Path, world: str, scale: float) -> Row:
    """One size: the world is made, passed over, scanned and scored."""
    child([HYDROMETER, "simulate", world, "--out", "world", "--seed", str(SEED), "--scale", str(scale)], folder)
    passes = [yardstick(folder, SUMS) for _ in range(PASSES)]
    scan = child([HYDROMETER, "scan", "world/traffic", "--out", "run", "--threads", str(THREADS)], folder)
    passes += [yardstick(folder, SUMS) for _ in range(PASSES)]
    manifest = json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))
    scored = json.loads(child([HYDROMETER, "score", "run", "--truth", "world/truth", "--json"], folder).output)
    exchanges = manifest["totals"]["exchanges"]
    kept = sum(file.stat().st_size for file in (folder / "run" / "state").rglob("*") if file.is_file())
    print(f"growth: {world}: {exchanges:,} exchanges: {scan.wall_seconds:.0f} s", flush=True)
    return {
        "exchanges": exchanges, "accounts": manifest["totals"]["accounts"],
        "traffic_bytes": sum(file.stat().st_size for file in exchange_files(folder)),
        "yardstick_seconds": statistics.median(passes), "yardsticks": passes, "scan_seconds": scan.wall_seconds,
        "ratio": scan.wall_seconds / statistics.median(passes), "scan_processor_seconds": scan.processor_seconds,
        "peak_rss_bytes": manifest["peak_rss_bytes"], "stage_seconds": manifest["stage_seconds"],
        "state_bytes_per_exchange": kept / exchanges, "campaigns_true": scored["campaigns_true"],
        "campaigns_hit": scored["campaigns_hit"], "false_campaigns": scored["false_campaigns"],
        "account_recall": scored["accounts"]["recall"], "benign_flagged": scored["accounts"]["false_accounts"],
        "benign_accounts": scored["accounts"]["benign"],
    }  # fmt: skip


def warmed(folder: Path) -> None:
    """Compile what is compiled once, by a scan of a small world."""
    (folder / "small").mkdir()
    child([HYDROMETER, "simulate", WARMING, "--out", "small/world", "--seed", str(SEED)], folder)
    child([HYDROMETER, "scan", "small/world/traffic", "--out", "small/run", "--threads", str(THREADS)], folder)


def ratios(rows: list[Row]) -> Row:
    """How exchanges, seconds and memory grow from the first size to the last."""
    first, last = rows[0], rows[-1]
    return {
        "time_ratio": last["scan_seconds"] / first["scan_seconds"],
        "memory_ratio": last["peak_rss_bytes"] / first["peak_rss_bytes"],
        "growth": last["exchanges"] / first["exchanges"],
    }


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("growth", "Cost of a scan as the log grows.", PUBLISHED)
    load, settings = os.getloadavg()[0], measurement.settings
    sizes = [(WORLD, millions / MILLIONS) for millions in SIZES if millions <= settings["largest"]]
    crowds = [(CROWD, accounts / CROWD_ACCOUNTS) for accounts in CROWDS if accounts <= settings["accounts"]]
    rows: dict[str, list[Row]] = {WORLD: [], CROWD: []}
    for world, scale in [*sizes, *crowds]:
        with tempfile.TemporaryDirectory() as place:
            warmed(Path(place))
            rows[world].append(measured(Path(place), world, scale))
    summary = {"threads": THREADS, "load_before": load} | ratios(rows[WORLD])
    trials.publish(measurement, {"summary": summary, "rows": rows[WORLD], "crowds": rows[CROWD]})


if __name__ == "__main__":
    main()
