"""Which engine works on a run's tables: DuckDB within this process, or Apache Spark on other machines."""

from __future__ import annotations

from pathlib import Path

from hydrometer.base.errors import UsageError
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace

HOUR_US = 3_600_000_000


def opened(folder: Path, settings: Settings) -> Workspace:
    """The workspace of a run on the engine that the settings name.

    Args:
        folder: where its tables lie.
        settings: engine, master, threads, memory and the length of an epoch.

    Raises:
        UsageError: Spark is named and cannot be used, or a master is named and Spark is not.
    """
    epoch_us = settings.epoch_hours * HOUR_US
    if settings.engine == "duckdb":
        if settings.master is not None:
            raise UsageError(
                "--master", "the engine duckdb", "a master with the engine spark alone", "add --engine spark"
            )
        return Workspace(folder, settings.threads, settings.memory, epoch_us)
    from hydrometer.base.spark import SparkWorkspace

    master = settings.master or f"local[{settings.threads}]"
    return SparkWorkspace(folder, master, settings.threads, settings.memory, epoch_us)
