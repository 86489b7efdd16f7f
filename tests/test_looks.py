"""Looks: the same answers in processes as without, whatever becomes of these; and the first listing is the first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer import pipeline
from hydrometer.base.engines import HOUR_US
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect
from hydrometer.looks import Looks, first_listing, send, strides
from hydrometer.moments import Known, listed_at
from hydrometer.simulate.run import simulate

SEED = 3
NAMES = ("a", "b", "c")


@dataclass
class Told(Looks):
    """Looks whose answers are given: epoch → groups that are listed then."""

    listed: dict[int, list[frozenset[int]]]

    def ahead(self, epochs: Iterable[int]) -> None:
        for epoch in epochs:
            assert epoch in self.listed

    def at(self, epoch: int) -> list[frozenset[int]]:
        return self.listed[epoch]


@given(st.integers(0, 5), st.integers(0, 40), st.lists(st.integers(0, 45), min_size=3, max_size=3))
def test_the_first_listing_of_groups_that_stay_listed(first: int, length: int, found_from: list[int]) -> None:
    last = first + length
    units = {name: frozenset({number}) for number, name in enumerate(NAMES)}
    since = {name: min(first + start, last) for name, start in zip(NAMES, found_from, strict=True)}
    listed = {
        epoch: [units[name] for name in NAMES if since[name] <= epoch] for epoch in range(first, last)
    }  # the last epoch is not asked about
    assert first_listing(Told(listed), units, first, last, lambda _: None) == since


def test_strides_end_with_the_log() -> None:
    for last in range(60):
        ends = strides(0, last)
        assert ends[-1] == last and ends == sorted(set(ends)) and len(ends) <= 12


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A tiny world, read."""
    folder = tmp_path_factory.mktemp("looks")
    simulate("gateway", folder / "world", seed=SEED)
    made = Workspace(folder / "work", 2, None, 6 * HOUR_US)
    collect([str(folder / "world" / "traffic")], CollectOptions(), made, lambda *_: None)
    pipeline.read(pipeline.Run(made, Settings(seed=SEED), SilentProgress()))
    yield made
    made.close()


def span(workspace: Workspace) -> tuple[int, int]:
    first, last = workspace.query(pipeline.SPAN).to_pylist()[0].values()
    return int(first), int(last)


def test_processes_answer_as_this_process_does(workspace: Workspace) -> None:
    known, (first, last) = Known(Settings(seed=SEED)), span(workspace)
    asked = [last - 1, (first + last) // 2]
    with Looks(workspace, known) as looks:
        looks.ahead(asked)
        answers = [looks.at(epoch) for epoch in asked]
        assert looks.peak_bytes > 0
    assert answers == [listed_at(workspace, known, epoch) for epoch in asked]
    assert answers[0], "nothing is listed near the end: the comparison says nothing"


def test_a_process_that_is_killed_leaves_the_answer_to_this_one(workspace: Workspace) -> None:
    known, (_, last) = Known(Settings(seed=SEED)), span(workspace)
    with Looks(workspace, known) as looks:
        looks.ahead([last - 1])
        while not looks._children:
            pass
        looks._children[0].kill()
        assert looks.at(last - 1) == listed_at(workspace, known, last - 1)


def test_what_is_not_needed_any_more_ends_with_the_looks(workspace: Workspace) -> None:
    with Looks(workspace, Known(Settings(seed=SEED))) as looks:
        looks.ahead(range(*span(workspace)))
        children = looks._children
    assert all(child.returncode is not None for child in children)


def test_a_process_ends_when_whoever_started_it_is_gone(workspace: Workspace) -> None:
    """Its questions may still come from somewhere: what counts is that nobody waits for the answers."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "hydrometer.looks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        known = Known(Settings(seed=SEED))
        send(child.stdin, (gone.pid, str(workspace.folder), None, workspace.epoch_us, known))
        assert child.wait(60.0) == 1


def test_a_folder_of_the_users_cannot_slip_code_into_the_processes(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever lies in the folder where a scan is started: it is not imported."""
    (tmp_path / "pickle.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    known, (_, last) = Known(Settings(seed=SEED)), span(workspace)
    with Looks(workspace, known) as looks:
        assert looks.at(last - 1)
        assert looks.peak_bytes > 0
