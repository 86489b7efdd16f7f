"""A scan that was killed goes on with the same bytes, whenever it was killed, and only where nothing else decides."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.interrupted import Scan, journal, stages, unfinished

from hydrometer.base.settings import Settings
from hydrometer.collect.options import CollectOptions
from hydrometer.resumption import decides, program_sha256
from hydrometer.share.diff import diff
from hydrometer.simulate.run import simulate

STAGES = ["collect", "fingerprint", "entities", "link and prove", "first detectable"]
SEED = ("--seed", "3")
ALONE = ("--threads", "1")
"""No process of looks, which would take longer to start than these looks take."""


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    simulate("gateway", folder / "world", seed=3)
    return folder / "world" / "traffic"


@pytest.fixture(scope="module")
def uninterrupted(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    assert Scan(traffic, run, *SEED, *ALONE).ended() == 0
    return run


def bytes_of(run: Path) -> dict[str, str]:
    """Hash of every file of a run but the manifest, which says what it cost."""
    files = [path for path in sorted(run.rglob("*")) if path.is_file() and path.name != "manifest.json"]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def manifest(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    return found


def moments(run: Path) -> list[Callable[[], bool]]:
    """Within the first stage, after each stage in turn, after a look, and while the results are being written."""
    after = [lambda stage=stage: stage in stages(run) for stage in STAGES]
    return [
        (unfinished(run) / "work" / "collect").exists,
        *after[:4],
        lambda: any((unfinished(run) / "finished" / "looks").glob("*.json")),
        after[4],
        (unfinished(run) / "results" / "campaigns.parquet").exists,
    ]


def test_killed_after_every_stage_in_turn_it_ends_with_the_same_bytes(
    traffic: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    run, finished = tmp_path / "run", list[str]()
    resumed, seconds = list[str](), dict[str, float]()
    for moment in moments(run):
        scan = Scan(traffic, run, *SEED)
        scan.killed_at(moment)
        assert not run.exists()
        assert all(f"{stage} …" not in scan.said for stage in finished), "a finished stage was begun again"
        finished = stages(run)
        seconds |= {mark["stage"]: mark["seconds"] for mark in journal(run)["marks"] if mark["stage"] not in seconds}
        resumed += finished[-1:]
    looks = len(list((unfinished(run) / "finished" / "looks").glob("*.json")))
    scan = Scan(traffic, run, *SEED)
    assert scan.ended() == 0, scan.said
    assert finished == STAGES and "goes on with an unfinished scan after its stage 'first detectable'" in scan.said
    assert bytes_of(run) == bytes_of(uninterrupted)
    compared = diff(uninterrupted, run)
    assert (compared["differences"], compared["verdicts"]) == ({}, []) and compared["unchanged"]["groups"] > 0
    told = manifest(run)
    assert [one["after_stage"] for one in told["resumed"]] == resumed and told["resumed"][-1]["looks"] == looks >= 1
    assert {stage: told["stage_seconds"][stage] for stage in STAGES} == {
        stage: round(value, 3) for stage, value in seconds.items()
    }
    assert told["outputs"] == manifest(uninterrupted)["outputs"]
    assert manifest(uninterrupted)["resumed"] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run.said"]


def test_another_seed_begins_anew_and_says_so(traffic: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    Scan(traffic, run, *SEED, *ALONE).killed_at(lambda: stages(run) == STAGES[:1])
    before = journal(run)["decides"]
    scan = Scan(traffic, run, "--seed", "4", *ALONE)
    scan.killed_at(lambda: journal(run)["decides"] not in (None, before) if stages(run) else False)
    assert "cannot be gone on with" in scan.said and "collect …" in scan.said
    assert journal(run)["resumed"] == []


def test_a_kill_between_two_renames_loses_no_run(traffic: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    (unfinished(run) / "replaced").mkdir(parents=True)
    (unfinished(run) / "replaced" / "manifest.json").write_text("{}", encoding="utf-8")
    scan = Scan(traffic, run, *SEED)
    assert scan.ended() == 2 and "a run from before" in scan.said
    assert [path.name for path in run.iterdir()] == ["manifest.json"]


OPTIONS = CollectOptions()
CHANGES: dict[str, Callable[[Path, Settings, CollectOptions], tuple[Settings, CollectOptions]]] = {
    "seed": lambda _, settings, options: (settings.model_copy(update={"seed": 1}), options),
    "q": lambda _, settings, options: (settings.model_copy(update={"q": 0.005}), options),
    "key": lambda _, settings, options: (Settings(key="a deployment's own key"), options),  # type: ignore[arg-type]
    "content": lambda _, settings, options: (settings, replace(options, content=False)),
    "period": lambda _, settings, options: (settings, replace(options, start=datetime(2026, 3, 1, tzinfo=UTC))),
    "register": lambda log, settings, options: (settings, replace(options, register=log)),
}
"""What decides a result."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_text("{}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("change", CHANGES)
def test_what_decides_a_result_changes_the_hash(log: Path, change: str) -> None:
    settings, options = CHANGES[change](log, Settings(), OPTIONS)
    assert decides([str(log)], settings, options, None) != decides([str(log)], Settings(), OPTIONS, None)


def test_inputs_and_calibration_change_the_hash(log: Path) -> None:
    def now(calibration: str | None = None) -> str | None:
        return decides([str(log.parent)], Settings(), OPTIONS, calibration)

    seen = {now(), now("a"), now("b")}
    os.utime(log, ns=(1, 1))
    seen.add(now())
    log.write_text("{}\n{}\n", encoding="utf-8")
    os.utime(log, ns=(1, 1))
    seen.add(now())
    (log.parent / "register.yaml").write_text("[]", encoding="utf-8")
    seen.add(now())
    (log.parent / "second.jsonl").touch()
    seen.add(now())
    assert len(seen) == 7 and None not in seen


def test_threads_and_memory_decide_nothing_and_standard_input_cannot_be_read_again(log: Path) -> None:
    plain = decides([str(log)], Settings(threads=1), OPTIONS, None)
    assert plain == decides([str(log)], Settings(threads=7, memory="1GB"), OPTIONS, None)
    assert decides([str(log), "-"], Settings(), OPTIONS, None) is None


def test_every_file_of_the_program_counts_and_nothing_of_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1", encoding="utf-8")
    before = program_sha256(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("2", encoding="utf-8")
    assert program_sha256(tmp_path) == before
    (tmp_path / "b.yaml").write_text("1", encoding="utf-8")
    assert program_sha256(tmp_path) != before
