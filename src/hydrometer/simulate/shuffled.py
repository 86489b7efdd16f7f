"""A world's truth with its labels dealt anew among accounts of one size: what scoring must find nothing on.

A detector that scores well on true labels and no better than chance on these has used the labels' meaning, not the
bookkeeping around them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hydrometer.base.draws import generator
from hydrometer.base.errors import UsageError
from hydrometer.base.tables import TRUTH, conform
from hydrometer.simulate.account_features import traffic_files
from hydrometer.simulate.world import Array


def shuffled_truth(truth: Path, out: Path, seed: int, traffic: Path | None = None) -> None:
    """Write a truth in which accounts have swapped labels within their size class.

    A size class is a power of two of exchanges. An account hands on its archetype, operator, campaign, role and share;
    of the exchanges of the account that gets a campaign's label, as many are the campaign's as the share says.

    Args:
        truth: folder `truth` of a world.
        out: folder to write; made if it is not there.
        seed: decides who gets which label.
        traffic: the world's traffic; by default the folder `traffic` beside the truth.

    Raises:
        UsageError: a table is missing.
    """
    tables = {name: _read(truth / f"{name}.parquet") for name in TRUTH}
    sent = _sent(traffic or truth.parent / "traffic", "exchange_id, account_id, sent_at")
    draw = generator(seed, "shuffled truth")
    heir = _heirs(tables["accounts"]["account_id"], sent["account_id"], draw)
    tables["accounts"] = _handed_on(tables["accounts"], heir)
    tables["memberships"] = _handed_on(tables["memberships"], heir)
    chosen = _exchanges(tables["memberships"], sent, draw)
    tables["campaigns"] = _times(tables["campaigns"], chosen)
    tables["exchanges"] = chosen.drop_columns(["sent_at"])
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        ordered = conform(table.sort_by(table.column_names[0]), TRUTH[name])
        pq.write_table(ordered, out / f"{name}.parquet", compression="zstd")


def right_by_chance(truth: Path, flagged: set[str], traffic: Path | None = None) -> tuple[float, float]:
    """How many flagged accounts belong to a campaign under shuffled labels: expected number and standard deviation.

    Campaign accounts are larger than most, and labels are dealt within size classes, so this is more than the share of
    campaign accounts in all. Each class is a hypergeometric draw.

    Args:
        truth: folder `truth` of a world, shuffled or not.
        flagged: accounts that a method flags.
        traffic: the world's traffic; by default the folder `traffic` beside the truth.
    """
    accounts = _read(truth / "accounts.parquet")
    senders = _sent(traffic or truth.parent / "traffic", "account_id")["account_id"]
    ids = accounts["account_id"].to_pylist()
    size_class = _size_classes(ids, senders)
    guilty = np.array([role is not None for role in accounts["role"].to_pylist()])
    hit = np.array([one in flagged for one in ids])
    mean, variance = 0.0, 0.0
    for number in np.unique(size_class):
        here = size_class == number
        size, bad, drawn = int(here.sum()), int(guilty[here].sum()), int(hit[here].sum())
        mean += drawn * bad / size
        variance += drawn * bad * (size - bad) * (size - drawn) / (size**2 * max(size - 1, 1))
    return mean, float(np.sqrt(variance))


def _sent(traffic: Path, columns: str) -> pa.Table:
    """Columns of all exchanges."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.read_parquet(traffic_files(traffic, "exchanges")).select(columns).to_arrow_table()


def _size_classes(ids: list[str], senders: pa.ChunkedArray) -> Array:
    """Size class of each account."""
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(senders).to_pylist()}
    return np.array([int(counts.get(one, 0)).bit_length() for one in ids])


def _read(path: Path) -> pa.Table:
    """A table of the truth."""
    if not path.is_file():
        raise UsageError(str(path), "no such file", "a truth folder as `simulate` writes it", "give a world's truth")
    return pq.read_table(path)


def _heirs(accounts: pa.ChunkedArray, senders: pa.ChunkedArray, draw: np.random.Generator) -> dict[str, str]:
    """Account → the account of its size class that gets its label."""
    ids = sorted(accounts.to_pylist())
    size_class = _size_classes(ids, senders)
    heir: dict[str, str] = {}
    for number in np.unique(size_class):
        here = np.flatnonzero(size_class == number)
        heir |= {ids[giver]: ids[taker] for giver, taker in zip(here, draw.permutation(here), strict=True)}
    return heir


def _handed_on(table: pa.Table, heir: dict[str, str]) -> pa.Table:
    """The same rows for the heirs."""
    taken = pa.array([heir[one] for one in table["account_id"].to_pylist()], pa.string())
    return table.set_column(table.schema.get_field_index("account_id"), "account_id", taken)


def _exchanges(memberships: pa.Table, sent: pa.Table, draw: np.random.Generator) -> pa.Table:
    """The campaign's part of each member's exchanges, at random; none belongs to two campaigns."""
    inside = sent.filter(pc.is_in(sent["account_id"], memberships["account_id"].combine_chunks()))
    inside = inside.sort_by("exchange_id")
    owner, where = np.unique(inside["account_id"].to_numpy(zero_copy_only=False), return_inverse=True)
    order = np.lexsort((draw.random(len(where)), where))
    starts = np.searchsorted(where[order], np.arange(len(owner) + 1))
    place = {account: number for number, account in enumerate(owner.tolist())}
    taken = starts[:-1].copy()
    rows: list[Array] = [np.zeros(0, dtype=np.int64)]
    campaigns: list[str] = []
    for member in sorted(memberships.to_pylist(), key=lambda row: (row["account_id"], row["campaign_id"])):
        number = place.get(member["account_id"])
        if number is None:
            continue
        wanted = round(member["share"] * (starts[number + 1] - starts[number]))
        stop = min(taken[number] + wanted, starts[number + 1])
        rows.append(order[taken[number] : stop])
        campaigns += [member["campaign_id"]] * len(rows[-1])
        taken[number] = stop
    chosen = inside.take(pa.array(np.concatenate(rows)))
    return chosen.drop_columns(["account_id"]).append_column("campaign_id", pa.array(campaigns, pa.string()))


def _times(campaigns: pa.Table, chosen: pa.Table) -> pa.Table:
    """Campaigns with the first and last time of their exchanges; one without any keeps its own."""
    spans = chosen.group_by("campaign_id").aggregate([("sent_at", "min"), ("sent_at", "max")]).to_pylist()
    by_id = {row["campaign_id"]: row for row in spans}
    for column, key in (("started_at", "sent_at_min"), ("ended_at", "sent_at_max")):
        times = [by_id.get(row["campaign_id"], {}).get(key, row[column]) for row in campaigns.to_pylist()]
        index = campaigns.schema.get_field_index(column)
        campaigns = campaigns.set_column(index, column, pa.array(times, campaigns.schema.field(column).type))
    return campaigns
