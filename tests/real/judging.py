"""Runs hydrometer as a user does, and compares what it flags with what the world says.

A gateway's log names accounts in its own way (LiteLLM: by the hash of the key), so that the names in a run are first
brought back to the world's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

HYDROMETER = Path(sys.executable).with_name("hydrometer")
SCAN_SECONDS = 300.0
LISTED = ("confirmed", "suspected")
AGREEMENT = 0.8
"""Smallest Jaccard index of found and true members."""


def hydrometer(*words: str, folder: Path | None = None) -> str:
    """What a command of hydrometer prints, without a user's settings; a failure shows what it said.

    Args:
        words: of the command.
        folder: where it is run.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HYDROMETER_")}
    done = subprocess.run(
        [HYDROMETER, *words], capture_output=True, text=True, timeout=SCAN_SECONDS, check=False, env=environment,
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, f"hydrometer {' '.join(words)} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


def scan(source: Path, run: Path) -> Path:
    """Scan a folder of a log and give the run's folder."""
    hydrometer("scan", str(source), "--out", str(run))
    return run


def outside_check(run: Path, data: Path) -> None:
    """Run the check of the contract that lies beside the outside data; skipped where there is none.

    Args:
        run: a run's folder.
        data: folder of outside data.
    """
    script = data.parent / "checks" / "contract_check.py"
    if not script.exists():
        pytest.skip(f"no outside check at {script}")
    done = subprocess.run(
        [sys.executable, script, run], capture_output=True, text=True, timeout=SCAN_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rows_of(run: Path) -> dict[str, int]:
    """How many rows were read, kept, rejected and duplicate over all inputs of a run."""
    inputs: list[dict[str, Any]] = json.loads((run / "manifest.json").read_text())["inputs"]
    names = ("rows_read", "rows_kept", "rows_rejected", "rows_duplicate")
    return {name: sum(entry[name] for entry in inputs) for name in names}


def flagged(run: Path, names: Mapping[str, str]) -> dict[str, set[str]]:
    """Listed operators of each listed campaign, by the world's names.

    Args:
        run: a run's folder.
        names: name in the log → name in the world. A log's name may come with its source before a colon.
    """
    campaigns = pq.read_table(run / "campaigns.parquet").to_pylist()
    listed = {row["campaign_id"] for row in campaigns if row["level"] in LISTED}
    found: dict[str, set[str]] = defaultdict(set)
    for row in pq.read_table(run / "members.parquet").to_pylist():
        if row["campaign_id"] in listed and row["role"] == "operator":
            name = row["account_id"]
            found[row["campaign_id"]].add(names.get(name) or names[name.rpartition(":")[2]])
    return dict(found)


def truth(world: Path) -> dict[str, set[str]]:
    """True operators of each campaign of a world."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in pq.read_table(world / "truth" / "accounts.parquet").to_pylist():
        if row["campaign_id"] is not None and row["role"] == "operator":
            found[row["campaign_id"]].add(row["account_id"])
    return dict(found)


def assert_found(run: Path, world: Path, names: Mapping[str, str]) -> None:
    """Every true campaign is found, and nobody else is flagged."""
    wanted, found = truth(world), flagged(run, names)
    assert wanted, "the world has no campaign"
    for campaign, members in wanted.items():
        best = max((len(members & group) / len(members | group) for group in found.values()), default=0.0)
        sizes = {name: (len(group), len(group & members)) for name, group in found.items()}
        assert best >= AGREEMENT, (
            f"{campaign}: {len(members)} members, best Jaccard {best:.3f}; found (size, true) {sizes}"
        )
    innocent = set().union(*found.values()) - set().union(*wanted.values())
    assert not innocent, f"flagged without being of a campaign: {sorted(innocent)}"
