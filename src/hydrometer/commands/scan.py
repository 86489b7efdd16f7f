"""`hydrometer scan`: logs in, ranked and proven campaigns out.

The command turns options into settings and into `ScanOptions`, runs the pipeline, prints the result and answers with an
exit code. Source: the contract, section 4.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hydrometer.base.errors import UsageError
from hydrometer.commands.invocation import (
    EngineOption,
    JsonOption,
    MasterOption,
    SeedOption,
    in_force,
    print_json,
    print_result,
    shown_progress,
)

FOUND_EXIT_CODE = 10
"""Exit code of `--fail-on` when a campaign at that level or above was found."""


class Level(StrEnum):
    """Levels that `--fail-on` knows, strongest first."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"


def scan(
    context: typer.Context,
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Log files, globs, folders, s3:// addresses, or - for stdin.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="Folder to write the results to.")],
    format_: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Source format; found out by itself otherwise.")
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option("--accounts", exists=True, dir_okay=False, help="Table of accounts, Parquet or CSV.")
    ] = None,
    releases: Annotated[
        Path | None,
        typer.Option("--releases", exists=True, dir_okay=False, help="Table of model releases, Parquet or CSV."),
    ] = None,
    enforcement: Annotated[
        Path | None,
        typer.Option("--enforcement", exists=True, dir_okay=False, help="Table of bans and throttles, Parquet or CSV."),
    ] = None,
    register: Annotated[
        Path | None, typer.Option("--register", exists=True, dir_okay=False, help="YAML of authorised uses.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", exists=True, dir_okay=False, help="YAML of the provider's policy.")
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration", metavar="FOLDER", exists=True, file_okay=False, help="Folder that calibrate --out wrote."
        ),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since",
            metavar="RUN",
            exists=True,
            file_okay=False,
            help="Earlier run to go on from: only logs that it has not seen need be given.",
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="First moment to read, ISO 8601, UTC unless it says.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Moment to stop before, ISO 8601, UTC unless it says.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone", metavar="ZONE", help="Zone of times that name none, such as Europe/Paris; else rejects."
        ),
    ] = None,
    seed: SeedOption = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Threads of the engine.")] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="Memory limit of the engine, such as 4GB.")
    ] = None,
    engine: EngineOption = None,
    master: MasterOption = None,
    as_json: JsonOption = False,
    fail_on: Annotated[
        Level | None, typer.Option("--fail-on", help="Exit with 10 if a campaign at this level or above was found.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run folder if it is there.")] = False,
    no_content: Annotated[
        bool,
        typer.Option("--no-content", help="Read no prompt, system prompt, answer or tool name: metadata alone."),
    ] = False,
) -> None:
    """Find distillation campaigns in logs.

    Reads the logs and the tables beside them, and writes a run folder with the ranked list and its evidence.
    """
    settings = in_force(context, seed=seed, threads=threads, memory=memory, engine=engine, master=master).settings
    from hydrometer import pipeline

    options = pipeline.ScanOptions(
        format=format_,
        accounts=accounts,
        releases=releases,
        enforcement=enforcement,
        register=register,
        policy=policy,
        calibration=calibration,
        start=moment("--from", start),
        end=moment("--to", end),
        timezone=timezone,
        content=not no_content,
        force=force,
        since=since,
    )
    with shown_progress() as progress:
        manifest = pipeline.scan(inputs, out, settings, options, progress)
    show(out, manifest, as_json=as_json)
    if fail_on is not None and found_at(out, fail_on):
        raise typer.Exit(FOUND_EXIT_CODE)


def show(run: Path, manifest: dict[str, object], *, as_json: bool) -> None:
    """Print the result of a run: the report as JSON, or the ranked table."""
    if as_json:
        from hydrometer.share import report_json

        print_json(report_json.report(run, manifest))
    else:
        from hydrometer.share import terminal

        print_result(terminal.render(run, manifest))


def found_at(run: Path, level: Level) -> bool:
    """Whether `run` has a campaign at `level` or above."""
    import pyarrow.parquet as pq

    strong_enough = list(Level)[: list(Level).index(level) + 1]
    levels = pq.read_table(run / "campaigns.parquet", columns=["level"])["level"].to_pylist()
    return any(one in strong_enough for one in levels)


def moment(option: str, text: str | None) -> datetime | None:
    """The moment that an option names; a date is its first moment, and a time without zone is UTC.

    Raises:
        UsageError: the text is no ISO 8601 date or time.

    >>> moment("--from", "2026-03-01T12:00+02:00").isoformat()
    '2026-03-01T10:00:00+00:00'
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(
            option, repr(text), "a date or time such as 2026-03-01 or 2026-03-01T12:00Z", "write it in ISO 8601"
        ) from problem
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
