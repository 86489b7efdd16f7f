"""A scan in a process of its own, with what it cost in processor time and memory, whatever else runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hydrometer.base.tables import LISTED_LEVELS

SCAN = "import sys; from hydrometer.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True, slots=True)
class Cost:
    """A finished scan.

    Attributes:
        run: its folder.
        seconds: of all its threads.
    """

    run: Path
    seconds: float

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest."""
        found: dict[str, Any] = json.loads((self.run / "manifest.json").read_text(encoding="utf-8"))
        return found

    @property
    def peak_bytes(self) -> int:
        """Most memory resident at once.

        As the scan says itself: what the kernel tells of an ended child begins with what this process held.
        """
        return int(self.manifest["peak_rss_bytes"])

    def listed_members(self) -> set[str]:
        """Accounts of groups that are suspected or confirmed."""
        campaigns = pq.read_table(self.run / "campaigns.parquet").to_pylist()
        ours = {row["campaign_id"] for row in campaigns if row["level"] in LISTED_LEVELS}
        members = pq.read_table(self.run / "members.parquet").to_pylist()
        return {row["account_id"] for row in members if row["campaign_id"] in ours}


def scanned_apart(traffic: Path, out: Path) -> Cost:
    """Scan some traffic on one thread; an error of the scan is one here."""
    words = ["scan", str(traffic), "--out", str(out), "--threads", "1", "--seed", "0"]
    with (out.parent / f"{out.name}.said").open("wb") as said:
        process = subprocess.Popen([sys.executable, "-c", SCAN, *words], stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = (out.parent / f"{out.name}.said").read_text(encoding="utf-8", errors="replace")
    assert process.returncode == 0, text[-2000:]
    return Cost(out, used.ru_utime + used.ru_stime)
