"""Draws a dossier's pictures as SVG that stands by itself: without style sheet, font or script.

Everything comes from the rows of `dossier.json`. Colours are attributes and double as shapes (filled, outlined,
dashed), so that a print in grey says the same. Strings from logs are stripped and escaped by the template.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hydrometer.share import timeline_chart, wording
from hydrometer.share.dossier_facts import DRAWN, is_drawn, of_section
from hydrometer.share.report_html import path_data, shown
from hydrometer.share.run_tables import Case, Row
from hydrometer.share.waterfall import waterfall

TEMPLATE = "dossier_drawings.svg.j2"
WIDTH, LEFT, RIGHT = 720.0, 250.0, 40.0
LINE = 22.0
LABEL_LETTERS = 42
INTERVALS_MAX = 24
TIMES = {
    "campaign": ("first_seen", "last_seen", "detectable_at", "pivot_at"),
    "timeline": ("hour",),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of a drawing of intervals: where its range, its middle tick and its point lie, and what it says."""

    label: str
    y: float
    low: float
    high: float
    tick: float | None
    point: float
    said: str


def case_of(content: Mapping[str, Any]) -> Case:
    """The rows that drawings need, with times again as times."""
    tables = {name: [_with_times(one, columns) for one in content["tables"][name]] for name, columns in TIMES.items()}
    return Case(
        tables["campaign"][0], [], content["tables"]["evidence"], [], tables["timeline"], [], content["tables"]["facts"]
    )


def _with_times(one: Row, columns: tuple[str, ...]) -> Row:
    """A row in which ISO 8601 texts have become moments."""
    read = {name: None if one[name] is None else datetime.fromisoformat(one[name]) for name in columns}
    return {**one, **read}


def drawings(content: Mapping[str, Any]) -> dict[str, str]:
    """name → SVG text of every drawing that the content shows."""
    case = case_of(content)
    environment = _environment()
    made: dict[str, str] = {}
    timeline = timeline_chart.chart(case)
    if timeline is not None:
        made["timeline"] = _render(environment, "timeline", chart=timeline, caption=timeline_chart.caption(timeline))
    made["waterfall"] = _render(environment, "waterfall", **_waterfall(case))
    compared = content["tables"]["coordination"]
    if compared:
        made["coordination"] = _render(environment, "intervals", **_axis([_compared(one) for one in compared], 1.0))
    for name in DRAWN:
        rows = [one for _, one in of_section(content["tables"]["facts"], name) if is_drawn(one)][:INTERVALS_MAX]
        if rows:
            top = max(one["value"] if one["high"] is None else max(one["high"], one["value"]) for one in rows)
            made[name] = _render(environment, "intervals", **_axis([_figure(one) for one in rows], top))
    return made


def _environment() -> Environment:
    """The template engine: escapes everything and fails on a name that is not there."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(path=path_data, moment=wording.moment, bits=wording.bits)
    return environment


def _render(environment: Environment, kind: str, **values: Any) -> str:
    """One drawing."""
    return environment.get_template(TEMPLATE).render(kind=kind, width=WIDTH, left=LEFT, **values).strip()


def _short(text: str) -> str:
    """A label that fits beside its line."""
    return textwrap.shorten(text, LABEL_LETTERS, placeholder=" …") or text[:LABEL_LETTERS]


def _compared(one: Row) -> tuple[str, float, float, float | None, float, str]:
    """A row of `coordination`: the range of the others, their median, the group's share."""
    said = f"{one['group']:.2f}"
    return str(one["kind"]), one["low"], one["high"], one["median"], one["group"], said


def _figure(one: Row) -> tuple[str, float, float, float | None, float, str]:
    """A fact that is a share, with its interval where it has one."""
    value = one["value"]
    about = one["subject"] if one["section"] == "capabilities" and one["subject"] else one["fact"]
    named = "" if about == one["subject"] or not one["subject"] else f", {one['subject']}"
    low, high = (value if one[end] is None else one[end] for end in ("low", "high"))
    return f"{wording.words(about)}{named}", low, high, None, value, f"{value:.2f}"


def _axis(rows: list[tuple[str, float, float, float | None, float, str]], top: float) -> dict[str, Any]:
    """Places of lines on an axis from nought (or the least value below it) to `top`."""
    bottom = min(0.0, *(min(one[1], one[4]) for one in rows))
    end = WIDTH - RIGHT - 60.0

    def x(value: float) -> float:
        inside = min(max(value, bottom), top)
        return round(LEFT + (end - LEFT) * (inside - bottom) / ((top - bottom) or 1.0), 1)

    lines = [
        Interval(_short(label), round(LINE * (number + 0.5) + 4, 1), x(low), x(high), None if tick is None else x(tick),
                 x(point), said)
        for number, (label, low, high, tick, point, said) in enumerate(rows)
    ]  # fmt: skip
    marks = [(x(bottom + (top - bottom) * part), f"{bottom + (top - bottom) * part:.3g}") for part in (0.0, 0.5, 1.0)]
    return {"lines": lines, "height": round(LINE * len(rows) + 26, 1), "end": end, "marks": marks}


def _waterfall(case: Case) -> dict[str, Any]:
    """The evidence as lines: a head for each hypothesis, then its pieces."""
    fall = waterfall(case)
    lines: list[dict[str, Any]] = []
    for block in fall.blocks:
        total = "" if block.hypothesis == "H4" else f"{wording.bits(block.total, signed=False)} bits"
        lines.append({"head": True, "label": f"{block.hypothesis}: {block.title}", "bar": block.bar, "said": total})
        lines += [
            {"head": False, "label": _short(piece.title), "bar": piece.bar, "said": wording.bits(piece.bits)}
            for piece in block.pieces
        ]
    for number, line in enumerate(lines):
        line["y"] = round(LINE * number + 4, 1)
    return {"fall": fall, "lines": lines, "height": round(LINE * len(lines) + 26, 1)}


def markup(svg: str) -> Markup:
    """A drawing of ours as it goes into the page."""
    return Markup(svg)  # noqa: S704 - made above by a template that escapes every value
