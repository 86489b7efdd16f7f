"""What really happened: archetype, operator and role of each account, exchanges and shares of each campaign.

Written beside the traffic and never into it; no column of the traffic names an archetype.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hydrometer.base.tables import TRUTH, conform
from hydrometer.simulate import clock, columns
from hydrometer.simulate.columns import Writing
from hydrometer.simulate.mixing import hexadecimal, mix
from hydrometer.simulate.population import Population
from hydrometer.simulate.world import OPERATOR, ROLES, Array, Builder, Campaign, Columns

_CAMPAIGN_SPACE, _OPERATOR_SPACE = 91, 92
_MOST_BUILDERS = 16
"""Builders of one cohort; a campaign's number is `cohort * _MOST_BUILDERS + builder`."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """The harvested exchanges of a shard in numbers.

    Attributes:
        who: account of each pair of account and campaign.
        campaign: number of the campaign of each pair.
        count: exchanges of each pair.
        total: exchanges of all accounts, harvested or not, shape (accounts of the world,).
        span: campaign number → first and last time.
    """

    who: Array
    campaign: Array
    count: Array
    total: Array
    span: dict[int, tuple[int, int]]


def harvest(rows: Columns, accounts: int) -> Harvest:
    """Counts the harvested exchanges of a shard; `accounts` is the number of accounts of the world."""
    inside = rows["builder"] >= 0
    campaign = _campaign_numbers(rows)[inside]
    pairs, count = np.unique(np.stack([rows["who"][inside], campaign]), axis=1, return_counts=True)
    sent = rows["sent"][inside]
    span = {
        int(number): (int(sent[campaign == number].min()), int(sent[campaign == number].max()))
        for number in np.unique(campaign)
    }
    return Harvest(pairs[0], pairs[1], count, np.bincount(rows["who"], minlength=accounts), span)


def joined(parts: list[Harvest]) -> Harvest:
    """The harvest of several shards as one."""
    pairs = np.concatenate([np.stack([part.who, part.campaign]) for part in parts], axis=1)
    distinct, where = np.unique(pairs, axis=1, return_inverse=True)
    count = np.bincount(
        where.ravel(), weights=np.concatenate([part.count for part in parts]), minlength=len(distinct[0])
    )
    span: dict[int, tuple[int, int]] = {}
    for part in parts:
        for number, (first, last) in part.span.items():
            known = span.get(number, (first, last))
            span[number] = (min(first, known[0]), max(last, known[1]))
    total = np.sum([part.total for part in parts], axis=0)
    return Harvest(distinct[0], distinct[1], count.astype(np.int64), total, span)


def _campaign_numbers(rows: Columns) -> Array:
    """Number of the campaign of each harvested exchange."""
    return np.asarray(rows["cohort"] * _MOST_BUILDERS + rows["builder"])


def _campaign_ids(numbers: Array, seed: int) -> pa.Array:
    """Ids of campaigns from their numbers."""
    return hexadecimal(mix(numbers, seed * 16 + _CAMPAIGN_SPACE))


def exchange_table(rows: Columns, seed: int) -> pa.Table:
    """The harvested exchanges of a shard, by id."""
    inside = rows["builder"] >= 0
    table = pa.table(
        {
            "exchange_id": columns.exchange_ids(rows["code"][inside], seed),
            "campaign_id": _campaign_ids(_campaign_numbers(rows)[inside], seed),
        }
    )
    return conform(table.sort_by("exchange_id"), TRUTH["exchanges"])


def write_exchanges(parts: list[Path], path: Path) -> None:
    """Write the harvested exchanges of all shards as one file, a row group for each shard that has any.

    Args:
        parts: a file for each shard, in the order of the shards; read one after the other and removed.
        path: the file to make.
    """
    with pq.ParquetWriter(path, TRUTH["exchanges"], compression="zstd") as writer:
        for part in parts:
            table = pq.read_table(part)
            if len(table):
                writer.write_table(table, row_group_size=len(table))
            part.unlink()


def write(population: Population, harvested: Harvest, writing: Writing, folder: Path) -> None:
    """Write the truth tables `accounts`, `campaigns` and `memberships` into `folder`, each in the order of its ids."""
    tables = {
        "accounts": _accounts(population, harvested, writing),
        "campaigns": _campaigns(population, harvested, writing),
        "memberships": _memberships(population, harvested, writing),
    }
    for name, table in tables.items():
        ordered = table.sort_by([(column, "ascending") for column in table.column_names[:2]])
        pq.write_table(conform(ordered, TRUTH[name]), folder / f"{name}.parquet", compression="zstd")


def _cohorts(population: Population) -> Array:
    """Number of the cohort of each account."""
    return np.repeat(np.arange(len(population.settled)), [one.cohort.size for one in population.settled])


def _roles(population: Population) -> Array:
    """Role of each account, NOTHING for benign ones."""
    return np.asarray(population.accounts["role"])


def _accounts(population: Population, harvested: Harvest, writing: Writing) -> pa.Table:
    """Archetype, operator, main campaign and role of each account."""
    cohort, role = _cohorts(population), _roles(population)
    main = cohort * _MOST_BUILDERS
    order = np.lexsort((-harvested.campaign, harvested.count))
    main[harvested.who[order]] = harvested.campaign[order]
    names = pa.array([one.plugin.name for one in population.settled], pa.string())
    outside = pa.array(role < 0)
    # A victim or a customer is an operator of its own, with a number that no campaign's first account has.
    own = np.where(role > OPERATOR, len(role) + population.accounts["who"], population.accounts["operator"])
    return pa.table(
        {
            "account_id": columns.account_ids(population.accounts["who"], writing.seed),
            "archetype": names.take(pa.array(cohort)),
            "operator_id": hexadecimal(mix(own, writing.seed * 16 + _OPERATOR_SPACE)),
            "campaign_id": pa.compute.if_else(outside, pa.scalar(None, pa.string()), _campaign_ids(main, writing.seed)),
            "role": pa.array(ROLES, pa.string()).take(pa.array(role, pa.int64(), mask=role < 0)),
        }
    )


def builders(population: Population) -> dict[int, tuple[str, Builder]]:
    """Preset and builder of each campaign of a world, by the campaign's number."""
    return {
        number * _MOST_BUILDERS + position: (one.plugin.name, builder)
        for number, one in enumerate(population.settled)
        if isinstance(one.plugin, Campaign)
        for position, builder in enumerate(one.plugin.builders)
    }


def _campaigns(population: Population, harvested: Harvest, writing: Writing) -> pa.Table:
    """One row for each campaign that sent anything."""
    entries = [
        {
            "campaign_id": _campaign_ids(np.array([number]), writing.seed)[0].as_py(),
            "preset": preset,
            "kind": builder.kind,
            "capabilities": list(builder.capabilities),
            "started_at": harvested.span[number][0] + writing.shift_us,
            "ended_at": harvested.span[number][1] + writing.shift_us,
            "pivot_at": clock.RELEASE_US + writing.shift_us if builder.pivots else None,
            "actor": builder.actor,
        }
        for number, (preset, builder) in builders(population).items()
        if number in harvested.span
    ]
    moments = {"started_at", "ended_at", "pivot_at"}
    return pa.table(
        {
            column.name: pa.array(
                [entry[column.name] for entry in entries], pa.int64() if column.name in moments else column.type
            ).cast(column.type)
            for column in TRUTH["campaigns"]
        }
    )


def _memberships(population: Population, harvested: Harvest, writing: Writing) -> pa.Table:
    """Share of each account's exchanges that belong to each campaign it carries; 0 for a reseller's customers."""
    role = _roles(population)
    idle = np.setdiff1d(np.flatnonzero(role >= 0), harvested.who)
    who = np.concatenate([harvested.who, idle])
    campaign = np.concatenate([harvested.campaign, _cohorts(population)[idle] * _MOST_BUILDERS])
    count = np.concatenate([harvested.count, np.zeros(len(idle), dtype=np.int64)])
    return pa.table(
        {
            "account_id": columns.account_ids(who, writing.seed),
            "campaign_id": _campaign_ids(campaign, writing.seed),
            "role": pa.array(ROLES, pa.string()).take(pa.array(role[who])),
            "share": pa.array(count / np.maximum(harvested.total[who], 1), pa.float64()),
        }
    )
