"""Draws shares of groups at or above each e-value as a static SVG, beside the line 1/x that no e-value may cross.

Both axes are logarithmic; one panel for each side of the families. Nothing but text is written, so that the file is
reviewed like code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 360, 280
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 34, 40
COLUMNS = 2
TITLE, LEGEND = 34, 26
LOW_BITS, HIGH_BITS, STEP_BITS = -4, 14, 2
LOW_DECADE = -5
POINTS = 361
COLOURS = ("#0b6fa4", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#475569")


@dataclass(frozen=True, slots=True)
class Curve:
    """Sort of groups, and ln e of each."""

    name: str
    log_e: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram."""

    title: str
    curves: list[Curve]


def write_survival(path: Path, title: str, panels: list[Panel]) -> None:
    """Write the panels to an SVG file."""
    names = sorted({curve.name for panel in panels for curve in panel.curves})
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}
    rows = -(-len(panels) // COLUMNS)
    width, height = COLUMNS * WIDTH, TITLE + LEGEND + rows * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(width / 2, 22, title, "middle", size=15),
    ]
    for number, (name, colour) in enumerate([*colours.items(), ("allowed: 1/e", "#000000")]):
        x = 12 + number * (width - 12) / (len(colours) + 1)
        dash = ' stroke-dasharray="4 3"' if number == len(colours) else ""
        parts.append(f'<path d="M{x:.1f} {TITLE + 8}h16" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(text(x + 20, TITLE + 12, name))
    for number, panel in enumerate(panels):
        place = (number % COLUMNS * WIDTH, TITLE + LEGEND + number // COLUMNS * HEIGHT)
        parts += [f'<g transform="translate({place[0]} {place[1]})">', *drawn(panel, colours), "</g>"]
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def drawn(panel: Panel, colours: dict[str, str]) -> list[str]:
    """Axes, the allowed line and the curves of one panel."""
    parts = [text(LEFT, TOP - 10, panel.title, size=12)]
    for exponent in range(LOW_DECADE, 1):
        y = vertical(10.0**exponent)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e2e8f0"/>')
        parts.append(text(LEFT - 6, y + 4, f"{10.0**exponent:g}", "end"))
    for bits in range(LOW_BITS, HIGH_BITS + 1, STEP_BITS):
        parts.append(text(horizontal(bits), HEIGHT - BOTTOM + 16, f"{bits}", "middle"))
    parts.append(text((LEFT + WIDTH) / 2, HEIGHT - 8, "log2 e", "middle"))
    grid = np.linspace(LOW_BITS, HIGH_BITS, POINTS)
    allowed = np.minimum(1.0, 2.0**-grid)
    parts.append(line(grid, allowed, "#000000", ' stroke-dasharray="4 3"'))
    for curve in panel.curves:
        share = (curve.log_e[:, None] >= grid * np.log(2)).mean(axis=0)
        parts.append(line(grid[share > 0], share[share > 0], colours[curve.name], ""))
    return parts


def line(bits: NDArray[np.float64], share: NDArray[np.float64], colour: str, more: str) -> str:
    """A curve through points; nothing where there are none."""
    points = " ".join(
        f"{horizontal(x):.1f},{vertical(y):.1f}" for x, y in zip(bits.tolist(), share.tolist(), strict=True)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"{more}/>' if points else ""


def horizontal(bits: float) -> float:
    """Place of an e-value in bits."""
    return LEFT + (bits - LOW_BITS) / (HIGH_BITS - LOW_BITS) * (WIDTH - LEFT - RIGHT)


def vertical(share: float) -> float:
    """Place of a share."""
    return TOP + math.log10(share) / LOW_DECADE * (HEIGHT - TOP - BOTTOM)


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 11) -> str:
    """A line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#1e293b">{escape(words)}</text>'
    )
