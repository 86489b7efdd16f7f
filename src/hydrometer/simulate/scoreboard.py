"""A score as tables for the terminal: one line a campaign, one line a population that was harmed, the totals below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

_NOTHING = "–"


def _percent(value: object) -> str:
    """A share in per cent."""
    return f"{100 * value:.1f} %" if isinstance(value, (int, float)) else _NOTHING


def _number(value: object) -> str:
    """A figure with three digits."""
    return f"{value:.3f}" if isinstance(value, float) else _NOTHING if value is None else str(value)


def _verdict(value: object) -> Text:
    """Yes, no or unknown."""
    if value is None:
        return Text(_NOTHING)
    return Text("yes", style="green") if value else Text("no", style="red")


def _campaigns(entries: list[dict[str, Any]]) -> Table:
    """One line for each true campaign."""
    table = Table(title="True campaigns", title_justify="left")
    for heading in (
        "campaign",
        "accounts",
        "found",
        "Jaccard",
        "level",
        "kind",
        "capability",
        "leakage",
        "share error",
    ):
        table.add_column(heading, justify="left" if heading in ("campaign", "level") else "right")
    for entry in entries:
        table.add_row(
            Text(str(entry["preset"])),
            str(entry["accounts"]),
            _verdict(entry["hit"]),
            _number(entry["jaccard"]),
            Text(str(entry["level"] or _NOTHING)),
            _verdict(entry["kind_right"]),
            _verdict(entry["capability_top1_right"]),
            _percent(entry["leakage"]),
            _number(entry["share_error"]),
        )
    return table


def _alarms(groups: Mapping[str, dict[str, int]]) -> Table:
    """One line for each benign population, harmed ones first."""
    table = Table(title="Benign accounts flagged", title_justify="left")
    table.add_column("population")
    for heading in ("accounts", "flagged", "operators", "flagged operators"):
        table.add_column(heading, justify="right")
    for archetype, row in sorted(groups.items(), key=lambda entry: (-entry[1]["flagged_accounts"], entry[0])):
        style = "red" if row["flagged_accounts"] else ""
        cells = (row["accounts"], row["flagged_accounts"], row["operators"], row["flagged_operators"])
        table.add_row(Text(archetype), *(str(cell) for cell in cells), style=style)
    return table


def _totals(score: Mapping[str, Any]) -> Table:
    """Figures over the whole world."""
    table = Table(title="Totals", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    accounts, exchanges = score["accounts"], score["exchanges"]
    lines = (
        ("campaigns found", f"{score['campaigns_hit']} of {score['campaigns_true']}"),
        ("false campaigns", str(score["false_campaigns"])),
        ("account precision", _percent(accounts["precision"])),
        ("account recall", _percent(accounts["recall"])),
        ("benign operators flagged", f"{accounts['false_operators']} of {accounts['benign_operators']}"),
        ("… per 100,000, 95 % upper bound", _number(accounts["false_operators_per_100k_upper_95"])),
        ("exchange precision", _percent(exchanges["precision"])),
        ("exchange recall", _percent(exchanges["recall"])),
        ("B-cubed F1, campaign accounts", _number(score["b_cubed_campaign_accounts"]["f1"])),
        ("B-cubed F1, benign accounts", _number(score["b_cubed_benign_accounts"]["f1"])),
    )
    for line in lines:
        table.add_row(*line)
    return table


def render(score: Mapping[str, Any]) -> Group:
    """The score of `score.score` as a renderable for a `rich` console."""
    return Group(_campaigns(score["campaigns"]), _alarms(score["false_alarms_by_archetype"]), _totals(score))
