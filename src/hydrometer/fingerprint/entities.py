"""Who holds what: units (accounts, or all accounts of one verified owner) and the entities that at least two share.

Accounts of one verified `owner` are one unit from here on: that they belong together is declared, so it is neither
evidence nor allowed to inflate what counts as usual. Counts are kept per epoch of event time, so that the state of any
moment is a sum over earlier epochs. Source: `statistics.md` section 1 (contraction), contract (epochs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.families import FAMILY, FAMILY_OF, UNKNOWN
from hydrometer.base.population import least_share
from hydrometer.base.signals import Signal
from hydrometer.base.tables import schema
from hydrometer.base.workspace import Workspace, worked_in_order
from hydrometer.fingerprint import counting
from hydrometer.fingerprint.by_unit import Clustered, Part, clustered
from hydrometer.fingerprint.hashing import hashed
from hydrometer.fingerprint.transfers import TRANSFERS

Progress = Callable[[str, int, int | None], None]

UNITS = """
select account_id, dense_rank() over (order by coalesce('o:' || owner, 'a:' || account_id)) - 1 as unit,
       owner is not null as declared
from {accounts} where account_id in (select account_id from {fingerprints})
"""

SHARED = """
select unit, layer, entity, epoch, exchanges from {unit_entities}
semi join (
  select entity from {unit_entities} where layer = '$layer' group by entity having min(unit) <> max(unit)
) using (entity) where layer = '$layer'
"""
"""Entities of one layer of the fingerprint that at least two units have; see `TRANSFERS` for the others.

Where entities count by the share of a unit's exchanges that show them, `unit_entities` has of each unit those only that
once had that share, from the first epoch at whose end they had it. No look at an earlier or later moment counts any
other, and most phrases are said once."""

REGISTERED = """
with held as (
  select u.unit, r.layer, r.entity, min(s.epoch) as epoch, count(*) as exchanges
  from {registered} r join {units} u using (account_id)
  join (select account_id, min(sent_us) // {epoch_us} as epoch from {fingerprints} group by 1) s using (account_id)
  group by u.unit, r.layer, r.entity
), shared as (select layer, entity from held group by layer, entity having min(unit) <> max(unit))
select unit, layer, entity, epoch, exchanges from held semi join shared using (layer, entity)
"""
"""Entities of the account register: known from the account's first exchange on."""

HELD = schema("unit:i layer:s entity:i epoch:i exchanges:i")
"""What one unit has of each entity of the fingerprint; the columns of `entities`."""
HELD_ROWS = 1 << 17


def registered_entities(accounts: pa.Table, key: bytes, *, pseudonyms: bool = False) -> pa.Table:
    """Entities that the account register holds, as (account_id, layer, entity); keyed hashes.

    Args:
        accounts: the table `accounts`.
        key: the deployment's key.
        pseudonyms: whether its identifiers are hashes already (see `pseudonymous`).
    """
    mail = (
        accounts["email_domain"]
        if pseudonyms
        else pc.if_else(
            pc.is_valid(accounts["email_domain"]),
            pc.binary_join_element_wise(pc.fill_null(accounts["email_shape"], UNKNOWN), accounts["email_domain"], "@"),
            pa.scalar(None, pa.string()),
        )
    )
    day = pc.strftime(accounts["created_at"], format="%Y-%m-%d")
    values = {
        "payment_fingerprint": accounts["payment_fingerprint"],
        "signup_ip": accounts["signup_ip"],
        "mail_shape": mail,
        "signup_day": day,
    }
    pieces = [
        pa.table(
            {
                "account_id": accounts["account_id"],
                "layer": pa.array([layer] * len(accounts), pa.string()),
                "entity": column.cast(pa.int64())
                if pseudonyms and layer != "signup_day"
                else hashed(column, key, "client_ip" if layer == "signup_ip" else layer),
            }
        )
        for layer, column in values.items()
    ]
    table = pa.concat_tables(pieces)
    return table.filter(pc.is_valid(table["entity"]))


IDENTIFIERS = {"payment_fingerprint": "payment_fingerprint", "signup_ip": "signup_ip", "email_domain": "mail_shape"}
"""Columns of the register that identify, and the layer whose entity stands for each; a mail's shape goes with it."""


def pseudonymous(accounts: pa.Table, key: bytes) -> pa.Table:
    """The register of accounts with its identifiers as keyed hashes, written as numbers.

    Args:
        accounts: columns of the table `accounts`, one row an account.
        key: the deployment's key.
    """
    found = registered_entities(accounts, key)
    names = accounts["account_id"].combine_chunks()
    for column, layer in IDENTIFIERS.items():
        rows = found.filter(pc.equal(found["layer"], layer)).combine_chunks()
        places = pc.index_in(names, value_set=rows["account_id"].combine_chunks())
        hashes = rows["entity"].combine_chunks().cast(pa.string()).take(places)
        accounts = accounts.set_column(accounts.column_names.index(column), column, hashes)
    shape = accounts.column_names.index("email_shape")
    return accounts.set_column(shape, "email_shape", pa.nulls(len(accounts), pa.string()))


def write_units(workspace: Workspace) -> None:
    """Write the table `units`: account_id, unit (dense number from 0), declared (a verified owner stands behind it)."""
    workspace.derive("units", UNITS)


def write_entities(
    workspace: Workspace, found: dict[str, Signal], key: bytes, progress: Progress, *, pseudonyms: bool = False
) -> None:
    """Write `entities`: unit, layer, entity, epoch, exchanges, of what two units hold or more; and `shown`.

    Args:
        workspace: holds `fingerprints`, `units` and `accounts`.
        found: the signals, which say which of their columns are entities of which layer.
        key: the deployment's key.
        progress: called with (stage, layers done, layers in all).
        pseudonyms: whether identifiers in `accounts` are hashes already.
    """
    layers = {layer: columns for signal in found.values() for layer, columns in signal.layers.items()}
    statements = [*(TRANSFERS[layer] for layer in layers if layer in TRANSFERS), REGISTERED]
    total = len(layers) + len(statements)
    told = iter(range(1, total + 1))
    shown: list[dict[str, pa.Array]] = []
    with clustered(workspace, [name for columns in layers.values() for name in columns]) as exchanges:
        rows = held(exchanges, layers, shown, lambda: progress("entities", next(told), total))
        workspace.write_rows("unit_entities", rows, HELD, HELD_ROWS, lambda _: None)
    workspace.write("shown", shown_table(shown, tuple(layers)))
    workspace.write("registered", registered_entities(workspace.read("accounts"), key, pseudonyms=pseudonyms))
    for number, statement in enumerate(statements):
        workspace.derive(f"entities_{number}", statement)
        progress("entities", len(layers) + number + 1, total)
    every = [SHARED.replace("$layer", layer) for layer in layers if layer not in TRANSFERS]
    every += [f"select * from {{entities_{number}}}" for number in range(len(statements))]
    workspace.derive("entities", " union all ".join(every))
    for name in ("unit_entities", "registered", *(f"entities_{number}" for number in range(len(statements)))):
        workspace.path(name).unlink()


def held(
    exchanges: Clustered, layers: dict[str, tuple[str, ...]], shown: list[dict[str, pa.Array]], told: Callable[[], None]
) -> Iterator[pa.Table]:
    """What each unit has of each layer by epoch, by itself; rows of `HELD`.

    Args:
        exchanges: by unit.
        layers: layers of the fingerprint with their columns.
        shown: filled with the first epoch in which each unit of a part of the log showed each layer.
        told: called when a layer of the first part is done.
    """
    for number, part in enumerate(exchanges.parts()):
        firsts = {"unit": pa.array(np.arange(part.first, part.first + len(part.starts) - 1))}
        for layer, columns in layers.items():
            values = part.columns(columns)
            epochs = counting.first_shown(part.starts, part.epochs, values)
            firsts[layer] = pa.array(epochs, mask=epochs == counting.NEVER)
            if layer not in TRANSFERS:
                work = partial(counted, part, values, layer, least_share(FAMILY[FAMILY_OF[layer]]))
                yield from worked_in_order(part.chunks(), work, part.source.threads)
            if not number:
                told()
        shown.append(firsts)


def counted(part: Part, values: NDArray[np.int64], layer: str, least: float, units: tuple[int, int]) -> pa.Table:
    """What some units have of a layer; rows of `HELD`.

    Args:
        part: their exchanges.
        values: entities of all exchanges of the part; shape (columns, m).
        layer: name of the layer.
        least: share of its exchanges that makes an entity count for a unit.
        units: the first, counted from the part's first, and behind the last.
    """
    unit, entity, epoch, exchanges = counting.held(part.starts, part.epochs, values, least, *units)
    return pa.Table.from_arrays(
        [
            pa.array(unit + part.first),
            pa.repeat(layer, len(unit)),
            pa.array(entity),
            pa.array(epoch),
            pa.array(exchanges),
        ],
        schema=HELD,
    )


def shown_table(shown: list[dict[str, pa.Array]], layers: tuple[str, ...]) -> pa.Table:
    """First epoch in which each unit showed any value of a layer, shared or not: unit, and a column for each layer.

    Args:
        shown: columns, of one part of the log after another.
        layers: layers of the fingerprint.
    """
    target = schema(" ".join(f"{name}:i" for name in ("unit", *layers)))
    return pa.concat_tables([target.empty_table(), *(pa.table(one, schema=target) for one in shown)])
