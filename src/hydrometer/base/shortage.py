"""Tells a full disk and too little memory as what they are: the user's to mend, and no fault of a log or of ours.

The engine, Arrow and the system each say it in their own way. Whoever catches errors of reading, to make a reject of a
damaged file, must ask `is_shortage` first: a file is not damaged because there was no room to read it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hydrometer.base.errors import HydrometerError, RunError, UsageError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a system that has no room for more bytes: on the disk, of this user, in this file."""
SPILL_LIMIT = "max_temp_directory_size"
"""What the engine names when it has no room on disk for what does not fit into memory."""


def no_room(problem: BaseException) -> str | None:
    """Why there was no room on disk, in the system's words; None where that was not the trouble."""
    said = str(problem)
    if isinstance(problem, duckdb.OutOfMemoryException):
        return os.strerror(errno.ENOSPC) if SPILL_LIMIT in said else None
    if isinstance(problem, OSError) and problem.errno in FULL:
        return os.strerror(problem.errno)
    if isinstance(problem, OSError | duckdb.Error):
        return next((os.strerror(code) for code in FULL if os.strerror(code) in said), None)
    return None


def is_shortage(problem: BaseException) -> bool:
    """Whether an error is one of room or memory, whatever was being done.

    >>> is_shortage(OSError(errno.ENOSPC, "")), is_shortage(OSError(errno.ENOENT, ""))
    (True, False)
    """
    return no_room(problem) is not None or isinstance(problem, MemoryError | duckdb.OutOfMemoryException)


@contextmanager
def told_plainly(out: Path, memory: str | None) -> Iterator[None]:
    """Make one clear error of a shortage; every other error passes as it is.

    Args:
        out: folder that is written, or what lies beside it while it is not finished.
        memory: limit that is in force; None where the engine decides.

    Raises:
        RunError: there is no room on disk.
        UsageError: there is too little memory.
    """
    try:
        yield
    except HydrometerError:
        raise
    except Exception as problem:
        if not is_shortage(problem):
            raise
        full = no_room(problem)
        if full is not None:
            raise RunError(
                str(out), f"no room to write: {full}", "room for the tables of a scan beside the folder of results",
                "free some, or choose --out on another disk",
            ) from problem  # fmt: skip
        raise UsageError(
            f"--memory {memory}" if memory else "memory", "too little for this input", "enough for one step of a scan",
            "allow more with --memory, or use fewer --threads",
        ) from problem  # fmt: skip
