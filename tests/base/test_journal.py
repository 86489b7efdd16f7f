"""A journal is believed only where all that it marks is as it was marked, and nobody else could have written it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from hydrometer.base.journal import FILE, RESULTS, WORK, Journal, gone_on_with
from hydrometer.base.workspace import Workspace

DECIDES = "d" * 64
TABLE = pa.table({"n": [1, 2, 3]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An unfinished run with one finished stage, two answered looks, and more after the mark."""
    folder = tmp_path / ".run.unfinished"
    folder.mkdir(mode=0o700)
    workspace = Workspace(folder / WORK)
    workspace.write("exchanges", TABLE)
    journal = Journal(folder, DECIDES)
    journal.mark("collect", {"rows": (1, 2)}, 1.5, 100)
    journal.answered(7, [frozenset({3, 1}), frozenset()])
    journal.answered(10, [])
    workspace.write("fingerprints", TABLE)
    workspace.close()
    (folder / WORK / "entities.unfinished").write_bytes(b"half")
    (folder / WORK / "spill").mkdir()
    return folder


def test_what_was_marked_is_there_again_and_what_came_after_is_gone(folder: Path) -> None:
    for times in (1, 2):
        journal = gone_on_with(folder, DECIDES)
        assert journal is not None
        mark = journal.marked("collect")
        assert mark is not None and (mark.seconds, mark.peak_rss_bytes) == (1.5, 100)
        assert journal.result("collect") == {"rows": (1, 2)} and journal.marked("fingerprint") is None
        assert journal.answers() == {7: [frozenset({3, 1}), frozenset()], 10: []}
        assert [path.name for path in (folder / WORK).iterdir()] == ["exchanges.parquet"]
        assert journal.resumed == [{"after_stage": "collect", "looks": 2}] * times


def shorter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def linked(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


SPOILED: dict[str, Callable[[Path], object]] = {
    "another table": lambda folder: shorter(folder / WORK / "exchanges.parquet"),
    "no table": lambda folder: (folder / WORK / "exchanges.parquet").unlink(),
    "another result": lambda folder: (folder / RESULTS / "collect.pickle").write_bytes(b"cos\nsystem\n."),
    "no result": lambda folder: (folder / RESULTS / "collect.pickle").unlink(),
    "half a journal": lambda folder: shorter(folder / FILE),
    "no journal": lambda folder: (folder / FILE).unlink(),
    "another form": lambda folder: (folder / FILE).write_text('{"schema_version": 0}', encoding="utf-8"),
    "no object": lambda folder: (folder / FILE).write_text("[]", encoding="utf-8"),
    "no mark": lambda folder: Journal(folder, DECIDES).write(),
    "a group that may write": lambda folder: folder.chmod(0o720),
    "others who may write": lambda folder: folder.chmod(0o702),
    "a link": linked,
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_journal_is_not_believed(folder: Path, how: str) -> None:
    SPOILED[how](folder)
    assert gone_on_with(folder, DECIDES) is None


def test_other_input_or_settings_are_not_gone_on_with(folder: Path) -> None:
    assert gone_on_with(folder, "e" * 64) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_somebody_else_is_not_believed(folder: Path) -> None:
    os.chown(folder, 12345, 12345)
    assert gone_on_with(folder, DECIDES) is None
