"""A folder that replaces one from before: whole or not at all, and sealed dossiers survive."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.share.evidence_run import CAMPAIGN, evidence_run

from hydrometer.base.errors import RunError
from hydrometer.base.output_folder import REPLACED, RUN, whole_folder
from hydrometer.share.dossier import Options, issue
from hydrometer.share.dossier_verify import VERIFIED, Trusted, verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with a dossier in it."""
    folder = evidence_run(tmp_path / "run")
    issue(folder, CAMPAIGN, Options())
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def scan_again(run: Path) -> None:
    """What a scan does with its folder, without its stages."""
    with whole_folder(run, RUN, force=True) as unfinished:
        (unfinished.results / RUN.mark).write_text("{}", encoding="utf-8")


def test_sealed_dossiers_move_over_to_the_new_run(run: Path) -> None:
    sealed = files(run / "dossiers")
    scan_again(run)
    assert files(run) == {f"dossiers/{name}": content for name, content in sealed.items()} | {"manifest.json": b"{}"}
    assert verify(run / "dossiers" / CAMPAIGN, Trusted()).result == VERIFIED
    assert [path.name for path in run.parent.iterdir()] == [run.name]


def test_a_scan_that_fails_leaves_run_and_dossiers_as_they_were(run: Path) -> None:
    before = files(run)
    with pytest.raises(RunError), whole_folder(run, RUN, force=True):
        raise RunError("run", "a failure", "none", "nothing")
    assert files(run) == before and [path.name for path in run.parent.iterdir()] == [run.name]


def test_a_scan_that_was_killed_before_its_run_stood_there_loses_neither_run_nor_dossiers(run: Path) -> None:
    before = files(run)
    (run.parent / ".run.unfinished").mkdir()
    run.rename(run.parent / ".run.unfinished" / REPLACED)
    with pytest.raises(RunError, match="a run from before"), whole_folder(run, RUN, force=False):
        raise AssertionError
    assert files(run) == before


def test_a_scan_that_was_killed_before_dossiers_moved_over_loses_none(run: Path) -> None:
    sealed = files(run / "dossiers")
    replaced = run.parent / ".run.unfinished" / REPLACED
    replaced.parent.mkdir()
    run.rename(replaced)
    run.mkdir()
    (run / RUN.mark).write_text("{}", encoding="utf-8")
    scan_again(run)
    assert files(run) == {f"dossiers/{name}": content for name, content in sealed.items()} | {RUN.mark: b"{}"}
    assert [path.name for path in run.parent.iterdir()] == [run.name]
