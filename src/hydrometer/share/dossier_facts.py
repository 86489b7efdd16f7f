"""Sections of facts, printed from the rows of `facts` as they are: what is not there is said not to be there.

The table is the contract between those who work facts out and those who print them, so nothing here knows a fact by
name save those of what the take does not show, which stand in a section of their own.
"""

from __future__ import annotations

from hydrometer.base.tables import FACT_SECTIONS
from hydrometer.share import wording
from hydrometer.share.dossier_document import (
    INFERRED,
    OBSERVED,
    Block,
    Column,
    Section,
    Sentence,
    drawn,
    row,
    said,
    shown,
    whole,
)
from hydrometer.share.dossier_material import Material
from hydrometer.share.dossier_redaction import PUBLIC_FACTS, Level
from hydrometer.share.run_tables import Row

TITLES = {
    "capabilities": "What it goes after",
    "pivot": "Whether it turned to a new model",
    "lifecycle": "Stages of the campaign",
    "roadmap": "Public timelines of others",
    "terms": "Terms of use",
    "region": "Region and ownership",
    "impact": "What was taken",
    "factors": "Published factors and indicators",
}
NOT_SHOWN = "not_shown"
"""Facts whose names begin so say what the take does not show."""
DRAWN = ("capabilities", "pivot")
"""Sections whose figures are drawn with their intervals."""
SHARE = "share"
COLUMNS = (
    Column("subject", "About", "words"),
    Column("clause", "Clause"),
    Column("fact", "Fact", "words"),
    Column("state", "Met"),
    Column("value", "Value", "interval"),
    Column("unit", "Unit"),
    Column("n", "Of", "count"),
    Column("p_value", "p (least possible)", "p"),
    Column("starts_at", "From", "moment"),
    Column("ends_at", "To", "moment"),
    Column("status", "Status"),
    Column("null_model", "Without a campaign"),
    Column("method", "Method"),
    Column("limits", "Limits"),
    Column("source", "Source"),
    Column("rows_table", "Rows of the run"),
    Column("account_id", "Account", "code"),
)
COUNT_COLUMNS = (
    Column("section", "Section", "words"),
    Column("fact", "Fact", "words"),
    Column("clause", "Clause"),
    Column("state", "Met"),
    Column("accounts", "Accounts", "count"),
)


def is_drawn(one: Row) -> bool:
    """Whether a fact is a share about the group: only those fit on one axis.

    >>> is_drawn({"account_id": None, "value": 0.5, "unit": "share of exchanges"})
    True
    >>> is_drawn({"account_id": None, "value": 7.0, "unit": "hours"})
    False
    """
    return one["account_id"] is None and one["value"] is not None and str(one["unit"] or "").startswith(SHARE)


def of_section(rows: list[Row], section: str) -> list[tuple[int, Row]]:
    """Facts of one section with their places in the dossier's table."""
    return [(number, one) for number, one in enumerate(rows) if one["section"] == section]


def fact_sections(of: Material) -> list[Section]:
    """One section for each section of facts, in the order in which a case is told."""
    return [_section(of, name) for name in FACT_SECTIONS]


def _section(of: Material, name: str) -> Section:
    """One section; where the run has no row of it, that is what it says."""
    found = of_section(of.tables["facts"], name)
    blocks: list[Block] = [said(_sentences(of, name, found))]
    if name in DRAWN and any(is_drawn(one) for _, one in found):
        blocks.append(drawn(name, _caption(name, found), f"{TITLES[name]}, with intervals"))
    counts = [(number, one) for number, one in enumerate(of.tables["fact_counts"]) if one["section"] == name]
    if counts:
        pointers = tuple(row("fact_counts", number) for number, _ in counts)
        accounts = sum(one["accounts"] for _, one in counts)
        blocks.append(said([
            Sentence(f"{wording.plural(accounts, 'fact')} of this section concern single accounts; they are counted "
                     "by state.",
                     OBSERVED, pointers),
        ]))  # fmt: skip
        blocks.append(shown(f"fact_counts:{name}", COUNT_COLUMNS, "Facts about single accounts, counted"))
    if found:
        blocks.append(shown(f"facts:{name}", COLUMNS, "Every row"))
    return Section(f"facts_{name}", TITLES[name], tuple(blocks))


def _sentences(of: Material, name: str, found: list[tuple[int, Row]]) -> list[Sentence]:
    """The statements of the facts about the group."""
    group = [
        (number, one)
        for number, one in found
        if one["account_id"] is None and not str(one["fact"]).startswith(NOT_SHOWN)
    ]
    if not group:
        return [_absent(of, name)]
    return [Sentence(one["statement"], one["status"], _pointers(number, one)) for number, one in group]


def _pointers(number: int, one: Row) -> tuple[str, ...]:
    """The fact's own row, and the dossier's copy of the table that it rests on, where there is one."""
    copied = {"members": "members", "timeline": "timeline", "templates": "templates", "evidence": "evidence"}
    table = copied.get(one["rows_table"] or "")
    return (row("facts", number), *((whole(table),) if table else ()))


def _absent(of: Material, name: str) -> Sentence:
    """That a section has nothing to print, and why."""
    if of.sealed.level is Level.PUBLIC and name not in PUBLIC_FACTS:
        return Sentence("This section is left out at this level of redaction.", OBSERVED)
    return Sentence("The run holds no fact of this section about the group: it was not looked at.", OBSERVED)


def _caption(name: str, found: list[tuple[int, Row]]) -> Sentence:
    """What the drawing of a section shows."""
    pointers = tuple(row("facts", number) for number, one in found if is_drawn(one))
    what = "against the figure without a campaign that its row names" if name == "pivot" else "as its row names it"
    return Sentence(f"Points are values, lines their intervals or ranges, each {what}.", INFERRED, pointers)


def not_shown(of: Material) -> list[Sentence]:
    """The facts that say what the take does not show."""
    return [
        Sentence(one["statement"], one["status"], (row("facts", number),))
        for number, one in enumerate(of.tables["facts"])
        if str(one["fact"]).startswith(NOT_SHOWN) and one["account_id"] is None
    ]
