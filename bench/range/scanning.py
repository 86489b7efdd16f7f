"""Scans a world with all of hydrometer, and keeps the workspace so that ablations link and judge the same fingerprints.

The stages are those of the product; only the workspace is not thrown away. One thread, since worlds run side by side.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hydrometer import pipeline
from hydrometer.base.engines import HOUR_US
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import LISTED_LEVELS
from hydrometer.base.workspace import Workspace

REGISTER = "register.yaml"
FLAGGED_ROLES = ("operator", "victim")


def scan(traffic: Path, run: Path, work: Path, seed: int) -> dict[str, Any]:
    """Scan `traffic` into the run folder `run` (tables and manifest alone); workspace and register stay in `work`.

    Returns:
        the manifest.
    """
    for folder in (run, work):
        shutil.rmtree(folder, ignore_errors=True)
    unfinished = run.with_name(f".{run.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    settings = Settings(seed=seed, threads=1)
    workspace = Workspace(work, settings.threads, settings.memory, settings.epoch_hours * HOUR_US)
    try:
        stages = pipeline.Run(workspace, settings, SilentProgress())
        manifest = pipeline.stages(stages, [str(traffic)], pipeline.ScanOptions(), unfinished)
    finally:
        workspace.close()
    if (traffic / REGISTER).exists():
        shutil.copyfile(traffic / REGISTER, work / REGISTER)
    shutil.rmtree(unfinished / "state")
    for name in ("report.html", "report.json"):
        (unfinished / name).unlink(missing_ok=True)
    unfinished.rename(run)
    return manifest


def listed_members(run: Path) -> dict[str, str]:
    """Account → campaign, for the members of listed groups whose role is acted upon; the surest group where several."""
    import pyarrow.parquet as pq

    levels = pq.read_table(run / "campaigns.parquet", columns=["campaign_id", "level"]).to_pylist()
    listed = {row["campaign_id"] for row in levels if row["level"] in LISTED_LEVELS}
    members = pq.read_table(run / "members.parquet", columns=["campaign_id", "account_id", "role", "probability"])
    rows = [row for row in members.to_pylist() if row["campaign_id"] in listed and row["role"] in FLAGGED_ROLES]
    rows.sort(key=lambda row: (row["probability"], row["campaign_id"]))
    return {row["account_id"]: row["campaign_id"] for row in rows}
