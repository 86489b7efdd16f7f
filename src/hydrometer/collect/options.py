"""What a user may ask of collect, checked before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hydrometer.base.errors import UsageError


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """What the user asked for.

    Attributes:
        format: name of a pack, or path of a pack file; None detects it per file.
        accounts, releases, enforcement, register, policy: files that override those that lie in an input folder.
        start, end: period [start, end) of `sent_at`; rows outside are rejects.
        timezone: IANA zone of times that have none; None rejects them.
        content: whether text columns are stored at all.
    """

    format: str | None = None
    accounts: Path | None = None
    releases: Path | None = None
    enforcement: Path | None = None
    register: Path | None = None
    policy: Path | None = None
    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    content: bool = True


def check_options(options: CollectOptions) -> None:
    """Raise UsageError where an option cannot be honoured."""
    if options.timezone is not None:
        try:
            ZoneInfo(options.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(
                f"--timezone {options.timezone}", "no such zone", "an IANA name such as Europe/Berlin", "correct it"
            ) from None
    for option, moment in (("--from", options.start), ("--to", options.end)):
        if moment is not None and moment.tzinfo is None:
            raise UsageError(option, f"{moment} without a time zone", "a time in UTC", "add Z or an offset")
    if options.start is not None and options.end is not None and options.start >= options.end:
        raise UsageError("--from/--to", f"{options.start} to {options.end}", "a period that is not empty", "swap them")
