"""What really happened: archetype, operator and role of each account, exchanges and shares of each campaign.

Written beside the traffic and never into it; no column of the traffic names an archetype.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.tables import TRUTH, conform
from hydrometer.simulate import clock, columns
from hydrometer.simulate.mixing import hexadecimal, mix
from hydrometer.simulate.population import Population
from hydrometer.simulate.world import Array, Campaign

_CAMPAIGN_SPACE, _OPERATOR_SPACE = 91, 92
_TIME = pa.timestamp("us", tz="UTC")


def _campaign_ids(numbers: Array, seed: int) -> pa.Array:
    """Ids of campaigns from the numbers of their cohorts."""
    return hexadecimal(mix(numbers, seed * 16 + _CAMPAIGN_SPACE))


def write(population: Population, folder: Path, seed: int) -> None:
    """Write the four truth tables into `folder`."""
    for name, table in _tables(population, seed).items():
        pq.write_table(conform(table, TRUTH[name]), folder / f"{name}.parquet", compression="zstd")


def _tables(population: Population, seed: int) -> dict[str, pa.Table]:
    """The truth as tables, each in the order of its first column."""
    rows = population.exchanges
    harvested = rows["harvested"]
    tables = {
        "accounts": _accounts(population, seed),
        "exchanges": pa.table(
            {
                "exchange_id": columns.exchange_ids(rows["code"][harvested], seed),
                "campaign_id": _campaign_ids(rows["cohort"][harvested], seed),
            }
        ),
        "campaigns": _campaigns(population, seed),
        "memberships": _memberships(population, seed),
    }
    return {name: table.sort_by(table.column_names[0]) for name, table in tables.items()}


def _accounts(population: Population, seed: int) -> pa.Table:
    """Archetype, operator, campaign and role of each account."""
    sizes = [one.cohort.size for one in population.settled]
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    is_campaign = np.array([isinstance(one.plugin, Campaign) for one in population.settled])[cohort]
    operator = np.where(
        is_campaign,
        np.array([one.first_account for one in population.settled])[cohort],
        population.accounts["operator"],
    )
    names = pa.array([one.plugin.name for one in population.settled], pa.string())
    return pa.table(
        {
            "account_id": columns.account_ids(population.accounts["who"], seed),
            "archetype": names.take(pa.array(cohort)),
            "operator_id": hexadecimal(mix(operator, seed * 16 + _OPERATOR_SPACE)),
            "campaign_id": pa.array(
                [
                    known if inside else None
                    for known, inside in zip(_campaign_ids(cohort, seed).to_pylist(), is_campaign, strict=True)
                ],
                pa.string(),
            ),
            "role": pa.array(["operator" if inside else None for inside in is_campaign], pa.string()),
        }
    )


def _campaigns(population: Population, seed: int) -> pa.Table:
    """One row for each campaign of the world."""
    rows = population.exchanges
    entries = []
    for number, one in enumerate(population.settled):
        if not isinstance(one.plugin, Campaign):
            continue
        sent = rows["sent"][(rows["cohort"] == number) & rows["harvested"]]
        entries.append(
            {
                "campaign_id": _campaign_ids(np.array([number]), seed)[0].as_py(),
                "preset": one.plugin.name,
                "kind": one.plugin.kind,
                "capabilities": list(one.plugin.capabilities),
                "started_at": int(sent.min()),
                "ended_at": int(sent.max()),
                "pivot_at": clock.RELEASE_US if one.plugin.pivots else None,
                "actor": None,
            }
        )
    times = {"started_at", "ended_at", "pivot_at"}
    return pa.table(
        {
            field.name: pa.array(
                [entry[field.name] for entry in entries], pa.int64() if field.name in times else field.type
            ).cast(field.type)
            for field in TRUTH["campaigns"]
        }
    )


def _memberships(population: Population, seed: int) -> pa.Table:
    """Share of each campaign account's exchanges that belong to the campaign."""
    rows = population.exchanges
    total = np.bincount(rows["who"], minlength=len(population.accounts["who"]))
    inside = np.bincount(rows["who"], weights=rows["harvested"], minlength=len(total))
    who, cohort = [], []
    for number, one in enumerate(population.settled):
        if isinstance(one.plugin, Campaign):
            who.append(one.first_account + np.arange(one.cohort.size))
            cohort.append(np.full(one.cohort.size, number))
    members = np.concatenate([np.zeros(0, dtype=np.int64), *who])
    return pa.table(
        {
            "account_id": columns.account_ids(members, seed),
            "campaign_id": _campaign_ids(np.concatenate([np.zeros(0, dtype=np.int64), *cohort]), seed),
            "role": pa.array(["operator"] * len(members), pa.string()),
            "share": pa.array(inside[members] / np.maximum(total[members], 1), pa.float64()),
        }
    )
