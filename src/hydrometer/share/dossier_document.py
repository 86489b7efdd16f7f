"""What a dossier is made of: sentences with a status and the rows behind them, tables, drawings; and one form of JSON.

A reader must be able to ask of every sentence "says who?" and "from which rows?". So a sentence carries one of four
statuses, and one that holds a number names the rows that it was worked out from, as JSON pointers (RFC 6901) into the
dossier itself. A sentence with a number and without rows is a bug of ours, and the dossier is not written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hydrometer.base.errors import BugError
from hydrometer.base.safe_text import printable
from hydrometer.base.tables import FACT_STATUSES

OBSERVED, INFERRED, ALLEGED, ADJUDICATED = FACT_STATUSES
STATUS_WORDS = {
    OBSERVED: "counted in the logs, or recorded by those who did it",
    INFERRED: "worked out from what was observed, by the method named",
    ALLEGED: "said by others, whose words they are",
    ADJUDICATED: "decided by a court, an authority or the provider's own review",
}
"""What each status means; every dossier prints it."""
LONGEST_SENTENCE = 1200
_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d")
"""A digit that begins a number; H1 and the like are names."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One statement.

    Attributes:
        text: what is said; stripped of controls, never markup.
        status: one of `FACT_STATUSES`.
        rows: JSON pointers to the rows of the dossier that it rests on.
    """

    text: str
    status: str
    rows: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The sentence as JSON values.

        Raises:
            BugError: an unknown status, or a number without the rows behind it.
        """
        text = printable(self.text, LONGEST_SENTENCE)
        if self.status not in FACT_STATUSES or (_NUMBER.search(text) and not self.rows):
            raise BugError(
                "dossier",
                f"{text[:80]!r} ({self.status})",
                "a status, and rows behind a number",
                "report this as a bug",
            )
        return {"text": text, "status": self.status, "rows": list(self.rows)}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that is shown: its name in the rows, its heading, and how its values are written.

    `form` is `text`, `code`, `count`, `bits`, `bits_plain`, `fraction`, `usd`, `moment`, `words`, `list`, `masked`,
    `plain` or `p`.
    """

    name: str
    title: str
    form: str = "text"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a section: sentences, a table or a drawing, under a heading of its own or none."""

    kind: str
    heading: str | None = None
    sentences: tuple[Sentence, ...] = ()
    name: str | None = None
    columns: tuple[Column, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The block as JSON values."""
        said: dict[str, Any] = {"kind": self.kind, "heading": self.heading}
        if self.sentences or self.kind == "sentences":
            said["sentences"] = [one.to_json() for one in self.sentences]
        if self.name is not None:
            said["name"] = self.name
        if self.columns:
            said["columns"] = [{"name": one.name, "title": one.title, "form": one.form} for one in self.columns]
        return said


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the dossier; `blocks` is never empty."""

    name: str
    title: str
    blocks: tuple[Block, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The section as JSON values.

        Raises:
            BugError: it says nothing.
        """
        if not any(block.sentences or block.name for block in self.blocks):
            raise BugError("dossier", f"section {self.name} is empty", "a sentence", "report this as a bug")
        return {"id": self.name, "title": self.title, "blocks": [block.to_json() for block in self.blocks]}


def said(sentences: Iterable[Sentence], heading: str | None = None) -> Block:
    """A block of sentences."""
    return Block("sentences", heading, tuple(sentences))


def shown(name: str, columns: Iterable[Column], heading: str | None = None) -> Block:
    """A block that shows a table of the dossier."""
    return Block("table", heading, (), name, tuple(columns))


def drawn(name: str, caption: Sentence, heading: str | None = None) -> Block:
    """A block with a drawing."""
    return Block("drawing", heading, (caption,), name)


def row(table: str, number: int) -> str:
    """Pointer to one row of a table of the dossier.

    >>> row("evidence", 3)
    '/tables/evidence/3'
    """
    return f"/tables/{table}/{number}"


def whole(table: str) -> str:
    """Pointer to a whole table of the dossier."""
    return f"/tables/{table}"


def resolve(document: Any, pointer: str) -> Any:
    """What a JSON pointer points to (RFC 6901).

    Raises:
        LookupError: it points nowhere.

    >>> resolve({"tables": {"a": [{"x": 7}]}}, "/tables/a/0/x")
    7
    """
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one form of a JSON document: keys sorted, no spaces, ASCII, no NaN, a line end.

    >>> canonical({"b": 1, "a": "é"})
    b'{"a":"\\\\u00e9","b":1}\\n'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode("ascii") + b"\n"
