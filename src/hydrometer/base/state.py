"""The state of a run: what a later run builds on, in a folder of its own that says what it is and what is in it.

`state.json` carries the form of the folder, what its fingerprints were made with, and the hash of every table; a folder
that another key, another program or another mode of content has written, or in which a byte has changed, is refused
before anything is read from it. Nothing in it is what somebody wrote: ids, times, counts and keyed hashes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydrometer.base.errors import RunError
from hydrometer.base.whole_file import sha256_of, write_whole

FOLDER, FILE = "state", "state.json"
SCHEMA_VERSION = 2
"""Form of the folder. 1: four tables without `state.json`; 2: all that a later run needs."""
FIRST_FORM = ("fingerprints", "account_weeks", "origins", "accounts")
"""Tables of form 1, which are the same in form 2."""
ADDED = ("ledger", "register", "given_ids", "looks", "moments", "wordings")
"""Tables that form 2 adds; `docs/tables.md` describes them."""
CHECK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Made:
    """What must be the same for fingerprints of two runs to lie in one table.

    Attributes:
        key_check: keyed hash of nothing under the deployment's key.
        content: whether what people wrote was read.
        fingerprints: what the program makes of exchanges that are made up for this, as a hash.
    """

    key_check: str
    content: bool
    fingerprints: str


@dataclass(frozen=True, slots=True)
class State:
    """A state that was looked at and is whole.

    Attributes:
        run: folder of the run.
        told: contents of `state.json`.
        sha256: hash of that file, which holds the hashes of all tables.
    """

    run: Path
    told: dict[str, Any]
    sha256: str

    @property
    def made(self) -> Made:
        """What its fingerprints were made with."""
        return Made(**self.told["made"])

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables."""
        return tuple(sorted(self.told["tables"]))

    def path(self, table: str) -> Path:
        """Where a table lies."""
        return self.run / FOLDER / f"{table}.parquet"


def key_check(key: bytes) -> str:
    """What tells two keys apart and says nothing else about them.

    >>> key_check(b"a") == key_check(b"b"), len(key_check(b"a"))
    (False, 32)
    """
    return hashlib.blake2b(b"hydrometer state", key=key[:64], digest_size=CHECK_BYTES).hexdigest()


def write(folder: Path, told: dict[str, Any]) -> None:
    """Write `state.json` over the tables that lie in `folder`."""
    whole = told | {"schema_version": SCHEMA_VERSION, "tables": hashes(folder)}
    text = json.dumps(whole, indent=1, sort_keys=True, default=str) + "\n"
    write_whole(folder / FILE, text.encode("utf-8"))


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every table of a folder, by its name."""
    return {path.stem: sha256_of(path) for path in sorted(folder.glob("*.parquet"))}


def version_of(run: Path) -> int | None:
    """Form of a run's state; None where there is no state."""
    folder = run / FOLDER
    if (folder / FILE).is_file():
        return int(_read(folder / FILE)["schema_version"])
    return 1 if all((folder / f"{name}.parquet").is_file() for name in FIRST_FORM) else None


def opened(run: Path) -> State:
    """The state of a run.

    Raises:
        RunError: there is none, it has another form, or a table is missing or was changed.
    """
    where, version = str(run / FOLDER), version_of(run)
    if version is None:
        raise RunError(
            where, "no state of a run", "the folder that `hydrometer scan --out` wrote", "name that folder with --since"
        )
    if version != SCHEMA_VERSION:
        older = version < SCHEMA_VERSION
        raise RunError(
            where, f"a state of schema_version {version}", f"schema_version {SCHEMA_VERSION}",
            f"bring it up with `hydrometer migrate {run}`" if older else "use the version of hydrometer that wrote it",
        )  # fmt: skip
    told = _read(run / FOLDER / FILE)
    state = State(run, told, sha256_of(run / FOLDER / FILE))
    missing = sorted({*FIRST_FORM, *ADDED} - set(told["tables"]))
    changed = [name for name in state.tables if not _is(state.path(name), told["tables"][name])]
    if missing or changed:
        raise RunError(
            where, f"tables that are missing or were changed: {', '.join([*missing, *changed])}",
            "every table as the run wrote it", "restore the run from a copy, or scan all logs again",
        )  # fmt: skip
    return state


def refuse_foreign(state: State, made: Made) -> None:
    """Raise RunError where fingerprints of a state and those of this program cannot lie in one table."""
    told, where = state.made, str(state.run / FOLDER)
    if told.key_check != made.key_check:
        raise RunError(
            where, "pseudonyms under another key", "the key that the earlier run had",
            "set HYDROMETER_KEY as it was then, or scan all logs again",
        )  # fmt: skip
    if told.content != made.content:
        words = {True: "with content", False: "without content (--no-content)"}
        raise RunError(
            where, f"a run {words[told.content]}", f"one {words[made.content]}",
            "scan in the same way as before, or scan all logs again",
        )  # fmt: skip
    if told.fingerprints != made.fingerprints:
        raise RunError(
            where, f"fingerprints that hydrometer {state.told.get('version')} made with other signals or words",
            "fingerprints as this program makes them", "scan all logs again, or use the version that wrote the state",
        )  # fmt: skip


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _read(path: Path) -> dict[str, Any]:
    """Contents of `state.json`.

    Raises:
        RunError: it is damaged.
    """
    try:
        told = json.loads(path.read_bytes())
        Made(**told["made"])
        int(told["schema_version"]), dict(told["tables"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RunError(
            str(path), f"a file that cannot be read ({type(problem).__name__})", "the state of a run",
            "restore the run from a copy, or scan all logs again",
        ) from problem  # fmt: skip
    return dict(told)
