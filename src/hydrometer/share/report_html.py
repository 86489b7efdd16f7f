"""Makes `report.html`: the page on which a person decides what a run's findings are worth, in one file, offline.

No script, no outside resource, and a content security policy that allows the one style sheet in the page by its hash
and nothing else. Strings come from logs that those who are looked for have written: the template escapes every value,
and every string is first stripped of controls and overrides (`base.safe_text`). The page adds nothing up and decides
nothing. Source of look and words: the console's design principles (doubt is content, hypotheses apart, no alarm).
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hydrometer.base.errors import BugError
from hydrometer.base.safe_text import printable
from hydrometer.base.tables import LEVELS, LISTED_LEVELS, ROLES
from hydrometer.base.whole_file import write_whole
from hydrometer.share import timeline_chart, wording
from hydrometer.share.manifest_facts import manifest_facts, reject_reasons
from hydrometer.share.run_tables import Case, Row, campaigns, cases, listed, table
from hydrometer.share.waterfall import Waterfall, waterfall

MEMBERS_SHOWN, LINKS_SHOWN, TEMPLATES_SHOWN, FACTS_SHOWN, UNLISTED_SHOWN, EVENTS_SHOWN = 50, 12, 8, 12, 40, 60
CASES_SHOWN = 100
"""Groups on the page; `report.json` has all, and a page of tens of megabytes helps nobody."""
NUMBER_WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
PATH_DATA = re.compile(r"[MHVLZ0-9 .\-]*")
PAGE, STYLE = "report.html.j2", "report.css"


@dataclass(frozen=True, slots=True)
class View:
    """One group as the page shows it; `more_*` count what is not shown."""

    case: Case
    chart: timeline_chart.TimelineChart | None
    caption: str
    spark: str
    leaked: float | None
    waterfall: Waterfall
    roles: list[tuple[str, int]]
    members: list[Row]
    more_members: int
    templates: list[Row]
    more_templates: int
    links: list[Row]
    more_links: int
    facts: list[Row]
    more_facts: int
    innocent: list[Row]
    about_accounts: int
    q_track: float | None


def write(run: Path, manifest: Mapping[str, Any]) -> None:
    """Write `report.html` into the run folder; it gets its name only when it is whole.

    Args:
        run: folder with the tables of `base.tables.OUTPUTS`.
        manifest: the run's manifest.

    Raises:
        RunError: a table is missing or unreadable.
    """
    write_whole(run / "report.html", page(run, manifest).encode("utf-8"))


def page(run: Path, manifest: Mapping[str, Any]) -> str:
    """The page as text."""
    groups, facts = campaigns(run), manifest_facts(manifest)
    full, rest = listed(groups), [group for group in groups if group["level"] not in LISTED_LEVELS]
    style = Path(__file__).with_name(STYLE).read_text(encoding="utf-8")
    levels = Counter(group["level"] for group in groups)
    return (
        _environment()
        .get_template(PAGE)
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            facts=facts,
            rejects=reject_reasons(table(run, "rejects")["reason"].to_pylist()),
            headline=headline(len(full)),
            worst_q=max((group["q_value"] for group in full), default=None),
            views=[_view(case) for case in cases(run, full[:CASES_SHOWN])],
            more_cases=max(0, len(full) - CASES_SHOWN),
            levels=[(level, levels[level]) for level in LEVELS if level not in LISTED_LEVELS],
            groups=len(groups),
            unlisted=rest[:UNLISTED_SHOWN],
            more_unlisted=max(0, len(rest) - UNLISTED_SHOWN),
        )
    )


def headline(number: int) -> str:
    """The page's first words.

    >>> headline(2), headline(0)
    ('Two groups need a person', 'No group needs a person')
    """
    said = NUMBER_WORDS[number] if number < len(NUMBER_WORDS) else wording.count(number)
    return f"{said} group needs a person" if number <= 1 else f"{said} groups need a person"


def _view(case: Case) -> View:
    """What the page shows of one group."""
    drawn = timeline_chart.chart(case)
    counted = Counter(member["role"] for member in case.members)
    q_value = case.campaign["q_value"]
    return View(
        case=case,
        chart=drawn,
        caption="" if drawn is None else timeline_chart.caption(drawn),
        spark=timeline_chart.spark(case),
        leaked=timeline_chart.leaked(case),
        waterfall=waterfall(case),
        roles=[(role, counted[role]) for role in ROLES if counted[role]],
        members=case.members[:MEMBERS_SHOWN],
        more_members=max(0, len(case.members) - MEMBERS_SHOWN),
        templates=case.templates[:TEMPLATES_SHOWN],
        more_templates=max(0, len(case.templates) - TEMPLATES_SHOWN),
        links=case.links[:LINKS_SHOWN],
        more_links=max(0, len(case.links) - LINKS_SHOWN),
        facts=case.policy_facts[:FACTS_SHOWN],
        more_facts=max(0, len(case.policy_facts) - FACTS_SHOWN),
        innocent=[row for row in case.by_hypothesis("H4") if row["account_id"] is None],
        about_accounts=sum(row["account_id"] is not None for row in case.evidence),
        q_track=q_place(q_value),
    )


def q_place(q_value: float | None) -> float | None:
    """Place of a q-value on the error track: 0 at 1 in 1, 1 at 1 in 1,000 and beyond, on a log axis.

    >>> q_place(0.01) == 2 / 3
    True
    """
    if q_value is None:
        return None
    return min(1.0, -math.log10(min(max(q_value, wording.SMALLEST_Q), 1.0)) / 3)


def _environment() -> Environment:
    """The template engine: escapes everything, knows our numbers, and fails on a name that is not there."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("count", "usd", "bits", "one_in", "fraction", "moment", "span", "words"):
        environment.filters[name] = getattr(wording, name)
    environment.filters["slots"] = lambda masked: wording.slots(printable(masked or ""))
    environment.filters["path"] = path_data
    environment.globals.update(
        plural=wording.plural,
        at_prior_odds_times=wording.at_prior_odds_times,
        level_marks=wording.LEVEL_MARKS,
        level_words=wording.LEVEL_WORDS,
        role_marks=wording.ROLE_MARKS,
        role_advice=wording.ROLE_ADVICE,
        events_shown=EVENTS_SHOWN,
    )
    return environment


def path_data(text: str) -> Markup:
    """Path data of our own drawings, passed through uncut; anything else is a bug.

    >>> str(path_data("M0 1.5H3V-2Z"))
    'M0 1.5H3V-2Z'
    """
    if not PATH_DATA.fullmatch(text):
        raise BugError(
            "report.html", f"path data {text[:40]!r}", "only M, H, V, L, Z and numbers", "report this as a bug"
        )
    return Markup(text)  # noqa: S704 - checked against an alphabet without markup


def shown(value: Any) -> Any:
    """A value as it goes into the page: strings stripped, null as a dash; markup of our own is left alone."""
    if value is None:
        return wording.NOTHING
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
