"""Whether a group is busier before another's public events than at other times: one test an actor, often "no evidence".

Activity is the group's share of the whole log's, day by day, without its straight trend: what everybody does, and a
pool that merely grows, explain nothing. The statistic is its mean in the seven days before each event; the series is
turned round as on a circle to see how often that is reached by chance. Actor, lag and events are fixed by the analyst's
file before anything is looked at; all actors are paid for. A small p is "consistent with", never more than 6.5 bits.
Source: `statistics.md` section 11 (roadmap), where the plain test is shown to fail on trends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import DAY_US, INFERRED, MET, NOT_MET, Fact, plural, unknown
from hydrometer.prove.subject import Subject

LAG_DAYS = 7
DAYS_MIN, EVENTS_MIN = 60, 3
ACTORS_MAX = 50
EVIDENCE_P = 0.05
BITS_MAX = 6.5
SERIES = """
select (sent_us - $first) // $day as day, count(*)::double as n from {fingerprints} group by 1 order by 1
"""
OWN = """
select (sent_us - $first) // $day as day, sum(millionths)::double / 1e6 as n from part where sent_us >= $first
group by 1 order by 1
"""
EVENTS = "select actor, event, epoch_us(happened_at) as us, source from {actor_timeline} order by 1, 3, 2"
SOURCE = "timeline (analyst-entered), sent_at"


def aligned_p(series: NDArray[np.float64], days: NDArray[np.int64]) -> float:
    """P(mean activity in the week before the events is as large) over all turns of the series; never below 1/days.

    Args:
        series: shape (days,), activity without its trend.
        days: shape (events,), day of each event, with a week before it in the series.

    >>> series = np.zeros(80); series[20:27] = 1.0; series[50:57] = 1.0
    >>> aligned_p(series, np.array([27, 57]))
    0.0125
    """
    around = np.concatenate([[0.0], np.cumsum(np.concatenate([series, series]))])
    count = len(series)
    ends = (days[None, :] + np.arange(count)[:, None]) % count + count
    means = np.round((around[ends] - around[ends - LAG_DAYS]).mean(axis=1), 9)
    return float((means >= means[0]).sum()) / count


def activity(own: NDArray[np.float64], everybody: NDArray[np.float64]) -> NDArray[np.float64]:
    """The group's share of each day's exchanges in log odds, without its straight trend; shape (days,)."""
    rest = np.maximum(everybody - own, 0.0)
    odds = np.log((own + 0.5) / (rest + 0.5))
    place = np.arange(len(odds)) - (len(odds) - 1) / 2.0
    slope = float((place * odds).sum() / max(float((place**2).sum()), 1e-9))
    result: NDArray[np.float64] = odds - odds.mean() - slope * place
    return result


def facts(subject: Subject) -> list[Fact]:
    """Rows of the section `roadmap`, one an actor."""
    if not subject.workspace.has("actor_timeline"):
        return [unknown("roadmap", "No timeline of others was entered, so that none was compared.", source=SOURCE)]
    events = subject.workspace.query(EVENTS).to_pylist()
    actors = sorted({row["actor"] for row in events})[:ACTORS_MAX]
    if not actors:
        return [unknown("roadmap", "The timeline has no event that can be used.", source=SOURCE)]
    first, last = subject.around.span_us
    days = int((last - first) // DAY_US)
    own = _by_day(subject, OWN, days)
    series = activity(own, _by_day(subject, SERIES, days)) if days >= DAYS_MIN else None
    return [
        _actor(actor, [row for row in events if row["actor"] == actor], series, (first, days), len(actors))
        for actor in actors
    ]


def _by_day(subject: Subject, sql: str, days: int) -> NDArray[np.float64]:
    """Exchanges of each whole day of the log; shape (days,)."""
    first = subject.around.span_us[0]
    part = subject.part.select(["sent_us", "millionths"])
    found = subject.workspace.query(sql, {"first": first, "day": DAY_US}, part=part)
    result = np.zeros(days)
    day = found["day"].to_numpy()
    result[day[day < days]] = found["n"].to_numpy()[day < days]
    return result


def _actor(
    actor: str, rows: list[dict[str, object]], series: NDArray[np.float64] | None, span: tuple[int, int], actors: int
) -> Fact:
    first, days = span
    if series is None:
        why = f"The log has {plural(days, 'whole day')}, fewer than {DAYS_MIN}, so that nothing is said about {actor}."
        return unknown("alignment", why, subject=actor, source=SOURCE)
    inside = sorted({(int(str(row["us"])) - first) // DAY_US for row in rows})
    used = np.array([day for day in inside if LAG_DAYS <= day < days - LAG_DAYS], np.int64)
    if len(used) < EVENTS_MIN:
        why = (
            f"{plural(len(used), 'event day')} of {actor} lie in the log with a week before and after, fewer than "
            f"{EVENTS_MIN}, so that nothing is said."
        )
        return unknown("alignment", why, subject=actor, source=SOURCE)
    alone = aligned_p(series, used)
    p_value = min(1.0, alone * actors)
    found = decide(p_value) <= EVIDENCE_P
    said = (
        f"The group's activity is consistent with the public timeline of {actor}: busier in the week before "
        f"{plural(len(used), 'event')} than in {1.0 - alone:.1%} of all turns of the series (p {p_value:.3f} for "
        f"{plural(actors, 'actor')})."
        if found
        else f"No evidence of an alignment with the public timeline of {actor} (p {p_value:.2f} over "
        f"{plural(len(used), 'event')} and {plural(actors, 'actor')})."
    )
    sources = sorted({str(row["source"]) for row in rows if row["source"]})
    return Fact(
        fact="alignment", subject=actor, status=INFERRED, state=MET if found else NOT_MET,
        value=min(BITS_MAX, float(-np.log2(p_value))) if found else 0.0, unit="bits at most", n=len(used),
        p_value=p_value, p_floor=min(1.0, actors / days), starts_at=moment(first),
        null_model="the same series turned round as on a circle",
        method=f"mean of the detrended log odds of the group's share in the {LAG_DAYS} days before each event; p over "
        f"all turns, times the {plural(actors, 'actor')} entered",
        source=f"{SOURCE}; {'; '.join(sources[:5])}" if sources else SOURCE,
        limits="Consistent with, no more: a timeline that many knew fits many, and one bend of the series may do it.",
        statement=said,
    )  # fmt: skip
