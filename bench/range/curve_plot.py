"""Draws robustness curves as a static SVG: a share against the settings of a knob, one panel beside another.

Settings stand at equal distances, because axes such as exchanges an account span decades; whiskers are intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from bench.plot import COLOURS, text

WIDTH, HEIGHT = 420, 280
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 44
TITLE, LEGEND = 34, 26
TICKS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """Place of the setting on the axis, share, and its interval where it has one."""

    place: int
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One method."""

    name: str
    points: list[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram."""

    title: str
    curves: list[Curve]


def write_curves(path: Path, title: str, settings: Sequence[float], panels: Sequence[Panel]) -> None:
    """Write the panels to an SVG file.

    Args:
        path: file to write.
        title: name of the knob.
        settings: its values, from weak to strong.
        panels: curves whose points count into `settings`.
    """
    names = list(dict.fromkeys(curve.name for panel in panels for curve in panel.curves))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    width, height = len(panels) * WIDTH, TITLE + LEGEND + HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(width / 2, 22, title, "middle", size=15),
    ]
    for number, (name, colour) in enumerate(colours.items()):
        x = 12 + number * (width - 12) / len(colours)
        parts.append(f'<path d="M{x:.1f} {TITLE + 8}h16" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(x + 20, TITLE + 12, name))
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate({number * WIDTH} {TITLE + LEGEND})">')
        parts += [*frame(panel.title, settings, title), *drawn(panel, len(settings), colours), "</g>"]
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def frame(title: str, settings: Sequence[float], knob: str) -> list[str]:
    """Axes of one panel."""
    parts = [text(LEFT, TOP - 10, title, size=12)]
    for tick in range(TICKS + 1):
        y = vertical(tick / TICKS)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e2e8f0"/>')
        parts.append(text(LEFT - 6, y + 4, f"{tick / TICKS:.1f}", "end"))
    for place, value in enumerate(settings):
        parts.append(text(horizontal(place, len(settings)), HEIGHT - BOTTOM + 16, f"{value:,g}", "middle"))
    parts.append(text((LEFT + WIDTH) / 2, HEIGHT - 10, knob, "middle"))
    return parts


def drawn(panel: Panel, count: int, colours: dict[str, str]) -> list[str]:
    """Curves of one panel with their intervals."""
    parts = []
    for curve in (one for one in panel.curves if one.points):
        colour = colours[curve.name]
        places = [(horizontal(point.place, count), point) for point in curve.points]
        line = " ".join(f"{x:.1f},{vertical(point.share):.1f}" for x, point in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        for x, point in places:
            parts.append(f'<circle cx="{x:.1f}" cy="{vertical(point.share):.1f}" r="2.4" fill="{colour}"/>')
            if point.low is not None and point.high is not None:
                low, high = vertical(point.low), vertical(point.high)
                parts.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}" stroke-opacity=".45"/>')
    return parts


def horizontal(place: int, count: int) -> float:
    """Place of a setting."""
    return LEFT + (place + 0.5) / max(count, 1) * (WIDTH - LEFT - RIGHT)


def vertical(share: float) -> float:
    """Place of a share.

    >>> vertical(1.0) < vertical(0.0)
    True
    """
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
