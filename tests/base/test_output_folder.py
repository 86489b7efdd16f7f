"""A folder of results appears whole or not at all, has one writer at a time, and a killed writer holds nobody up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hydrometer.base.errors import RunError
from hydrometer.base.output_folder import RUN, alone, discard, whole_folder

HOLD = "import sys; from pathlib import Path; from hydrometer.base.output_folder import alone\n" \
    "with alone(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"  # fmt: skip


def written(out: Path, content: str, *, force: bool = False) -> None:
    with whole_folder(out, RUN, force=force) as unfinished:
        assert not any(unfinished.results.iterdir()) and unfinished.journal is None
        (unfinished.results / RUN.mark).write_text(content, encoding="utf-8")
        unfinished.work.mkdir()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_at_the_end_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    written(tmp_path / "a" / "run", "1")
    assert names(tmp_path / "a") == ["run"] and names(tmp_path / "a" / "run") == [RUN.mark]


def test_one_from_before_stays_until_it_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "run"
    written(out, "1")
    with pytest.raises(RunError, match="a run from before"):
        written(out, "2")
    with pytest.raises(ZeroDivisionError), whole_folder(out, RUN, force=True):
        raise ZeroDivisionError
    assert (out / RUN.mark).read_text(encoding="utf-8") == "1"
    written(out, "2", force=True)
    assert (out / RUN.mark).read_text(encoding="utf-8") == "2" and names(tmp_path) == ["run"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "run", RUN, force=False, decides="d"):
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_what_lies_in_the_way_of_the_unfinished_folder_is_removed_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept").touch()
    (tmp_path / ".run.unfinished").symlink_to(tmp_path / "mine")
    written(tmp_path / "run", "1")
    assert names(tmp_path) == ["mine", "run"] and names(tmp_path / "mine") == ["kept"]


def test_the_second_is_told_and_a_killed_first_holds_nobody_up(tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout is not None and first.stdout.readline() == b"held\n"
    with pytest.raises(RunError, match="another process that is writing it"):
        written(out, "2")
    first.kill()
    first.communicate()
    assert names(tmp_path) == [".run.lock"]
    written(out, "2")
    assert names(tmp_path) == ["run"]


def test_a_lock_that_was_removed_is_no_lock(tmp_path: Path) -> None:
    with alone(tmp_path / "run"):
        (tmp_path / ".run.lock").unlink()
        with alone(tmp_path / "run"):
            assert names(tmp_path) == [".run.lock"]
    assert names(tmp_path) == []


def test_a_lock_is_never_a_link(tmp_path: Path) -> None:
    (tmp_path / ".run.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="symbolic links"), alone(tmp_path / "run"):
        pass
    assert names(tmp_path) == [".run.lock"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="a path that can be written"):
        written(tmp_path / "file" / "run", "1")


def test_discarding_twice_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    discard(tmp_path / "a")
    discard(tmp_path / "a")
    assert names(tmp_path) == []
