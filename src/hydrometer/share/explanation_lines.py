"""How an explanation looks on a terminal: evidence for and against with hypotheses apart, reasons, links, refutations.

Every value becomes a text object after it was stripped of controls: nothing from a log is read as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hydrometer.base.safe_text import printable
from hydrometer.base.tables import ROLES
from hydrometer.share import wording
from hydrometer.share.run_tables import Case, Row
from hydrometer.share.waterfall import title

LINKS_SHOWN, TEMPLATES_SHOWN, MEMBERS_SHOWN, EVIDENCE_SHOWN, FACTS_SHOWN = 8, 5, 8, 20, 12


def line(text: str, style: str = "") -> Text:
    """A line that cannot be read as markup and holds no control."""
    return Text(printable(text), style)


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Two columns without a frame."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(line(name), line(text))
    return grid


def bullets(texts: Iterable[str]) -> Table:
    """A list whose wrapped lines stay behind their bullet."""
    return pairs(("-", text) for text in texts)


def group_lines(case: Case) -> list[RenderableType]:
    """One group: its level, the evidence, and each list that is not empty."""
    row = case.campaign
    parts: list[RenderableType] = [line(f"{row['campaign_id']}: {verdict(row)}", "bold"), _evidence(case)]
    blocks = (
        ("What it is after, and how it went", _facts(case.course)),
        ("Policy facts (H3)", _facts(case.policy_facts)),
        ("Who is who", _roles(case.members)),
        ("Because", _shortened([_because(member) for member in case.members], MEMBERS_SHOWN, "member", "members")),
        ("Links", _shortened([_link(link) for link in case.links], LINKS_SHOWN, "link", "links")),
        (
            "Templates of the group, masked",
            _shortened([_template(one) for one in case.templates], TEMPLATES_SHOWN, "template", "templates"),
        ),
        ("Closest innocent explanation", [row["innocent_explanation"] or "none named"]),
        ("What would refute it", [f"{one.statement} Ask: {one.ask}." for one in case.refutations]),
    )
    for heading, texts in blocks:
        if texts:
            parts += [Text(), line(heading, "underline"), bullets(texts)]
    return parts


def verdict(campaign: Row) -> str:
    """Mark, level, kind (where it says more than the level) and what the error is."""
    level, kind = campaign["level"], campaign["kind"]
    said = level if kind == level else f"{level}, {wording.words(kind)}"
    return f"{wording.LEVEL_MARKS[level]} {said}; {wording.error(level, campaign['q_value'])}"


def _roles(members: list[Row]) -> list[str]:
    """How many members have each role, and what that means; nothing where all are operators."""
    counted = Counter(member["role"] for member in members)
    if set(counted) <= {"operator"}:
        return []
    advice = {"operator": "run by the campaign"} | wording.ROLE_ADVICE
    return [f"{wording.plural(counted[role], role)}: {advice[role]}" for role in ROLES if counted[role]]


def _shortened(texts: list[str], shown: int, thing: str, table: str) -> list[str]:
    """The first of some texts, and how many more there are and where."""
    more = len(texts) - shown
    return texts[:shown] + ([f"and {wording.plural(more, f'more {thing}')} in {table}.parquet"] if more > 0 else [])


def _facts(rows: list[Row]) -> list[str]:
    """Facts as sentences; those of an account name it."""
    said = [f"{row['account_id']}: {row['statement']}" if row["account_id"] else row["statement"] for row in rows]
    return _shortened(said, FACTS_SHOWN, "fact", "facts")


def _because(member: Row) -> str:
    """A member with its reason."""
    return f"{member['account_id']}: {member['role']}, {wording.fraction(member['probability'])}: {member['because']}"


def _link(link: Row) -> str:
    """A pair with what it shares."""
    return f"{link['account_a']} – {link['account_b']}: {link['statement']} ({wording.bits(link['bits'])} bits)"


def _template(template: Row) -> str:
    """A masked template with its id."""
    return f"{template['template_id']}: {wording.tidy(template['masked'] or 'text was not read')}"


def _evidence(case: Case) -> Table:
    """Evidence for (+) and against (−), hypotheses apart."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    totals = {"H1": case.campaign["operator_bits"], "H2": case.campaign["extraction_bits"]}
    for hypothesis in ("H1", "H2", "H4"):
        found = [row for row in case.by_hypothesis(hypothesis) if row["account_id"] is None or len(case.members) == 1]
        total = wording.bits(totals.get(hypothesis), signed=False)
        grid.add_row(line(hypothesis, "bold"), line(total), line(wording.HYPOTHESIS_TITLES[hypothesis], "bold"))
        for row in found[:EVIDENCE_SHOWN]:
            grid.add_row(Text(), line(wording.bits(row["bits"])), line(f"{title(row['signal'])}: {row['statement']}"))
        if not found:
            grid.add_row(Text(), line(wording.NOTHING), line("not looked at: no row of evidence", "dim"))
    return grid
