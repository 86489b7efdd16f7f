"""Finds the files that an input names, the tables that lie beside them, and refuses truth.

An input is a file, a glob, a folder (with everything below it), an address in object storage or `-`. Names are relative
to the input as it was given, so that a report never holds a path of this machine. Truth of a simulated world is refused
by its folder's name, wherever it is met: a detector that could read it would prove nothing. Source: the contract,
sections 1 and 3.
"""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from hydrometer.base.errors import InputError, UsageError
from hydrometer.base.in_place import stamp
from hydrometer.collect.reading import sha256_of, spool
from hydrometer.collect.remote import fetched, listed, remote, shown

TRUTH = "truth"
TRAFFIC = "traffic"
STANDARD_INPUT = "-"
TABLES = ("accounts", "releases", "enforcement", "terms", "acceptances", "actor_timeline")
FILE_TABLES = {"timeline": "actor_timeline"}
"""File whose table has another name, since results have a table of the file's name."""
FILES_BESIDE = ("register.yaml", "policy.yaml")
LABELS = "labels"
OTHER_TABLES = ("indicators", LABELS)
"""Tables of the contract that are not traffic and that a scan does not read; where the labels lie is remembered."""
TABLE_ENDINGS = (".parquet", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of traffic.

    Attributes:
        name: path relative to the input as given.
        path: where its bytes are.
        sha256: of the file as it lies there.
        stamp: bytes and time of change (ns) before it was hashed.
    """

    name: str
    path: Path
    sha256: str
    stamp: tuple[int, int] = (-1, -1)

    def changed(self) -> bool:
        """Whether the file is not what it was when it was hashed; one that was only touched is."""
        return stamp(self.path) != self.stamp and sha256_of(self.path) != self.sha256


@dataclass(slots=True)
class Found:
    """What the inputs hold: traffic, links not followed, and the tables beside it by their name."""

    files: list[tuple[str, Path]] = field(default_factory=list)
    unfollowed: list[str] = field(default_factory=list)
    beside: dict[str, list[Path]] = field(default_factory=dict)

    def sources(self) -> list[Source]:
        """Traffic files in the order of their names; a name that occurs twice is numbered by content."""
        stamps = {path: stamp(path) for _, path in self.files}
        hashed = sorted((name, sha256_of(path), path) for name, path in self.files)
        taken: dict[str, int] = {}
        result = []
        for name, sha256, path in hashed:
            taken[name] = taken.get(name, 0) + 1
            result.append(Source(name if taken[name] == 1 else f"{name}~{taken[name]}", path, sha256, stamps[path]))
        return sorted(result, key=lambda source: source.name)


def find(inputs: Sequence[str], spool_folder: Path, fetch_folder: Path, *, copies: bool = True) -> Found:
    """All that the inputs name.

    Args:
        inputs: files, globs, folders, addresses in object storage or `-`.
        spool_folder: where standard input is copied to.
        fetch_folder: where objects are copied to; it must outlast whatever relies on them.
        copies: whether it may be; a content-free scan copies nothing.

    Raises:
        InputError: an input does not exist or is truth.
        UsageError: standard input or an address, which would have to be copied.
    """
    found = Found()
    for number, given in enumerate(inputs):
        if not copies and (given == STANDARD_INPUT or remote(given)):
            what = "standard input" if given == STANDARD_INPUT else "object storage"
            raise UsageError(
                "--no-content", f"{what}, which is read twice and so copied to disk with its texts",
                "files, globs or folders", "name the file itself",
            )  # fmt: skip
        if remote(given):
            _refuse_truth(PurePosixPath(shown(given)), given)
            _add(fetched(given, fetch_folder / str(number)), shown(given), found)
            continue
        if given == STANDARD_INPUT:
            found.files.append(("stdin", spool(sys.stdin.buffer, spool_folder / "stdin")))
            continue
        path = Path(given)
        matches = (
            [path]
            if path.exists() or path.is_symlink()
            else [Path(one) for one in sorted(glob.glob(given, recursive=True))]
        )
        if not matches:
            raise InputError(given, "nothing of that name", "a log file, a folder or a glob", "check the path")
        for match in matches:
            _add(match, given, found)
    return found


def stamps(inputs: Sequence[str], named: Iterable[Path]) -> list[tuple[str, str, int, int]] | None:
    """What a later call can tell the same files by: name, path, bytes and time of change (ns), in an order of its own.

    Args:
        inputs: as for `find`.
        named: further files, given by options.

    Returns:
        None where an input cannot be read a second time.

    Raises:
        InputError: as `find`.
    """
    if STANDARD_INPUT in inputs:
        return None
    here = [given for given in inputs if not remote(given)]
    far = [
        (one.name, shown(given), one.size, one.changed) for given in inputs if remote(given) for one in listed(given)
    ]
    found = find(here, Path(), Path())
    every = [*found.files, *((name, path) for name, paths in found.beside.items() for path in paths)]
    every += [("", path) for path in named]
    found_out = sorted((name, str(path.absolute()), *stamp(path)) for name, path in every)
    return found_out + sorted(far) + [(name, "", -1, -1) for name in sorted(found.unfollowed)]


def _add(path: Path, given: str, found: Found) -> None:
    _refuse_truth(path, given)
    if not path.is_dir():
        found.files.append((path.name, path))
        return
    if (path / TRUTH).exists():
        better = str(Path(given) / TRAFFIC)
        raise InputError(
            given,
            "a folder that holds truth/, the answers of a simulated world",
            "traffic alone",
            f"give {better}" if (path / TRAFFIC).is_dir() else "move the folder truth/ elsewhere",
        )
    _walk(path, path, given, found)


def _walk(folder: Path, root: Path, given: str, found: Found) -> None:
    """Add what lies in `folder`, in the order of names; `.name` and `_name` are bookkeeping of other tools."""
    members = sorted(folder.iterdir())
    holds_tables = folder == root or folder.name == TRAFFIC or any(one.stem == "exchanges" for one in members)
    for member in members:
        if member.name.startswith((".", "_")):
            continue
        _refuse_truth(member, given)
        if holds_tables and _is_beside(member, found):
            continue
        if member.is_dir() and member.is_symlink():
            found.unfollowed.append(member.relative_to(root).as_posix())
        elif member.is_dir():
            _walk(member, root, given, found)
        else:
            found.files.append((member.relative_to(root).as_posix(), member))


def _is_beside(member: Path, found: Found) -> bool:
    """Whether a member is a table or file beside the traffic; takes it if so."""
    if member.name in FILES_BESIDE:
        found.beside.setdefault(member.stem, []).append(member)
        return True
    name = member.stem if member.suffix in TABLE_ENDINGS else member.name
    if name in OTHER_TABLES and (member.suffix in TABLE_ENDINGS or member.is_dir()):
        if name == LABELS:
            found.beside.setdefault(LABELS, []).append(member)
        return True
    name = FILE_TABLES.get(name, name)
    if name not in TABLES:
        return False
    if member.is_dir():
        parts = sorted([*member.glob("*.parquet"), *member.glob("*.csv")])
        found.beside.setdefault(name, []).extend(parts)
        return bool(parts)
    found.beside.setdefault(name, []).append(member)
    return True


def _refuse_truth(path: PurePath, given: str) -> None:
    resolved = path.resolve() if isinstance(path, Path) else path
    if TRUTH in resolved.parts:
        raise InputError(
            shown(given),
            "truth, the answers of a simulated world",
            "traffic alone",
            f"give the folder {TRAFFIC}/ beside it",
        )
