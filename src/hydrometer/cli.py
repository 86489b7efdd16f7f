"""The command line: options that stand before a command, the commands, and one place where errors become exit codes.

0 done; 2 wrong usage or configuration; 3 input that yields no exchange; 4 a bug; 10 found with `--fail-on`; 130 stopped
from the keyboard. A user's mistake is shown as where, found, expected and remedy, never as a traceback; of a bug only
the type and the places in code are shown, since a message may quote a log. Source: the contract, section 4.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hydrometer import __version__
from hydrometer.base import logs
from hydrometer.base.errors import HydrometerError, UserError
from hydrometer.base.safe_text import printable
from hydrometer.commands.invocation import Invocation, print_json
from hydrometer.commands.later import register

DONE, BUG, INTERRUPTED = 0, 4, 130
BUG_TEXT = (
    "this is a bug in hydrometer: {kind}\n"
    "  nothing is wrong with your command; please report it with the output of the same command with -v\n"
    "  (-v and --log-file name places in code only, no content of your logs)"
)
MESSAGE_CHARACTERS = 4000
"""Longest line of an error message that is shown."""
COMMANDS = (
    ("demo", "range.demo", "Simulate, scan and score a small world."),
    ("scan", "scan.scan", "Find distillation campaigns in logs."),
    ("calibrate", "calibrate.calibrate", "Learn your own benign operators from your own traffic."),
    ("explain", "look.explain", "Say why, and what would refute it."),
    ("diff", "compare.diff", "List every verdict that changed, and why."),
    ("migrate", "migrate.migrate", "Bring a run's state to the form that `scan --since` builds on."),
    ("dossier", "dossier.dossier", "Seal the evidence on a campaign, or check a sealed dossier."),
    ("simulate", "range.simulate", "Make a world of the range, and its truth."),
    ("score", "range.score", "Compare runs with the truth of their worlds."),
    ("init", "configuration.init", "Write a commented hydrometer.toml."),
    ("check", "configuration.check", "Check a run, a calibration, a mapping pack or the configuration."),
)
"""Every command but those of `map`: its name, its function among the commands, and the first line of its help."""
MAPPING_COMMANDS = (
    ("test", "look.map_test", "Run the samples of mapping packs."),
    ("explain", "look.map_explain", "Show how a log would be read."),
)

app = typer.Typer(
    name="hydrometer",
    help="Finds and proves distillation campaigns in an LLM provider's request logs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
mapping = typer.Typer(help="Test mapping packs, or see how a log is read.", no_args_is_help=True, rich_markup_mode=None)


def show_version(wanted: bool) -> None:
    """Print the version and end, if it is wanted."""
    if wanted:
        typer.echo(f"hydrometer {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    *,
    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, show_default=False, help="Tell what happens; twice for details."),
    ] = 0,
    log_file: Annotated[
        Path | None, typer.Option("--log-file", metavar="FILE", help="Write events to FILE as JSON lines.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", exists=True, dir_okay=False, help="Instead of ./hydrometer.toml."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=show_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """Open the log and hand the global options to the command."""
    logs.open_log(verbose, log_file)
    context.obj = Invocation(config=config)
    logs.event("command_begins", command=context.invoked_subcommand or "none", version=__version__)


for _name, _place, _line in COMMANDS:
    register(app, _name, _place, _line)
app.add_typer(mapping, name="map")
for _name, _place, _line in MAPPING_COMMANDS:
    register(mapping, _name, _place, _line)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: words of the command line; None takes those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a narrow encoding of the terminal is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(words)
    except HydrometerError as problem:
        return _refuse(problem, as_json="--json" in words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as problem:
        logs.exception(problem)
        _complain(BUG_TEXT.format(kind=type(problem).__name__))
        if "--json" in words:
            print_json({"error": {"kind": type(problem).__name__, "exit_code": BUG}})
        return BUG
    finally:
        logs.close_log()


def _run(words: list[str]) -> int:
    """The exit code that the command ends with; errors of ours pass through."""
    try:
        app(words, prog_name="hydrometer")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else DONE
        logs.event("command_ends", exit_code=code)
        return code
    return DONE


def _refuse(problem: HydrometerError, *, as_json: bool) -> int:
    """Show an error of ours, on stderr and where asked for as JSON on stdout, and return its exit code."""
    kind = type(problem).__name__
    if isinstance(problem, UserError):
        logs.event("command_refused", error=kind, exit_code=problem.exit_code)
    else:
        logs.exception(problem)
    _complain(str(problem))
    if as_json:
        told = {name: getattr(problem, name) for name in ("where", "found", "expected", "remedy")}
        print_json({"error": {"kind": kind, "exit_code": problem.exit_code, **told}})
    return problem.exit_code


def _complain(message: str) -> None:
    """Write a message to stderr, each line made harmless: it may quote a log."""
    for line in message.splitlines():
        sys.stderr.write(printable(line, MESSAGE_CHARACTERS) + "\n")


if __name__ == "__main__":
    sys.exit(main())
