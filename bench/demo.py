"""How well the demo's two campaigns are found, over seeds: members, false alarms, time, shares, exchanges."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 10}
PER_CAMPAIGN = ("jaccard", "leakage", "share_error", "q_value", "operator_bits", "extraction_bits")


def one_world(seed: int) -> Row:
    """Scan and score one demo world."""
    from hydrometer.simulate.score import score

    with tempfile.TemporaryDirectory() as folder:
        world, run = trials.made("demo", Path(folder) / "world", seed), Path(folder) / "run"
        manifest = trials.scanned(world / "traffic", run, seed)
        figures: dict[str, Any] = score(run, world / "truth")
        rows = {row["campaign_id"]: row for row in trials.groups(run)}
    return {
        "seed": seed,
        "campaigns": [campaign_row(entry, rows.get(entry["found_as"], {})) for entry in figures["campaigns"]],
        "false_campaigns": figures["false_campaigns"],
        "groups_judged": manifest["false_discovery"]["groups"],
        "benign_accounts": figures["accounts"]["benign"],
        "benign_flagged": figures["accounts"]["false_accounts"],
        "benign_flagged_by_archetype": {
            name: entry["flagged_accounts"]
            for name, entry in figures["false_alarms_by_archetype"].items()
            if entry["flagged_accounts"]
        },
        "account_precision": figures["accounts"]["precision"],
        "account_recall": figures["accounts"]["recall"],
        "exchange_precision": figures["exchanges"]["precision"],
        "exchange_recall": figures["exchanges"]["recall"],
        "wall_seconds": manifest["wall_seconds"],
    }


def campaign_row(entry: Row, verdict: Row) -> Row:
    """What is kept of one true campaign and of the group that it was found as."""
    kept = ("preset", "accounts", "hit", "level", "jaccard", "leakage", "share_error")
    return {name: entry[name] for name in kept} | {
        name: verdict.get(name) for name in ("q_value", "operator_bits", "extraction_bits")
    }


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("demo", "How well the demo's campaigns are found, over seeds.", PUBLISHED)
    worlds = trials.each_seed(measurement, one_world)
    flagged: Counter[str] = Counter()
    campaigns: dict[str, list[Row]] = {}
    for row in worlds:
        flagged.update(row["benign_flagged_by_archetype"])
        for entry in row["campaigns"]:
            campaigns.setdefault(entry["preset"], []).append(entry)
    whole = ("account_precision", "account_recall", "exchange_precision", "exchange_recall", "benign_flagged")
    summary = {
        "worlds": len(worlds),
        "campaigns": {
            preset: {"hits": sum(entry["hit"] for entry in entries), "of": len(entries)}
            | {name: trials.spread(entry[name] for entry in entries) for name in PER_CAMPAIGN}
            for preset, entries in sorted(campaigns.items())
        },
        "false_campaigns": sum(row["false_campaigns"] for row in worlds),
        "benign_accounts": sum(row["benign_accounts"] for row in worlds),
        "benign_flagged_by_archetype": dict(flagged.most_common()),
    } | {name: trials.spread(row[name] for row in worlds) for name in whole}
    trials.publish(measurement, {"summary": summary, "worlds": worlds})


if __name__ == "__main__":
    main()
