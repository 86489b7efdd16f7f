"""A state that the form before wrote (kept in `state_1`, with its logs) is brought up, kept, and built on."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hydrometer import pipeline
from hydrometer.base import state
from hydrometer.base.errors import RunError
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.cli import main
from hydrometer.migration import BACKUP, UNFINISHED, migrate

FIRST = Path(__file__).parent / "state_1"
SETTINGS = Settings(threads=1)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copytree(FIRST, tmp_path / "run")
    return tmp_path / "run"


def scan(logs: list[Path], out: Path, since: Path | None = None) -> Path:
    inputs, options = [str(log) for log in logs], pipeline.ScanOptions(since=since)
    pipeline.scan(inputs, out, SETTINGS, options, SilentProgress())
    return out


def files(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_state_as_it_was_stays_beside_the_new_one(run: Path) -> None:
    before = files(run / "state")
    assert state.version_of(run) == 1
    told = migrate(run, SETTINGS)
    assert (told["from"], told["to"], told["backup"]) == (1, 2, "state.schema-1")
    assert files(run / "state.schema-1") == before
    assert before.items() <= files(run / "state").items() and state.opened(run).told["lost"] == told["lost"]
    assert any("api_key_id" in one for one in told["lost"]) and any("register" in one for one in told["lost"])
    assert not any("cached_tokens" in one for one in told["lost"]), "what the log never had is not lost"
    assert migrate(run, SETTINGS) == {"from": 2, "to": 2, "backup": None, "lost": []}


def test_a_run_on_top_of_it_has_what_a_scan_of_all_has_and_says_what_is_not_known(run: Path, tmp_path: Path) -> None:
    migrate(run, SETTINGS)
    on_top = scan([FIRST / "second.jsonl"], tmp_path / "on_top", run)
    whole = scan([FIRST / "first.jsonl", FIRST / "second.jsonl"], tmp_path / "whole")
    for table in ("fingerprints", "account_weeks", "accounts", "origins"):
        both = [pq.read_table(one / "state" / f"{table}.parquet").to_pylist() for one in (on_top, whole)]
        assert sorted(map(str, both[0])) == sorted(map(str, both[1])), table
    for table in ("members", "evidence"):
        both = [pq.read_table(one / f"{table}.parquet").to_pylist() for one in (on_top, whole)]
        assert sorted(map(str, both[0])) == sorted(map(str, both[1])), table
    told = json.loads((on_top / "manifest.json").read_text(encoding="utf-8"))
    assert told["since"]["lost"] == state.opened(run).told["lost"] == state.opened(on_top).told["lost"]
    assert told["totals"]["exchanges"] == 48 and told["since"]["looks_kept"] == 0


def test_a_kill_between_two_renames_loses_nothing(run: Path) -> None:
    (run / "state").rename(run / BACKUP.format(version=1))
    (run / UNFINISHED).mkdir()
    assert migrate(run, SETTINGS)["backup"] == "state.schema-1"
    assert state.opened(run) and not (run / UNFINISHED).exists()


def test_a_backup_from_before_is_not_overwritten(run: Path) -> None:
    shutil.copytree(run / "state", run / "state.schema-1")
    with pytest.raises(RunError, match="a backup from before"):
        migrate(run, SETTINGS)
    assert state.version_of(run) == 1


def test_another_key_or_other_columns_are_refused(run: Path) -> None:
    with pytest.raises(RunError, match="without a deployment's key"):
        migrate(run, Settings(key="a key of sixteen bytes"))  # type: ignore[arg-type]
    path = run / "state" / "fingerprints.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["item"]), path)
    with pytest.raises(RunError, match="other columns"):
        migrate(run, SETTINGS)


def test_a_run_without_a_state_is_refused(run: Path) -> None:
    shutil.rmtree(run / "state")
    with pytest.raises(RunError, match="no state of a run"):
        migrate(run, SETTINGS)


def test_the_command_says_what_it_did(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = str(FIRST / "second.jsonl")
    assert main(["scan", second, "--since", str(run), "--out", str(tmp_path / "x")]) == 2
    assert f"hydrometer migrate {run}" in capsys.readouterr().err
    assert main(["migrate", str(run)]) == 0
    assert "schema_version 1 → 2; the state as it was is in state.schema-1" in capsys.readouterr().out
    assert main(["migrate", str(run)]) == 0 and "nothing to do" in capsys.readouterr().out
    assert main(["migrate", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["backup"] is None
