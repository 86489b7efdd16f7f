"""Are groups called what they are, and accounts? Kinds and roles on the development worlds that were made for them.

A sought campaign's kind and its members' roles are scored where it is found. Resellers, pools and other populations are
not to be listed; what they are called is read off the judged group that is theirs.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 2}
FIRST_SEED = 1
WORLDS = ("keys_taken", "small_reseller", "flat_share", "mixed_half", "demo")
ROLES = ("operator", "victim", "customer")
THEIRS = 0.5
"""A judged group is a population's when more than this share of its accounts are of it."""


def one_seed(number: int) -> Row:
    """All worlds with one seed."""
    seed = FIRST_SEED + number
    return {"seed": seed, "worlds": [one_world(name, seed) for name in WORLDS]}


def one_world(name: str, seed: int) -> Row:
    """Scan and score one world."""
    import pyarrow.parquet as pq

    from hydrometer.simulate.score import score

    with tempfile.TemporaryDirectory() as folder:
        world, run = trials.made(name, Path(folder) / "world", seed), Path(folder) / "run"
        trials.scanned(world / "traffic", run, seed)
        figures: dict[str, Any] = score(run, world / "truth")
        truth = pq.read_table(world / "truth" / "accounts.parquet").to_pylist()
        kinds = {row["preset"]: row["kind"] for row in pq.read_table(world / "truth" / "campaigns.parquet").to_pylist()}
        groups, members = trials.groups(run), pq.read_table(run / "members.parquet").to_pylist()
    roles = figures["roles"]
    return {
        "world": name,
        "campaigns": [
            {key: entry[key] for key in ("preset", "hit", "kind_right", "share_error")}
            | {"kind": kinds[entry["preset"]]}
            for entry in figures["campaigns"]
        ],
        "roles": {role: roles[role] for role in ROLES},
        "victims_flagged_as_operators": roles["victims_flagged_as_operators"],
        "customers_flagged": roles["customers_flagged"],
        "benign_flagged": figures["accounts"]["false_accounts"],
        "others": others(groups, members, truth),
    }


def others(groups: list[Row], members: list[Row], truth: list[Row]) -> list[Row]:
    """Kind and level of each judged group that is not listed, with the population that it is of; none of strangers."""
    archetype = {row["account_id"]: row["archetype"] for row in truth}
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for row in members:
        inside[row["campaign_id"]][archetype[row["account_id"]]] += 1
    said = []
    for group in groups:
        counted = inside[group["campaign_id"]]
        people, count = counted.most_common(1)[0]
        if count > THEIRS * counted.total() and group["level"] not in ("confirmed", "suspected"):
            said.append({"people": people, "kind": group["kind"], "level": group["level"], "accounts": counted.total()})
    return sorted(said, key=lambda row: (row["people"], row["kind"], row["level"], row["accounts"]))


def pooled(worlds: list[Row]) -> Row:
    """Roles over all worlds, kinds of found campaigns, and what populations are called."""
    totals: Row = {role: Counter() for role in ROLES}
    for row in worlds:
        for role in ROLES:
            figures = row["roles"][role]
            right = round((figures["precision"] or 0.0) * figures["listed"])
            totals[role] += Counter(true=figures["true"], listed=figures["listed"], right=right)
    campaigns = [entry for row in worlds for entry in row["campaigns"]]
    found = [entry for entry in campaigns if entry["hit"]]
    called = Counter((one["people"], one["kind"], one["level"]) for row in worlds for one in row["others"])
    return {
        "campaigns": len(campaigns),
        "found": len(found),
        "kinds_right": sum(bool(entry["kind_right"]) for entry in found),
        "roles": {
            role: {name: counts[name] for name in ("true", "listed", "right")} for role, counts in totals.items()
        },
        "victims_flagged_as_operators": sum(row["victims_flagged_as_operators"] for row in worlds),
        "customers_flagged": sum(row["customers_flagged"] for row in worlds),
        "benign_flagged": sum(row["benign_flagged"] for row in worlds),
        "called": [
            {"people": people, "kind": kind, "level": level, "groups": count}
            for (people, kind, level), count in sorted(called.items())
        ],
    }


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("kinds", "Whether groups and accounts are called what they are.", PUBLISHED)
    seeds = trials.each_seed(measurement, one_seed)
    trials.publish(measurement, {"summary": pooled([row for one in seeds for row in one["worlds"]]), "seeds": seeds})


if __name__ == "__main__":
    main()
