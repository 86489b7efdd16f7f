"""What a fact of a case is: one figure or state with its interval, its test, its source and its limits.

A fact is not evidence: it is worked out for groups that are listed, describes them, and never enters H1 or H2. Each
says what it is based on and what it does not show, so that a sentence of a dossier can be checked by somebody else.
Source: the contract, section 2; `docs/tables.md` (`facts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

import pyarrow as pa

from hydrometer.base.tables import OUTPUTS, from_rows
from hydrometer.prove.assembly import moment

OBSERVED, INFERRED, ALLEGED, ADJUDICATED = "observed", "inferred", "alleged", "adjudicated"
MET, NOT_MET, UNKNOWN = "met", "not met", "unknown"
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of `facts`, before it has a group and a place in its section; columns as in `docs/tables.md`."""

    fact: str
    statement: str
    status: str = OBSERVED
    account_id: str | None = None
    subject: str | None = None
    clause: str | None = None
    state: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    n: int | None = None
    p_value: float | None = None
    p_floor: float | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    null_model: str | None = None
    method: str | None = None
    source: str | None = None
    limits: str | None = None
    rows_table: str | None = None
    rows: int | None = None


def unknown(fact: str, why: str, *, source: str | None = None, subject: str | None = None) -> Fact:
    """A fact that could not be looked at; `why` is the sentence that says so."""
    return Fact(fact=fact, statement=why, state=UNKNOWN, source=source, subject=subject)


def fact_table(campaign_id: str, section: str, facts: Iterable[Fact]) -> pa.Table:
    """Rows of `facts` of one section of one group, numbered in the order given.

    >>> fact_table("c", "impact", [Fact(fact="exchanges", statement="Two.", value=2.0)])["position"].to_pylist()
    [1]
    """
    rows: list[dict[str, object]] = [
        {"campaign_id": campaign_id, "section": section, "position": number} | asdict(fact)
        for number, fact in enumerate(facts, start=1)
    ]
    return from_rows(rows, OUTPUTS["facts"])


def account_table(part: pa.Table, **same: object) -> pa.Table:
    """Rows of `facts` that the engine made, one an account, with the columns that are the same in all of them.

    Args:
        part: some columns of `facts`.
        same: column → its one value.
    """
    columns = [
        part[field.name].cast(field.type)
        if field.name in part.column_names
        else pa.repeat(pa.scalar(same.get(field.name), field.type), len(part))
        for field in OUTPUTS["facts"]
    ]
    return pa.table(columns, schema=OUTPUTS["facts"])


def said_time(microseconds: float) -> str:
    """A time as a sentence says it: to the minute, in UTC.

    >>> said_time(0)
    '1970-01-01 00:00 UTC'
    """
    return f"{moment(microseconds):%Y-%m-%d %H:%M} UTC"


def plural(number: float, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "account"), plural(1234.4, "exchange")
    ('1 account', '1,234 exchanges')
    """
    shown = f"{number:,.0f}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def percent(share: float) -> str:
    """A share as a percentage with as many digits as it bears.

    >>> percent(0.5), percent(0.0123), percent(0.0)
    ('50 %', '1.2 %', '0 %')
    """
    value = 100.0 * share
    return f"{value:.0f} %" if value >= 10.0 or value == 0.0 else f"{value:.1f} %" if value >= 1.0 else f"{value:.2g} %"
