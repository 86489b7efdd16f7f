"""What the tests of collect share: a workspace that lives in the test's folder, and short ways to feed it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hydrometer.base.workspace import Workspace
from hydrometer.collect.assembly import ORIGINS
from hydrometer.collect.run import CollectOptions, CollectReport, collect

ROW: dict[str, Any] = {"exchange_id": "a", "sent_at": "2026-03-01T10:00:00Z", "account_id": "acct-1"}


def row(**changes: Any) -> dict[str, Any]:
    """A sound canonical row with changes."""
    return {**ROW, **changes}


def jsonl(*rows: Any) -> bytes:
    """JSON lines; bytes pass as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in rows)


@dataclass
class Collected:
    """What came out of a collect."""

    report: CollectReport
    exchanges: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    workspace: Workspace

    @property
    def reasons(self) -> list[str]:
        return [one["reason"] for one in self.rejects]

    def counts(self, number: int = 0) -> tuple[int, int, int, int]:
        one = self.report.inputs[number]
        return one.rows_read, one.rows_kept, one.rows_rejected, one.rows_duplicate


Collector = Callable[..., Collected]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path / "work", threads=2)
    yield made
    made.close()


@pytest.fixture
def run(workspace: Workspace) -> Collector:
    """Collect inputs; every run checks the laws of counts and of origins."""

    def collector(*inputs: Path | str, **options: Any) -> Collected:
        report = collect([str(one) for one in inputs], CollectOptions(**options), workspace, lambda *_: None)
        for one in report.inputs:
            assert one.rows_read == one.rows_kept + one.rows_rejected + one.rows_duplicate
        origins = workspace.read("origins")
        assert origins.schema.names == ORIGINS.names
        assert Counter(origins["source"].to_pylist()) == {
            one.name: one.rows_kept for one in report.inputs if one.rows_kept
        }
        exchanges = workspace.query("select * from {exchanges} order by exchange_id").to_pylist()
        rejects = workspace.query("select * from {rejects} order by all").to_pylist()
        return Collected(report, exchanges, rejects, workspace)

    return collector
