"""Rows of a new log beside those of an earlier run: the same ids and tables as if all had been read at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.increments import state_of

from hydrometer import pipeline
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings

Row = dict[str, Any]
HOURS = 24
ACCOUNTS = "account_id,plan,owner,payment_fingerprint,created_at\n"


def exchange(name: str, account: str, hour: int, **more: Any) -> Row:
    sent = f"2026-03-{1 + hour // HOURS:02}T{hour % HOURS:02}:00:00Z"
    return {"exchange_id": name, "account_id": account, "sent_at": sent, "prompt": f"why is {name} blue?"} | more


def log(path: Path, rows: Sequence[Row], **tables: str) -> Path:
    path.mkdir(parents=True)
    (path / f"{path.name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name, text in tables.items():
        (path / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return path


def scan(logs: Sequence[Path], out: Path, since: Path | None = None) -> Path:
    options = pipeline.ScanOptions(since=since)
    pipeline.scan([str(one) for one in logs], out, Settings(threads=1), options, SilentProgress())
    return out


def inputs(run: Path) -> list[tuple[int, int, int]]:
    told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    return [(one["rows_read"], one["rows_kept"], one["rows_duplicate"]) for one in told]


CASES: dict[str, tuple[list[Row], list[Row]]] = {
    "the same row again": (
        [exchange("x", "a", 1), exchange("y", "b", 2)], [exchange("x", "a", 1), exchange("z", "a", 3)],
    ),
    "an id of another account": ([exchange("x", "a", 1)], [exchange("x", "b", 2), exchange("x", "a", 3)]),
    "an earlier one takes the id": ([exchange("x", "a", 5), exchange("y", "a", 6)], [exchange("x", "b", 2)]),
    "an id that was taken is met again": (
        [exchange("x", "a", 1), exchange("x", "b", 4)], [exchange("x", "c", 2), exchange("x", "b", 4)],
    ),
    "an id like one that another has since its own was taken": (
        [exchange("x", "a", 1), exchange("x", "b", 2)], [exchange("x#2", "c", 3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_ids_are_those_of_a_scan_of_all(case: str, tmp_path: Path) -> None:
    old, new = CASES[case]
    first, second = log(tmp_path / "a", old), log(tmp_path / "b", new)
    on_top = scan([second], tmp_path / "on_top", scan([first], tmp_path / "run"))
    whole = scan([first, second], tmp_path / "whole")
    assert state_of(on_top) == state_of(whole) and inputs(on_top) == inputs(whole)
    origins = [
        sorted(map(str, pq.read_table(one / "state" / "origins.parquet").to_pylist())) for one in (on_top, whole)
    ]
    assert origins[0] == origins[1]


def test_tables_beside_the_log_are_kept_and_newer_rows_hold(tmp_path: Path) -> None:
    rows = [exchange("x", "a", 1), exchange("y", "b", 2)]
    register = "- {account_id: a, purpose: evaluation}\n"
    old = ACCOUNTS + "a,free,,card-1,2026-01-01\nb,pro,Firm,card-2,2026-01-02\n"
    first = log(tmp_path / "a", rows, accounts_csv=old, register_yaml=register)
    newer = ACCOUNTS + "a,pro,,card-2,2026-01-01\nc,pro,,card-2,2026-01-03\n"
    second = log(tmp_path / "b", [exchange("z", "c", 30)], accounts_csv=newer)
    on_top = scan([second], tmp_path / "on_top", scan([first], tmp_path / "run"))
    together = ACCOUNTS + "a,pro,,card-2,2026-01-01\nb,pro,Firm,card-2,2026-01-02\nc,pro,,card-2,2026-01-03\n"
    log(tmp_path / "all", [*rows, exchange("z", "c", 30)], accounts_csv=together, register_yaml=register)
    whole = scan([tmp_path / "all"], tmp_path / "whole")
    assert state_of(on_top) == state_of(whole)
    told = [json.loads((one / "manifest.json").read_text(encoding="utf-8")) for one in (on_top, whole)]
    assert told[0]["register"] == told[1]["register"] and told[0]["register"]["entries"] == 1


def test_without_new_tables_those_of_the_earlier_run_hold(tmp_path: Path) -> None:
    tables = {
        "accounts_csv": ACCOUNTS + "a,free,,card-1,2026-01-01\n",
        "releases_csv": "model,released_at\nm,2026-02-02\n",
    }
    rows, more = [exchange("x", "a", 1)], [exchange("y", "a", 2)]
    run = scan([log(tmp_path / "a", rows, **tables)], tmp_path / "run")
    on_top = scan([log(tmp_path / "b", more)], tmp_path / "on_top", run)
    whole = scan([log(tmp_path / "all", [*rows, *more], **tables)], tmp_path / "whole")
    assert state_of(on_top) == state_of(whole)
    assert (on_top / "state" / "releases.parquet").read_bytes() == (whole / "state" / "releases.parquet").read_bytes()
