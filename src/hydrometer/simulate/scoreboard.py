"""A score as tables for the terminal: one line a campaign, one line a population that was harmed, the totals below.

One world fits a screen; all other figures are in the JSON document. Source: detection table, section 6.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from hydrometer.simulate.hard import difficulty

_NOTHING = "–"
_MOST_HARMED = 12
"""Harmed populations that are shown; the JSON document has all."""
_CAMPAIGN_HEADINGS = ("accounts", "Jaccard", "kind", "target", "after", "leakage", "share error")


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


def _hours(value: object) -> str:
    """Hours without digits."""
    return f"{value:,.0f} h" if isinstance(value, (int, float)) else _NOTHING


def _campaigns(entries: list[dict[str, Any]]) -> Table:
    """One line for each true campaign."""
    table = Table(title="True campaigns", title_justify="left")
    table.add_column("campaign", no_wrap=True)
    table.add_column("found")
    for heading in _CAMPAIGN_HEADINGS:
        table.add_column(heading, justify="right")
    for entry in entries:
        table.add_row(
            Text(str(entry["preset"])),
            Text(str(entry["level"]), style="green") if entry["hit"] else Text("no", style="red"),
            str(entry["accounts"]),
            _number(entry["jaccard"]),
            _verdict(entry["kind_right"]),
            _verdict(entry["capability_top1_right"]),
            _hours(entry["hours_to_detectable"]),
            _percent(entry["leakage"]),
            _number(entry["share_error"]),
        )
    return table


def _alarms(groups: Mapping[str, dict[str, Any]], sides: Mapping[str, dict[str, Any]]) -> Table:
    """One line for each benign population that was harmed, most harmed first, then the two sides of the split."""
    table = Table(title="Benign accounts flagged", title_justify="left")
    table.add_column("population")
    for heading in ("accounts", "flagged", "operators", "flagged operators", "per 100,000 ≤"):
        table.add_column(heading, justify="right")
    harmed = [item for item in groups.items() if item[1]["flagged_accounts"]]
    harmed.sort(key=lambda item: (-item[1]["flagged_accounts"], item[0]))
    for archetype, row in harmed[:_MOST_HARMED]:
        table.add_row(Text(archetype), *_alarm_cells(row), style="red")
    if len(harmed) > _MOST_HARMED:
        table.add_row(f"and {len(harmed) - _MOST_HARMED} more")
    table.add_section()
    for side, row in sides.items():
        unharmed = sum(difficulty(one) == side and not other["flagged_accounts"] for one, other in groups.items())
        table.add_row(f"all {side}, {unharmed} unharmed", *_alarm_cells(row))
    return table


def _alarm_cells(row: Mapping[str, Any]) -> list[str]:
    """Counts of a population, and the 95 % bound of its rate of flagged operators."""
    bound = row["flagged_operators_per_100k_upper_95"]
    counts = ("accounts", "flagged_accounts", "operators", "flagged_operators")
    return [*(f"{row[name]:,}" for name in counts), _NOTHING if bound is None else f"{bound:,.0f}"]


def _totals(score: Mapping[str, Any]) -> Table:
    """Figures over the whole world."""
    table = Table(title="Totals", title_justify="left", show_header=False)
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify)
    cells = [*_detection(score), *_quality(score)]
    half = (len(cells) + 1) // 2
    for first, second in zip_longest(cells[:half], cells[half:], fillvalue=("", "")):
        table.add_row(*first, *second)
    return table


def _detection(score: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is found and who is harmed."""
    accounts = score["accounts"]
    false = f"{accounts['false_operators']} of {accounts['benign_operators']}"
    return [
        ("campaigns found", f"{score['campaigns_hit']} of {score['campaigns_true']}"),
        ("false campaigns", str(score["false_campaigns"])),
        ("account precision", _percent(accounts["precision"])),
        ("account recall", _percent(accounts["recall"])),
        ("benign operators flagged", false),
        ("… per 100,000, 95 % upper bound", _number(accounts["false_operators_per_100k_upper_95"])),
        ("worth of a flag at 1 in 1,000", _percent(accounts["predictive_value"]["1e-3"]["value"])),
        ("… by the upper bound", _percent(accounts["predictive_value"]["1e-3"]["lower_95"])),
        ("benign operators merged in", str(score["clustering"]["harmful_merges"])),
    ]


def _quality(score: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How well what is found is told."""
    exchanges, shares, roles = score["exchanges"], score["shares"], score["roles"]
    members = score["calibration"]["members"]
    stated = f"{_number(members['calibration_error'])} ({_number(members['calibration_error_if_calibrated'])})"
    return [
        ("exchange precision", _percent(exchanges["precision"])),
        ("exchange recall", _percent(exchanges["recall"])),
        ("leakage, median campaign", _percent(score["time"]["leakage"]["median"])),
        ("B-cubed F1, campaign accounts", _number(score["b_cubed_campaign_accounts"]["f1"])),
        ("B-cubed F1, benign accounts", _number(score["b_cubed_benign_accounts"]["f1"])),
        ("share within 5 points", _percent(shares["within_5_points"])),
        ("share intervals that cover", _percent(shares["interval_coverage"])),
        ("victims taken for operators", f"{roles['victims_flagged_as_operators']} of {roles['victims']}"),
        ("calibration error (if calibrated)", stated),
    ]


def render(score: Mapping[str, Any]) -> Group:
    """The score of `score.score` as a renderable for a `rich` console."""
    alarms = _alarms(score["false_alarms_by_archetype"], score["false_alarms_by_difficulty"])
    return Group(_campaigns(score["campaigns"]), alarms, _totals(score))
