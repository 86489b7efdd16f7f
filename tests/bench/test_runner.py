"""An interrupted run continues: half-written files count for nothing, finished steps are not repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench.range import codes, runner, steps
from bench.range.cells import Document, Place, WorldKey, read_document, write_document
from bench.range.runner import Task, pending, work_off
from bench.range.steps import ABLATIONS, FIGURES, HYDROMETER, SIMULATE, Step

KEY = WorldKey("gateway", 0)
ALL = (SIMULATE, HYDROMETER, ABLATIONS, "rival-velocity")


class Told:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, str | None]] = []

    def begun(self, step: Step) -> None:
        """Nothing."""

    def ended(self, step: Step, done: int, total: int, failed: str | None) -> None:
        self.steps.append((step.name, done, total, failed))


def finish(cache: Path, name: str, **more: object) -> Step:
    step = Step(cache, KEY, name)
    write_document(step.place.document(name), {"code": step.code, "seconds": 1.0, **more})
    return step


def names(cache: Path, wanted: tuple[str, ...] = ALL) -> list[str]:
    return [step.name for step in pending(cache, Task(KEY, wanted))]


def test_everything_is_pending_at_first(tmp_path: Path) -> None:
    assert names(tmp_path) == list(ALL)


def test_a_half_written_document_is_no_document(tmp_path: Path) -> None:
    step = finish(tmp_path, "rival-velocity")
    path = step.place.document(step.name)
    assert step.finished()
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[: len(whole) // 2], encoding="utf-8")
    assert not step.finished()
    assert read_document(path) is None


def test_a_document_of_other_code_is_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = finish(tmp_path, "rival-velocity")
    monkeypatch.setattr(codes, "_rivalling", lambda name: "changed")
    assert not step.finished()


def test_a_failed_step_is_tried_again(tmp_path: Path) -> None:
    assert not finish(tmp_path, HYDROMETER, failed="it broke").finished()


def test_a_write_that_fails_leaves_the_old_document(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    write_document(path, {"code": "a"})
    with pytest.raises(ValueError, match="JSON"):
        write_document(path, {"code": "b", "bad": float("nan")})
    assert read_document(path, "a") == {"code": "a"}


def test_a_world_is_made_again_only_for_steps_that_read_it(tmp_path: Path) -> None:
    for name in (SIMULATE, HYDROMETER, ABLATIONS):
        finish(tmp_path, name)
    assert names(tmp_path, (SIMULATE, HYDROMETER, ABLATIONS)) == []
    assert names(tmp_path) == [SIMULATE, "rival-velocity"]
    Place(tmp_path, KEY).traffic.mkdir()
    assert names(tmp_path) == ["rival-velocity"]


def test_ablations_without_a_workspace_scan_again(tmp_path: Path) -> None:
    for name in (SIMULATE, HYDROMETER):
        finish(tmp_path, name)
    assert names(tmp_path, (SIMULATE, HYDROMETER, ABLATIONS)) == [SIMULATE, HYDROMETER, ABLATIONS]
    Place(tmp_path, KEY).work.mkdir()
    assert names(tmp_path, (SIMULATE, HYDROMETER, ABLATIONS)) == [ABLATIONS]


def test_a_child_that_is_killed_leaves_a_state_that_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two children: one is ended by its limit in the middle of its work, the readers of its world are not begun."""
    write_document(Place(tmp_path, KEY).folder / "frozen.json", {})
    monkeypatch.setattr(runner, "LIMIT_SECONDS", 0.0)
    monkeypatch.setattr(runner, "LOOK_SECONDS", 0.01)
    told = Told()
    failed = work_off(tmp_path, [Task(KEY, (SIMULATE, HYDROMETER))], jobs=2, keep=True, teller=told)
    assert {step.name for step in failed} == {SIMULATE, HYDROMETER}
    assert failed[Step(tmp_path, KEY, HYDROMETER)] == "simulate failed"
    assert told.steps[-1][1:3] == (2, 2)
    assert not list(Place(tmp_path, KEY).folder.glob("traffic/*"))
    assert names(tmp_path, (SIMULATE, HYDROMETER)) == [SIMULATE, HYDROMETER]


def test_a_step_that_breaks_is_recorded_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(step: Step) -> Document:
        raise RuntimeError("no room")

    monkeypatch.setitem(steps.WORK, SIMULATE, broken)
    step = Step(tmp_path, KEY, SIMULATE)
    steps.perform(step)
    document = json.loads(step.place.document(SIMULATE).read_text(encoding="utf-8"))
    assert document["failed"] == "RuntimeError: no room"
    assert document["seconds"] >= 0 and document["peak_memory_bytes"] > 0
    assert not step.finished()


def test_large_files_go_when_the_last_step_is_over(tmp_path: Path) -> None:
    place = Place(tmp_path, KEY)
    for folder in (place.traffic, place.work, place.truth):
        folder.mkdir(parents=True)
    place.drop_large()
    assert not place.traffic.exists() and not place.work.exists() and place.truth.exists()


def test_figures_depend_on_thresholds_and_on_what_there_is_to_score(tmp_path: Path) -> None:
    frozen = tmp_path / "frozen.json"
    write_document(frozen, {"thresholds": {}})
    finish(tmp_path, HYDROMETER)
    step = Step(tmp_path, KEY, FIGURES, frozen)
    before = step.code
    finish(tmp_path, "rival-velocity")
    between = step.code
    write_document(frozen, {"thresholds": {"velocity": {"matched": 1.0}}})
    assert len({before, between, step.code}) == 3
