"""What page and print show of a dossier's content: the same words in both, numbers written once, links to the rows.

A long table is cut and says so; all rows are in `dossier.json`. A sentence's pointers become links where the row is
shown, and to the table where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from hydrometer.base.safe_text import printable
from hydrometer.share import wording
from hydrometer.share.run_tables import Row
from hydrometer.share.waterfall import title

STATUS_SHOWN = {
    "observed": "observed",
    "inferred": "inferred",
    "alleged": "alleged by others",
    "adjudicated": "adjudicated",
}
LINKS_SHOWN = 4
NUMBERS = frozenset({"count", "bits", "fraction", "usd", "figure", "share", "interval", "p"})
"""Forms that stand at the right of their cell."""
TABLE_NAMES = {"campaign": "campaign", "fact_counts": "facts counted", "member_counts": "members counted"}
LONGEST_CELL = 1200
LONGEST_UNBROKEN = 26
FIGURE_DIGITS = 4
"""Significant digits of a figure in a cell; `dossier.json` has six."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows of a table are shown, and which of its columns are not."""

    rows: int
    by_table: Mapping[str, int]
    without: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, table: str) -> int:
        """The number for one table."""
        return self.by_table.get(table, self.rows)


PAGE_LIMITS = Limits(2_000, {"timeline": 200})
PRINT_LIMITS = Limits(
    60,
    {"members": 100, "links": 12, "timeline": 40},
    {"facts": frozenset({"unit", "starts_at", "ends_at", "status", "null_model", "method", "source", "rows_table"})},
)
"""A sheet of paper is narrow: what a fact's sentence says already, and what only a checker needs, is in the page."""


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer as it is shown: its words, its anchor, and itself."""

    words: str
    anchor: str
    pointer: str


@dataclass(frozen=True, slots=True)
class View:
    """A dossier as it is shown: its head, and sections of blocks as plain values."""

    head: dict[str, Any]
    sections: list[dict[str, Any]]


def view(content: Mapping[str, Any], limits: Limits) -> View:
    """The view of some content.

    Args:
        content: of `dossier.json`.
        limits: how much of each table is shown.
    """
    tables = content["tables"]
    placed = _placed(content, limits)
    sections = [
        {
            "id": section["id"],
            "title": section["title"],
            "blocks": [_block(block, tables, limits, placed) for block in section["blocks"]],
        }
        for section in content["sections"]
    ]
    group = tables["campaign"][0]
    head = {
        "campaign": content["campaign_id"],
        "level": content["level"],
        "level_words": wording.LEVEL_WORDS[content["level"]],
        "mark": wording.LEVEL_MARKS[content["level"]],
        "kind": wording.words(content["kind"]),
        "redaction": content["redaction"],
        "issue": str(content["issue"]),
        "issued_on": content["issued_on"] or "date not stated",
        "period": f"{_moment(group['first_seen'])} to {_moment(group['last_seen'])} UTC",
        "version": content["hydrometer_version"],
        "statuses": [{"word": STATUS_SHOWN[name], "means": means} for name, means in content["statuses"].items()],
    }
    return View(head, sections)


def _placed(content: Mapping[str, Any], limits: Limits) -> set[str]:
    """Anchors that exist: of tables that are shown, and of their rows."""
    anchors: set[str] = set()
    for section in content["sections"]:
        for block in section["blocks"]:
            if block["kind"] == "table":
                name, rows = _rows(block["name"], content["tables"])
                anchors.add(_anchor(block["name"]))
                anchors |= {f"row-{name}-{number}" for number, _ in rows[: limits.of(name)]}
    return anchors


def _anchor(name: str) -> str:
    """Anchor of a table; one that is shown in parts has none as a whole."""
    return "" if ":" in name else f"table-{name}"


def _rows(name: str, tables: Mapping[str, list[Row]]) -> tuple[str, list[tuple[int, Row]]]:
    """Rows of a table with their places; `facts:terms` are the rows of one section."""
    table, _, section = name.partition(":")
    rows = list(enumerate(tables[table]))
    return table, [pair for pair in rows if not section or pair[1]["section"] == section]


def _block(
    block: Mapping[str, Any], tables: Mapping[str, list[Row]], limits: Limits, placed: set[str]
) -> dict[str, Any]:
    """One block with its sentences, or its cells."""
    sentences = [_sentence(one, placed) for one in block.get("sentences", ())]
    shown: dict[str, Any] = {"kind": block["kind"], "heading": block["heading"], "sentences": sentences}
    if block["kind"] == "drawing":
        shown["drawing"] = block["name"]
    if block["kind"] == "table":
        table, rows = _rows(block["name"], tables)
        hidden = limits.without.get(table, frozenset())
        columns = [one for one in block["columns"] if one["name"] not in hidden and _filled(one["name"], rows)]
        most = limits.of(table)
        written = [
            {"anchor": f"row-{table}-{number}", "cells": [cell(one, each["name"], each["form"]) for each in columns]}
            for number, one in rows[:most]
        ]
        shown |= {
            "anchor": _anchor(block["name"]),
            "titles": [
                _title(column, [one["cells"][place] for one in written]) for place, column in enumerate(columns)
            ],
            "rows": written,
            "forms": [one["form"] for one in columns],
            "more": wording.count(len(rows) - most) if len(rows) > most else "",
            "hidden": bool(hidden),
        }
    return shown


def _title(column: Mapping[str, Any], cells: list[Any]) -> dict[str, Any]:
    """A heading, with whether its cells stand at the right, and whether they are so long that they must break."""
    right, form = column["form"] in NUMBERS, column["form"]
    wide = not right and form != "code" and any(len(one) > LONGEST_UNBROKEN for one in cells)
    return {"words": column["title"], "right": right, "wide": wide}


def _filled(column: str, rows: list[tuple[int, Row]]) -> bool:
    """Whether any row says something in a column; an empty column is not shown."""
    return any(one.get(column) not in (None, [], "") for _, one in rows) or not rows


def _sentence(one: Mapping[str, Any], placed: set[str]) -> dict[str, Any]:
    """A sentence with its status in words and its links."""
    links = [link(pointer, placed) for pointer in one["rows"][:LINKS_SHOWN]]
    return {
        "text": printable(one["text"], LONGEST_CELL),
        "status": one["status"],
        "status_words": STATUS_SHOWN[one["status"]],
        "links": [asdict(found) for found in links],
        "more": max(0, len(one["rows"]) - LINKS_SHOWN),
    }


def link(pointer: str, placed: Iterable[str]) -> Link:
    """A pointer in words, with the anchor of what is shown of it (empty where nothing is).

    >>> link("/tables/evidence/3", {"row-evidence-3"})
    Link(words='evidence 4', anchor='row-evidence-3', pointer='/tables/evidence/3')
    """
    found = re.fullmatch(r"/tables/([a-z_]+)(?:/(\d+))?", pointer)
    if found is None:
        return Link(pointer, "", pointer)
    table, number = found[1], found[2]
    words = TABLE_NAMES.get(table, table.replace("_", " ")) + (f" {int(number) + 1}" if number is not None else "")
    wanted = [f"row-{table}-{number}"] if number is not None else []
    anchor = next((one for one in (*wanted, f"table-{table}") if one in placed), "")
    return Link(words, anchor, pointer)


def cell(one: Row, column: str, form: str) -> str:
    """A value as it is written in a cell; strings from logs are stripped."""
    value = one.get(column)
    if form in SPECIAL:
        return SPECIAL[form](one, value)
    if value is None:
        return wording.NOTHING
    return printable(FORMS[form](value), LONGEST_CELL)


def _moment(value: str | None) -> str:
    """A moment from its ISO 8601 form."""
    return wording.moment(None if value is None else datetime.fromisoformat(value))


def _text(value: Any) -> str:
    """A value without a form of its own."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _figure(value: Any) -> str:
    """A number of any size, or a word."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    whole = float(value).is_integer() and abs(value) < 1e15
    return wording.count(value) if whole else f"{value:.{FIGURE_DIGITS}g}".replace("-", wording.MINUS)


def _interval(one: Row, value: float | None) -> str:
    """A value with its range."""
    if value is None:
        return wording.NOTHING
    low, high = one.get("low"), one.get("high")
    return _figure(value) if low is None or high is None else f"{_figure(value)} ({_figure(low)} to {_figure(high)})"


def _p(one: Row, value: float | None) -> str:
    """A p-value beside the smallest that could be reached."""
    if value is None:
        return wording.NOTHING
    floor = one.get("p_floor")
    return f"{value:.3g}" + ("" if floor is None else f" ({floor:.3g})")


def _share(one: Row, value: float | None) -> str:
    """A share with its 95 % interval."""
    return wording.fraction(value, one.get("share_low"), one.get("share_high"))


def _masked(one: Row, value: str | None) -> str:
    """A masked template, or that there are no words of it."""
    return wording.tidy(printable(value, LONGEST_CELL)) if value else "text was not read, or is left out"


SPECIAL: Mapping[str, Callable[[Row, Any], str]] = {
    "interval": _interval,
    "p": _p,
    "share": _share,
    "masked": _masked,
}
"""Forms that look at more than one column, or say something of null."""
FORMS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "code": _text,
    "figure": _figure,
    "count": wording.count,
    "bits": wording.bits,
    "fraction": wording.fraction,
    "usd": wording.usd,
    "moment": _moment,
    "words": lambda value: wording.words(str(value)),
    "signal": lambda value: title(str(value)),
    "list": lambda value: ", ".join(wording.words(str(part)) for part in value) or wording.NOTHING,
}
