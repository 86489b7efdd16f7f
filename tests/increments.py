"""A world cut into parts by time, and what two runs say alike: all but the names of groups and of inputs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.tables import OUTPUTS

Part = tuple[float | None, float | None]
"""Days since the first midnight of the log from which and until which rows are in a part."""


def cut(traffic: Path, folder: Path, parts: Sequence[Part]) -> list[Path]:
    """Traffic folders of some parts of a log; the tables beside it lie in each of them."""
    rows = pq.read_table(traffic / "exchanges.parquet")
    first = min(rows["sent_at"].to_pylist())
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    made = []
    for number, (begin, end) in enumerate(parts):
        place = folder / f"part{number}"
        place.mkdir(parents=True)
        for path in traffic.iterdir():
            if path.is_file() and path.name != "exchanges.parquet":
                shutil.copy(path, place)
        pq.write_table(rows.filter(within(rows["sent_at"], midnight, begin, end)), place / f"day{number}.parquet")
        made.append(place)
    return made


def within(times: pa.ChunkedArray, midnight: datetime, begin: float | None, end: float | None) -> pa.ChunkedArray:
    """Which times lie in a part."""
    later = pc.greater_equal(times, pa.scalar(midnight + timedelta(days=begin or 0.0), times.type))
    if end is None:
        return later
    return pc.and_(later, pc.less(times, pa.scalar(midnight + timedelta(days=end), times.type)))


def names(run: Path) -> dict[str, str]:
    """Id of each group and operator of a run → a name made of its accounts."""
    groups = pq.read_table(run / "campaigns.parquet").to_pylist()
    members: dict[str, list[str]] = {row["campaign_id"]: [] for row in groups}
    for row in pq.read_table(run / "members.parquet").to_pylist():
        members[row["campaign_id"]].append(row["account_id"])
    found: dict[str, str] = {}
    for row in groups:
        told = json.dumps([sorted(members[row["campaign_id"]]), row["operator_bits"], row["extraction_bits"]])
        name = hashlib.sha256(told.encode()).hexdigest()[:12]
        found |= {row["campaign_id"]: f"group-{name}"} | (
            {row["operator_id"]: f"hand-{name}"} if row["operator_id"] else {}
        )
    return found


def said(run: Path) -> dict[str, Any]:
    """Everything that a run says, with groups under names made of their accounts."""
    known = names(run)

    def renamed(value: Any) -> Any:
        text = json.dumps(value, default=str, sort_keys=True)
        for old, new in known.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        return json.loads(text)

    told = {
        table: sorted(map(json.dumps, renamed(pq.read_table(run / f"{table}.parquet").to_pylist())))
        for table in OUTPUTS if table != "rejects"
    }  # fmt: skip
    report = renamed(json.loads((run / "report.json").read_text(encoding="utf-8")))
    report["not_listed"] = sorted(report["not_listed"], key=json.dumps)
    del report["inputs"]
    return told | {"report": report}


def manifest(run: Path) -> dict[str, Any]:
    """The manifest of a run."""
    found: dict[str, Any] = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return found


def state_of(run: Path) -> dict[str, list[str]]:
    """Rows of what a run keeps and does not follow from how often it was scanned, in an order of their own."""
    tables = ("fingerprints", "account_weeks", "accounts", "ledger", "register", "given_ids", "moments")
    return {
        name: sorted(map(str, pq.read_table(run / "state" / f"{name}.parquet").to_pylist())) for name in tables
    }  # fmt: skip
