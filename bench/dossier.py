"""Seconds and memory of the dossier of a large campaign: sealing it, and checking it.

The run is made up, since what is measured grows with accounts and exchanges and not with what they say: twenty thousand
accounts with 250 exchanges each, a tenth as many others beside them. Whole processes of `hydrometer dossier`; of
several repetitions the median, with processor seconds beside it, since a busy machine stretches the one and not the
other.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import trials
from bench.speed import HYDROMETER, Child, child

PUBLISHED: dict[str, int | float] = {"accounts": 20_000, "each": 250, "repetitions": 3}
MADE = """
import sys
from pathlib import Path
from tests.share.large_run import large_run
large_run(Path("run"), int(sys.argv[1]), int(sys.argv[2]))
"""
USES = {"issue": ["--force"], "verify": ["--verify"]}


def run_of(folder: Path, accounts: int, each: int) -> str:
    """Make the run in `folder`, in a process of its own so that this one stays small; id of its campaign."""
    root = Path(__file__).parents[1]
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(root)!r})\n{MADE}", str(accounts), str(each)]
    child(words, folder)
    from tests.share.large_run import CAMPAIGN

    return CAMPAIGN


def measured(folder: Path, campaign: str) -> dict[str, Child]:
    """One dossier issued and checked."""
    words = [HYDROMETER, "dossier", "run", campaign]
    return {use: child([*words, *options], folder) for use, options in USES.items()}


def figures(children: list[Child]) -> dict[str, Any]:
    """Median seconds and largest memory of some processes.

    >>> found = figures([Child(9.0, 12.0, 3, ""), Child(2.0, 10.0, 5, ""), Child(3.0, 11.0, 4, "")])
    >>> found["seconds"], found["processor_seconds"], found["peak_rss_bytes"]
    (3.0, 11.0, 5)
    """
    return {
        "seconds": statistics.median(one.wall_seconds for one in children),
        "seconds_each": [one.wall_seconds for one in children],
        "processor_seconds": statistics.median(one.processor_seconds for one in children),
        "peak_rss_bytes": max(one.peak_rss_bytes for one in children),
    }


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("dossier", "Seconds and memory of the dossier of a large campaign.", PUBLISHED)
    settings, load = measurement.settings, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        campaign = run_of(folder, int(settings["accounts"]), int(settings["each"]))
        rows = [measured(folder, campaign) for _ in range(int(settings["repetitions"]))]
        sealed = sum(path.stat().st_size for path in (folder / "run" / "dossiers").rglob("*") if path.is_file())
    uses = {use: figures([row[use] for row in rows]) for use in USES}
    exchanges = int(settings["accounts"]) * int(settings["each"])
    summary = {"exchanges": exchanges, "dossier_bytes": sealed, "load_before": load}
    trials.publish(measurement, {"summary": summary | uses})


if __name__ == "__main__":
    main()
