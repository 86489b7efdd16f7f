"""False alarms of whole scans of worlds without any campaign, and on whom they fall: the hard-negative table.

Every world that holds no campaign, of both splits, but the two very large ones. Worlds are independent, the groups
within one are not, so that the rate of false discoveries is bounded over worlds: one counts as failed when any group is
suspected or confirmed. Accounts of one operator are not independent either, so that every row of the table is bounded
over operators. Nothing is fitted here. Source: `statistics.md`, sections 12 and 14 of the design.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench import trials
from bench.trials import Row

PUBLISHED: dict[str, int | float] = {"seeds": 23}
LARGE = ("library", "operators")
"""Worlds of thousands of firms, by which the library was fitted and the range calibrates; too large to repeat."""
SCRIPTS = {"zh": "Han", "ru": "Cyrillic"}
LATIN = "Latin"
UNKNOWN = "?"
KINDS = ("archetype", "country", "language", "script", "plan")
"""What the table divides the benign population by."""
LANGUAGES = """
with n as (select account_id, language, count(*) as n from fingerprints where language is not null group by 1, 2)
select account_id, arg_max(language, (n, language)) as language from n group by 1
"""


def quiet_worlds() -> dict[str, str]:
    """World without a campaign → its split."""
    from hydrometer.simulate.run import worlds

    return {name: one.split for name, one in sorted(worlds().items()) if not one.campaigns and name not in LARGE}


def one_world(world: str, seed: int) -> Row:
    """Scan one world."""
    with tempfile.TemporaryDirectory() as folder:
        made, run = trials.made(world, Path(folder) / "world", seed), Path(folder) / "run"
        manifest = trials.scanned(made / "traffic", run, seed)
        rows = trials.groups(run)
        who = people(made, run)
        struck = flagged(run)
    listed = trials.listed(rows)
    bits = [value for value in map(trials.conjunction_bits, rows) if value is not None]
    return {
        "world": world,
        "seed": seed,
        "accounts": manifest["totals"]["accounts"],
        "exchanges": manifest["totals"]["exchanges"],
        "groups_judged": manifest["false_discovery"]["groups"],
        "groups_listed": len(listed),
        "accounts_listed": len(struck),
        "best_q": min((row["q_value"] for row in rows), default=None),
        "bits": sorted(bits, reverse=True),
        "operator_bits": sorted(
            (one["operator_bits"] for one in rows if one["operator_bits"] is not None), reverse=True
        ),
        "alarms": {kind: counted(who, struck, kind) for kind in KINDS},
        "wall_seconds": manifest["wall_seconds"],
    }


def people(world: Path, run: Path) -> dict[str, Row]:
    """Account → its operator and what the table divides by."""
    import duckdb

    truth, accounts = world / "truth" / "accounts.parquet", world / "traffic" / "accounts.parquet"
    fingerprints = run / "state" / "fingerprints.parquet"
    connection = duckdb.connect()
    for name, path in (("truth", truth), ("accounts", accounts), ("fingerprints", fingerprints)):
        connection.execute(f"create view {name} as select * from read_parquet('{path}')")
    rows: list[Row] = (
        connection.sql(
            f"""select t.account_id, t.operator_id, t.archetype, a.plan, l.language,
                   coalesce(a.billing_country, a.signup_country) as country
            from truth t left join accounts a using (account_id) left join ({LANGUAGES}) l using (account_id)"""
        )
        .to_arrow_table()
        .to_pylist()
    )
    found: dict[str, Row] = {}
    for row in rows:
        language = row["language"] or UNKNOWN
        script = UNKNOWN if language == UNKNOWN else SCRIPTS.get(language, LATIN)
        found[row["account_id"]] = {name: row[name] or UNKNOWN for name in row} | {
            "language": language,
            "script": script,
        }
    return found


def flagged(run: Path) -> set[str]:
    """Accounts that a listed group names as operators."""
    import pyarrow.parquet as pq

    listed = {row["campaign_id"] for row in trials.listed(trials.groups(run))}
    members: list[Row] = pq.read_table(run / "members.parquet").to_pylist()
    return {row["account_id"] for row in members if row["campaign_id"] in listed and row["role"] == "operator"}


def counted(who: Mapping[str, Row], struck: set[str], kind: str) -> dict[str, list[int]]:
    """Value of a division → accounts, operators, flagged accounts, flagged operators."""
    parts: dict[str, list[str]] = defaultdict(list)
    for account, row in who.items():
        parts[row[kind]].append(account)
    return {
        value: [
            len(accounts),
            len({who[one]["operator_id"] for one in accounts}),
            sum(one in struck for one in accounts),
            len({who[one]["operator_id"] for one in accounts if one in struck}),
        ]
        for value, accounts in sorted(parts.items())
    }


def table(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    """Alarms of all worlds together; operators of two worlds are two operators."""
    from hydrometer.simulate.score_accounts import counted_alarms

    total: dict[str, dict[str, Counter[int]]] = {kind: defaultdict(Counter) for kind in KINDS}
    for row in rows:
        for kind, parts in row["alarms"].items():
            for value, counts in parts.items():
                total[kind][value].update(dict(enumerate(counts)))
    return {
        kind: {value: counted_alarms(*(count[place] for place in range(4))) for value, count in sorted(parts.items())}
        for kind, parts in total.items()
    }


def summary(rows: list[Row]) -> Row:
    """Figures over worlds: all of them, and by split and world."""
    from hydrometer.simulate.metrics import upper_bound

    failed = sum(row["groups_listed"] > 0 for row in rows)
    return {
        "worlds": len(rows),
        "worlds_with_a_listed_group": failed,
        "upper_95_of_their_rate": upper_bound(failed, len(rows)),
        "accounts": sum(row["accounts"] for row in rows),
        "accounts_listed": sum(row["accounts_listed"] for row in rows),
        "groups_judged": sum(row["groups_judged"] for row in rows),
        "groups_listed": sum(row["groups_listed"] for row in rows),
        "best_q": min((row["best_q"] for row in rows if row["best_q"] is not None), default=None),
        "best_bits": max((row["bits"][0] for row in rows if row["bits"]), default=None),
    }


def draw(path: Path, rows: list[Row]) -> None:
    """Shares of judged groups whose weaker hypothesis reaches each e-value, world by world, beside 1/e."""
    import math

    import numpy as np
    from bench.plot import Curve, Panel, write_survival

    by_world: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        by_world[row["world"]] += row["bits"]
    panels = [
        Panel(f"{world}: {len(bits)} groups", [Curve("H1 and H2", np.array(bits) * math.log(2))])
        for world, bits in sorted(by_world.items())
        if bits
    ]
    write_survival(path, "Groups of worlds without a campaign at or above each e-value", panels)


def main() -> None:
    """Measure and publish."""
    measurement = trials.asked("false_alarms", "False alarms of scans of worlds without a campaign.", PUBLISHED)
    splits = quiet_worlds()
    jobs = [(world, seed) for seed in range(int(measurement.settings["seeds"])) for world in splits]
    rows = trials.each(measurement, one_world, jobs)
    by_split: dict[str, list[Row]] = defaultdict(list)
    by_world: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_split[splits[row["world"]]].append(row)
        by_world[row["world"]].append(row)
    figures: dict[str, Any] = {
        "summary": summary(rows),
        "by_split": {split: summary(some) for split, some in sorted(by_split.items())},
        "by_world": {world: {"split": splits[world]} | summary(some) for world, some in sorted(by_world.items())},
        "alarms": table(rows),
        "worlds": [{name: value for name, value in row.items() if name != "alarms"} for row in rows],
    }
    trials.publish(measurement, figures)
    draw(measurement.out / "false_alarms.svg", rows)


if __name__ == "__main__":
    main()
