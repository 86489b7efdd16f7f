"""Logs in object storage: what an address such as `s3://bucket/folder` names is fetched before it is read.

A log is read more than once (hashed, sniffed, read), so that a copy beside the run's tables costs less than reading it
over the network again, and looks the same to either engine. Credentials come from the environment, never from the
address: addresses are shown in messages. Keys of objects are hostile: none leads out of the folder.
Source: Apache Arrow's file systems (`pyarrow.fs`); the query of an S3 address is Arrow's (`region`, `scheme`,
`endpoint_override`).
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

from hydrometer.base.errors import InputError, UsageError
from hydrometer.collect.reading import spool

ADDRESS = re.compile(r"(s3|gs|gcs|abfs|abfss)://", re.IGNORECASE)
S3_QUERY = ("region", "scheme", "endpoint_override")
CONNECT_SECONDS, REQUEST_SECONDS = 10.0, 120.0
FOLDER = "fetched"
"""Within the workspace."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a store.

    Attributes:
        name: relative to the address.
        path: within the store.
        size: bytes.
        changed: time of change, ns.
    """

    name: str
    path: str
    size: int
    changed: int


def remote(given: str) -> bool:
    """Whether an input is an address of object storage.

    >>> remote("s3://logs/2026"), remote("logs/2026"), remote("file:///logs")
    (True, False, False)
    """
    return ADDRESS.match(given) is not None


def opened(given: str) -> tuple[Any, str]:
    """The file system of an address, and the path within it.

    Raises:
        UsageError: the address holds credentials, or an option that is not known; Arrow has no file system for it.
    """
    from pyarrow import fs

    parts = urlsplit(given)
    if "@" in parts.netloc:
        raise UsageError(
            f"{parts.scheme}://…", "credentials within the address", "an address alone, since it is shown in messages",
            "put them into the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or a profile",
        )  # fmt: skip
    options = dict(parse_qsl(parts.query))
    unknown = sorted(set(options) - set(S3_QUERY))
    if parts.scheme.lower() == "s3" and unknown:
        raise UsageError(
            shown(given), f"the option {unknown[0]!r} in the address", " or ".join(S3_QUERY), "leave it out"
        )
    try:
        if parts.scheme.lower() == "s3":
            times = {"connect_timeout": CONNECT_SECONDS, "request_timeout": REQUEST_SECONDS}
            return fs.S3FileSystem(**options, **times), f"{parts.netloc}{parts.path}".strip("/")
        system, path = fs.FileSystem.from_uri(given)
        return system, str(path)
    except (OSError, ValueError, pa.ArrowException) as problem:
        raise UsageError(
            shown(given), f"an address that Arrow cannot open ({type(problem).__name__})", "s3://bucket/folder",
            "check the address and its options",
        ) from None  # fmt: skip


def shown(given: str) -> str:
    """An address without its query, for messages."""
    return given.split("?", 1)[0]


def listed(given: str) -> list[Object]:
    """Objects that an address names, in the order of their names; those of other tools' bookkeeping are left out.

    Raises:
        InputError: nobody answers, there is nothing of that name, or keys are no paths of files below the folder.
        UsageError: as `opened`.
    """
    return objects_of(given, *opened(given))


def objects_of(given: str, system: Any, path: str) -> list[Object]:
    """The same as `listed`, of a path in a file system that is open."""
    from pyarrow import fs

    try:
        (info,) = system.get_file_info([path])
        if info.type == fs.FileType.File:
            return [Object(PurePosixPath(path).name, path, int(info.size), changed_ns(info))]
        found = system.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    except (OSError, pa.ArrowException) as problem:
        raise unreachable(given, problem) from None
    objects = [
        Object(one.path[len(path) :].lstrip("/"), one.path, int(one.size), changed_ns(one))
        for one in found
        if one.type == fs.FileType.File
    ]
    names = {one.name for one in objects}
    for name in names:
        above = {str(folder) for folder in PurePosixPath(name).parents}
        if any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name or above & names:
            raise InputError(
                shown(given), "an object whose key is no path below the folder", "keys of plain names", "rename it"
            )
    plain = [one for one in objects if not any(part.startswith((".", "_")) for part in one.name.split("/"))]
    if not plain:
        raise InputError(
            shown(given), "no log file of that name or below it", "a log file or a folder in the store",
            "check the address",
        )  # fmt: skip
    return sorted(plain, key=lambda one: one.name)


def changed_ns(info: Any) -> int:
    """Time of change of an object, ns; 0 where the store does not say."""
    return int(info.mtime_ns or 0)


def unreachable(given: str, problem: Exception) -> InputError:
    """What is said where a store cannot be read: the kind of the problem, never its text, which may hold a name."""
    return InputError(
        shown(given), f"a store that cannot be read ({type(problem).__name__})",
        "a store that answers, and credentials that may read it",
        "check the address, its region and endpoint_override, and the environment's credentials",
    )  # fmt: skip


def fetched(given: str, folder: Path) -> Path:
    """Copy what an address names into a folder, which must not exist; where it lies.

    Args:
        given: the address.
        folder: made; an address of one object is one file in it.

    Raises:
        InputError, UsageError: as `listed`.
    """
    system, path = opened(given)
    objects = objects_of(given, system, path)
    for one in objects:
        target = folder / one.name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with system.open_input_stream(one.path, compression=None) as stream:
                spool(stream, target)
        except (OSError, pa.ArrowException) as problem:
            if isinstance(problem, OSError) and problem.errno in NO_ROOM:
                raise
            raise unreachable(given, problem) from None
    return folder / objects[0].name if objects[0].path == path else folder
