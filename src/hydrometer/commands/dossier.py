"""`hydrometer dossier`: a sealed evidence file on one campaign, its check, a key to sign with, a stamp to add.

One command with four uses, told apart by its options; which options go together is checked before anything is read.
Source: the contract, sections 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hydrometer.base.errors import UsageError
from hydrometer.base.safe_text import printable
from hydrometer.commands.invocation import JsonOption, existing_run, in_force, print_json, print_result

if TYPE_CHECKING:
    from hydrometer.share.dossier import Issued
    from hydrometer.share.dossier_verify import Verification

NOT_VERIFIED_EXIT_CODE = 2
"""Exit code of `--verify` where a file differs or a row is gone."""
LONGEST_LINE = 2000


class Redaction(StrEnum):
    """For whom a dossier is; what each level leaves out is in docs/dossier.md."""

    INTERNAL = "internal"
    PARTNER = "partner"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Asked:
    """The call, in four groups of options of which one is used."""

    issuing: dict[str, Any]
    verifying: dict[str, Any]
    verify: bool
    stamp: Path | None
    new_key: Path | None


def dossier(
    context: typer.Context,
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="Folder that scan --out wrote; with --verify, that of a dossier."),
    ] = None,
    campaign: Annotated[
        str | None, typer.Argument(metavar="CAMPAIGN", help="A campaign that is confirmed or suspected.")
    ] = None,
    *,
    redaction: Annotated[
        Redaction | None, typer.Option("--redaction", help="For whom it is (default internal).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Instead of RUN/dossiers/CAMPAIGN.")
    ] = None,
    actors: Annotated[
        Path | None, typer.Option("--actors", exists=True, dir_okay=False, help="YAML of an analyst's hypotheses.")
    ] = None,
    answer: Annotated[
        Path | None,
        typer.Option("--answer", exists=True, dir_okay=False, help="YAML of what the party concerned was asked."),
    ] = None,
    issued: Annotated[
        str | None, typer.Option("--issued", metavar="DAY", help="Day to print on it; no clock is read.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why an earlier issue is corrected.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier issue by a new one that names it.")
    ] = False,
    key: Annotated[
        Path | None, typer.Option("--key", exists=True, dir_okay=False, help="Private key to sign with, PEM.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Work a dossier out again and compare.")] = False,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", exists=True, dir_okay=False, help="With --verify: key of whom you trust."),
    ] = None,
    stamp_root: Annotated[
        Path | None,
        typer.Option(
            "--stamp-root", exists=True, dir_okay=False, help="With --verify: root of the stamping authority."
        ),
    ] = None,
    stamp: Annotated[
        Path | None,
        typer.Option("--stamp", exists=True, dir_okay=False, help="Add an authority's RFC 3161 response to a dossier."),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", metavar="FILE", help="Write a new signing key to FILE, FILE.pub beside it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Seal the evidence on a campaign, or check a sealed dossier.

    Writes page, JSON and (with the extra hydrometer[pdf]) print from inputs that are sealed beside them, so that
    anybody can work it out again with --verify.
    """
    asked = Asked(
        {"--redaction": redaction, "--out": out, "--actors": actors, "--answer": answer, "--issued": issued,
         "--reason": reason, "--force": force or None, "--key": key},
        {"--public-key": public_key, "--stamp-root": stamp_root}, verify, stamp, new_key,
    )  # fmt: skip
    refuse_mixtures(asked, run, campaign)
    if new_key is not None:
        _new_key(new_key, as_json=as_json)
    elif stamp is not None:
        _stamp(dossier_folder(run, campaign), stamp, as_json=as_json)
    elif verify:
        _verify(dossier_folder(run, campaign), public_key, stamp_root, as_json=as_json)
    else:
        _issue(context, asked.issuing, (run, campaign), as_json=as_json)


def refuse_mixtures(asked: Asked, run: Path | None, campaign: str | None) -> None:
    """Raise UsageError where options do not go together or an argument is missing."""
    uses = [
        name
        for name, used in (("--verify", asked.verify), ("--stamp", asked.stamp), ("--new-key", asked.new_key))
        if used
    ]
    issuing = [name for name, value in asked.issuing.items() if value is not None]
    checking = [name for name, value in asked.verifying.items() if value is not None]
    if len(uses) > 1 or (uses and issuing):
        raise UsageError(
            " ".join([*uses, *issuing]), "options of different uses", "one use at a time", "leave some out"
        )
    if checking and not asked.verify:
        raise UsageError(" ".join(checking), "no --verify", "a dossier to check", "add --verify")
    if asked.new_key is not None:
        if run is not None:
            raise UsageError("--new-key", f"an argument {str(run)!r}", "no argument", "leave it out")
        return
    if run is None or (campaign is None and not uses):
        expected = "the folder of a dossier, or RUN CAMPAIGN" if uses else "RUN CAMPAIGN"
        raise UsageError("hydrometer dossier", "an argument is missing", expected, "name them; see --help")


def dossier_folder(run: Path | None, campaign: str | None) -> Path:
    """The folder of a dossier, named itself or by its run and campaign."""
    from hydrometer.share.dossier import folder_of
    from hydrometer.share.dossier_redaction import Level

    folder = run or Path()
    return folder if campaign is None else folder_of(existing_run(folder), campaign, Level.INTERNAL)


def day(option: str, text: str | None) -> date | None:
    """The day that an option names.

    Raises:
        UsageError: the text is no day in ISO 8601.

    >>> day("--issued", "2026-06-12")
    datetime.date(2026, 6, 12)
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(option, repr(text), "a day such as 2026-06-12", "write it in ISO 8601") from problem


def _issue(
    context: typer.Context, options: dict[str, Any], of: tuple[Path | None, str | None], *, as_json: bool
) -> None:
    """Issue a dossier and say where it lies."""
    from hydrometer.share import dossier as making
    from hydrometer.share import dossier_actors, dossier_answer, dossier_given, dossier_signature
    from hydrometer.share.dossier_redaction import Level
    from hydrometer.share.dossier_sealed import Engine

    settings = in_force(context).settings
    key, actors, answer = options["--key"], options["--actors"], options["--answer"]
    chosen = making.Options(
        level=Level(options["--redaction"] or Redaction.INTERNAL),
        out=options["--out"],
        key=None if key is None else dossier_signature.private_key(key),
        actors=None if actors is None else dossier_given.read(actors, "--actors", dossier_actors.Actors),
        answer=None if answer is None else dossier_given.read(answer, "--answer", dossier_answer.Answer),
        issued_on=day("--issued", options["--issued"]),
        reason=options["--reason"],
        force=bool(options["--force"]),
        engine=Engine(settings.threads, settings.memory),
    )
    run, campaign = of
    issued = making.issue(existing_run(run or Path()), campaign or "", chosen)
    if as_json:
        print_json(_issued_json(issued))
    else:
        print_result("\n".join(printable(line, LONGEST_LINE) for line in issued_lines(issued)))


def issued_lines(issued: Issued) -> list[str]:
    """What was written, for a person."""
    from hydrometer.share.dossier_print import HOW_TO_GET_IT

    signed = f"by the key with SHA-256 {issued.signed_by}" if issued.signed_by else "no; sign it with --key"
    return [
        f"dossier     {issued.folder} (issue {issued.issue})",
        f"look at     {issued.folder / 'dossier.html'}",
        f"print       {issued.folder / 'dossier.pdf' if issued.pdf else f'none: {HOW_TO_GET_IT}'}",
        f"signed      {signed}",
        f"check it    hydrometer dossier --verify {issued.folder}",
    ]


def _issued_json(issued: Issued) -> dict[str, Any]:
    """What was written, as JSON values."""
    from hydrometer.share.dossier_print import HOW_TO_GET_IT

    return {
        "folder": str(issued.folder), "issue": issued.issue, "files": list(issued.files), "signed_by": issued.signed_by,
        "pdf": issued.pdf, "pdf_how": None if issued.pdf else HOW_TO_GET_IT,
    }  # fmt: skip


def _verify(folder: Path, public_key: Path | None, stamp_root: Path | None, *, as_json: bool) -> None:
    """Check a dossier; ends with 2 where it is not verified."""
    from hydrometer.share import dossier_signature, dossier_stamp, dossier_verify

    trusted = dossier_verify.Trusted(
        None if public_key is None else dossier_signature.public_key(public_key),
        None if stamp_root is None else dossier_stamp.root_certificate(stamp_root),
    )
    found: Verification = dossier_verify.verify(folder, trusted)
    if as_json:
        print_json(found.to_json())
    else:
        print_result("\n".join(printable(line, LONGEST_LINE) for line in found.lines()))
    if found.result != dossier_verify.VERIFIED:
        raise typer.Exit(NOT_VERIFIED_EXIT_CODE)


def _stamp(folder: Path, answer: Path, *, as_json: bool) -> None:
    """Keep a stamping authority's answer beside the manifest."""
    from hydrometer.share import dossier_stamp

    when = dossier_stamp.add(folder, answer)
    if as_json:
        print_json({"folder": str(folder), "stamped_at": when})
    else:
        print_result(f"stamped     {when}, as the authority says; check it with --verify --stamp-root FILE")


def _new_key(path: Path, *, as_json: bool) -> None:
    """Make a key."""
    from hydrometer.share import dossier_signature

    public = dossier_signature.new_key(path)
    if as_json:
        print_json({"key": str(path), "public_key": str(public)})
    else:
        lines = (
            f"private     {path} (keep it; whoever has it can sign in your name)",
            f"public      {public} (give it away)",
        )
        print_result("\n".join(printable(line, LONGEST_LINE) for line in lines))
