"""Makes a world in the cache, counts it, and sets aside what is needed to score it when its traffic is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.range.cells import Document, Place

TEXTS = ("prompt", "response", "system_instructions", "tools")
COUNTS = """
with guilty as (select account_id from '{truth}/accounts.parquet' where role in ('operator', 'victim')),
campaign as (select distinct exchange_id from {campaign})
select (select count(*) from {exchanges}) as exchanges,
       (select count(distinct account_id) from {exchanges}) as accounts,
       (select count(*) from guilty) as campaign_accounts,
       (select count(*) from '{truth}/accounts.parquet' where role is null) as benign_accounts,
       (select count(distinct operator_id) from '{truth}/accounts.parquet' where role is null) as benign_operators,
       (select count(*) from '{truth}/campaigns.parquet') as campaigns,
       (select count(*) from campaign) as campaign_exchanges,
       (select count(distinct md5(prompt)) from {exchanges} semi join campaign using (exchange_id)) as useful_exchanges,
       (select count(*) from {exchanges} semi join guilty using (account_id)) as sent_by_campaign_accounts
"""
"""A campaign's useful exchanges are its distinct prompts: a decoy that repeats one is sent, paid for and useless."""

KEPT = """
select {columns} from {exchanges} where exchange_id in (select exchange_id from {campaign})
or sent_at in ((select min(sent_at) from {exchanges}), (select max(sent_at) from {exchanges}))
"""
"""Campaign exchanges, and the first and the last of all, which say how long the traffic is."""


def scan_of(folder: Path, name: str) -> str:
    """SQL that reads a table of a world, one file or a folder of files."""
    whole = folder / f"{name}.parquet"
    path = str(whole if whole.is_file() else folder / name / "*.parquet").replace("'", "''")
    return f"read_parquet('{path}')"


def make(place: Place) -> Document:
    """Write the world of `place` to its folder: traffic, truth, the truth shuffled, and what is kept; its counts."""
    from hydrometer.simulate.run import simulate
    from hydrometer.simulate.shuffled import shuffled_truth

    place.folder.mkdir(parents=True, exist_ok=True)
    for left in place.folder.glob(".*"):
        if left.is_dir():
            shutil.rmtree(left)
    made, key = place.folder / ".made", place.key
    simulate(key.world, made, key.seed, key.scale, evasions=dict(key.evasions), jobs=1)
    for name in ("traffic", "truth"):
        shutil.rmtree(place.folder / name, ignore_errors=True)
        (made / name).rename(place.folder / name)
    made.rmdir()
    shutil.rmtree(place.shuffled, ignore_errors=True)
    shuffled_truth(place.truth, place.shuffled, key.seed, place.traffic)
    return counted(place)


def counted(place: Place) -> Document:
    """Counts of a world, and its campaigns' exchanges without text set aside."""
    import duckdb

    from hydrometer.base.tables import INPUTS

    connection = duckdb.connect()
    connection.execute("set threads = 1")
    words = {
        "truth": str(place.truth).replace("'", "''"),
        "exchanges": scan_of(place.traffic, "exchanges"),
        "campaign": scan_of(place.truth, "exchanges"),
    }
    row = connection.sql(COUNTS.format(**words)).to_arrow_table().to_pylist()[0]
    shutil.rmtree(place.kept, ignore_errors=True)
    place.kept.mkdir()
    columns = ", ".join(name for name in INPUTS["exchanges"].names if name not in TEXTS)
    target = str(place.kept / "exchanges.parquet").replace("'", "''")
    connection.execute(f"copy ({KEPT.format(columns=columns, **words)}) to '{target}' (format parquet)")
    connection.close()
    return {name: int(value) for name, value in row.items()}
