"""Puts a world into its folder whole or not at all, and leaves no trace of one that failed.

A world is written under a hidden name, beside the folder that it is to be, or inside it where that is there already and
empty (it may be a mounted disk, or where the user stands). Folders made on the way are removed again after a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydrometer.base.errors import UsageError

PARTS = ("traffic", "truth")


@contextmanager
def unfinished(out: Path) -> Iterator[Path]:
    """A folder with empty `traffic` and `truth`, which become those of `out` once everything in it is written.

    Args:
        out: folder to make; it may exist if it is empty.

    Raises:
        UsageError: `out` is not empty, or it or something below it cannot be written.
    """
    check(out)
    out = out.resolve()
    made = [folder for folder in out.parents if not folder.exists()]
    folder = (out if out.exists() else out.parent) / f".{out.name}.unfinished-{os.getpid()}"
    try:
        for part in PARTS:
            (folder / part).mkdir(parents=True)
        yield folder
        _place(folder, out)
        made = []
    except OSError as problem:
        if problem.filename is not None and not Path(problem.filename).is_relative_to(out.parent):
            raise
        raise UsageError(
            str(out), str(problem), "a place with room that can be written", "choose another --out, or free space"
        ) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove(made)


def check(out: Path) -> None:
    """Raise UsageError where something lies in the way of a folder to make."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            str(out),
            "a file or a folder with something in it",
            "a new or empty folder",
            "choose another --out, or empty it",
        )


def _place(folder: Path, out: Path) -> None:
    """Move what is finished to where it belongs, all of it or nothing."""
    if folder.parent != out:
        folder.rename(out)
        return
    moved: list[Path] = []
    try:
        for part in PARTS:
            (folder / part).rename(out / part)
            moved.append(out / part)
    except OSError:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True)
        raise


def _remove(folders: list[Path]) -> None:
    """Remove folders as long as they are empty, deepest first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
