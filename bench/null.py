"""How often a world without any campaign yields one: the false alarms of whole scans.

The worlds are independent, the groups within one are not, so the bound is on worlds. A world counts as failed when
any group is suspected or confirmed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 20}


def one_world(seed: int) -> Row:
    """Scan one null world."""
    with tempfile.TemporaryDirectory() as folder:
        world = trials.made("null", Path(folder) / "world", seed)
        manifest = trials.scanned(world / "traffic", Path(folder) / "run", seed)
        rows = trials.groups(Path(folder) / "run")
    flagged = trials.listed(rows)
    bits = [value for value in map(trials.conjunction_bits, rows) if value is not None]
    return {
        "seed": seed,
        "accounts": manifest["totals"]["accounts"],
        "exchanges": manifest["totals"]["exchanges"],
        "groups_judged": manifest["false_discovery"]["groups"],
        "groups_listed": len(flagged),
        "accounts_listed": sum(row["accounts"] for row in flagged),
        "best_q": min((row["q_value"] for row in rows), default=None),
        "best_bits": max(bits, default=None),
        "best_operator_bits": max(
            (row["operator_bits"] for row in rows if row["operator_bits"] is not None), default=None
        ),
        "wall_seconds": manifest["wall_seconds"],
    }


def main() -> None:
    """Measure and publish."""
    from hydrometer.simulate.metrics import upper_bound

    measurement = trials.asked("null", "False alarms of scans of worlds without a campaign.", PUBLISHED)
    rows = trials.each_seed(measurement, one_world)
    failed = sum(row["groups_listed"] > 0 for row in rows)
    summary = {
        "worlds": len(rows),
        "worlds_with_a_listed_group": failed,
        "upper_95_of_their_rate": upper_bound(failed, len(rows)),
        "groups_judged": sum(row["groups_judged"] for row in rows),
        "groups_listed": sum(row["groups_listed"] for row in rows),
        "best_q": min((row["best_q"] for row in rows if row["best_q"] is not None), default=None),
        "best_bits": max((row["best_bits"] for row in rows if row["best_bits"] is not None), default=None),
    }
    trials.publish(measurement, {"summary": summary, "worlds": rows})


if __name__ == "__main__":
    main()
