"""Checks a dossier: are its files as they were issued, do its sealed inputs give the same content, who signed it?

Three questions that are answered apart. A file that differs is named; rows that were erased from sealed tables are
named, and then the dossier is "not fully regenerable", which is neither a proof of tampering nor a confirmation.
Without a public key that the reader has from elsewhere, hashes show only that the files fit together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydrometer
from hydrometer.base.errors import HydrometerError, RunError
from hydrometer.base.whole_file import sha256_of
from hydrometer.share import dossier_print, dossier_signature, dossier_stamp
from hydrometer.share.dossier import JSON, MANIFEST, PRINT, files_of
from hydrometer.share.dossier_content import content
from hydrometer.share.dossier_index import FILE as INDEX
from hydrometer.share.dossier_index import compare
from hydrometer.share.dossier_sealed import FOLDER, read

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.x509 import Certificate

VERIFIED, NOT_REGENERABLE, DIFFERS = "verified", "not fully regenerable", "differs"
BESIDE = (MANIFEST, dossier_signature.FILE, dossier_stamp.FILE)
"""Files that the manifest cannot list."""
IDENTICAL = "identical"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes:
        folder: of the dossier.
        problems: each file that is not as it was issued, and a signature or stamp that does not hold.
        missing: rows that are gone from sealed tables.
        regenerated: file → `identical`, or where it differs, or why it was not made again.
        signature: what is known of the signature.
        stamp: what is known of the time stamp.
        notes: what to know beside it.
    """

    folder: Path
    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    regenerated: dict[str, str] = field(default_factory=dict)
    signature: str = "not signed"
    stamp: str = "not stamped"
    notes: list[str] = field(default_factory=list)

    @property
    def result(self) -> str:
        """`verified`, `not fully regenerable` or `differs`."""
        if self.problems:
            return DIFFERS
        return NOT_REGENERABLE if self.missing else VERIFIED

    def to_json(self) -> dict[str, Any]:
        """The verification as JSON values."""
        return {
            "result": self.result,
            "folder": str(self.folder),
            "problems": self.problems,
            "missing_rows": self.missing,
            "regenerated": self.regenerated,
            "signature": self.signature,
            "stamp": self.stamp,
            "notes": self.notes,
        }

    def lines(self) -> list[str]:
        """The verification for a person."""
        found = [f"{self.folder}: {self.result}"]
        found += [f"  differs      {one}" for one in self.problems]
        found += [f"  missing rows {one}" for one in self.missing]
        found += [f"  {'made again':<12} {name}: {said}" for name, said in self.regenerated.items()]
        found += [f"  signature    {self.signature}", f"  time stamp   {self.stamp}"]
        return found + [f"  note         {one}" for one in self.notes]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the reader trusts beforehand: the signer's public key, the root of the stamping authority."""

    key: Ed25519PublicKey | None = None
    stamp_root: Certificate | None = None


def verify(folder: Path, trusted: Trusted) -> Verification:
    """Check the dossier in a folder.

    Args:
        folder: of the dossier.
        trusted: what to check signature and stamp against.

    Raises:
        RunError: the folder holds no manifest that can be read.
    """
    raw, manifest = _manifest(folder)
    found = Verification(folder, *_signed(folder, raw, manifest, trusted))
    changed = list(_files(folder, manifest, found.problems))
    for path in changed:
        _explain(folder, path, found)
    if not any(one.startswith(FOLDER) for one in changed):
        _regenerate(folder, manifest, found)
    else:
        found.regenerated[JSON] = "not made again: its sealed inputs are not whole"
    return found


def _manifest(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The manifest as bytes and as values."""
    path = folder / MANIFEST
    expected = "a dossier that `hydrometer dossier` wrote"
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw)
        files = {str(one["name"]): str(one["sha256"]) for one in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RunError(str(path), type(problem).__name__, expected, "name the folder of a dossier") from problem
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise RunError(str(path), "a file outside the folder", expected, "do not trust this dossier")
    return raw, manifest


def _signed(
    folder: Path, raw: bytes, manifest: Mapping[str, Any], trusted: Trusted
) -> tuple[list[str], list[str], dict[str, str], str, str]:
    """The first parts of a verification: problems, nothing missing, nothing made again, signature and stamp."""
    problems: list[str] = []
    signature = _signature(folder, raw, manifest, trusted, problems)
    stamp = dossier_stamp.checked(folder, raw, trusted.stamp_root, problems)
    return problems, [], {}, signature, stamp


def _signature(folder: Path, raw: bytes, manifest: Mapping[str, Any], trusted: Trusted, problems: list[str]) -> str:
    """What is known of the signature; one that does not hold is a problem."""
    path = folder / dossier_signature.FILE
    signer = manifest.get("signed_by")
    if not path.exists():
        if signer is not None or trusted.key is not None:
            problems.append(f"{path.name}: missing")
        return "not signed" if signer is None else "missing"
    if trusted.key is None:
        return f"by the key with SHA-256 {signer}; not checked: give its public key with --public-key"
    if not dossier_signature.holds(trusted.key, path.read_bytes(), raw):
        problems.append(f"{path.name}: not a signature of this manifest by the given key")
        return "does not hold"
    return f"holds, by the given key (SHA-256 {dossier_signature.fingerprint(trusted.key)})"


def _files(folder: Path, manifest: Mapping[str, Any], problems: list[str]) -> Iterator[str]:
    """Names of files that are not as the manifest lists them; missing and strange ones are problems at once."""
    listed = {str(one["name"]): str(one["sha256"]) for one in manifest["files"]}
    for name, wanted in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            if not (name.startswith(FOLDER) and name.endswith(".parquet")):
                problems.append(f"{name}: missing")
            yield name
        elif path.is_symlink() or sha256_of(path) != wanted:
            yield name
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    problems += [f"{name}: not listed in the manifest" for name in sorted(there - set(listed) - set(BESIDE))]


def _explain(folder: Path, name: str, found: Verification) -> None:
    """Say of a file that differs whether rows are gone from it or it was altered."""
    path = folder / name
    index = folder / FOLDER / INDEX
    if not (name.startswith(f"{FOLDER}/") and path.suffix == ".parquet" and index.is_file()):
        if path.is_file():
            found.problems.append(f"{name}: not as it was issued")
        return
    try:
        entries = json.loads(index.read_bytes())[path.stem]
    except (ValueError, KeyError):
        found.problems.append(f"{name}: not as it was issued, and the index says nothing of it")
        return
    compared = compare(folder, path.stem, entries)
    found.missing.extend(compared.missing)
    if compared.altered or not compared.missing:
        rows = f"{compared.altered} rows were altered or added" if compared.altered else "the same rows in another file"
        found.problems.append(f"{name}: not as it was issued ({rows})")


def _regenerate(folder: Path, manifest: Mapping[str, Any], found: Verification) -> None:
    """Work the content out again and compare it, file by file."""
    versions = manifest.get("versions") or {}
    if versions.get("hydrometer") != hydrometer.__version__:
        found.notes.append(
            f"issued by hydrometer {versions.get('hydrometer')}, checked by {hydrometer.__version__}: another version "
            "may "
            "write the same content in other words"
        )
    try:
        made = files_of(content(read(folder)))
    except (HydrometerError, ValueError, KeyError, TypeError, OSError) as problem:
        found.problems.append(f"{FOLDER}: no content can be worked out from it ({type(problem).__name__})")
        return
    listed = {str(one["name"]): str(one["sha256"]) for one in manifest["files"]}
    for name, bytes_ in made.items():
        if name not in listed:
            continue
        path = folder / name
        same = path.is_file() and path.read_bytes() == bytes_
        if same:
            found.regenerated[name] = IDENTICAL
        elif name == PRINT and versions.get("typst") != dossier_print.version():
            here = dossier_print.version()
            found.regenerated[name] = f"not comparable: set by typst {versions.get('typst')}, here is {here}"
        else:
            where = _first_difference(path, bytes_) if name == JSON else ""
            found.regenerated[name] = f"differs{where}"
            found.problems.append(f"{name}: not what its sealed inputs give{where}")
    if PRINT in listed and PRINT not in made:
        found.regenerated[PRINT] = "not made again: typst is not installed here; compared by its hash alone"


def _first_difference(path: Path, bytes_: bytes) -> str:
    """Pointer to the first place in which two JSON documents differ."""
    try:
        pointer = next(differences(json.loads(path.read_bytes()), json.loads(bytes_)), None)
    except (OSError, ValueError):
        return ""
    return "" if pointer is None else f", first at {pointer or '/'}"


def differences(one: Any, other: Any, pointer: str = "") -> Iterator[str]:
    """Pointers to all places in which two JSON values differ.

    >>> list(differences({"a": [1, 2]}, {"a": [1, 3], "b": 0}))
    ['/a/1', '/b']
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key in one and key in other:
                yield from differences(one[key], other[key], f"{pointer}/{key}")
            else:
                yield f"{pointer}/{key}"
    elif isinstance(one, list) and isinstance(other, list):
        for place, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from differences(left, right, f"{pointer}/{place}")
        if len(one) != len(other):
            yield f"{pointer}/{min(len(one), len(other))}"
    elif one != other:
        yield pointer
