"""Who holds what: units (accounts, or all accounts of one verified owner) and the entities that at least two share.

Accounts of one verified `owner` are one unit from here on: that they belong together is declared, so it is neither
evidence nor allowed to inflate what counts as usual. Counts are kept per epoch of event time, so that the state of any
moment is a sum over earlier epochs. Source: `statistics.md` section 1 (contraction), contract (epochs).
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from hydrometer.base.families import UNKNOWN
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

SHARED = """
with held as (
  select u.unit, hash_value as entity, f.sent_us // {epoch_us} as epoch, count(*) as exchanges
  from (select account_id, sent_us, unnest([$columns]) as hash_value from {fingerprints}) f
  join {units} u using (account_id)
  where hash_value is not null and hash_value <> 0 group by all
), shared as (select entity from held group by entity having count(distinct unit) >= 2)
select unit, '$layer' as layer, entity, epoch, exchanges from held semi join shared using (entity)
"""
"""Entities of one layer of the fingerprint that at least two units hold; see `TRANSFERS` for the others."""

REGISTERED = """
with held as (
  select u.unit, r.entity, min(s.epoch) as epoch, count(*) as exchanges
  from {registered} r join {units} u using (account_id)
  join (select account_id, min(sent_us) // {epoch_us} as epoch from {fingerprints} group by 1) s using (account_id)
  where r.layer = '$layer' group by u.unit, r.entity
), shared as (select entity from held group by entity having count(distinct unit) >= 2)
select unit, '$layer' as layer, entity, epoch, exchanges from held semi join shared using (entity)
"""
"""Entities of the account register: known from the account's first exchange on."""

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
    """Write the table `entities`: unit, layer, entity, epoch, exchanges; only entities that ≥ 2 units hold.

    Args:
        workspace: holds `fingerprints`, `units` and `accounts`.
        found: the signals, which say which of their columns are entities of which layer.
        key: the deployment's key.
        progress: called with (stage, layers done, layers in all).
        pseudonyms: whether identifiers in `accounts` are hashes already.
    """
    workspace.write("registered", registered_entities(workspace.read("accounts"), key, pseudonyms=pseudonyms))
    layers = {layer: columns for signal in found.values() for layer, columns in signal.layers.items()}
    statements = [
        TRANSFERS.get(layer, SHARED).replace("$layer", layer).replace("$columns", ", ".join(columns))
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
    workspace.path("registered").unlink()
