"""What decides the result of a scan, as one hash: a scan that was killed is gone on with only where it is the same.

The program itself is part of it, file by file, so that no scan is begun by one version and ended by another. Threads
and memory are not: results do not depend on them, and a scan that the system ended for want of memory may go on with
less.
The deployment's key takes part as the key of the hash, so that the hash says nothing about it that pseudonyms do not.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numba
import numpy as np
import pyarrow as pa
import scipy

import hydrometer
from hydrometer.base.settings import Settings
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.sources import stamps

ENGINES = (duckdb, numba, np, pa, scipy)
"""What computes and writes tables; each has a `__version__`."""
NEUTRAL = {"key", "threads", "memory"}
"""Settings that no result depends on, and the key."""


def decides(
    inputs: Sequence[str],
    settings: Settings,
    options: CollectOptions,
    calibration_sha256: str | None,
    state_sha256: str | None = None,
) -> str | None:
    """Hash of everything that decides the result of a scan; None where an input cannot be read a second time.

    Args:
        inputs: files, globs, folders or `-`.
        settings: what is in force.
        options: what to make of the input.
        calibration_sha256: of the calibration; None without one.
        state_sha256: of the state that the scan goes on from; None without one.

    Raises:
        InputError: an input does not exist or is truth.
    """
    given = {name: getattr(options, name) for name in CollectOptions.__dataclass_fields__}
    pack = [Path(options.format)] if options.format is not None and Path(options.format).is_file() else []
    files = stamps(inputs, [*pack, *(value for value in given.values() if isinstance(value, Path))])
    if files is None:
        return None
    told = {
        "program": program(), "inputs": list(inputs), "state": state_sha256,
        "files": files, "options": given, "settings": settings.model_dump(mode="json", exclude=NEUTRAL),
        "calibration": calibration_sha256,
    }  # fmt: skip
    text = json.dumps(told, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), key=settings.key_bytes, digest_size=32).hexdigest()


def program() -> list[object]:
    """What computes: hash of every file of the program, versions of interpreter and engines."""
    engines = [[engine.__name__, engine.__version__] for engine in ENGINES]
    return [program_sha256(Path(hydrometer.__file__).parent), sys.version, engines]


def program_sha256(folder: Path) -> str:
    """Hash of every file of a program but what the interpreter made of it."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix().encode()
            digest.update(b"%d %s %d " % (len(name), name, path.stat().st_size))
            digest.update(path.read_bytes())
    return digest.hexdigest()
