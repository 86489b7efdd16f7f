"""Where hydrometer loses: every group of worlds and figure in which some rival is better; computed, never typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.range.figures import AT
from bench.range.intervals import FIGURES, HIGHER, Figure
from bench.range.methods import HYDROMETER

DIGITS = 6
Cell = Mapping[str, Any]
Methods = Mapping[str, Mapping[str, Cell | None]]


def losses(groups: Mapping[str, Methods]) -> list[dict[str, Any]]:
    """Every (group of worlds, figure) in which a rival is better than hydrometer, best rival first.

    Args:
        groups: group of worlds → method → figure → value with its interval.

    Returns:
        one row for each rival that is better, at its best threshold: both values and intervals, whether the intervals
        are apart, and the rival's recall and false alarms beside, since a method that flags nobody has no false
        alarms, and one that flags everybody misses nobody.
    """
    found = []
    for group, methods in groups.items():
        for figure in FIGURES:
            mine = methods.get(HYDROMETER, {}).get(figure.name)
            if mine is not None:
                ahead = rivals_ahead(figure, mine, methods)
                found += [loss(group, figure, mine, name, methods[name]) for name in ahead]
    return found


def rivals_ahead(figure: Figure, mine: Cell, methods: Methods) -> list[str]:
    """Rivals that beat a value, best first, each at the threshold at which it is best (the first of equals)."""
    sign = -1.0 if figure.better == HIGHER else 1.0
    ahead = [
        (sign * cell["value"], name)
        for name, figures in methods.items()
        if name != HYDROMETER and (cell := figures.get(figure.name)) is not None
        if better(figure, cell["value"], mine["value"])
    ]
    best: dict[str, str] = {}
    for _, name in sorted(ahead):
        best.setdefault(name.partition(AT)[0], name)
    return list(best.values())


def better(figure: Figure, theirs: float, mine: float) -> bool:
    """Whether a rival's value beats hydrometer's, beyond rounding.

    >>> from bench.range.intervals import FIGURES
    >>> better(FIGURES[1], 0.5, 0.4), better(FIGURES[2], 0.5, 0.4), better(FIGURES[1], 0.5, 0.5)
    (True, False, False)
    """
    theirs, mine = (float(f"{value:.{DIGITS}g}") for value in (theirs, mine))
    return theirs > mine if figure.better == HIGHER else theirs < mine


def loss(group: str, figure: Figure, mine: Cell, name: str, figures: Mapping[str, Cell | None]) -> dict[str, Any]:
    """One row."""
    method, _, point = name.partition(AT)
    theirs = figures[figure.name] or {}
    recall, alarms = figures.get("account_recall"), figures.get("false_accounts_per_100k")
    return {
        "worlds": group,
        "figure": figure.name,
        "better": figure.better,
        "rival": method,
        "point": None if figure.cost else point,
        "rival_value": theirs["value"],
        "rival_interval": [theirs["low"], theirs["high"]],
        "hydrometer_value": mine["value"],
        "hydrometer_interval": [mine["low"], mine["high"]],
        "apart": apart(figure, mine, theirs),
        "rival_recall": None if recall is None or figure.cost else recall["value"],
        "rival_false_accounts_per_100k": None if alarms is None or figure.cost else alarms["value"],
    }


def apart(figure: Figure, mine: Cell, theirs: Cell) -> bool | None:
    """Whether the better interval lies wholly beyond the other; None where one of them has none."""
    bounds = (mine["low"], mine["high"], theirs["low"], theirs["high"])
    if None in bounds:
        return None
    low, high, their_low, their_high = bounds
    return bool(their_low > high) if figure.better == HIGHER else bool(their_high < low)
