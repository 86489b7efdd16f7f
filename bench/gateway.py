"""The limits of small logs: the gateway's world, about 190 accounts, on its exchanges alone, with no table of accounts.

Published as it is, misses included: a small log leaves few strangers to compare with and few bits to gain. Where the
campaign is not listed, the group that overlaps it most is reported all the same, with what it lacked.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 20}


def one_world(seed: int) -> Row:
    """Scan one gateway world's exchanges, and look for its campaign."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as folder:
        world, run, alone = (
            trials.made("gateway", Path(folder) / "world", seed),
            Path(folder) / "run",
            Path(folder) / "log",
        )
        alone.mkdir()
        shutil.copyfile(world / "traffic" / "exchanges.parquet", alone / "exchanges.parquet")
        manifest = trials.scanned(alone, run, seed)
        rows = trials.groups(run)
        members = pq.read_table(run / "members.parquet").to_pylist()
        true = {row["account_id"] for row in pq.read_table(world / "truth" / "memberships.parquet").to_pylist()}
    return {
        "seed": seed,
        "groups_judged": manifest["false_discovery"]["groups"],
        "closest": closest(rows, members, true),
        "benign_flagged": benign_flagged(rows, members, true),
        "wall_seconds": manifest["wall_seconds"],
    }


def closest(rows: list[Row], members: list[Row], true: set[str]) -> Row | None:
    """The reported group that overlaps the campaign most, listed or not; None where none does."""
    from hydrometer.simulate.metrics import HIT, jaccard

    said = {
        row["campaign_id"]: {one["account_id"] for one in members if one["campaign_id"] == row["campaign_id"]}
        for row in rows
    }
    overlap = {campaign: jaccard(true, accounts) for campaign, accounts in said.items()}
    is_listed = {row["campaign_id"] for row in trials.listed(rows)}
    best = max(rows, key=lambda row: (row["campaign_id"] in is_listed, overlap[row["campaign_id"]]), default=None)
    if best is None or overlap[best["campaign_id"]] < HIT:
        best = max(rows, key=lambda row: overlap[row["campaign_id"]], default=None)
    if best is None or not overlap[best["campaign_id"]]:
        return None
    weight = overlap[best["campaign_id"]]
    kept = ("level", "accounts", "q_value", "operator_bits", "extraction_bits")
    return {"found": best["campaign_id"] in is_listed and weight >= HIT, "jaccard": weight} | {
        name: best[name] for name in kept
    }


def benign_flagged(rows: list[Row], members: list[Row], true: set[str]) -> int:
    """Accounts of listed groups that are not the campaign's."""
    is_listed = {row["campaign_id"] for row in trials.listed(rows)}
    return len({one["account_id"] for one in members if one["campaign_id"] in is_listed} - true)


def main() -> None:
    """Measure and publish."""
    from scipy.stats import binomtest

    measurement = trials.asked("gateway", "How often a campaign is found in a small log.", PUBLISHED)
    worlds = trials.each_seed(measurement, one_world)
    nearest = [row["closest"] for row in worlds if row["closest"] is not None]
    found = [one for one in nearest if one["found"]]
    interval = binomtest(len(found), len(worlds)).proportion_ci(0.95, method="exact")
    names = ("jaccard", "q_value", "operator_bits", "extraction_bits")
    summary = {
        "worlds": len(worlds),
        "found": len(found),
        "found_rate_low_95": float(interval.low),
        "found_rate_high_95": float(interval.high),
        "where_found": {name: trials.spread(one[name] for one in found) for name in names},
        "where_missed": {name: trials.spread(one[name] for one in nearest if not one["found"]) for name in names},
        "benign_flagged": trials.spread(row["benign_flagged"] for row in worlds),
    }
    trials.publish(measurement, {"summary": summary, "worlds": worlds})


if __name__ == "__main__":
    main()
