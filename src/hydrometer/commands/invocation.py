"""What every command needs of the call it runs in: settings, progress on stderr, results on stdout.

Source: the contract, section 4 (progress to stderr, results to stdout, `--json` prints one document).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hydrometer.base.errors import RunError

if TYPE_CHECKING:
    from hydrometer.base.progress import Progress
    from hydrometer.base.settings import InForce

WIDTH_WITHOUT_TERMINAL = 100
"""Columns of a printed table where stdout is a file or a pipe."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Seed of every random draw (default 0).")]
EngineOption = Annotated[
    str | None, typer.Option("--engine", metavar="NAME", help="Engine of what grows with the log: duckdb or spark.")
]
MasterOption = Annotated[
    str | None, typer.Option("--master", metavar="URL", help="Spark's master, such as spark://host:7077.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `hydrometer scan --out` wrote.")]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options that stand before the command's name."""

    config: Path | None


def in_force(context: typer.Context, **options: object) -> InForce:
    """The settings in force for this call; `options` are those of the command line, None where not given."""
    import os

    from hydrometer.base import settings

    invocation = context.find_object(Invocation)
    return settings.load(options, os.environ, invocation.config if invocation else None, Path())


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Progress on stderr, ended whatever happens."""
    from hydrometer.base.progress import progress_for

    progress = progress_for(sys.stderr)
    try:
        yield progress
    finally:
        progress.close()


def print_json(document: object) -> None:
    """Write one JSON document to stdout, in ASCII: an id from a log cannot steer a terminal."""
    sys.stdout.write(json.dumps(document, ensure_ascii=True, indent=2, allow_nan=False) + "\n")


def print_result(shown: object) -> None:
    """Write what a person reads to stdout: a text as it is, anything else as rich draws it."""
    if isinstance(shown, str):
        sys.stdout.write(shown.rstrip("\n") + "\n")
        return
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=WIDTH_WITHOUT_TERMINAL)
    console.print(shown)


def existing_run(run: Path) -> Path:
    """`run`, if it is a folder that a scan wrote in the form that this version reads.

    Raises:
        RunError: there is no such folder, it has no manifest, or it was written in another form.
    """
    from hydrometer.base.tables import RUN_SCHEMA_VERSION

    try:
        told = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
        form, version = str(told["schema_version"]), str(told.get("version"))
    except (FileNotFoundError, NotADirectoryError):
        found = "a folder without manifest.json" if run.is_dir() else "no folder"
        raise RunError(
            str(run), found, "a folder written by `hydrometer scan`", "name the folder given to --out"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        found = f"a manifest.json that cannot be read ({type(problem).__name__})"
        raise RunError(str(run), found, "the manifest of a run", "scan again into a new folder") from problem
    if form != RUN_SCHEMA_VERSION:
        raise RunError(
            str(run), f"a run of schema_version {form!r}, written by hydrometer {version}",
            f"schema_version {RUN_SCHEMA_VERSION!r}", "scan the logs again, or read it with the version that wrote it",
        )  # fmt: skip
    return run
