"""The result of a run on a terminal: one row of three lines per listed group, the rest counted, and where to look next.

Laid out for 100 columns. Values are text objects, never console markup, and are stripped of controls and overrides, so
that no id from a log can colour, move or hide anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hydrometer.base.safe_text import printable
from hydrometer.base.tables import LEVELS, LISTED_LEVELS
from hydrometer.share import wording
from hydrometer.share.manifest_facts import ManifestFacts, manifest_facts
from hydrometer.share.run_tables import Row, campaigns, listed

GROUPS_SHOWN = 25
"""Listed groups in the table; the page has all."""
ID_LETTERS, WHY_LETTERS = 22, 160
CAPABILITIES_SHOWN = 2
FAINT = "dim"


def render(run: Path, manifest: Mapping[str, Any]) -> RenderableType:
    """The table of listed groups with counts of the rest and notes.

    Args:
        run: folder with the tables of `base.tables.OUTPUTS`.
        manifest: the run's manifest.

    Raises:
        RunError: a table is missing or unreadable.
    """
    groups, facts = campaigns(run), manifest_facts(manifest)
    full = listed(groups)
    parts: list[RenderableType] = [_headline(full, groups), Text()]
    if full:
        parts.append(_table(full[:GROUPS_SHOWN]))
    if len(full) > GROUPS_SHOWN:
        parts.append(Text(f"and {wording.count(len(full) - GROUPS_SHOWN)} more in report.html", FAINT))
    return Group(*parts, Text(), *_notes(run, facts, groups))


def _headline(full: list[Row], groups: list[Row]) -> Text:
    """How many groups are listed, of how many."""
    said = Text()
    said.append(f"{wording.plural(len(full), 'group')} listed", "bold")
    said.append(f" of {wording.count(len(groups))} judged")
    if full:
        worst = max(group["q_value"] for group in full)
        said.append(f"; at most {wording.one_in(worst)} is expected not to be one operator building a data set", FAINT)
    return said


def _table(groups: list[Row]) -> Table:
    """Three lines per group, in the order of the page's queue."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, show_lines=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("campaign\nlevel\nkind", no_wrap=True)
    for head in ("accounts\nexchanges\nUSD", "bits\nH1\nH2", "builds no\ndata set, ≤", "detectable\nafter"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for group in groups:
        table.add_row(*_cells(group))
    return table


def _cells(group: Row) -> list[Text]:
    """The cells of one group."""
    detectable = group["detectable_at"]
    after = wording.span(detectable - group["first_seen"]) if detectable is not None else "only in\nhindsight"
    level = f"{wording.LEVEL_MARKS[group['level']]} {group['level']}"
    bits = [wording.bits(group[column], signed=False) for column in ("operator_bits", "extraction_bits")]
    return [
        Text(str(group["rank"])),
        _lines(printable(group["campaign_id"], ID_LETTERS), level, wording.words(group["kind"])),
        _lines(wording.count(group["accounts"]), wording.count(group["exchanges"]), wording.usd(group["usd"])),
        Text("".join(f"\n{one}" for one in bits)),
        Text(wording.one_in(group["q_value"])),
        Text(after),
        Text(why(group)),
    ]


def _lines(first: str, *others: str) -> Text:
    """A cell of several lines, the first one plain, the others fainter."""
    return Text(first).append("".join(f"\n{one}" for one in others), FAINT)


def why(group: Row) -> str:
    """In a few words what is taken and which innocent explanation is closest."""
    capabilities = ", ".join(wording.words(one) for one in group["capabilities"][:CAPABILITIES_SHOWN])
    closest = group["innocent_explanation"]
    parts = [capabilities, f"not excluded: {closest}" if closest and group["benign_p"] is None else closest]
    return printable("; ".join(part for part in parts if part) or "see the page", WHY_LETTERS)


def _notes(run: Path, facts: ManifestFacts, groups: list[Row]) -> list[Text]:
    """Counts of what is not listed, what was not read, what did not look, and where everything lies."""
    levels = Counter(group["level"] for group in groups)
    rest = [f"{wording.count(levels[level])} {level}" for level in LEVELS if level not in LISTED_LEVELS]
    read = wording.plural(facts.rows("rows_read"), "row")
    parts = [f"{wording.count(facts.rows(f'rows_{part}'))} {part}" for part in ("kept", "rejected", "duplicate")]
    lines = [("not listed", ", ".join(rest)), ("read", f"{read} = {' + '.join(parts)}")]
    if facts.content_free:
        lines.append(("content", "content-free: no prompt, system prompt, answer or tool name was read"))
    if facts.abstained:
        names = ", ".join(name for name, _ in facts.abstained)
        lines.append(("abstained", f"{wording.plural(len(facts.abstained), 'detector')}: {names}"))
    if facts.beyond_register:
        more = f", and {len(facts.beyond_register) - 1} more in manifest.json" if len(facts.beyond_register) > 1 else ""
        lines.append(("register", f"used beyond what it allows: {facts.beyond_register[0]}{more}"))
    if facts.own_library == 0:
        lines.append(("limit", "the benign library is simulated, so suspected is the highest level"))
    elif not facts.can_confirm:
        lines.append(("limit", "too few benign operators of your own, so suspected is the highest level"))
    lines.append(("look at", str(run / "report.html")))
    lines.append(("ask why", f"hydrometer explain {run} ID"))
    return [Text(f"{name:<11}", FAINT).append(Text(printable(text))) for name, text in lines]
