"""Accounts made by hand of which some are used by a thief beside their owners.

The campaign asks in its own wording (opening 9, with a technique), everybody else otherwise; a place is an address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import CELLS, Shares, held_in_cells
from hydrometer.prove.victims import Asked, Victims, find

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
START_US = 20_500 * DAY_US
WORDING = 9
FLEET = 900
"""An address of the thief's."""
RATIO = np.array([-2.0, 1.5, 2.0, 3.0, -2.0, 3.0, 3.0, 4.0])
MARKS = pa.table({"layer": ["opening"], "hash": pa.array([WORDING], pa.int64())})
HASHES = tuple(
    "opening closing skeleton sketch_a sketch_b system_prompt techniques client_ip prefix client_stack".split()
)
Row = dict[str, Any]


@dataclass
class Log:
    """Exchanges and accounts, written out at the end."""

    rows: list[Row] = field(default_factory=list)
    created: dict[str, int | None] = field(default_factory=dict)

    def send(self, account: str, day: int, hour: int, *, place: int, campaign: bool, **more: Any) -> None:
        """One request: of the campaign's kind or not, from a place."""
        self.created.setdefault(account, START_US - 40 * DAY_US)
        hashes = {"opening": WORDING, "techniques": 1} if campaign else {"opening": 50 + len(self.rows) % 7}
        self.rows.append({
            "account_id": account, "exchange_id": f"e{len(self.rows)}", "client_ip": place, "prefix": place // 10 + 1,
            "client_stack": 1, "sent_us": START_US + day * DAY_US + hour * HOUR_US, "api_key_id": f"key-{account}",
            **hashes, **more,
        })  # fmt: skip

    def write(self, workspace: Workspace) -> None:
        """The tables that roles are worked out from."""
        names = sorted(self.created)
        columns: dict[str, Any] = {
            name: pa.array([row.get(name, 0) for row in self.rows], pa.int64()) for name in (*HASHES, "sent_us")
        }
        ids = {name: [row[name] for row in self.rows] for name in ("account_id", "exchange_id")}
        workspace.write("fingerprints", pa.table({**ids, **columns}))
        workspace.write("exchanges", pa.table({**ids, "api_key_id": [row["api_key_id"] for row in self.rows]}))
        workspace.write("units", pa.table({"account_id": names, "unit": range(len(names))}))
        made = pa.array([self.created[name] for name in names], pa.timestamp("us", tz="UTC"))
        workspace.write("accounts", pa.table({"account_id": names, "created_at": made}))


def everybody(log: Log, count: int = 60) -> None:
    """Ordinary accounts at homes of their own."""
    for number in range(count):
        for day in range(5):
            log.send(f"p{number:02}", day, 8 + number % 12, place=1_000 + 20 * number, campaign=False)


def stolen(log: Log, account: str, home: int, *, fleet: int = FLEET, days: range = range(5), own: int = 4) -> None:
    """An owner at home by day, a thief at his fleet by night and by day."""
    for day in days:
        for hour in range(own):
            log.send(account, day, 8 + 2 * hour, place=home, campaign=False)
        for hour in range(6):
            log.send(account, day, 9 + 2 * hour, place=fleet, campaign=hour % 3 > 0)


def thief(log: Log, count: int = 6) -> list[str]:
    """So many abused accounts on one fleet; their names."""
    names = [f"v{number}" for number in range(count)]
    for number, name in enumerate(names):
        stolen(log, name, 5_000 + 20 * number)
    return names


def shares() -> Shares:
    """What the campaign's requests look like; it has no members here."""
    none = np.zeros(0)
    return Shares(none, none, none, np.zeros((0, CELLS)), none, RATIO, 0.9)


def victims(
    workspace: Workspace,
    log: Log,
    *,
    members: frozenset[str] = frozenset(),
    elsewhere: frozenset[str] = frozenset(),
    bound: frozenset[str] = frozenset(),
) -> Victims:
    """The victims in a log."""
    log.write(workspace)
    with held_in_cells(workspace, MARKS):
        return find(workspace, shares(), Asked(members, elsewhere, bound, 0.01))
