"""Phases of a group's life, read off its own attributed volume: probing, scaling, collecting, cleaning, silent.

Volumes are those of whole days, moved in steps of six hours, so that the time of day plays no part. A campaign that was
found in full flight has no probing and no scaling, and says so. The forecast is the range of the last days carried on:
no curve is fitted, since how much is collected is decided by somebody.
Source: mission table, row 43.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import DAY_US, HOUR_US, INFERRED, MET, NOT_MET, Fact, percent, plural, said_time, unknown
from hydrometer.prove.subject import Subject

STEP_US = 6 * HOUR_US
DAY = DAY_US // STEP_US
STEPS_MAX = 20_000
"""Thirteen years of steps: more are not looked at."""
EXCHANGES_MIN = 50
"""Exchanges in a day of full flight below which no phases are told apart."""
LOW, HIGH = 0.2, 0.6
"""Shares of the plateau that end probing and scaling."""
CLEANERS = ("trace_cleaning", "censorship_rewriting")
CLEANING = 0.5
"""Share of a day's exchanges that clean, from which the day is one of cleaning."""
SILENT_DAYS = 1.0
"""Days without any exchange at the end of the log, at least, that are called silence."""
GAP = 3.0
"""Silence is this many times the group's longest pause before."""
FORECAST_DAYS, HISTORY_DAYS = 7, 7
VOLUME = """
select (p.sent_us - $first) // $step as step, sum(p.millionths)::double / 1e6 as n,
       coalesce(sum(p.millionths) filter (p.techniques & $cleaners <> 0), 0)::double / 1e6 as cleaned
from part p where p.sent_us >= $first group by 1 order by 1
"""


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of some steps of six hours: its name, its first step, and the step after its last."""

    name: str
    begins: int
    ends: int


def daily(volume: NDArray[np.float64]) -> NDArray[np.float64]:
    """Volume of the day that begins at each step; shape (steps - 3,).

    >>> daily(np.ones(6)).tolist()
    [4.0, 4.0, 4.0]
    """
    result: NDArray[np.float64] = np.convolve(volume, np.ones(DAY), "valid")
    return result


def phases(volume: NDArray[np.float64], cleaned: NDArray[np.float64]) -> list[Phase]:
    """Phases of a series of volumes by steps of six hours, from the first active step to the last.

    Args:
        volume: shape (steps,), exchanges.
        cleaned: shape (steps,), those that clean traces or rewrite answers.

    Returns:
        In order of time; none where a day of full flight has too few exchanges.
    """
    active = np.flatnonzero(volume > 0)
    if not len(active) or active[-1] - active[0] + 1 < DAY:
        return []
    first, last = int(active[0]), int(active[-1]) + 1
    days = daily(volume[first:last])
    plateau = float(np.median(days[days >= np.median(days)]))
    if plateau < EXCHANGES_MIN:
        return []
    low, high = np.round(LOW * plateau, 9), np.round(HIGH * plateau, 9)
    risen = int(np.argmax(days >= low))
    full = int(np.argmax(days >= high))
    until = int(len(days) - np.argmax(days[::-1] >= low)) - 1 + DAY
    cut = [
        ("probing", 0, risen),
        ("scaling", risen, full),
        ("collecting", full, until),
        ("fading", until, last - first),
    ]
    found = [Phase(name, first + begins, first + ends) for name, begins, ends in cut if ends > begins]
    return _with_cleaning(found, volume, cleaned)


def _with_cleaning(found: list[Phase], volume: NDArray[np.float64], cleaned: NDArray[np.float64]) -> list[Phase]:
    """The phases with the longest run of days of cleaning cut out of them, if there is one of a day or more."""
    share = daily(cleaned) / np.maximum(daily(volume), 1.0)
    cleans = np.round(share, 9) >= CLEANING
    best, run = (0, 0), 0
    for step, yes in enumerate(cleans):
        run = run + 1 if yes else 0
        if run > best[1] - best[0]:
            best = (step - run + 1, step + 1)
    if best[1] <= best[0]:
        return found
    begins, ends = best[0], best[1] - 1 + DAY
    rest = [
        part
        for phase in found
        for part in (
            Phase(phase.name, phase.begins, min(phase.ends, begins)),
            Phase(phase.name, max(phase.begins, ends), phase.ends),
        )
        if part.ends > part.begins
    ]
    return sorted([*rest, Phase("cleaning", begins, ends)], key=lambda phase: phase.begins)


def forecast(days: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """(low, likely, high) volume of the next week, from the volumes of the last days; None from fewer than a week.

    The likely value is the mean of the last days carried on; the range is that of a week of days drawn from them, the
    days taken as they follow each other, so that a trend widens it.

    >>> forecast(np.full(7, 100.0))
    (700.0, 700.0, 700.0)
    """
    if len(days) < HISTORY_DAYS:
        return None
    recent = days[-HISTORY_DAYS:]
    spread = (
        float(recent.std(ddof=1)) * float(np.sqrt(FORECAST_DAYS)) + abs(float(_slope(recent))) * FORECAST_DAYS**2 / 2.0
    )
    mean = float(recent.mean()) * FORECAST_DAYS
    half = float(np.sqrt(1.0 + FORECAST_DAYS / HISTORY_DAYS)) * 2.0 * spread
    return max(0.0, mean - half), mean, mean + half


def _slope(days: NDArray[np.float64]) -> float:
    """Least-squares slope a day."""
    place = np.arange(len(days)) - (len(days) - 1) / 2.0
    return float((place * days).sum() / (place**2).sum())


def facts(subject: Subject) -> list[Fact]:
    """Rows of the section `lifecycle`."""
    first, last = subject.around.span_us
    known = subject.around.words.techniques
    cleaners = sum(1 << known.index(name) for name in CLEANERS if name in known)
    part = subject.part.select(["sent_us", "millionths", "techniques"])
    found = subject.workspace.query(VOLUME, {"first": first, "step": STEP_US, "cleaners": cleaners}, part=part)
    steps = min((last - first) // STEP_US + 1, STEPS_MAX)
    volume, cleaned = np.zeros(steps), np.zeros(steps)
    place = found["step"].to_numpy()
    inside = place < steps
    volume[place[inside]] = found["n"].to_numpy()[inside]
    cleaned[place[inside]] = found["cleaned"].to_numpy()[inside]
    if not volume.any():
        return [unknown("phases", "No attributed exchange shows how the group lived.")]
    told = phases(volume, cleaned)
    rows = [_phase(phase, volume, first, len(subject.part)) for phase in told]
    if told and told[0].begins == 0:
        why = "The log begins with the group at work, so that its earlier phases are not seen."
        rows.append(unknown("beginning", why))
    if not told:
        rows.append(
            unknown(
                "phases", f"Fewer than {EXCHANGES_MIN} exchanges in a day of full flight, or less than a day: no "
                "phases are told apart.",
            )
        )  # fmt: skip
    return [*rows, *_running(subject, volume)]


def _phase(phase: Phase, volume: NDArray[np.float64], first_us: int, rows: int) -> Fact:
    begins, ends = first_us + phase.begins * STEP_US, first_us + phase.ends * STEP_US
    n = float(volume[phase.begins : phase.ends].sum())
    return Fact(
        fact="phase", subject=phase.name, status=INFERRED, value=n, unit="exchanges",
        starts_at=moment(begins), ends_at=moment(ends), n=round(n),
        method=f"by whole days in steps of six hours: probing up to {percent(LOW)} of the plateau, scaling up to "
        f"{percent(HIGH)}, fading below {percent(LOW)}; cleaning where {percent(CLEANING)} of a day's exchanges clean "
        "traces or rewrite answers; the plateau is the median of the busier half of the days",
        source="sent_at, prompt", rows_table="attributed", rows=rows,
        limits="What a phase was for is a reading of its volume; a group found in full flight shows no beginning.",
        statement=f"{phase.name.capitalize()} from {said_time(begins)} to {said_time(ends)}: "
        f"{plural(n, 'exchange')}.",
    )  # fmt: skip


def _running(subject: Subject, volume: NDArray[np.float64]) -> list[Fact]:
    """Whether it is running at the end of the log, since when it is silent, and how much to expect."""
    first, last = subject.around.span_us
    sent = np.sort(subject.part["sent_us"].to_numpy())
    quiet = (last - int(sent[-1])) / DAY_US
    longest = float(np.diff(sent).max(initial=0)) / DAY_US
    silent = decide(quiet) >= max(SILENT_DAYS, decide(GAP * longest))
    running = Fact(
        fact="still_running", status=INFERRED, state=NOT_MET if silent else MET, value=quiet, unit="days",
        n=len(sent), starts_at=moment(int(sent[-1])),
        method=f"silent from {SILENT_DAYS:g} day without exchange at the end of the log, and {GAP:g} times the longest "
        "pause before",
        source="sent_at", rows_table="attributed", rows=len(sent),
        limits="Whether it goes on after the log's end, elsewhere or under other accounts, is not seen.",
        statement=f"Its last exchange was at {said_time(int(sent[-1]))}, {quiet:.1f} days before the end of the log: "
        + ("it has fallen silent." if silent else "it was running when the log ended."),
    )  # fmt: skip
    ended = [running]
    if silent:
        ended.append(
            Fact(
                fact="phase", subject="silent", status=INFERRED, value=0.0, unit="exchanges", n=0,
                starts_at=moment(int(sent[-1])), ends_at=moment(last), source="sent_at",
                method="from the last exchange to the end of the log",
                statement=f"Silent from {said_time(int(sent[-1]))} to the end of the log.",
            )
        )  # fmt: skip
    whole = int((last - max(first, int(sent[0]))) // DAY_US)
    ends = [last - day * DAY_US for day in range(whole, -1, -1)]
    weight = subject.part["millionths"].to_numpy()
    days = np.histogram(subject.part["sent_us"].to_numpy(), ends, weights=weight)[0] / 1e6 if whole else np.zeros(0)
    ahead = None if silent else forecast(days)
    if ahead is None:
        why = "it has fallen silent" if silent else f"fewer than {HISTORY_DAYS} whole days of it are in the log"
        return [*ended, unknown("forecast", f"No forecast: {why}.")]
    low, value, high = ahead
    return [
        *ended,
        Fact(
            fact="forecast", status=INFERRED, value=value, low=low, high=high, unit="exchanges", n=HISTORY_DAYS,
            starts_at=moment(last), ends_at=moment(last + FORECAST_DAYS * DAY_US),
            method=f"mean of the last {HISTORY_DAYS} days carried on for {FORECAST_DAYS}; range from two standard "
            "deviations of a sum of days, widened by their trend",
            source="sent_at", rows_table="attributed", rows=len(subject.part),
            limits="Holds only as long as nobody acts and nothing changes.",
            statement=f"If nothing changes, {value:,.0f} exchanges in the next {FORECAST_DAYS} days "
            f"({low:,.0f} to {high:,.0f}).",
        ),
    ]  # fmt: skip
