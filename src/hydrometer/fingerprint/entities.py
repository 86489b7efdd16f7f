"""Who holds what: units (accounts, or all accounts of one verified owner) and the entities that at least two share.

Accounts of one verified `owner` are one unit from here on: that they belong together is declared, so it is neither
evidence nor allowed to inflate what counts as usual. Counts are kept per epoch of event time, so that the state of any
moment is a sum over earlier epochs. Source: `statistics.md` section 1 (contraction), contract (epochs).
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.families import FAMILIES, UNKNOWN
from hydrometer.base.population import TEXT_SHARE, by_share
from hydrometer.base.signals import Signal
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.hashing import hashed
from hydrometer.fingerprint.transfers import TRANSFERS

Progress = Callable[[str, int, int | None], None]

UNITS = """
select account_id, dense_rank() over (order by coalesce('o:' || owner, 'a:' || account_id)) - 1 as unit,
       owner is not null as declared
from {accounts} where account_id in (select account_id from {fingerprints})
"""

TRAFFIC = """traffic as (
  select u.unit, f.entity, f.sent_us // {epoch_us} as epoch
  from (select account_id, sent_us, unnest([$columns]) as entity from {fingerprints}) f
  join {units} u using (account_id)
  where f.entity is not null and f.entity <> 0
)"""
SHARED = f"""
with {TRAFFIC}, held as (select unit, entity, epoch, count(*) as exchanges from traffic group by all),
shared as (select entity from held group by entity having min(unit) <> max(unit))
select unit, '$layer' as layer, entity, epoch, exchanges from held semi join shared using (entity)
"""
"""Entities of one layer of the fingerprint that at least two units hold; see `TRANSFERS` for the others."""
VOLUMES = """
select unit, epoch, sum(n) over (partition by unit order by epoch)::bigint as total
from (
  select u.unit, f.sent_us // {epoch_us} as epoch, count(*) as n from {fingerprints} f join {units} u using (account_id)
  group by 1, 2
)
"""
"""What each unit had sent by the end of each epoch in which it sent anything."""
FREQUENT = f"""
with {TRAFFIC}, pairs as (
  select unit, entity, count(*) as n, min(epoch) as epoch from traffic group by 1, 2
), able as (
  select p.unit, p.entity from pairs p join {{volumes}} v using (unit, epoch)
  where p.n >= v.total * {TEXT_SHARE}::double
), likely as (
  select unit, entity from able
  semi join (select entity from able group by entity having min(unit) <> max(unit)) using (entity)
), held as (
  select unit, entity, epoch, count(*) as exchanges from traffic semi join likely using (unit, entity) group by all
), sums as (
  select *, sum(exchanges) over (partition by unit, entity order by epoch)::bigint as n from held
), since as (
  select s.unit, s.entity, min(epoch) as since from sums s join {{volumes}} v using (unit, epoch)
  where s.n >= v.total * {TEXT_SHARE}::double group by 1, 2
), common as (select entity from since group by entity having min(unit) <> max(unit))
select unit, '$layer' as layer, entity, greatest(epoch, since) as epoch, sum(exchanges)::bigint as exchanges
from held join since using (unit, entity) semi join common using (entity) group by 1, 3, 4
"""
"""The same of a layer whose entities count by the share of a unit's exchanges that show them: those only that once had
that share in two units, of each unit from the first epoch at whose end it had it. No look at an earlier or later moment
counts any other, and most phrases are said once. `able` and `likely` ask for less, of fewer rows: a share of what was
sent by the end of the epoch that first showed it."""

REGISTERED = """
with held as (
  select u.unit, r.entity, min(s.epoch) as epoch, count(*) as exchanges
  from {registered} r join {units} u using (account_id)
  join (select account_id, min(sent_us) // {epoch_us} as epoch from {fingerprints} group by 1) s using (account_id)
  where r.layer = '$layer' group by u.unit, r.entity
), shared as (select entity from held group by entity having min(unit) <> max(unit))
select unit, '$layer' as layer, entity, epoch, exchanges from held semi join shared using (entity)
"""
"""Entities of the account register: known from the account's first exchange on."""

SHOWN = """
select u.unit, $firsts from (select account_id, sent_us // {epoch_us} as epoch, $columns from {fingerprints}) f
join {units} u using (account_id) group by u.unit
"""
"""First epoch in which each unit showed any value of a layer, shared or not."""
REGISTER_LAYERS = ("payment_fingerprint", "signup_ip", "mail_shape", "signup_day")


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
    workspace.write("registered", registered_entities(workspace.read("accounts"), key, pseudonyms=pseudonyms))
    layers = {layer: columns for signal in found.values() for layer, columns in signal.layers.items()}
    workspace.derive("shown", shown(layers))
    workspace.derive("volumes", VOLUMES)
    statements = [
        statement_of(layer).replace("$layer", layer).replace("$columns", ", ".join(columns))
        for layer, columns in layers.items()
    ]
    statements += [REGISTERED.replace("$layer", layer) for layer in REGISTER_LAYERS]
    total = len(statements)
    for number, statement in enumerate(statements):
        workspace.derive(f"entities_{number}", statement)
        progress("entities", number + 1, total)
    workspace.derive("entities", " union all ".join(f"select * from {{entities_{number}}}" for number in range(total)))
    for number in range(total):
        workspace.path(f"entities_{number}").unlink()
    for name in ("registered", "volumes"):
        workspace.path(name).unlink()


def statement_of(layer: str) -> str:
    """SELECT of the entities of one layer of the fingerprint."""
    frequent = any(layer in family.layers and by_share(family) for family in FAMILIES)
    return TRANSFERS.get(layer, FREQUENT if frequent else SHARED)


def shown(layers: dict[str, tuple[str, ...]]) -> str:
    """SELECT of the first epoch in which each unit showed a layer: unit, and a column of its name for each layer.

    Args:
        layers: layers of the fingerprint with their columns.
    """
    firsts = [
        f"min(epoch) filter (where {' or '.join(f'coalesce({column}, 0) <> 0' for column in columns)}) as {layer}"
        for layer, columns in layers.items()
    ]
    columns = sorted({column for named in layers.values() for column in named})
    return SHOWN.replace("$firsts", ", ".join(firsts)).replace("$columns", ", ".join(columns))
