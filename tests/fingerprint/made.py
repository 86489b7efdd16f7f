"""Exchanges made by hand, for tests that count by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from hydrometer.base.tables import INPUTS, from_rows
from hydrometer.base.workspace import Workspace

START = datetime(2026, 3, 2, tzinfo=UTC)
KEY = b"a key for tests"


def exchange(number: int, account: str = "a", hours: float = 0.0, **columns: Any) -> dict[str, Any]:
    """One exchange, some hours after the start."""
    return {"exchange_id": f"x{number}", "account_id": account, "sent_at": START + timedelta(hours=hours), **columns}


def table(*rows: dict[str, Any]) -> pa.Table:
    return from_rows(list(rows), INPUTS["exchanges"])


def silent(stage: str, done: int, total: int | None) -> None:
    """Nobody watches."""


Made = Callable[..., Workspace]


def workspaces(folder: Path) -> Iterator[Made]:
    """Makes workspaces that hold exchanges and accounts; all are closed in the end."""
    made: list[Workspace] = []

    def make(*rows: dict[str, Any], accounts: list[dict[str, Any]] | None = None, threads: int = 2) -> Workspace:
        workspace = Workspace(folder / f"work{len(made)}", threads=threads)
        made.append(workspace)
        workspace.write("exchanges", table(*rows))
        names = [{"account_id": name} for name in sorted({row["account_id"] for row in rows})]
        workspace.write("accounts", from_rows(accounts or names, INPUTS["accounts"]))
        return workspace

    yield make
    for workspace in made:
        workspace.close()
