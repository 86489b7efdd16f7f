"""Tells operators what the program did, without a word of what customers wrote or who they are.

Logs travel further than data: to collectors, tickets and vendors. So an event is a name of ours and fields from one
list; numbers pass, words pass only where they are words of this program, and everything else is withheld. An
exception is logged as its type and the places in our code, never its message, since a message may quote a log line.
Source: the threat model in SECURITY.md.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from hydrometer.base.errors import BugError, UsageError

NUMBERS = frozenset(
    {
        "accounts",
        "campaigns",
        "exchanges",
        "exit_code",
        "groups",
        "inputs",
        "peak_rss_bytes",
        "rows",
        "rows_duplicate",
        "rows_kept",
        "rows_read",
        "rows_rejected",
        "seconds",
        "seed",
        "threads",
    }
)
"""Fields that carry a number."""
WORDS = frozenset({"command", "error", "format", "key_source", "stage", "table", "version"})
"""Fields that carry a word of the program: a stage, a table, a class of exception."""
PLACES = "places"
"""The field that carries places in our code: `module:line function`."""
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,39}")
VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?([a-z]+[0-9]*)?")
"""Words of the field `version`; an address has four numbers and no letter, so it is none."""
WITHHELD = "(withheld)"

logger = logging.getLogger("hydrometer")
logger.addHandler(logging.NullHandler())
logger.propagate = False


def event(name: str, *, detail: bool = False, **fields: object) -> None:
    """Log that something of ours happened.

    Args:
        name: what happened, one word in snake case.
        detail: only of interest with `-vv` or in the log file.
        fields: numbers and words from the lists above; a word that does not look like one of ours is withheld.

    Raises:
        BugError: a field that is not on the list.
    """
    strangers = set(fields) - NUMBERS - WORDS - {PLACES}
    if strangers:
        raise BugError(
            f"log event {name}",
            f"fields {sorted(strangers)}",
            "fields of base/logs.py",
            "log a number or a listed word",
        )
    safe = {field: _safe(field, value) for field, value in fields.items()}
    logger.log(logging.DEBUG if detail else logging.INFO, name, extra={"fields": safe})


def exception(problem: BaseException) -> None:
    """Log an unexpected exception: its type and the places in code, innermost last."""
    fields = {"error": type(problem).__name__, PLACES: places(problem)}
    logger.error("unexpected_exception", extra={"fields": fields})


def places(problem: BaseException) -> list[str]:
    """Where in code `problem` came from, innermost last, as `file.py:line function`; no values, no messages."""
    frames = traceback.extract_tb(problem.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def open_log(verbosity: int, log_file: Path | None, stream: TextIO | None = None) -> None:
    """Send events to `stream` (stderr) for a person (`verbosity` 2: details too) and to `log_file` as JSON lines.

    Raises:
        UsageError: the log file cannot be written.
    """
    close_log()
    logger.setLevel(logging.DEBUG)
    if verbosity:
        person = logging.StreamHandler(stream or sys.stderr)
        person.setFormatter(PlainFormatter())
        person.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)
        logger.addHandler(person)
    if log_file is not None:
        try:
            program = logging.FileHandler(log_file, encoding="utf-8")
        except OSError as problem:
            raise UsageError(
                "--log-file", problem.strerror or "an error", "a file that can be written", "choose another path"
            ) from problem
        program.setFormatter(JsonFormatter())
        logger.addHandler(program)


def close_log() -> None:
    """Close and forget the handlers of `open_log`."""
    for handler in list(logger.handlers):
        if not isinstance(handler, logging.NullHandler):
            logger.removeHandler(handler)
            handler.close()


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, fields."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"time": moment, "level": record.levelname.lower(), "event": record.msg}
        return json.dumps(told | getattr(record, "fields", {}), ensure_ascii=True)


class PlainFormatter(logging.Formatter):
    """One line for a person: event and fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {})
        return " ".join([str(record.msg), *(f"{name}={value}" for name, value in fields.items())])


def _safe(field: str, value: object) -> object:
    """`value` if the field may carry it, else the word that says that it was withheld."""
    if field in NUMBERS:
        return value if isinstance(value, int | float) else WITHHELD
    if field in WORDS:
        pattern = VERSION if field == "version" else WORD
        return value if isinstance(value, str) and pattern.fullmatch(value) else WITHHELD
    return [place for place in value if isinstance(place, str)] if isinstance(value, list) else WITHHELD
