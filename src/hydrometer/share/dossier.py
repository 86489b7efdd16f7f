"""Issues a dossier: a sealed evidence file on one campaign that a third party can work out again and check.

The order is: seal the inputs, cut down to the level of redaction; work the content out from what was sealed; write
page and print from the content; hash every file into a manifest; sign the manifest. The folder appears whole or not at
all. A dossier is never changed: a correction is a new issue that names the one it replaces and says what differs.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hydrometer
from hydrometer.base.errors import RunError
from hydrometer.base.output_folder import DOSSIERS
from hydrometer.base.whole_file import sha256_of
from hydrometer.share import dossier_actors, dossier_answer, dossier_print, dossier_signature
from hydrometer.share.dossier_actors import Actors
from hydrometer.share.dossier_answer import Answer
from hydrometer.share.dossier_content import content
from hydrometer.share.dossier_document import canonical
from hydrometer.share.dossier_index import FILE as INDEX
from hydrometer.share.dossier_index import index
from hydrometer.share.dossier_page import page
from hydrometer.share.dossier_redaction import Level, scrubber
from hydrometer.share.dossier_sealed import FOLDER, Engine, Sealed, known_identifiers, listed_group, read, seal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST = "manifest.json"
JSON, PAGE, PRINT = "dossier.json", "dossier.html", "dossier.pdf"
SCHEMA_VERSION = 1
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Options:
    """How a dossier is issued.

    Attributes:
        level: of redaction.
        out: folder; None takes `dossiers/<campaign_id>` of the run, with the level at its end unless it is `internal`.
        key: that signs the manifest; None leaves it unsigned.
        actors, answer: what an analyst gave.
        issued_on: date printed on it; none is taken from a clock.
        reason: of a correction.
        force: whether an earlier dossier in the folder is replaced by a new issue.
        engine: threads and memory.
    """

    level: Level = Level.INTERNAL
    out: Path | None = None
    key: Ed25519PrivateKey | None = None
    actors: Actors | None = None
    answer: Answer | None = None
    issued_on: date | None = None
    reason: str | None = None
    force: bool = False
    engine: Engine = field(default_factory=Engine)


@dataclass(frozen=True, slots=True)
class Issued:
    """What was written.

    Attributes:
        folder: of the dossier.
        files: their names.
        issue: number of this issue.
        pdf: whether there is a print; without Typst there is none.
        signed_by: fingerprint of the public key; None where it is not signed.
    """

    folder: Path
    files: tuple[str, ...]
    issue: int
    pdf: bool
    signed_by: str | None


def folder_of(run: Path, campaign_id: str, level: Level) -> Path:
    """Where the dossier of a campaign lies by default.

    Raises:
        RunError: the id is no name of a folder.

    >>> str(folder_of(Path("run"), "c-1", Level.PUBLIC))
    'run/dossiers/c-1-public'
    """
    if not _PLAIN.fullmatch(campaign_id):
        expected = "letters, digits, dots and dashes"
        raise RunError(
            str(run), f"campaign id {campaign_id[:80]!r}", expected, "the run folder was altered; scan again"
        )
    return run / DOSSIERS / (campaign_id if level is Level.INTERNAL else f"{campaign_id}-{level}")


def issue(run: Path, campaign_id: str, options: Options) -> Issued:
    """Write the dossier of a campaign.

    Args:
        run: a run folder.
        campaign_id: a campaign that is confirmed or suspected.
        options: how.

    Raises:
        RunError: no such campaign, one of which nothing is alleged, a run that was altered, or a dossier in the way.
        BugError: a sentence breaks the rules of `dossier_document`.
    """
    target = folder_of(run, campaign_id, options.level) if options.out is None else options.out
    check_run(run)
    listed_group(run, campaign_id)
    earlier = _earlier(target, options)
    documents = _documents(run, options, earlier)
    with _whole(target) as folder:
        seal(run, campaign_id, folder, documents, options.engine)
        (folder / FOLDER / INDEX).write_bytes(canonical(index(folder)))
        sealed = read(folder)
        made = files_of(content(sealed))
        disagreeing = [one for one in json.loads(made[JSON])["tables"]["recount"] if not one["agrees"]]
        if disagreeing:
            raise _altered(run, disagreeing)
        for name, bytes_ in made.items():
            (folder / name).write_bytes(bytes_)
        signed_by = _sign(folder, sealed, options.key)
        names = tuple(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))
    return Issued(target, names, documents["issue"]["issue"], PRINT in made, signed_by)


def files_of(said: Mapping[str, Any]) -> dict[str, bytes]:
    """The files that are made from the content alone; without Typst no print is among them."""
    made = {JSON: canonical(said), PAGE: page(said)}
    if dossier_print.version() is not None:
        made[PRINT] = dossier_print.printed(said)
    return made


def check_run(run: Path) -> None:
    """Compare the run's tables with the hashes in its manifest, where it has them.

    Raises:
        RunError: names the files that are not as the scan wrote them.
    """
    try:
        manifest = json.loads((run / MANIFEST).read_bytes())
    except (OSError, ValueError) as problem:
        raise RunError(
            MANIFEST, type(problem).__name__, "the manifest of a run", "check the folder, or scan again"
        ) from problem
    hashes = manifest.get("outputs") if isinstance(manifest, dict) else None
    wrong = [
        f"{name} ({'missing' if not (run / name).is_file() else 'differs'})"
        for name, wanted in sorted((hashes or {}).items())
        if not (run / name).is_file() or sha256_of(run / name) != wanted
    ]
    if wrong:
        raise RunError(
            str(run), ", ".join(wrong), "tables as the scan wrote them", "scan again; evidence must not be edited"
        )


def _altered(run: Path, disagreeing: list[dict[str, Any]]) -> RunError:
    """The error of a run whose tables contradict its fingerprints."""
    found = "; ".join(f"{one['what']} is {one['said']}, counted again {one['counted']}" for one in disagreeing)
    return RunError(
        str(run), found, "tables that agree with the fingerprints of the run", "scan again; do not edit a run"
    )


def _documents(run: Path, options: Options, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is sealed beside the run's rows."""
    scrub = scrubber({} if options.level is Level.INTERNAL else known_identifiers(run))
    actors = None if options.actors is None else dossier_actors.sealed_form(options.actors, options.level, scrub)
    answer = None if options.answer is None else dossier_answer.sealed_form(options.answer, options.level, scrub)
    number = 1 if earlier is None else earlier["content"]["issue"] + 1
    supersedes = None
    if earlier is not None:
        supersedes = {"issue": number - 1, "manifest_sha256": earlier["manifest_sha256"]}
    return {
        "issue": {
            "redaction": str(options.level),
            "issue": number,
            "issued_on": None if options.issued_on is None else options.issued_on.isoformat(),
            "reason": None if options.level is Level.PUBLIC else scrub(options.reason),
            "supersedes": supersedes,
        },
        "actors": actors,
        "answer": answer,
        "superseded": None if earlier is None else earlier["content"],
    }


def _earlier(target: Path, options: Options) -> dict[str, Any] | None:
    """The dossier that stands in the folder, if a new issue may replace it.

    Raises:
        RunError: something else is in the way, no `--force`, another level, or it was altered.
    """
    if not target.exists():
        return None
    manifest, made = target / MANIFEST, target / JSON
    if not (manifest.is_file() and made.is_file()):
        raise RunError(str(target), "something that is no dossier", "a path that is free", "choose another --out")
    if not options.force:
        remedy = "replace it by a new issue with --force, or choose another --out"
        raise RunError(str(target), "a dossier from before", "a path that is free", remedy)
    try:
        said, listed = json.loads(made.read_bytes()), json.loads(manifest.read_bytes())
        wanted = next(one["sha256"] for one in listed["files"] if one["name"] == JSON)
        level = said["redaction"]
    except (ValueError, KeyError, TypeError, StopIteration) as problem:
        raise _unusable(target, "its dossier.json or manifest.json is damaged") from problem
    if wanted != sha256_of(made):
        raise _unusable(target, "its dossier.json is not as it was issued")
    if level != options.level:
        raise _unusable(target, f"it was issued for {level}, this one is for {options.level}")
    return {"content": said, "manifest_sha256": sha256_of(manifest)}


def _unusable(target: Path, found: str) -> RunError:
    """The error of an earlier dossier that no new issue can refer to."""
    return RunError(
        str(target), found, "an unaltered earlier issue of the same level", "move it away, or choose another --out"
    )


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A folder to write to that becomes `target` at the end; after an error nothing of it is left."""
    unfinished = target.parent / f".{target.name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
    except OSError as problem:
        raise RunError(
            str(target), type(problem).__name__, "a folder that can be written", "choose another --out"
        ) from problem
    try:
        yield unfinished
        if target.exists():
            shutil.rmtree(target)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _sign(folder: Path, sealed: Sealed, key: Ed25519PrivateKey | None) -> str | None:
    """Write the manifest, and with a key its signature; the fingerprint of the key."""
    signed_by = None if key is None else dossier_signature.fingerprint(key.public_key())
    manifest = canonical(manifest_of(folder, sealed, signed_by))
    (folder / MANIFEST).write_bytes(manifest)
    if key is not None:
        (folder / dossier_signature.FILE).write_bytes(dossier_signature.sign(key, manifest))
    return signed_by


def manifest_of(folder: Path, sealed: Sealed, signed_by: str | None) -> dict[str, Any]:
    """The manifest of a folder: every file with its hash, versions, configuration, hashes of the run's inputs."""
    run = sealed.documents["run"]
    paths = sorted(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda path: str(path.relative_to(folder))
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "campaign_id": sealed.case.campaign["campaign_id"],
        "redaction": str(sealed.level),
        "issue": sealed.documents["issue"]["issue"],
        "versions": {
            "hydrometer": hydrometer.__version__,
            "hydrometer_of_the_run": run.get("version"),
            "typst": dossier_print.version() if (folder / PRINT).exists() else None,
        },
        "config": run.get("config"),
        "config_sha256": run.get("config_sha256"),
        "inputs": [{"name": one["name"], "sha256": one["sha256"]} for one in run["inputs"]],
        "signed_by": signed_by,
        "files": [
            {"name": str(path.relative_to(folder)), "sha256": sha256_of(path), "bytes": path.stat().st_size}
            for path in paths
        ],
    }
