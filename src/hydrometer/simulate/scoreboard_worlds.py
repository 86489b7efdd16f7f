"""What several worlds say together as tables for the terminal: figures with intervals, campaigns by preset.

The JSON document has an interval for every figure; here are those by which a change is judged. Source: statistics
cookbook, section 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

_NOTHING = "–"
_SHOWN = {
    "campaign recall": "campaign_recall",
    "account precision": "accounts.precision",
    "account recall": "accounts.recall",
    "exchange precision": "exchanges.precision",
    "exchange recall": "exchanges.recall",
    "false campaigns": "false_campaigns",
    "benign operators flagged": "accounts.false_operators",
    "benign operators merged in": "clustering.harmful_merges",
    "B-cubed F1, campaign accounts": "b_cubed_campaign_accounts.f1",
    "B-cubed F1, benign accounts": "b_cubed_benign_accounts.f1",
    "leakage, median campaign": "time.leakage.median",
    "share within 5 points": "shares.within_5_points",
    "calibration error of members": "calibration.members.calibration_error",
}


def render_summary(summary: Mapping[str, Any]) -> Group:
    """The result of `score.over_worlds` as a renderable for a `rich` console."""
    return Group(_figures(summary["worlds"], summary["figures"]), _presets(summary["campaigns"]), _bounds(summary))


def _figures(worlds: int, figures: Mapping[str, Mapping[str, Any]]) -> Table:
    """One line for each figure: mean over worlds and its two intervals."""
    table = Table(title=f"Over {worlds} worlds", title_justify="left")
    table.add_column("figure")
    for heading in ("worlds", "mean", "95 %, bootstrap", "95 %, t"):
        table.add_column(heading, justify="right")
    for label, name in _SHOWN.items():
        row = figures.get(name)
        if row is None:
            table.add_row(label, "0", _NOTHING, _NOTHING, _NOTHING)
            continue
        both = (_interval(row["bootstrap_low"], row["bootstrap_high"]), _interval(row["t_low"], row["t_high"]))
        bound = row["worlds_that_differ_upper_95"]
        differ = both if bound is None else (f"other in ≤ {100 * bound:.0f} % of worlds", _NOTHING)
        table.add_row(label, str(row["worlds"]), _number(row["mean"]), *differ)
    return table


def _presets(presets: Mapping[str, Mapping[str, Any]]) -> Table:
    """One line for each preset."""
    table = Table(title="Campaigns by preset", title_justify="left")
    table.add_column("preset")
    for heading in ("found", "mean Jaccard", "mean leakage"):
        table.add_column(heading, justify="right")
    for preset, row in presets.items():
        found = _NOTHING if row["hit"] is None else f"{row['hit']} of {row['campaigns']}"
        table.add_row(Text(preset), found, _number(row["jaccard"]), _number(row["leakage"]))
    return table


def _bounds(summary: Mapping[str, Any]) -> Table:
    """What is claimed about harm: pooled counts with their bounds."""
    table = Table(title="Bounds", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    discovery, alarms = summary["false_discovery"], summary["pooled"]["false_alarms_by_difficulty"]
    table.add_row(
        "false discoveries, mean share", f"{_number(discovery['mean'])} (bound {_number(discovery['level'])})"
    )
    for label, kind in (
        ("worlds with a false discovery", "all_worlds"),
        ("… of those without a campaign", "null_worlds"),
    ):
        row = discovery[kind]
        table.add_row(label, f"{row['with_any']} of {row['worlds']}, share ≤ {_number(row['share_upper_95'])}")
    for side, row in alarms.items():
        bound = row["flagged_operators_per_100k_upper_95"]
        counts = f"{row['flagged_operators']:,} of {row['operators']:,}"
        table.add_row(f"{side} operators flagged", f"{counts}, per 100,000 ≤ {_number(bound)}")
    return table


def _number(value: object) -> str:
    """A figure with three digits."""
    return f"{value:.3f}" if isinstance(value, (int, float)) else _NOTHING


def _interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval."""
    return _NOTHING if low is None or high is None else f"{low:.3f} to {high:.3f}"
