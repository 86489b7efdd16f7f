"""Whether a group's work goes on with a new model: the same forms of request as before, beside its own usual days.

People who try a new model ask new things; an editor's users, and a campaign, go on with what they did. The measure is
the share of the exchanges whose first or last words the group used before; its usual value is that of the same measure
on earlier days. Only that the work changed can be seen so, never that it is a campaign's.
Source: `statistics.md` section 8 (work list continues).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hydrometer.base.units import decide
from hydrometer.prove.fact import DAY_US, INFERRED, MET, NOT_MET, UNKNOWN, Fact, percent, plural
from hydrometer.prove.facts._releases import BEFORE_US
from hydrometer.prove.subject import Subject

USES_MIN = 3
"""Uses after which a form counts as one of the group's."""
EXCHANGES_MIN = 10
DAYS_MAX = 5
"""Earlier days that say what is usual."""
GOES_ON, FORMS_MIN = 0.5, 0.4
"""The work goes on from this part of the usual share, and only if so much of it has a form from before; a group whose
usual share is smaller works without forms, and nothing can be seen."""
KNOWN = f"""
with known as (
  select opening as form from part where sent_us >= $at - {BEFORE_US} and sent_us < $at and opening <> 0
  group by 1 having count(*) >= {USES_MIN}
  union select closing from part where sent_us >= $at - {BEFORE_US} and sent_us < $at and closing <> 0
  group by 1 having count(*) >= {USES_MIN}
), old as (select distinct item from part where sent_us >= $at - {BEFORE_US} and sent_us < $at and item <> 0)
select f.request_model in (select model from fresh) as fresh, count(*) as n,
       count(*) filter (p.opening in (select form from known) or p.closing in (select form from known)) as same,
       count(*) filter (p.item in (select item from old)) as again
from part p join {{traffic}} f using (exchange_id)
where p.sent_us >= $at and p.sent_us < $until and (p.opening <> 0 or p.closing <> 0) group by 1 order by 1
"""


@dataclass(frozen=True, slots=True)
class Work:
    """How far the work of the days before goes on with a new model.

    Attributes:
        share: of the exchanges on the new model, with a form from before; None where there are too few.
        usual: the same share on each of the group's earlier days.
        again: share of those exchanges whose very prompt had been asked before.
        n: exchanges on the new model that have a form.
    """

    share: float | None
    usual: tuple[float, ...]
    again: float
    n: int

    @property
    def state(self) -> str:
        """Whether it goes on: met, not met or unknown."""
        if self.share is None or not self.usual:
            return UNKNOWN
        usual = sum(self.usual) / len(self.usual)
        if decide(self.share) >= decide(max(FORMS_MIN, GOES_ON * usual)):
            return MET
        return UNKNOWN if decide(usual) < FORMS_MIN else NOT_MET

    @property
    def p_value(self) -> float | None:
        """Rank from below of the share among the group's own days; None where unknown."""
        if self.share is None or not self.usual:
            return None
        below = sum(decide(one) <= decide(self.share) for one in self.usual)
        return (1 + below) / (len(self.usual) + 1)


def work(subject: Subject, at_us: int, names: tuple[str, ...], until_us: int) -> Work:
    """The work of a group around a release of the models `names`, with what was known at `until_us`."""
    fresh = pa.table({"model": pa.array(names, pa.string())})
    own = _shares(subject, fresh, at_us, until_us).get(True)
    key = f"usual work before {at_us} {names}"
    if key not in subject.notes:
        subject.notes[key] = _usual(subject, at_us, fresh)
    usual: tuple[float, ...] = subject.notes[key]
    if own is None or own[0] < EXCHANGES_MIN:
        return Work(None, usual, 0.0, 0 if own is None else own[0])
    return Work(own[1] / own[0], usual, own[2] / own[0], own[0])


def _usual(subject: Subject, at_us: int, fresh: pa.Table) -> tuple[float, ...]:
    """The share of known forms on each of the group's days before `at_us`."""
    first = subject.around.span_us[0]
    usual = []
    for day in range(1, DAYS_MAX + 1):
        begins = at_us - day * DAY_US
        if begins - DAY_US < first:
            break
        parts = _shares(subject, fresh, begins, begins + DAY_US)
        n, same = sum(row[0] for row in parts.values()), sum(row[1] for row in parts.values())
        if n >= EXCHANGES_MIN:
            usual.append(same / n)
    return tuple(usual)


def _shares(subject: Subject, fresh: pa.Table, at_us: int, until_us: int) -> dict[bool, tuple[int, int, int]]:
    part = subject.part.select(["exchange_id", "sent_us", "opening", "closing", "item"])
    rows = subject.workspace.query(KNOWN, {"at": at_us, "until": until_us}, part=part, fresh=fresh).to_pylist()
    return {bool(row["fresh"]): (row["n"], row["same"], row["again"]) for row in rows}


def fact(found: Work, model: str) -> Fact:
    """Whether the same work goes on with the new model."""
    if found.share is None or not found.usual:
        said = f"Too few exchanges with text, or days before the release, to say whether the work goes on with {model}."
    else:
        usual = sum(found.usual) / len(found.usual)
        said = (
            f"{percent(found.share)} of the exchanges on {model} have a form that the group used before, "
            f"{percent(usual)} on {plural(len(found.usual), 'earlier day')}; {percent(found.again)} repeat a prompt."
        )
    return Fact(
        fact="same_work", subject=model, status=INFERRED, state=found.state, value=found.share,
        unit="share of exchanges", n=found.n, p_value=found.p_value,
        p_floor=1.0 / (len(found.usual) + 1) if found.usual else None,
        null_model="the group's own earlier days",
        method="share of exchanges whose first or last words the group used at least "
        f"{USES_MIN} times in the three days before; p is the rank from below among its own days, so that a small one "
        "says that the work changed",
        source="prompt, request_model", limits="Users of one program go on with their work too.", statement=said,
    )  # fmt: skip
