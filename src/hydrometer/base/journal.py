"""What of an unfinished run is finished, so that a process that was killed can be followed by one that goes on.

The journal lies in the folder of the unfinished run, beside its tables. A stage is marked when its tables and its
result are there; what was written after the last mark is removed before anything is read. A journal is believed only
where everything that decides the result is the same, every table has the size that was marked, every result the hash,
and nobody but this user could have written there. Results of stages are pickled: who may write them may run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hydrometer.base.in_place import ENDING
from hydrometer.base.whole_file import write_whole

SCHEMA_VERSION = 1
FILE, WORK, RESULTS = "journal.json", "work", "finished"
TABLES = (".parquet", ENDING)
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Mark:
    """A finished stage.

    Attributes:
        stage: its name.
        seconds: wall seconds that it took.
        peak_rss_bytes: most memory that its processes held by its end.
        result_sha256: hash of its pickled result.
        tables: bytes of every table that was there at its end.
    """

    stage: str
    seconds: float
    peak_rss_bytes: int
    result_sha256: str
    tables: dict[str, int]


@dataclass(slots=True)
class Journal:
    """The marks of one unfinished run.

    Attributes:
        folder: of the unfinished run, with the folder of tables in it.
        decides: hash of everything that decides the result.
        marks: of the finished stages, in order.
        resumed: each time that it was gone on with: the stage finished last, and the number of looks finished after it.
    """

    folder: Path
    decides: str
    marks: list[Mark] = field(default_factory=list)
    resumed: list[dict[str, Any]] = field(default_factory=list)

    def mark(self, stage: str, result: object, seconds: float, peak_rss_bytes: int) -> None:
        """Mark a stage as finished; its tables are there."""
        pickled = pickle.dumps(result)
        self._result(stage).parent.mkdir(exist_ok=True)
        write_whole(self._result(stage), pickled)
        digest = hashlib.sha256(pickled).hexdigest()
        self.marks.append(Mark(stage, seconds, peak_rss_bytes, digest, sizes(self.folder / WORK)))
        self.write()

    def marked(self, stage: str) -> Mark | None:
        """The mark of a stage; None where it is not finished."""
        return next((mark for mark in self.marks if mark.stage == stage), None)

    def result(self, stage: str) -> Any:
        """What a finished stage returned."""
        return pickle.loads(self._result(stage).read_bytes())  # noqa: S301

    def answered(self, epoch: int, listed: list[frozenset[int]]) -> None:
        """Keep the answer of a look at an epoch."""
        self._looks().mkdir(parents=True, exist_ok=True)
        write_whole(self._looks() / f"{epoch}.json", json.dumps([sorted(units) for units in listed]).encode())

    def answers(self) -> dict[int, list[frozenset[int]]]:
        """The answers of looks that are known: epoch → units of each group that was listed."""
        found = sorted(self._looks().glob("*.json"))
        return {int(path.stem): [frozenset(units) for units in json.loads(path.read_bytes())] for path in found}

    def write(self) -> None:
        """Write the journal as it stands now; it changes whole or not at all."""
        told = {
            "schema_version": SCHEMA_VERSION, "decides": self.decides, "marks": [asdict(mark) for mark in self.marks],
            "resumed": self.resumed,
        }  # fmt: skip
        write_whole(self.folder / FILE, json.dumps(told, indent=1).encode())

    def _result(self, stage: str) -> Path:
        return self.folder / RESULTS / f"{stage.replace(' ', '_')}.pickle"

    def _looks(self) -> Path:
        return self.folder / RESULTS / "looks"

    def _whole(self) -> bool:
        """Whether every table and result of the marks is there as it was marked."""
        there = sizes(self.folder / WORK)
        return all(
            self._result(mark.stage).is_file()
            and hashlib.sha256(self._result(mark.stage).read_bytes()).hexdigest() == mark.result_sha256
            for mark in self.marks
        ) and all(there.get(name) == size for name, size in self.marks[-1].tables.items())


def gone_on_with(folder: Path, decides: str) -> Journal | None:
    """The journal of an unfinished run, if one can be gone on with; what was written after its last mark is removed.

    Args:
        folder: of the unfinished run.
        decides: hash of everything that decides the result.
    """
    if not _ours_alone(folder):
        return None
    journal = _read(folder)
    if journal is None or journal.decides != decides or not journal.marks or not journal._whole():
        return None
    for path in _unmarked(folder / WORK, journal.marks[-1].tables):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    journal.resumed.append({"after_stage": journal.marks[-1].stage, "looks": len(journal.answers())})
    journal.write()
    return journal


def _ours_alone(folder: Path) -> bool:
    """Whether a folder is one, belongs to this user and lets nobody else write."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & OTHERS_MAY_WRITE


def _read(folder: Path) -> Journal | None:
    """The journal as it was written; None where there is none of this form."""
    try:
        told = json.loads((folder / FILE).read_bytes())
        if told["schema_version"] != SCHEMA_VERSION:
            return None
        marks = [Mark(**one) for one in told["marks"]]
        return Journal(folder, told["decides"], marks, list(told["resumed"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _unmarked(work: Path, tables: dict[str, int]) -> Iterator[Path]:
    """What lies in the folder of tables and is none of `tables`."""
    return (path for path in list(work.iterdir()) if path.name not in tables)


def sizes(work: Path) -> dict[str, int]:
    """Bytes of every table in a folder, or of the note where it lies, by the name of its file."""
    return {path.name: path.stat().st_size for ending in TABLES for path in sorted(work.glob(f"*{ending}"))}
