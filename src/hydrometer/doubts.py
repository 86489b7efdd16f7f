"""Says what in the input contradicts itself or cannot be as it is written: for the manifest. Nothing is corrected.

The tables of accounts and of exchanges come from different systems, and pathways have clocks of their own; a row that
contradicts another is kept, since neither is known to be the wrong one. An identity that a tenth of all accounts hold
is a placeholder or a common exit, not an identity; it links nobody, and the reader is told. It lies beside the pipeline
because it asks tables of two rooms. Source: the contract, section 2 (the manifest says what could not be looked at).
"""

from __future__ import annotations

from dataclasses import dataclass

from hydrometer.base.tables import INPUTS
from hydrometer.base.workspace import Workspace

SKEW_US = 60_000_000
"""Clocks of one system agree within a minute."""
PLACEHOLDER_SHARE = 0.1
"""An identity that more than this share of the units hold is none (`prove/urn.py` leaves it out at the same share)."""
PLACEHOLDER_MIN = 20
"""… and so many units at least: of a dozen accounts two may well share a card."""
IDENTITIES = ("payment_fingerprint", "client_ip", "signup_ip", "reasoning_signature")
ONE_ACCOUNT_SHARE = 0.25
"""An account that sends more than this share of all exchanges is named as a number: it shifts every rate."""
REGISTER_COLUMNS = ", ".join(name for name in INPUTS["accounts"].names if name not in ("account_id", "organization_id"))


@dataclass(frozen=True, slots=True)
class Doubt:
    """One kind of doubt about the input.

    Attributes:
        name: in words with underscores.
        select: SELECT of one row with the columns `found` and `among`.
        says: sentence with both numbers in it.
    """

    name: str
    select: str
    says: str


SPANS = "(select account_id, min(sent_us) as first_us, max(sent_us) as last_us from {fingerprints} group by 1)"
DOUBTS = (
    Doubt(
        "accounts_not_in_the_table",
        f"""select case when bool_or(known) then count(*) filter (not known and sends) else 0 end as found,
                   count(*) filter (sends) as among
            from (select coalesce({REGISTER_COLUMNS.replace(", ", "::text, ")}::text) is not null as known,
                         account_id in (select account_id from {{fingerprints}}) as sends from {{accounts}})""",
        "{found:,} of {among:,} accounts that send are not in the table of accounts",
    ),
    Doubt(
        "sent_before_created",
        f"""select count(*) filter (first_us + {SKEW_US} < epoch_us(created_at)) as found, count(created_at) as among
            from {SPANS} join {{accounts}} using (account_id)""",
        "{found:,} of {among:,} accounts sent something before they were created",
    ),
    Doubt(
        "sent_after_closed",
        f"""select count(*) filter (last_us - {SKEW_US} > epoch_us(closed_at)) as found, count(closed_at) as among
            from {SPANS} join {{accounts}} using (account_id)""",
        "{found:,} of {among:,} closed accounts sent something after they were closed",
    ),
    Doubt(
        "organization_contradicts",
        """select count(distinct e.account_id) filter (e.organization_id <> a.organization_id) as found,
                  count(distinct e.account_id) as among
           from (select distinct account_id, organization_id from {exchanges} where organization_id is not null) e
           join {accounts} a using (account_id)""",
        "{found:,} of {among:,} accounts with an organisation are of another one in the table of accounts",
    ),
    Doubt(
        "presented_before_issued",
        f"""with issued as (
              select signature_issued as entity, min(sent_us) as issued_us from {{fingerprints}}
              where signature_issued is not null group by 1
            )
            select count(*) filter (f.sent_us + {SKEW_US} < i.issued_us) as found, count(*) as among
            from {{fingerprints}} f join issued i on f.signature_presented = i.entity""",
        "{found:,} of {among:,} exchanges present reasoning before it was issued: clocks of pathways differ",
    ),
    Doubt(
        "identities_of_everybody",
        f"""with holders as (select layer, entity, count(distinct unit) as units from {{entities}}
                             where layer in ({", ".join(f"'{layer}'" for layer in IDENTITIES)}) group by 1, 2),
                 everybody as (select count(distinct unit) as units from {{units}})
            select count(*) filter (h.units > {PLACEHOLDER_SHARE} * e.units and h.units > {PLACEHOLDER_MIN}) as found,
                   count(*) as among from holders h, everybody e""",
        "{found:,} of {among:,} cards, addresses and signatures are held by more than a tenth of all accounts: they "
        "link nobody",
    ),
    Doubt(
        "one_account_sends_much",
        f"""select case when max(n) > {ONE_ACCOUNT_SHARE} * sum(n) then max(n) else 0 end as found,
                   sum(n)::bigint as among
            from (select count(*) as n from {{fingerprints}} group by account_id having count(*) > 0)""",
        "{found:,} of {among:,} exchanges are one account's",
    ),
)


def doubts(workspace: Workspace) -> dict[str, str]:
    """Kind of doubt → what was found, in words; only what was found.

    Args:
        workspace: holds `exchanges`, `accounts`, `fingerprints`, `units` and `entities`.
    """
    told: dict[str, str] = {}
    for doubt in DOUBTS:
        row = workspace.query(doubt.select).to_pylist()[0]
        if row["found"]:
            told[doubt.name] = doubt.says.format(found=row["found"], among=row["among"])
    return told
