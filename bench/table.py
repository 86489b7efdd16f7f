"""Writes `README.md` of a results folder from the result files in it, and from nothing else.

No figure is typed by hand: what the table says is what the files say. A file of a partial run is marked as such.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
HEAD = """# Results

Written by `python -m bench.table` from the files beside it. How each was measured: [bench](../README.md).
"""
MIB = 1024**2
LARGEST_PLAIN = 1e7
SHOWN_FEATURES = 15
MEDIAN_AND_LEAST = ("median", "least")


def write_table(folder: Path) -> None:
    """Write the table of all result files in `folder`."""
    parts = [HEAD]
    for name, (title, render) in SECTIONS.items():
        file = folder / f"{name}.json"
        if file.exists():
            document = json.loads(file.read_text(encoding="utf-8"))
            parts.append(section(title, document, render(document)))
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")


def section(title: str, document: Row, lines: list[str]) -> str:
    """One measurement: what it ran with, and its table."""
    settings = ", ".join(f"{name} {value:g}" for name, value in document["settings"].items())
    partial = "" if document["full"] else " **Partial run: not the published settings.**"
    said = f"hydrometer {document['version']}; {document['machine']}; {settings}.{partial}"
    return "\n".join([f"## {title}", "", said, "", *lines, ""])


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column to the left, figures to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(cells) + " |" for cells in [head, rule, *rows]]


def number(value: float | None, digits: int = 2) -> str:
    """A figure, or a dash where there is none; very large and very small ones with an exponent."""
    if value is None:
        return "–"
    plain = value == 0 or 10.0**-digits <= abs(value) < LARGEST_PLAIN
    return f"{value:,.{digits}f}" if plain else f"{value:.1e}"


def ranged(spread: Row | None, digits: int = 2) -> str:
    """Mean and range."""
    if spread is None:
        return "–"
    return f"{number(spread['mean'], digits)} ({number(spread['low'], digits)} to {number(spread['high'], digits)})"


def speed(document: Row) -> list[str]:
    """Seconds and memory."""
    one, world = document["summary"], document["world"]
    found = f"{world['campaigns_hit']} of {world['campaigns_true']}, {world['false_campaigns']} false"
    rows = [
        ["exchanges, accounts", f"{world['exchanges']:,}, {world['accounts']:,}"],
        ["`scan`, whole process, seconds", number(one["scan_seconds"], 1)],
        ["yardstick: one DuckDB pass, seconds", number(one["yardstick_seconds"], 3)],
        ["ratio", number(one["ratio"], 1)],
        ["exchanges a second", number(one["exchanges_per_second"], 0)],
        ["peak memory, MiB", number(one["peak_rss_bytes"] / MIB, 0)],
        ["run folder, bytes an exchange", number(world["run_folder_bytes_per_exchange"], 1)],
        ["campaigns found", found],
        ["benign accounts flagged", f"{world['benign_flagged']:,} of {world['benign_accounts']:,}"],
        *([f"stage {name}, seconds", number(value, 1)] for name, value in one["stage_seconds"].items()),
        ["`hydrometer --help`, seconds", number(one["help_seconds"], 2)],
        ["`hydrometer demo`, first time, seconds", number(one["demo_seconds_before_compilation"], 1)],
        ["`hydrometer demo`, again, seconds", number(one["demo_seconds"], 1)],
    ]
    count = len(document["repetitions"])
    said = f"Medians of {count} repetitions on {one['threads']} threads; load before: {one['load_before']:.1f}."
    return [said, "", *grid(["", "figure"], rows)]


def profile(document: Row) -> list[str]:
    """Where the time of a scan goes."""
    signals, stages = document["signals"], document["stage_seconds"]
    said = (
        f"{document['exchanges']:,} exchanges of {document['accounts']:,} accounts; {document['threads']} threads; "
        f"load before: {document['load_before']:.1f}."
    )
    parts = [
        grid(["stage", "seconds"], [[name, number(seconds, 1)] for name, seconds in stages.items()]),
        grid(
            ["of one exchange, on one thread", "microseconds of processor time"],
            [[name, number(value)] for name, value in signals["microseconds"].items()],
        ),
        dearest(document["statements"], "what the engine was asked", "wall_seconds", "processor_seconds"),
        dearest(document["functions"], "function of the main thread", "own_seconds", "whole_seconds"),
    ]
    return [said, *(line for part in parts for line in ["", *part])]


def dearest(rows: Sequence[Row], head: str, *seconds: str) -> list[str]:
    """What cost most, how often it was done, and its seconds."""
    said = [
        [f"`{row['what'].replace('|', ' ')}`", f"{row['times']:,}", *(number(row[name], 1) for name in seconds)]
        for row in rows
    ]
    return grid([head, "times", *(name.replace("_", " ") for name in seconds)], said)


def sizing(document: Row) -> list[str]:
    """What larger deployments need, by extrapolation."""
    rows = document["rows"]
    stages = list(rows[0]["stage_hours"])
    table = [
        ["exchanges; of these new", *(f"{row['exchanges']:,.0f}; {row['new']:,.0f}" for row in rows)],
        ["hours", *(number(row["hours"]) for row in rows)],
        *([f"of these {stage}", *(number(row["stage_hours"][stage]) for row in rows)] for stage in stages),
        ["memory, GB", *(number(row["memory_gigabytes"], 0) for row in rows)],
        [
            "disk: log, state, and as much to work in, GB",
            *(number(row["disk_gigabytes"], 0) for row in rows),
        ],
        ["US dollars for the cores", *(number(row["usd"]) for row in rows)],
        ["US dollars a month for the disk", *(number(row["usd_a_month_of_disk"], 0) for row in rows)],
    ]
    said = (
        "Not measured: derived from `growth` and `spark` by growth exponents; the prices above are assumed. "
        f"Spark over DuckDB on as many cores: {document['summary']['spark_ratio']:.1f}."
    )
    return [said, "", *grid(["", *(row["name"] for row in rows)], table)]


def growth(document: Row) -> list[str]:
    """What a scan costs as a log grows, by exchanges and by accounts."""
    one = document["summary"]
    said = (
        f"One scan each on {one['threads']} threads; load before: {one['load_before']:.1f}. From the first size to the"
        f" last exchanges grow by {one['growth']:.1f}, seconds by {one['time_ratio']:.1f}, memory by"
        f" {one['memory_ratio']:.1f}."
    )
    parts = [sizes(document[name]) for name in ("rows", "crowds") if document[name]]
    return [said, *(line for part in parts for line in ["", *part])]


def sizes(rows: Sequence[Row]) -> list[str]:
    """Sizes of one world side by side."""
    stages = list(rows[0]["stage_seconds"])
    table = [
        ["accounts", *(f"{row['accounts']:,}" for row in rows)],
        ["`scan`, whole process, seconds", *(number(row["scan_seconds"], 0) for row in rows)],
        ["its processor seconds, without looks", *(number(row["scan_processor_seconds"], 0) for row in rows)],
        ["yardstick: one DuckDB pass, seconds", *(number(row["yardstick_seconds"], 2) for row in rows)],
        ["ratio", *(number(row["ratio"], 0) for row in rows)],
        ["peak memory, looks included, MiB", *(number(row["peak_rss_bytes"] / MIB, 0) for row in rows)],
        ["state, bytes an exchange", *(number(row["state_bytes_per_exchange"], 0) for row in rows)],
        *([f"stage {name}, seconds", *(number(row["stage_seconds"][name], 1) for row in rows)] for name in stages),
        ["campaigns found", *(f"{row['campaigns_hit']} of {row['campaigns_true']}" for row in rows)],
        ["benign accounts flagged", *(f"{row['benign_flagged']:,} of {row['benign_accounts']:,}" for row in rows)],
    ]
    return grid(["exchanges", *(f"{row['exchanges']:,}" for row in rows)], table)


def incremental(document: Row) -> list[str]:
    """A day on top of an earlier run, beside a scan of all, stage by stage."""
    one = document["summary"]
    rows = [
        [f"stage {name}", number(whole, 1), number(one["day_stage_seconds"][name], 1),
         number(one["day_stage_seconds"][name] / max(whole, 1e-3), 2)]
        for name, whole in one["whole_stage_seconds"].items()
    ]  # fmt: skip
    rows.append(
        ["whole process", number(one["whole_seconds"], 1), number(one["day_seconds"], 1), number(one["ratio"], 2)]
    )
    count = len(document["repetitions"])
    said = (
        f"{one['exchanges_day']:,} exchanges of the last day on top of {one['exchanges_before']:,}; medians of"
        f" {count} repetitions on {one['threads']} threads; load before: {one['load_before']:.1f}."
        f" Target: {one['target_ratio']:g} of a scan of all. Processor time: {one['processor_ratio']:.2f}."
        f" Answers of looks kept: {one['looks_kept']:g}; differences between the runs: {one['differences']};"
        f" state: {one['state_bytes_per_exchange']:.0f} bytes an exchange."
    )
    return [said, "", *grid(["", "scan of all, seconds", "day, seconds", "ratio"], rows)]


def spark(document: Row) -> list[str]:
    """A scan on a cluster beside one on DuckDB, stage by stage."""
    one, (embedded, there) = document["summary"], document["rows"]
    rows = [
        [f"stage {name}", number(value, 1), number(there["stage_seconds"][name], 1),
         number(there["stage_seconds"][name] / max(value, 1e-3), 1)]
        for name, value in embedded["stage_seconds"].items()
    ]  # fmt: skip
    rows.append(["whole process", number(embedded["seconds"], 1), number(there["seconds"], 1), number(one["ratio"], 1)])
    said = (
        f"{one['exchanges']:,} exchanges of {one['accounts']:,} accounts; one scan each on {one['cores']} cores in"
        f" all: DuckDB with a thread each, Spark with {one['workers']} workers of one core each and its driver beside"
        f" them; load before: {one['load_before']:.1f}. All {one['files_identical']} files that must be the same are,"
        f" byte for byte. Target: a ratio of at most {one['target_ratio']:g}. One DuckDB pass over the log takes"
        f" {one['yardstick_seconds']:.2f} seconds; the scans are {number(one['yardstick_ratios']['duckdb'], 0)} and"
        f" {number(one['yardstick_ratios']['spark'], 0)} times that."
    )
    return [said, "", *grid(["", "DuckDB, seconds", "Spark, seconds", "ratio"], rows)]


def dossier(document: Row) -> list[str]:
    """Seconds and memory of a large dossier."""
    one, settings = document["summary"], document["settings"]
    rows = [
        [
            use, number(one[use]["seconds"], 1), number(one[use]["processor_seconds"], 1),
            number(one[use]["peak_rss_bytes"] / MIB, 0),
        ]
        for use in ("issue", "verify")
    ]  # fmt: skip
    return [
        f"A campaign of {settings['accounts']:,} accounts and {one['exchanges']:,} exchanges; medians of "
        f"{settings['repetitions']} whole processes (bound of the issue: 30 seconds); load before: "
        f"{one['load_before']:.1f}. The folder holds {one['dossier_bytes'] / MIB:,.0f} MiB.", "",
        *grid(["", "seconds", "processor seconds", "peak memory, MiB"], rows),
    ]  # fmt: skip


def link_scale(document: Row) -> list[str]:
    """Linking at scale, one column a variant."""
    variants: dict[str, Row] = document["variants"]
    each: list[tuple[str, Callable[[Row], str]]] = [
        ("accounts, unit-entity edges", lambda one: f"{one['accounts']:,}, {one['edges']:,}"),
        ("most others that a planted account shares a card or line with", lambda one: str(one["most_partners"])),
        ("link, seconds (bound: 60)", lambda one: number(one["link_seconds"], 1)),
        ("processor seconds, whole process", lambda one: number(one["processor_seconds"], 1)),
        ("peak memory, MiB (bound: 4,096)", lambda one: number(one["peak_rss_bytes"] / MIB, 0)),
        ("candidates; of the network; one hand",
         lambda one: f"{one['candidates']}; {one['candidates_of_the_network']}; {one['proven']}"),
        ("most bits of H1", lambda one: number(one["most_bits"], 1)),
        ("largest candidate, share of the network", lambda one: number(one["largest_candidate_share"], 3)),
        ("members: recall (target: .90)", lambda one: number(one["recall"], 3)),
        ("members: precision", lambda one: number(one["precision"], 3)),
    ]  # fmt: skip
    stages = next(iter(variants.values()))["seconds"]
    rows = [[what, *(say(one) for one in variants.values())] for what, say in each]
    rows += [
        [f"{stage}, seconds", *(number(one["seconds"][stage], 1) for one in variants.values())] for stage in stages
    ]
    return [f"Load before: {document['load_before']:.1f}.", "", *grid(["", *variants], rows)]


def steering(document: Row) -> list[str]:
    """What each way of steering adds to H1, and the statistics that were left out."""
    worlds = document["worlds"]
    ways = {way: [world["ways"][way] for world in worlds] for way in worlds[0]["ways"]}
    rows = [
        [
            way,
            *(each([one["bits"].get(name) for one in found], 1) for name in ("synchrony", "urn_signature")),
            *(each([one[name] for one in found], 1) for name in ("h1_bits", "h1_bits_without")),
            *(each([one[name] for one in found], 4) for name in ("q", "q_without")),
            each([one["members"] for one in found], 0),
            each([one["innocent"] for one in found], 0),
            each([most(one["twins_most_bits"].values()) for one in found], 1),
        ]
        for way, found in ways.items()
    ]
    head = [
        "way",  "synchrony, bits", "signatures and sessions, bits", "H1, bits", "H1 without both", "q",
        "q without both", "members", "innocent", "most bits of either in benign candidates",
    ]  # fmt: skip
    return [*grid(head, rows), "", *left_out(ways)]


def replacements(document: Row) -> list[str]:
    """Accounts that took over from banned ones."""
    head = [
        "seed",
        "replacements",
        "listed members in the end",
        "within 24 hours",
        "median, hours",
        "first listing after, hours",
    ]
    rows = [
        [
            str(world["seed"]), str(world["replacements"]), str(world["linked"]), str(world["linked_within"]),
            number(world["median_hours"], 1), number(world["listed_after_hours"], 0),
        ]
        for world in document["worlds"]
    ]  # fmt: skip
    one = document["summary"]
    share = one["linked_within"] / one["replacements"]
    return [f"Linked within 24 hours of their first exchange: {share:.3f} (target: .90).", "", *grid(head, rows)]


def left_out(ways: dict[str, list[Row]]) -> list[str]:
    """Statistics that the product does not have, on true accounts."""
    balanced, replaced, moved = (ways[way] for way in ("loads balanced", "bans replaced", "moved at the release"))
    rows = [
        ["variance ratio, balanced pool", each([one["variance_ratio"]["steered"]["ratio"] for one in balanced], 2)],
        ["… its lower-tail p", each([one["variance_ratio"]["steered"]["p_low"] for one in balanced], 3)],
        ["begins near bans; after them (time share that is after one)", "; ".join(
            f"{one['after_bans']['own']}; {one['after_bans']['own_after']} ({one['after_bans']['time_share']:.2f})"
            for one in replaced
        )],
        ["… of strangers", "; ".join(
            f"{one['after_bans']['strangers']}; {one['after_bans']['strangers_after']}" for one in replaced
        )],
    ]  # fmt: skip
    for kind in ("steered", "release_enthusiast", "editor_user"):
        found = [one["switch"][kind] for one in moved if kind in one["switch"]]
        said = each([one["hours"] for one in found], 1), each([one["strangers_hours"] for one in found], 1)
        p = each([one["p"] for one in found], 3)
        rows.append(
            [f"half of {kind} turned to the new model within, hours", f"{said[0]} (strangers {said[1]}, p {p})"]
        )
    return grid(["looked at and left out", "one figure a seed"], rows)


def each(values: Sequence[float | None], digits: int) -> str:
    """One figure a seed."""
    return ", ".join(number(value, digits) for value in values)


def most(values: Iterable[float | None]) -> float | None:
    """The largest of those that are there."""
    return max((value for value in values if value is not None), default=None)


def false_alarms(document: Row) -> list[str]:
    """False alarms over worlds, and on whom they fall."""
    rows = [
        [
            name, str(one["worlds"]), str(one["worlds_with_a_listed_group"]), number(one["upper_95_of_their_rate"], 3),
            f"{one['accounts']:,}", str(one["accounts_listed"]), f"{one['groups_judged']:,}", str(one["groups_listed"]),
            number(one["best_bits"], 1),
        ]
        for name, one in [
            ("all", document["summary"]), *document["by_split"].items(), *document["by_world"].items(),
        ]
    ]  # fmt: skip
    head = ["", "worlds", "with a listed group", "95 % bound of their rate", "accounts", "flagged", "groups judged",
            "listed", "most bits of a group"]  # fmt: skip
    parts = [*grid(head, rows)]
    for kind, found in document["alarms"].items():
        parts += ["", *grid([kind, *ALARM_HEAD], [alarm(value, one) for value, one in found.items()])]
    return parts


ALARM_HEAD = ("accounts", "flagged", "operators", "flagged", "of 100,000 operators, 95 % bound")


def alarm(value: str, one: Row) -> list[str]:
    """One row of the hard-negative table."""
    bound = number(one["flagged_operators_per_100k_upper_95"], 0)
    return [value, f"{one['accounts']:,}", str(one["flagged_accounts"]), f"{one['operators']:,}",
            str(one["flagged_operators"]), bound]  # fmt: skip


def demo(document: Row) -> list[str]:
    """How well the demo's campaigns are found."""
    one = document["summary"]
    rows = [
        [
            preset, f"{entry['hits']} of {entry['of']}", ranged(entry["jaccard"], 3), ranged(entry["leakage"]),
            ranged(entry["share_error"], 3), ranged(entry["q_value"], 4), ranged(entry["operator_bits"], 0),
            ranged(entry["extraction_bits"], 1),
        ]
        for preset, entry in one["campaigns"].items()
    ]  # fmt: skip
    head = ["campaign", "found", "Jaccard of members", "leakage", "share error", "q", "H1 bits", "H2 bits"]
    flagged = ", ".join(f"{name} {count}" for name, count in one["benign_flagged_by_archetype"].items()) or "none"
    whole = [
        ["precision over accounts", ranged(one["account_precision"], 3)],
        ["recall over accounts", ranged(one["account_recall"], 3)],
        ["precision over exchanges", ranged(one["exchange_precision"], 3)],
        ["recall over exchanges", ranged(one["exchange_recall"], 3)],
        ["benign accounts flagged a world", ranged(one["benign_flagged"], 1)],
        ["false campaigns, all worlds", str(one["false_campaigns"])],
    ]
    said = f"Benign accounts flagged in all worlds, of {one['benign_accounts']:,}: {flagged}."
    return ["Mean, and range over worlds.", "", *grid(head, rows), "", *grid(["", "figure"], whole), "", said]


def kinds(document: Row) -> list[str]:
    """Kinds of groups and roles of accounts."""
    one = document["summary"]
    roles = [
        [
            role,
            f"{row['true']:,}",
            f"{row['listed']:,}",
            part(row["right"], row["listed"]),
            part(row["right"], row["true"]),
        ]
        for role, row in one["roles"].items()
    ]
    campaigns = [
        [
            f"{entry['preset']} ({entry['kind'].replace('_', ' ')})", f"{seed['seed']}",
            "yes" if entry["hit"] else "no",
            "–" if entry["kind_right"] is None else "yes" if entry["kind_right"] else "no",
            number(entry["share_error"], 3),
        ]
        for seed in document["seeds"]
        for world in seed["worlds"]
        for entry in world["campaigns"]
    ]  # fmt: skip
    called = [[row["people"], row["kind"], row["level"], f"{row['groups']}"] for row in one["called"]]
    return [
        f"Kinds of found campaigns: {one['kinds_right']} of {one['found']} right. Victims called operators: "
        f"{one['victims_flagged_as_operators']}. Customers flagged: {one['customers_flagged']}. Benign accounts "
        f"flagged: {one['benign_flagged']}.",
        "",
        *grid(["campaign (kind)", "seed", "found", "kind right", "share error"], campaigns),
        "",
        *grid(["role", "true", "listed", "precision", "recall"], roles),
        "",
        "What groups of one population that are not listed are called:",
        "",
        *grid(["population", "kind", "level", "groups"], called),
    ]


def part(some: int, whole: int) -> str:
    """A share with three digits."""
    return number(some / whole, 3) if whole else "–"


def facts(document: Row) -> list[str]:
    """Facts of cases against the truth."""
    one = document["summary"]
    onset, shown, stated = (
        ", ".join(f"{count} within {hours} h" for hours, count in one[name].items())
        for name in ("onset_within", "shown_within", "stated_by")
    )
    said = [
        f"Campaigns found: {one['found']} of {one['campaigns']}. First capability: the one most aimed at in "
        f"{one['top1_right']} of them, one that is aimed at in {one['top1_among']}.",
        f"Campaigns that turned to a new model: {one['pivots']}; said of {one['pivots_said']}, with an onset {onset} "
        f"of the true one, and recognisable {shown} of it. Stated by runs over the log up to then: {stated}. "
        f"Said of campaigns that did not turn: {one['false_pivots_of_campaigns']}.",
        f"False pivots among {one['benign_looked_at']:,} benign groups and releases: "
        f"{one['benign_false_pivots']}, with 95 % at most {number(one['false_pivots_per_1000_upper_95'], 1)} per "
        "1,000.",
    ]
    taken = [
        [
            name.replace("_", " "),
            *(
                cell
                for kind in ("listed", "in_all")
                for cell in (f"{row[kind]['right']} of {row[kind]['told']}", number(row[kind]["largest_error"], 3))
            ),
            f"{row['in_range']} of {row['ranges']}",
        ]
        for name, row in one["impact"].items()
    ]
    campaigns = [
        [
            f"{world['world']} {world['seed']}: {entry['preset'].replace('_', ' ')}", number(entry["jaccard"]),
            "–" if "taken" not in entry else "yes" if entry["top1_right"] else "no",
            number(entry.get("onset_error_h"), 1), number(entry.get("shown_after_h"), 1),
            *(number(entry.get("taken", {}).get("exchanges", {}).get(kind), 3) for kind in ("listed", "in_all")),
        ]
        for world in document["worlds"]
        for entry in world["campaigns"]
    ]  # fmt: skip
    null = [
        [
            f"{row['shape']}{', events in the last third' if row['late'] else ''}", f"{row['series']:,}",
            *(number(share, 3) for share in row["at_most"].values()), number(row["largest_excess"], 3),
        ]
        for row in document["roadmap"]
    ]  # fmt: skip
    head = [
        "campaign",
        "Jaccard",
        "first aim right",
        "onset, h off",
        "shown, h after",
        "exchanges listed, error",
        "in all, error",
    ]
    levels = [f"p ≤ {level}" for level in document["roadmap"][0]["at_most"]]
    impact = [
        "impact", "listed: within 5 %", "largest error", "in all: within 5 %", "largest error", "range holds the truth",
    ]  # fmt: skip
    return [
        *said, "", *grid(impact, taken), "", *grid(head, campaigns),
        "", "P-values of an alignment with a timeline, on made-up series without one:", "",
        *grid(["series", "number", *levels, "largest excess"], null),
    ]  # fmt: skip


def indicators(document: Row) -> list[str]:
    """How often builders and benign operators show each flag, and the likelihood ratio."""
    rows = [
        [
            flag.replace("_", " "), f"{one['campaign_shown']} of {one['campaign']:,}",
            f"{one['benign_shown']:,} of {one['benign']:,}",
            f"{number(one['likelihood_ratio'], 1)} ({number(one['low'], 1)} to {number(one['high'], 1)})",
        ]
        for flag, one in document["flags"].items()
    ]  # fmt: skip
    head = ["indicator", "builders that show it", "benign operators", "likelihood ratio, with 95 % interval"]
    worlds = ", ".join(f"{one['world']} {one['seed']}" for one in document["worlds"])
    return [*grid(head, rows), "", f"Operators of simulated worlds ({worlds}); they say nothing about another log."]


def gateway(document: Row) -> list[str]:
    """Limits of small logs."""
    one = document["summary"]
    bounds = f"{number(one['found_rate_low_95'])} to {number(one['found_rate_high_95'])}"
    names = {"jaccard": "Jaccard of members", "q_value": "q", "operator_bits": "H1 bits", "extraction_bits": "H2 bits"}
    rows = [[said, ranged(one["where_found"][name]), ranged(one["where_missed"][name])] for name, said in names.items()]
    return [
        f"Found in {one['found']} of {one['worlds']} worlds (95 % interval of the rate: {bounds}). Benign accounts "
        f"flagged a world: {ranged(one['benign_flagged'], 1)}. Where it was missed, the figures are those of the group "
        "that came closest.",
        "",
        *grid(["", "found", "missed"], rows),
    ]


def h1_null(document: Row) -> list[str]:
    """The H1 e-value of strangers; sides in the file's table, single families in the file alone."""
    rows = [
        [f"{sort}, tested on {on.removeprefix('side:')}", *e_value_cells(one)]
        for sort, entries in document["summary"].items()
        for on, one in entries.items()
        if on.startswith("side:")
    ]
    head = ["unrelated accounts of", "groups", "mean e", "e ≥ 20", "e ≥ 100", "99 % quantile, bits", "most bits"]
    said = (
        "Share of groups at each e-value with its 95 % upper bound; allowed: .05 at 20, .01 at 100, and a mean of 1. "
        "Figures for single families are in the file."
    )
    return ["![shares at or above each e-value](h1_null.svg)", "", said, "", *grid(head, rows)]


def e_value_cells(one: Row) -> list[str]:
    """Figures of one sort of groups on one side."""
    interval = one["mean_e_95"]
    bounds = f" ({number(interval[0], 3)} to {number(interval[1], 3)})" if interval else ""
    shares = [
        f"{number(one['share_at_least'][level], 4)} (≤ {number(one['upper_95_of_share'][level], 4)})"
        for level in ("20", "100")
    ]
    quantile = number(one["quantiles_bits"]["0.99"], 1)
    return [f"{one['groups']:,}", number(one["mean_e"], 3) + bounds, *shares, quantile, number(one["highest_bits"], 1)]


def leakage(document: Row) -> list[str]:
    """The features that say most, and the columns that are allowed to."""
    one, rows = document["summary"], document["features"]
    above = ", ".join(f"`{name}`" for name in one["above_limit"]) or "none"
    said = (
        f"{one['features']} features of {one['accounts']:,} accounts, {one['campaign_accounts']:,} of them in "
        f"campaigns of {len(one['worlds'])} worlds. Above the limit of {number(one['limit'])}: {above}. Best of all "
        f"features under shuffled labels: {ranged(one['best_by_chance'], 3)}. The {SHOWN_FEATURES} highest; all are in "
        "the file. Words are judged on the half of the accounts that their order was not learnt from."
    )
    cells = [
        [f"`{row['feature']}`", number(row["judged"], 3), number(row["in_sample"], 3), number(row["held_out"], 3)]
        for row in rows[:SHOWN_FEATURES]
    ]
    worlds = [
        [row["world"], f"{row['campaign_accounts']:,}", f"`{row['feature']}`", number(row["judged"], 3)]
        for row in one["worlds"]
    ]
    allowed = [
        [f"`{column}`", number(entry["highest"], 3), entry["why"]] for column, entry in one["exceptions"].items()
    ]
    return [
        said, "", *grid(["feature", "judged", "in sample", "held out"], cells), "",
        "Each world by itself:", "", *grid(["world", "campaign accounts", "highest feature", "judged"], worlds), "",
        "Columns that may exceed the limit:", "", *grid(["column", "highest", "why"], allowed), "",
        *(pairs(one["pairs"]) if "pairs" in one else []),
    ]  # fmt: skip


def pairs(one: Row) -> list[str]:
    """What cells of two views catch: all of them together, and the largest."""
    held_out, in_sample = one["held_out"], one["in_sample"]
    said = (
        f"Pairs of {one['views']} views: cells of at least {one['smallest']} accounts, {100 * one['pure']:.0f} % of "
        f"them in campaigns. Chosen on one half of {one['accounts']:,} accounts and measured on the other, they catch "
        f"{percent(held_out['caught'])} of {one['campaign_accounts']:,} campaign accounts with "
        f"{number(held_out['false_alarms'], 0)} false alarms per {one['per']:,} benign accounts; chosen on all "
        f"accounts, {percent(in_sample['caught'])} with {number(in_sample['false_alarms'], 0)}. {one['cells']:,} cells "
        "count in all. *Alone*: the share of campaign accounts at each of the two values, whatever the other; *new*: "
        "campaign accounts in no row above."
    )
    shares = [
        [world, percent(share), percent(in_sample["worlds"][world])] for world, share in held_out["worlds"].items()
    ]
    return [
        said, "", "The largest cells:", "", *cells(one["largest"]), "",
        "Always the cell with most campaign accounts that no row above has:", "", *cells(one["cover"]), "",
        "Campaign accounts caught in each world:", "", *grid(["world", "held out", "in sample"], shares),
    ]  # fmt: skip


def cells(rows: Sequence[Row]) -> list[str]:
    """Cells of pairs of views."""
    lines = [
        [
            " & ".join(f"`{view}` {value}" for view, value in zip(row["views"], row["values"], strict=True)),
            f"{row['campaign_accounts']:,} of {row['accounts']:,}", " and ".join(percent(one) for one in row["alone"]),
            str(row["worlds"]), f"{row['new']:,}",
        ]
        for row in rows
    ]  # fmt: skip
    return grid(["cell", "campaign accounts", "alone", "worlds", "new"], lines)


def percent(share: float | None) -> str:
    """A share in percent, or a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def the_range(document: Row) -> list[str]:
    """Hydrometer and the rivals at matched false alarms on held-out worlds (on all, where none is held out)."""
    from bench.range.markdown import brief

    return brief(document)


def generation(document: Row) -> list[str]:
    """Making worlds."""
    one = document["summary"]
    largest, slowest = one["largest"], one["slowest_usual"]
    rows = [
        ["world, at full size", f"`{largest['world']}`"],
        ["exchanges, accounts", f"{largest['exchanges']:,}, {largest['accounts']:,}"],
        ["seconds", number(largest["wall_seconds"], 1)],
        ["exchanges a second", number(one["exchanges_per_second"], 0)],
        ["largest process, MiB", number(largest["largest_process_bytes"] / MIB, 0)],
        [f"all {one['processes']} processes, MiB at most", number(one["memory_bytes_at_most"] / MIB, 0)],
        ["bytes on disk an exchange", number(largest["bytes"] / largest["exchanges"], 0)],
        ["slowest world at its usual scale", f"`{slowest['world']}`, {number(slowest['wall_seconds'], 1)} s"],
        ["worlds made", str(len(document["worlds"]))],
    ]
    return grid(["", "figure"], rows)


def harvest(document: Row) -> list[str]:
    """How campaigns are ranked by weights that never saw them, and whom the library holds."""
    rows = [
        [
            one["campaign"].replace("_", " "), str(one["groups"]),
            *(number(one[f"{name}_{which}_bits"], 1) for name in ("profile", "form") for which in ("median", "least")),
        ]
        for one in document["left_out"]
    ]  # fmt: skip
    head = ["campaign left out", "groups", "profile, median bits", "least", "form, median bits", "least"]
    held = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in document["library"].items())
    most = math.log2(document["operators"] + 1)
    said = f"A library of {document['operators']:,} benign operators allows {most:.1f} bits: {held}."
    return [*grid(head, rows), "", said]


def wallets(document: Row) -> list[str]:
    """Groups in outside data."""
    one = document["table"]
    said = (
        f"{one['accounts']:,} wallets, {one['flagged']:,} flagged, {one['flagged_in_a_group']:,} of them in "
        f"{one['true_groups']:,} groups (median {number(one['median_size'], 0)} wallets). No scan looks at groups of "
        f"fewer than {one['smallest']}: {one['accounts_in_groups_below_smallest']:,} wallets are in such, and simpler "
        "ways are held to the same. With 95 % intervals by resampling groups. Precision is the flagged share: a wallet "
        "that was not flagged need not be innocent. The reviewers followed transfers between wallets, so that recall "
        "on all transfers repeats their work; `components of transfers between wallets` says how far."
    )
    lines = [said]
    for reach in dict.fromkeys(view["reach"] for view in document["views"]):
        views = [view for view in document["views"] if view["reach"] == reach]
        rows = [
            [f"{view['view']}, {bar}", *agreement_cells(entry["members"])]
            for view in views
            for bar, entry in view["bars"].items()
        ]
        rows += [[way["way"], *agreement_cells(way)] for way in document["simpler"] if way["reach"] == reach]
        head = [
            "groups by",
            "groups",
            "accounts",
            "precision",
            "recall",
            "B-cubed precision",
            "B-cubed recall",
            "B-cubed F1",
        ]
        lines += ["", f"### {reach.capitalize()}", "", *grid([*head, "pair precision", "pair recall"], rows)]
    return [*lines, "", *provable(document["views"]), "", *co_action(document["corpora"])]


def agreement_cells(one: Row) -> list[str]:
    """Figures of one grouping against labels."""
    names = ["precision", "recall", *(f"b_cubed_{name}" for name in ("precision", "recall", "f1"))]
    values = [one[name] for name in [*names, "pairwise_precision", "pairwise_recall"]]
    return [
        f"{one['groups']:,}",
        f"{one['accounts']:,}",
        *(f"{number(v['value'], 3)} ({number(v['low'])} to {number(v['high'])})" if v else "–" for v in values),
    ]


def provable(views: list[Row]) -> list[str]:
    """Where the test abstains, what could be proven, and what is left when the testing side is dealt anew."""
    rows = [
        [
            f"{view['view']}, {view['reach']}", " to ".join(str(end) for end in sorted({entry["from"], entry["to"]})),
            f"{entry['groups']:,}",
            f"{entry['untested']:,}", f"{entry['e_20']:,}", f"{entry['e_100']:,}", f"{entry['groups_half_found']:,}",
            f"{entry['accounts_found']:,} of {entry['accounts']:,}",
        ]
        for view in views
        for entry in view["true_groups"]
    ]  # fmt: skip
    head = ["view", "accounts", "true groups", "test abstains", "e ≥ 20", "e ≥ 100", "half found", "accounts found"]
    abstained = [
        [
            f"{view['view']}, {view['reach']}", f"{view['candidates']:,}", f"{view['candidates_untested']:,}",
            f"{view['accounts_in_untested_candidates']:,}", f"{view['dealt_anew']['tested']:,}",
            f"{view['dealt_anew']['e_20']:,}", f"{view['dealt_anew']['e_100']:,}", number(view["dealt_anew"]["mean_e"]),
        ]
        for view in views
    ]  # fmt: skip
    again = ["view", "candidates", "test abstains", "accounts in these"]
    return [
        "The true groups, had they been known: where the test abstains (five members must show a family), and how many "
        "it would prove; and how much of them was found in candidates with e ≥ 100.",
        "",
        *grid(head, rows),
        "",
        "Candidates on which the test abstains; and the same candidates tested after the testing side was dealt anew "
        "within its strata, when no group may be proven but by chance (mean e at most 1).",
        "",
        *grid([*again, "tested on dealt profiles", "e ≥ 20", "e ≥ 100", "mean e"], abstained),
    ]


def co_action(corpora: list[Row]) -> list[str]:
    """Groups of co-action as recorded and dealt anew."""
    hows = list(corpora[0]["dealt"])
    rows = [
        [
            f"{row['corpus']} ({row['acts']})", row["split"], f"{row['window_s']:,}", f"{row['accounts']:,}",
            f"{row['recorded']['candidates']:,} ({row['recorded']['untested']:,})",
            f"{row['recorded']['e_100']:,} ({row['recorded']['accounts']:,})",
            *(f"{number(one['mean'], 1)} (most {one['most']})" for one in (row["dealt"][how]["e_100"] for how in hows)),
        ]
        for row in corpora
    ]  # fmt: skip
    head = ["corpus", "families by", "window, s", "accounts", "candidates (untested)", "e ≥ 100 (accounts)"]
    count = corpora[0]["dealt"][hows[0]]["permutations"]
    return [
        "### Co-action without labels",
        "",
        f"Groups with e ≥ 100 as recorded, and their mean number over {count} times that the events were dealt anew. "
        "Where a group alone uses its objects, or its accounts act on one object alone, the first two ways leave it as "
        "it is.",
        "",
        *grid([*head, *hows], rows),
    ]


def signals(document: Row) -> list[str]:
    """Microseconds of the fingerprint pass."""
    one = document["summary"]
    rows = [
        [
            f"{case['bytes']:,} bytes, {case['texts'].replace('_', ' ')}", f"{case['exchanges']:,}",
            *(number(case[name]) for name in ("yardstick_us", "text_us", "whole_us")),
            *(number(case[name], 1) for name in ("text_ratio", "whole_ratio")),
        ]
        for case in one["cases"]
    ]  # fmt: skip
    head = ["prompts", "exchanges", "yardstick, µs", "text, µs", "all signals, µs", "text, ratio", "all signals, ratio"]
    parts = ", ".join(f"{name.replace('_', ' ')} {number(value)}" for name, value in one["signals"].items())
    said = f"Processor time of one thread an exchange, medians; load before: {one['load_before']:.1f}."
    return [said, "", *grid(head, rows), "", f"Of the world's exchanges, by part: {parts}."]


def no_content(document: Row) -> list[str]:
    """What a scan without content loses."""
    one, truth = document["summary"], document["summary"]["metadata"]
    ways = [one["content"], one["content_free"]]
    rows = [
        ["campaigns found", *(f"{way['hits']} of {way['campaigns']}" for way in ways)],
        ["recall, with 95 % interval", *(
            f"{number(way['recall'])} ({number(way['recall_low_95'])} to {number(way['recall_high_95'])})"
            for way in ways
        )],
        ["benign accounts flagged", *(f"{way['benign_flagged']} of {way['benign_accounts']:,}" for way in ways)],
        ["… per 100,000", *(number(way["flagged_per_100k"], 1) for way in ways)],
        ["false campaigns", *(str(way["false_campaigns"]) for way in ways)],
        ["candidates judged a world", *(ranged(way["groups_judged"], 1) for way in ways)],
        *(
            [f"not found: {name.replace('_', ' ')}", *(str(way["lost"][name]) for way in ways)]
            for name in ways[0]["lost"]
        ),
    ]  # fmt: skip
    families = [name for name in next(iter(truth["campaigns"].values())) if name.startswith("without_")]
    bits = [
        [
            kind.replace("_", " "),
            str(entry["worlds"]),
            *(number(entry[name]["mean"], 1) for name in ("bits", *families)),
        ]
        for kind, entry in truth["campaigns"].items()
    ]
    benign = truth["benign"]
    said = (
        f"The e-value of metadata on {benign['operators']:,} benign operators of five accounts or more: mean "
        f"{number(benign['mean_e'])}, at least 20 in {percent(benign['share_e_20'])}, at least 100 in "
        f"{percent(benign['share_e_100'])}, {number(benign['most_bits'], 1)} bits at most."
    )
    told = "Bits of metadata on whole true campaigns, means over worlds: with all figures, and without each family."
    head = ["campaign", "worlds", "bits", *(name.replace("_", " ") for name in families)]
    return [*grid(["", "with content", "content-free"], rows), "", said, "", told, "", *grid(head, bits), "", *lost_in(
        document["worlds"]
    )]  # fmt: skip


def lost_in(worlds: list[Row]) -> list[str]:
    """Campaign by campaign, the group that comes closest."""
    rows = []
    for world in worlds:
        for full, bare in zip(world["content"]["campaigns"], world["content_free"]["campaigns"], strict=True):
            cells = [f"{world['world']} {world['seed']}: {full['preset'].replace('_', ' ')}", f"{full['accounts']:,}"]
            for one in (full, bare):
                near = one["closest"] or {}
                both = (near.get("operator_bits"), near.get("extraction_bits"))
                cells += ["yes" if one["hit"] else "no", number(near.get("jaccard"))]
                cells.append(" / ".join(number(value, 1) for value in both))
            rows.append(cells)
    ways = ("content", "content-free")
    head = [
        "campaign",
        "accounts",
        *(f"{name}, {way}" for way in ways for name in ("found", "Jaccard", "H1 / H2 bits")),
    ]
    return grid(head, rows)


def metadata(document: Row) -> list[str]:
    """How campaigns are ranked by metadata: by weights that never saw them, and by those fitted beside wording."""
    rows = [
        [
            one["campaign"].replace("_", " "), str(one["groups"]),
            *(number(one[f"{name}_{which}_bits"], 1) for name in ("metadata", "harvest") for which in MEDIAN_AND_LEAST),
        ]
        for one in document["left_out"]
    ]  # fmt: skip
    head = ["campaign left out", "groups", "metadata, median bits", "least", "by `harvest.yaml`, median bits", "least"]
    most = math.log2(document["operators"] + 1)
    return [*grid(head, rows), "", f"A library of {document['operators']:,} benign operators allows {most:.1f} bits."]


def clumping(document: Row) -> list[str]:
    """Shares of benign groups at each e-value, by the rate of clumping; all sorts of groups together."""
    rows = []
    for family, sorts in document["summary"].items():
        for rate, one in sorted(sorts["all"].items(), key=lambda entry: float(entry[0])):
            granted = " (granted)" if float(rate) == document["granted"][family] else ""
            shares = [
                f"{number(one['share_at_least'][level], 4)} (≤ {number(one['upper_95_of_share'][level], 4)})"
                for level in ("20", "100")
            ]
            rows.append(
                [f"{family}, η = {rate}{granted}", f"{one['groups']:,}", *shares, number(one["highest_bits"], 1)]
            )
    said = (
        "Natural groups of worlds without a campaign, households and small pools whole in them. Share at each e-value "
        "with its 95 % upper bound; allowed: .05 at 20, .01 at 100. By sort of group in the file."
    )
    return [said, "", *grid(["family and rate", "groups", "e ≥ 20", "e ≥ 100", "most bits"], rows)]


SECTIONS: dict[str, tuple[str, Callable[[Row], list[str]]]] = {
    "speed": ("Speed and memory", speed),
    "growth": ("Growth", growth),
    "sizing": ("Sizes, extrapolated", sizing),
    "profile": ("Where the time of a scan goes", profile),
    "spark": ("Spark beside DuckDB", spark),
    "incremental": ("A day on top of an earlier run", incremental),
    "false_alarms": ("Worlds without a campaign", false_alarms),
    "link_scale": ("Linking at scale", link_scale),
    "steering": ("How pools are steered", steering),
    "replacements": ("Accounts in place of banned ones", replacements),
    "demo": ("The demo's campaigns", demo),
    "kinds": ("Kinds and roles", kinds),
    "facts": ("Facts of cases", facts),
    "dossier": ("A large dossier", dossier),
    "indicators": ("Public indicators on the range", indicators),
    "gateway": ("Limits of small logs", gateway),
    "h1_null": ("H1 on unrelated accounts", h1_null),
    "clumping": ("How benign people clump", clumping),
    "generation": ("Making worlds", generation),
    "leakage": ("What one field gives away", leakage),
    "harvest": ("H2's weights on campaigns that they never saw", harvest),
    "metadata": ("H2's weights for logs without prompts", metadata),
    "no_content": ("What a scan without content loses", no_content),
    "signals": ("Microseconds of the fingerprint pass", signals),
    "wallets": ("Outside data: wallets with labels, co-action without", wallets),
    "range": ("The range: hydrometer and its rivals", the_range),
}

if __name__ == "__main__":
    write_table(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "results")
