"""Where the marks of a timeline go: exchanges per hour, new accounts below, events in one lane above the data.

Hours without a row are drawn as nought. Beyond `LONGEST_HOURLY` hours the chart is drawn per day, which it says. Marks
never lie on the data; a label that would run into another is left out, and the table below the chart has all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from hydrometer.share.run_tables import Case
from hydrometer.share.wording import day, plural

WIDTH, LEFT, RIGHT = 1152.0, 44.0, 8.0
TOP, PLOT, GAP, STRIP, FOOT = 40.0, 132.0, 8.0, 20.0, 20.0
LONGEST_HOURLY = 24 * 62
HOUR = timedelta(hours=1)
LETTER = 6.2
"""Width of a letter of a label, in units of the drawing."""
LABEL_LETTERS = 34
DAY_LABELS = 9
SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 96.0, 22.0, 48
MARKS = {"detectable": "●", "pivot": "▲", "release": "◇", "ban": "■"}
OTHER_MARK = "·"


@dataclass(frozen=True, slots=True)
class Mark:
    """An event: where, which shape, in words; `label` is empty where there is no room for one."""

    x: float
    glyph: str
    when: datetime
    text: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """The drawing; paths are SVG path data, ticks are (place, words)."""

    width: float
    height: float
    baseline: float
    strip_top: float
    strip_bottom: float
    left: float
    right: float
    area: str
    line: str
    newcomers: str
    y_ticks: list[tuple[float, str]]
    x_ticks: list[tuple[float, str]]
    marks: list[Mark]
    unit: str
    peak: float
    new_accounts: int


def chart(case: Case) -> TimelineChart | None:
    """Geometry of one group's timeline; None where the run has no hours of it."""
    if not case.timeline:
        return None
    start = case.timeline[0]["hour"]
    hours = int((case.timeline[-1]["hour"] - start) / HOUR) + 1
    step = 1 if hours <= LONGEST_HOURLY else 24
    exchanges, newcomers = [0.0] * math.ceil(hours / step), [0] * math.ceil(hours / step)
    for row in case.timeline:
        place = int((row["hour"] - start) / HOUR) // step
        exchanges[place] += row["exchanges"]
        newcomers[place] += row["new_accounts"]
    ticks = _nice(max(exchanges))
    bottom, unit_width = TOP + PLOT, (WIDTH - LEFT - RIGHT) / len(exchanges)
    heights = [PLOT * value / ticks[-1] for value in exchanges]
    outline = _steps(heights, bottom, unit_width)
    strip_top = bottom + GAP
    most = max(1, *newcomers)
    place_per_hour = unit_width / step
    return TimelineChart(
        width=WIDTH,
        height=strip_top + STRIP + FOOT,
        baseline=bottom,
        strip_top=strip_top,
        strip_bottom=strip_top + STRIP,
        left=LEFT,
        right=WIDTH - RIGHT,
        area=f"M{LEFT} {bottom}{outline}V{bottom}Z",
        line=f"M{LEFT} {bottom}{outline}V{bottom}",
        newcomers=f"M{LEFT} {strip_top + STRIP}"
        + _steps([STRIP * n / most for n in newcomers], strip_top + STRIP, unit_width)
        + f"V{strip_top + STRIP}Z",
        y_ticks=[(round(bottom - PLOT * tick / ticks[-1], 1), _short(tick)) for tick in ticks],
        x_ticks=_days(start, hours, place_per_hour),
        marks=_marks(case, start, hours, place_per_hour),
        unit="hour" if step == 1 else "day",
        peak=max(exchanges),
        new_accounts=sum(newcomers),
    )


def spark(case: Case) -> str:
    """Path data of a small picture of the group's traffic, at most `SPARK_POINTS` points; empty without hours."""
    if not case.timeline:
        return ""
    start = case.timeline[0]["hour"]
    hours = int((case.timeline[-1]["hour"] - start) / HOUR) + 1
    points = min(SPARK_POINTS, hours)
    sums = [0.0] * points
    for row in case.timeline:
        sums[min(points - 1, int((row["hour"] - start) / HOUR) * points // hours)] += row["exchanges"]
    top = max(*sums, 1e-9) if len(sums) > 1 else max(sums[0], 1e-9)
    places = [
        (
            round(SPARK_WIDTH * index / max(1, points - 1), 1),
            round(SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * value / top, 1),
        )
        for index, value in enumerate(sums)
    ]
    return "M" + "L".join(f"{x} {y}" for x, y in places)


def leaked(case: Case) -> float | None:
    """Exchanges in the hours that ended before the group could be detected; null where only hindsight saw it."""
    detectable = case.campaign["detectable_at"]
    if detectable is None:
        return None
    return float(sum(row["exchanges"] for row in case.timeline if row["hour"] + HOUR <= detectable))


def _steps(heights: list[float], bottom: float, unit_width: float) -> str:
    """Path data of a staircase, one step per unit of time; equal neighbours are drawn as one step."""
    path, last = [], None
    for index, height in enumerate(heights):
        level = round(bottom - height, 1)
        if level != last:
            path.append(f"H{round(LEFT + index * unit_width, 1)}V{level}")
            last = level
    return "".join(path) + f"H{round(LEFT + len(heights) * unit_width, 1)}"


def _nice(top: float) -> list[float]:
    """Ticks from nought to at least `top`, in steps of 1, 2 or 5 times a power of ten."""
    raw = max(top, 1.0) / 3
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [index * step for index in range(math.ceil(max(top, 1.0) / step) + 1)]


def _short(value: float) -> str:
    """A tick's number: thousands as k, millions as M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _days(start: datetime, hours: int, place_per_hour: float) -> list[tuple[float, str]]:
    """Midnights on the axis, every so many days that the labels do not touch."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    every = max(1, math.ceil(hours / 24 / DAY_LABELS))
    ticks = []
    for index in range(0, hours // 24 + 2, every):
        offset = (midnight + timedelta(days=index) - start) / HOUR
        if 0 <= offset <= hours - 1:
            ticks.append((round(LEFT + offset * place_per_hour, 1), day(midnight + timedelta(days=index))))
    return ticks or [(LEFT, day(start))]


def _kind(text: str) -> str:
    """The shape of an event from its first words."""
    lowered = text.lower()
    if "ban" in lowered.replace("bank", ""):
        return MARKS["ban"]
    return next((glyph for word, glyph in MARKS.items() if word in lowered), OTHER_MARK)


def _events(case: Case) -> list[tuple[datetime, str, str]]:
    """(when, shape, words) of all events, in time order."""
    found = [(row["hour"], _kind(row["event"]), row["event"]) for row in case.timeline if row["event"]]
    for column, glyph, text in (
        ("detectable_at", MARKS["detectable"], "Detectable"),
        ("pivot_at", MARKS["pivot"], "Pivot"),
    ):
        if case.campaign[column] is not None:
            found.append((case.campaign[column], glyph, text))
    return sorted(found)


def _marks(case: Case, start: datetime, hours: int, place_per_hour: float) -> list[Mark]:
    """Marks with labels where there is room; the first of several at one place keeps its label."""
    marks: list[Mark] = []
    free_from = LEFT
    for when, glyph, text in _events(case):
        x = round(LEFT + min(max((when - start) / HOUR, 0.0), float(hours)) * place_per_hour, 1)
        label = text if len(text) <= LABEL_LETTERS else text[: LABEL_LETTERS - 1] + "…"
        length = len(label) * LETTER
        anchor = "start" if x + length <= WIDTH - RIGHT else "end"
        left = x if anchor == "start" else x - length
        fits = left >= free_from
        if fits:
            free_from = left + length + 3 * LETTER if anchor == "start" else x + 2 * LETTER
        marks.append(Mark(x, glyph, when, text, label if fits else "", anchor))
    return marks


def caption(drawn: TimelineChart) -> str:
    """What the chart shows, read out where it cannot be seen."""
    return (
        f"Exchanges per {drawn.unit}, at most {plural(round(drawn.peak), 'exchange')} in one {drawn.unit}; "
        f"{plural(drawn.new_accounts, 'new account')} in the strip below; "
        f"{plural(len(drawn.marks), 'event')} marked above."
    )
