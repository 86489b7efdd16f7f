"""Which clauses of the terms a group's accounts touched while they were bound by them: facts of H3, never evidence.

The contract between provider and account is the ground on which a provider can act, so a thing is counted against a
clause only while the account had accepted a version that holds it. What nobody has said is unknown: a clause whose
meaning is not mapped, an account without a recorded acceptance, a column that the log lacks.
Source: mission table, rows 49 and 50; the contract, section 1 (`terms`, `acceptances`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hydrometer.prove.fact import MET, NOT_MET, UNKNOWN, Fact, account_table, fact_table, plural, unknown
from hydrometer.prove.facts._clauses import Kind, events, kinds
from hydrometer.prove.subject import Subject

SECTION = "terms"
CLAUSES_MAX = 200
"""Clauses that are looked at; a table of terms is entered by the provider and not by its customers."""
FOREVER_US = 2**62
LIMITS = "A fact about the contract with this account: nothing about who ran it or why, and never part of H1 or H2."
CLAUSES = "select clause, count(distinct version) as versions from {terms} group by 1 order by 1"
ACCOUNTS = f"""
with accepted as (
  select account_id, version, epoch_us(accepted_at) as from_us, coalesce(lead(epoch_us(accepted_at)) over (
           partition by account_id order by accepted_at, version), {FOREVER_US}) as to_us
  from {{acceptances}} semi join members using (account_id)
), binding as (
  select a.account_id, a.version, greatest(a.from_us, coalesce(epoch_us(t.effective_at), a.from_us)) as from_us, a.to_us
  from accepted a join {{terms}} t using (version) where t.clause = $clause
), latest as (
  select account_id, arg_max(version, (from_us, version)) as version, max(from_us) as from_us from binding group by 1
), counted as (
  select account_id, count(*) as n from events e join binding b using (account_id)
  where e.us >= b.from_us and e.us < b.to_us group by 1
), every as (select account_id, count(*) as n from events group by 1)
select m.account_id, l.version, l.from_us, coalesce(c.n, 0) as n, coalesce(e.n, 0) as n_all
from members m left join latest l using (account_id) left join counted c using (account_id)
left join every e using (account_id) order by 1
"""
ROWS = """
select account_id,
  case when not $known or version is null then 'unknown' when n > 0 then 'met' else 'not met' end as state,
  case when not $known or version is null then null else n::double end as value,
  case when not $known or version is null then null else n end as n, make_timestamptz(from_us) as starts_at,
  case when not $known then 'The log cannot show it.'
    when version is null
      then format('No acceptance of terms with this clause is on record; {} events would touch it.', n_all)
    else format('{} of {} events ({}) while version {} was in force, accepted and effective since {}.',
      n, n_all, $counts, version, strftime(make_timestamp(from_us), '%Y-%m-%d')) end as statement
from found order by 1
"""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause and the kind that it is, None where nobody has said."""

    name: str
    kind: Kind | None
    versions: int


def clauses(subject: Subject) -> list[Clause]:
    """Clauses of the terms, by name, with their kinds by the policy or by their own name."""
    mapped = subject.around.policy.get("clauses") or {}
    known = kinds()
    return [
        Clause(row["clause"], known.get(mapped.get(row["clause"], row["clause"])), row["versions"])
        for row in subject.workspace.query(CLAUSES).to_pylist()[:CLAUSES_MAX]
    ]


def rows(subject: Subject) -> pa.Table:
    """Rows of the section `terms`: each clause for the group, then for each account."""
    if not subject.workspace.has("terms"):
        said = unknown("terms", "No terms were given, so that no clause was looked at.", source="terms")
        return fact_table(subject.campaign_id, SECTION, [said])
    accepted = subject.workspace.has("acceptances")
    group: list[Fact] = []
    parts: list[pa.Table] = []
    for clause in clauses(subject):
        if clause.kind is None:
            why = f"Nobody has said what clause {clause.name} forbids (`clauses` of policy.yaml)."
            group.append(_unknown(clause, why))
        elif not accepted:
            group.append(_unknown(clause, f"Who accepted clause {clause.name} when is not on record."))
        else:
            part = _of_accounts(subject, clause, clause.kind)
            group.append(_summary(clause, clause.kind, part))
            parts.append(_full(subject, clause, clause.kind, part, len(parts) + 1))
    if not group:
        group.append(unknown("terms", "The table of terms has no clause.", source="terms"))
    return pa.concat_tables([fact_table(subject.campaign_id, SECTION, group), *parts])


def _unknown(clause: Clause, why: str) -> Fact:
    return Fact(
        fact="clause", clause=clause.name, subject=clause.kind.heading if clause.kind else None, state=UNKNOWN,
        source="terms, acceptances", limits=LIMITS, statement=why,
    )  # fmt: skip


def _of_accounts(subject: Subject, clause: Clause, kind: Kind) -> pa.Table:
    """State, number, time and sentence of each account for one clause."""
    touched = events(subject, kind.name)
    found = subject.workspace.query(
        ACCOUNTS, {"clause": clause.name}, members=subject.members.select(["account_id"]),
        events=touched if touched is not None else _NOTHING,
    )  # fmt: skip
    return subject.workspace.query(ROWS, {"known": touched is not None, "counts": kind.counts}, found=found)


_NOTHING = pa.table({"account_id": pa.array([], pa.string()), "us": pa.array([], pa.int64())})


def _summary(clause: Clause, kind: Kind, part: pa.Table) -> Fact:
    """How many accounts touched a clause while bound by it."""
    states = part["state"].to_pylist()
    met, not_met = states.count(MET), states.count(NOT_MET)
    bound = met + not_met
    state = UNKNOWN if not bound else MET if met else NOT_MET
    said = (
        f"None of the {plural(len(states), 'account')} can be looked at for clause {clause.name} ({kind.heading})."
        if not bound
        else f"Clause {clause.name} ({kind.heading}): {met:,} of {plural(bound, 'account')} bound by it touched it; "
        f"{len(states) - bound:,} cannot be looked at."
    )
    return Fact(
        fact="clause", clause=clause.name, subject=kind.heading, state=state, value=met / bound if bound else None,
        unit="share of accounts", n=bound, status=kind.status,
        method=f"counted while a version with the clause was accepted and effective: {kind.counts}",
        source="terms, acceptances", limits=f"{LIMITS} Innocent accounts show it too: {kind.benign}.",
        rows_table="facts", rows=len(states), statement=said,
    )  # fmt: skip


def _full(subject: Subject, clause: Clause, kind: Kind, part: pa.Table, number: int) -> pa.Table:
    """Rows of accounts with all columns of `facts`."""
    return account_table(
        part, campaign_id=subject.campaign_id, section=SECTION, position=number, fact="clause_of_account",
        subject=kind.heading, clause=clause.name, unit="events", status=kind.status, method=kind.counts,
        source="terms, acceptances", limits=LIMITS, rows_table="attributed",
    )  # fmt: skip
