"""A folder of results that appears whole or not at all, written by one process at a time.

While it is not finished everything lies in `.NAME.unfinished` beside it; only its own user can read or write there.
Results in it are renamed to the folder itself at the end. An error removes what is unfinished; a process that is killed
leaves it, and its journal lets the next one go on. `.NAME.lock` is held as long as one writes: the system gives it back
when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hydrometer.base.errors import RunError
from hydrometer.base.journal import WORK, Journal, gone_on_with

RESULTS, REPLACED = "results", "replaced"
DOSSIERS = "dossiers"
"""Folder within a run in which its sealed dossiers lie."""
OURS_ALONE = 0o700


@dataclass(frozen=True, slots=True)
class Kind:
    """What such a folder is.

    Attributes:
        noun: what it is called.
        mark: file by which it is known.
        outlives: what in it moves over to the one that replaces it.
    """

    noun: str
    mark: str
    outlives: tuple[str, ...] = ()


RUN = Kind("run", "manifest.json", (DOSSIERS,))


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where an unfinished folder of results is written.

    Attributes:
        results: folder that becomes the folder of results; empty.
        work: folder of tables, which goes at the end.
        journal: what is finished already; None where nothing can be gone on with later.
        begun_anew: whether something unfinished from before lay there and was of no use.
    """

    results: Path
    work: Path
    journal: Journal | None
    begun_anew: bool


@contextmanager
def whole_folder(out: Path, kind: Kind, *, force: bool, decides: str | None = None) -> Iterator[Unfinished]:
    """Where to write; at the end the results become `out`, after an error nothing does.

    Args:
        out: what the results are to become.
        kind: what that is.
        force: whether one of the same kind may be replaced.
        decides: hash of everything that decides the results; None where nothing may be gone on with.

    Raises:
        RunError: `out` is in the way, is being written by another process, or cannot be written at all.
    """
    out = out.resolve()
    folder = out.with_name(f".{out.name}.unfinished")
    with alone(out):
        _give_back(folder / REPLACED, out, kind)
        refuse_to_overwrite(out, kind, force=force)
        try:
            yield _opened(folder, decides)
            if os.path.lexists(out):
                out.rename(folder / REPLACED)
            (folder / RESULTS).rename(out)
        finally:
            _give_back(folder / REPLACED, out, kind)
            discard(folder)


def _give_back(replaced: Path, out: Path, kind: Kind) -> None:
    """Put back what was moved away: all of it where nothing stands in its place, else what outlives its replacement.

    A process may be killed between any two of these steps; the next one takes them again.
    """
    if replaced.parent.is_symlink():
        return
    if not os.path.lexists(out):
        if replaced.is_dir():
            replaced.rename(out)
        return
    for name in kind.outlives:
        if (replaced / name).is_dir() and not os.path.lexists(out / name):
            (replaced / name).rename(out / name)


def _opened(folder: Path, decides: str | None) -> Unfinished:
    """The unfinished folder: that of a process that was killed, if it can be gone on with, else a new one."""
    there = os.path.lexists(folder)
    journal = None if decides is None else gone_on_with(folder, decides)
    anew = journal is None
    if anew:
        discard(folder)
        folder.mkdir(mode=OURS_ALONE)
        journal = None if decides is None else Journal(folder, decides)
    shutil.rmtree(folder / RESULTS, ignore_errors=True)
    (folder / RESULTS).mkdir()
    return Unfinished(folder / RESULTS, folder / WORK, journal, there and anew)


def refuse_to_overwrite(out: Path, kind: Kind, *, force: bool) -> None:
    """Raise RunError where `out` is in the way: a run is only replaced with `force`, and nothing else ever is.

    Args:
        out: folder to write to.
        kind: what it is to be.
        force: whether one of that kind from before may be replaced.
    """
    if not out.exists():
        return
    if not out.is_dir() or not ((out / kind.mark).exists() or not any(out.iterdir())):
        raise RunError(
            str(out), f"something that is not a {kind.noun} folder", "a path that is free", "choose another --out"
        )
    if not force and any(out.iterdir()):
        raise RunError(
            str(out), f"a {kind.noun} from before", "a path that is free",
            "choose another --out, or replace it with --force",
        )  # fmt: skip


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the lock of `out`; its folder is made if it is missing.

    Raises:
        RunError: another process holds it, or nothing can be written there.
    """
    lock = out.with_name(f".{out.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = _held(lock)
    except BlockingIOError as problem:
        raise RunError(
            str(out), "another process that is writing it", "one process at a time for a folder of results",
            "wait until it has ended, or choose another --out",
        ) from problem  # fmt: skip
    except OSError as problem:
        raise RunError(
            str(out), problem.strerror or type(problem).__name__, "a path that can be written", "choose another --out"
        ) from problem
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(held)


def _held(lock: Path) -> int:
    """Descriptor of the lock's file, locked; a file that whoever had it before has removed meanwhile is no lock.

    Raises:
        BlockingIOError: another process holds it.
    """
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(lock.stat(), os.fstat(descriptor)):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def discard(folder: Path) -> None:
    """Remove a folder at once, so that nobody meets a part of it; a process that still reads in it is no hindrance."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    rest = folder.with_name(folder.name + ".old")
    shutil.rmtree(rest, ignore_errors=True)
    with suppress(FileNotFoundError):
        folder.rename(rest)
    shutil.rmtree(rest, ignore_errors=True)
