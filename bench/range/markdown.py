"""Writes `range.md`: all methods side by side, where hydrometer loses, and what stands behind the figures.

Everything comes from the result files beside it; what a file does not say is not said here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.table import grid, number

Row = dict[str, Any]
HYDROMETER = "hydrometer"
AT = " @ "
MATCHED = "matched"
SHOWN = (
    ("account_precision", "precision", 3), ("account_recall", "recall", 3),
    ("false_accounts_per_100k", "false accounts per 100k", 1),
    ("false_operators_per_100k", "false operators per 100k", 1),
    ("campaign_recall", "campaigns found", 3), ("false_campaigns", "false campaigns a world", 2),
    ("b_cubed_f1", "B-cubed F1", 3),
)  # fmt: skip
COST_SHOWN = (("seconds_per_million", "seconds for 1M exchanges", 0), ("peak_memory_mib", "peak MiB", 0))
TABLES = {
    "held_out": "Held-out worlds",
    "development": "Development worlds",
    "mixed": "Mixed worlds",
    "hard_benign": "Worlds of hard benign populations alone",
    "null": "Null worlds",
    "out_of_distribution": "Out-of-distribution worlds",
}
HEAD = """# The range

Written by `python -m bench.range` from the result files beside it; no figure is typed by hand. How it is
measured: [bench/range](../range/README.md).

A rival stands at up to three thresholds: *matched*, at hydrometer's own rate of false alarms on the development worlds;
*generous*, at 1 % of benign accounts there; *published*, as its authors set it. Brackets hold 95 % intervals: worlds
resampled, or exact where a share is nothing or everything. A dash means that the method has no such figure there.
"""


def write_markdown(folder: Path) -> None:
    """Write `range.md` into a results folder from the files of the range that it holds."""
    parts = [HEAD]
    for name, render in (("range", worlds), ("range_ablations", ablations), ("range_curves", curves)):
        path = folder / f"{name}.json"
        if path.exists():
            document = json.loads(path.read_text(encoding="utf-8"))
            parts += [*stamp(name, document), *render(document)]
    (folder / "range.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


def stamp(name: str, document: Row) -> list[str]:
    """What a part ran with; a partial run is marked."""
    settings = ", ".join(f"{key} {value:g}" for key, value in document["settings"].items())
    partial = "" if document["full"] else " **Partial run: not the published settings.**"
    return [f"`{name}.json`: hydrometer {document['version']}; {document['machine']}; {settings}.{partial}", ""]


def cell(one: Row | None, digits: int) -> str:
    """A value with its interval."""
    if one is None:
        return "–"
    return f"{number(one['value'], digits)}{interval(one['low'], one['high'], digits)}"


def interval(low: float | None, high: float | None, digits: int) -> str:
    """An interval in brackets; empty where there is none."""
    return "" if low is None or high is None else f" [{number(low, digits)}, {number(high, digits)}]"


def brief(document: Row) -> list[str]:
    """A short table for the folder's `README.md`: matched thresholds on held-out worlds, or on all without such."""
    chosen = next((name for name in ("held_out", "all") if name in document["groups"]), None)
    if chosen is None:
        return ["No world is finished."]
    methods = document["groups"][chosen]["methods"]
    matched = {name: figures for name, figures in methods.items() if name.partition(AT)[2] in ("", MATCHED)}
    count = len(document["groups"][chosen]["worlds"])
    said = (
        f"{count} worlds ({chosen.replace('_', '-')}), rivals at matched false alarms. All of it: [range.md](range.md)."
    )
    return [said, "", *method_grid(matched), "", f"Figures in which some rival is better: {losses_counted(document)}."]


def losses_counted(document: Row) -> str:
    """How many (worlds, figure) are lost, and that they are listed."""
    lost = {(row["worlds"], row["figure"]) for row in document["losses"]}
    return f"{len(lost)} (listed in range.md)" if lost else "none"


def worlds(document: Row) -> list[str]:
    """Tables of methods, losses, look-alikes, and what is missing."""
    lines = missing(document)
    for group, title in TABLES.items():
        if group in document["groups"]:
            lines += table(title, document["groups"][group])
    lines += cost(document["groups"]["all"]) if "all" in document["groups"] else []
    return [*lines, *losses(document), *archetypes(document), *own(document), *shuffled(document)]


def missing(document: Row) -> list[str]:
    """Methods and worlds that the tables below do without."""
    lines = [f"- absent: {name}: {reason}" for name, reason in document["absent"].items()]
    lines += [f"- not tuned, for want of scores on development worlds: {name}" for name in document["untuned"]]
    lines += [f"- failed: {row['step']} on {row['world']} seed {row['seed']}: {row['reason']}"
              for row in document["failed"]]  # fmt: skip
    lines += [f"- not finished: {name}" for name in document["unfinished"]]
    lines += [f"- not run, because it measures speed alone: {name}" for name in document["excluded"]]
    return ["## Missing", "", *(lines or ["Nothing."]), ""]


def table(title: str, group: Row) -> list[str]:
    """All methods on one group of worlds, hydrometer first."""
    said = f"Worlds: {', '.join(group['worlds'])}."
    return [f"## {title}", "", said, "", *method_grid(group["methods"]), ""]


def method_grid(methods: Mapping[str, Row]) -> list[str]:
    """One row for each method."""
    rows = [
        [shown_name(name), *(cell(figures.get(key), digits) for key, _, digits in SHOWN)]
        for name, figures in ordered(methods)
    ]
    return grid(["method", *(head for _, head, _ in SHOWN)], rows)


def cost(group: Row) -> list[str]:
    """Seconds and memory of every method over all worlds; no threshold changes them."""
    once = {name.partition(AT)[0]: figures for name, figures in ordered(group["methods"])}
    rows = [
        [shown_name(name), *(cell(figures.get(key), digits) for key, _, digits in COST_SHOWN)]
        for name, figures in once.items()
    ]
    said = "One process each, its start included, two side by side."
    return ["## Cost", "", said, "", *grid(["method", *(head for _, head, _ in COST_SHOWN)], rows), ""]


def ordered(methods: Mapping[str, Row]) -> list[tuple[str, Row]]:
    """Hydrometer, then the others by name and threshold."""
    return sorted(methods.items(), key=lambda one: (one[0] != HYDROMETER, one[0]))


def shown_name(name: str) -> str:
    """A method's name with its threshold."""
    method, _, point = name.partition(AT)
    shown = f"**{method}**" if method == HYDROMETER else method
    return f"{shown}, {point}" if point else shown


def losses(document: Row) -> list[str]:
    """The best rival of every (worlds, figure) in which hydrometer is not the best, and how many others are better."""
    best: dict[tuple[str, str], list[Row]] = {}
    for row in document["losses"]:
        best.setdefault((row["worlds"], row["figure"]), []).append(row)
    rows = [
        [
            f"{group}: {figure.replace('_', ' ')}", shown_name(label(first)),
            value_of(first, "rival"), value_of(first, "hydrometer"), said_apart(first["apart"]),
            number(first["rival_recall"], 3),
            number(first["rival_false_accounts_per_100k"], 1), str(len({row["rival"] for row in found})),
        ]
        for (group, figure), found in best.items() for first in found[:1]
    ]  # fmt: skip
    head = ["worlds: figure", "best rival", "rival", "hydrometer", "intervals apart", "rival's recall",
            "rival's false accounts per 100k", "rivals better"]  # fmt: skip
    said = (
        "Every group of worlds and figure in which a rival is better, with the best of them; all are in the file. A "
        "method that flags hardly anybody raises hardly any false alarm, and one that flags nearly everybody misses "
        "nearly nobody, so its recall and its false alarms stand beside."
    )
    return ["## Where hydrometer loses", "", said, "", *(grid(head, rows) if rows else ["Nowhere."]), ""]


def label(row: Row) -> str:
    """The label of a loss's rival in the tables."""
    return str(row["rival"]) + (f"{AT}{row['point']}" if row["point"] else "")


def value_of(row: Row, who: str) -> str:
    """One side's value with its interval."""
    low, high = row[f"{who}_interval"]
    return cell({"value": row[f"{who}_value"], "low": low, "high": high}, 3)


def said_apart(apart: bool | None) -> str:
    """Whether intervals are apart, in words."""
    return "–" if apart is None else "yes" if apart else "no"


def archetypes(document: Row) -> list[str]:
    """False alarms by benign population: hydrometer with its bound, rivals at the matched threshold."""
    own_rows = document["archetypes"].get(HYDROMETER, {})
    others = [name for name in document["archetypes"] if name != HYDROMETER]
    rows = [
        [
            archetype, f"{one['accounts']:,}", f"{one['operators']:,}", str(one["flagged_accounts"]),
            number(one["flagged_operators_per_100k_upper_95"], 1),
            *(str(document["archetypes"][name].get(archetype, {}).get("flagged_accounts", "–")) for name in others),
        ]
        for archetype, one in own_rows.items()
    ]  # fmt: skip
    head = ["benign population", "accounts", "operators", "flagged by hydrometer", "operators per 100k, 95 % bound",
            *(name.partition(AT)[0] for name in others)]  # fmt: skip
    said = "Benign accounts flagged over all worlds; rivals at the matched threshold."
    return ["## False alarms by benign population", "", said, "", *grid(head, rows), ""]


def own(document: Row) -> list[str]:
    """What only hydrometer says: false discoveries against q, time and leakage, calibration, by split."""
    said = {split: dict(own_rows(document, split)) for split in document["hydrometer"]}
    names = list(dict.fromkeys(name for rows in said.values() for name in rows))
    rows = [[name, *(found.get(name, "–") for found in said.values())] for name in names]
    return ["## Hydrometer alone", "", *grid(["", *(split.replace("_", "-") for split in said)], rows), ""]


def own_rows(document: Row, split: str) -> list[tuple[str, str]]:
    """Rows of one split."""
    summary = document["hydrometer"][split]
    alone = document["groups"][split]["methods"][HYDROMETER]
    rows = [("share of false discoveries", cell(alone.get("false_discovery"), 4))]
    time = summary["time"] or {}
    for name, head in (("leakage", "leakage"), ("hours_to_detectable", "hours to detectable")):
        for quantile, value in time.get(name, {}).items():
            rows.append((f"{head}, {quantile}", number(value, 2)))
    if time:
        rows.append(("campaigns never detectable", str(time["never_detectable"])))
    for part, table in (summary["calibration"] or {}).items():
        for name in ("brier", "calibration_error", "calibration_error_if_calibrated"):
            if isinstance(table, dict) and name in table:
                rows.append((f"{part.replace('_', ' ')}: {name.replace('_', ' ')}", number(table[name], 4)))
    return rows


def shuffled(document: Row) -> list[str]:
    """Hydrometer against shuffled labels."""
    one = document["shuffled"]
    if not one:
        return []
    rows = [
        ["worlds", str(one["worlds"])], ["accounts flagged", f"{one['flagged']:,}"],
        ["of them campaign accounts by the shuffled truth", f"{one['right']:,}"],
        ["by chance", number(one["by_chance_expected"], 1)],
        ["standard deviations from chance", number(one["deviations"], 2)],
        ["campaigns hit", f"{one['campaigns_hit']} of {one['campaigns_true']}"],
    ]  # fmt: skip
    return ["## Against shuffled labels", "", *grid(["", "figure"], rows), ""]


def ablations(document: Row) -> list[str]:
    """Each part switched off, on all worlds where that was done."""
    group = document["groups"].get("all")
    if group is None:
        return ["## Ablations", "", "No world has been ablated.", ""]
    heads = ["switched off", *(head for _, head, _ in SHOWN)]
    rows = [
        [name, *(cell(figures.get(key), digits) for key, _, digits in SHOWN)]
        for name, figures in group["methods"].items()
    ]
    said = (
        f"Worlds: {', '.join(document['worlds'])}; linked and judged again on the same fingerprints. With nothing "
        f"switched off {document['agree_with_scan']} of them agree with the scan in every count."
    )
    return ["## Ablations", "", said, "", *grid(heads, rows), ""]


def curves(document: Row) -> list[str]:
    """Pictures, and the attacker's cost where recall has fallen to one half."""
    lines = ["## Robustness curves", "", *([] if document["axes"] else ["No axis was run.", ""])]
    for axis, one in document["axes"].items():
        finished = [point for point in one["points"] if point["runs"]]
        picture = [f"![{axis}](range/{axis}.svg)", ""] if len(finished) > 1 else []
        rest = ", ".join(f"{value:g}" for value in one["unfinished"])
        lines += [f"### {axis.replace('_', ' ')}", "", one["said"], "", *picture]
        lines += [f"Not finished: {rest}.", ""] if rest else []
        lines += [*costs(one["at_half_recall"]), ""]
    return lines


def costs(halves: Mapping[str, Row]) -> Sequence[str]:
    """The attacker's cost multipliers of one axis."""
    rows = []
    for name, one in halves.items():
        many = one.get("multiplier") or one.get("multiplier_at_strongest") or {}
        where = number(one["value"], 2) if "value" in one else one["said"]
        rows.append([name.partition(AT)[0], where, number(many.get("accounts")), number(many.get("exchanges"))])
    head = ["method", "recall falls to one half at", "accounts a useful exchange, ×", "exchanges a useful exchange, ×"]
    return grid(head, rows)
