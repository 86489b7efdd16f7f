"""Puts the sections of facts together for each listed group, in the order in which a case is told.

Sections look at one group after the other and never at each other's rows; what is worked out over the whole run is done
once (`subject.Surroundings`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from hydrometer.base.tables import FACT_SECTIONS, OUTPUTS, from_rows
from hydrometer.prove.fact import Fact, fact_table
from hydrometer.prove.facts import capabilities, factors, impact, lifecycle, pivot, region, roadmap, terms
from hydrometer.prove.facts._moves import pivot_at
from hydrometer.prove.subject import Subject

LISTS: dict[str, Callable[[Subject], Sequence[Fact]]] = {
    "capabilities": capabilities.facts,
    "pivot": pivot.facts,
    "lifecycle": lifecycle.facts,
    "roadmap": roadmap.facts,
    "impact": impact.facts,
}
"""Sections of few rows."""
TABLES: dict[str, Callable[[Subject], pa.Table]] = {"terms": terms.rows, "region": region.rows}
"""Sections with rows for each account."""
LAST = "factors"
"""Sorts the rows of all others under the headings of others."""


def facts_of(subject: Subject) -> pa.Table:
    """Rows of `facts` of one listed group, section by section."""
    parts = [from_rows([], OUTPUTS["facts"])]
    for section in FACT_SECTIONS:
        if section in TABLES:
            parts.append(TABLES[section](subject))
        elif section in LISTS:
            parts.append(fact_table(subject.campaign_id, section, LISTS[section](subject)))
    earlier = pa.concat_tables(parts)
    return pa.concat_tables([earlier, fact_table(subject.campaign_id, LAST, factors.facts(subject, earlier))])


def said_of(subject: Subject) -> dict[str, object]:
    """Columns of `campaigns` that facts fill: what it is after, and when it turned to a new model."""
    return {"capabilities": capabilities.targets(subject), "pivot_at": pivot_at(subject)}
