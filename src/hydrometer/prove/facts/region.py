"""Where the accounts of a group are used from, and whose they are, against the provider's rules: listed, never scored.

One sign alone says nothing: the traveller's addresses are abroad and his papers at home, the emigrant's bank is at home
and her addresses abroad. So an account counts as used from an unsupported country only where its addresses and its
papers both say so; where one is missing it is unknown. Contradictions between the signs are counted, hours of the day
say which time zones a group keeps if it keeps any, and the time that an answer took says nothing about distance.
Source: mission table, row 51; `statistics.md` section 11 (geography).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.fact import (
    INFERRED,
    MET,
    NOT_MET,
    OBSERVED,
    UNKNOWN,
    Fact,
    account_table,
    fact_table,
    percent,
    plural,
    unknown,
)
from hydrometer.prove.subject import Subject

SECTION = "region"
MOSTLY = 0.6
"""Share of an account's exchanges from which its addresses lie in one country."""
OWNERSHIP = 0.5
CLAUSE, OWNERSHIP_CLAUSE = "unsupported countries", "ownership"
ENTROPY_MAX = 0.97
"""Share of the largest entropy of hours above which a group keeps no hours."""
HOURS_MIN = 200
NIGHT_HOURS = 6
LIMITS = "Nationality, language and addresses say nothing about guilt; a fact about the provider's own rules alone."
LOCATED = f"""
with seen as (
  select account_id, country, count(*) as n from {{traffic}} f semi join members using (account_id)
  where country is not null group by 1, 2
), network as (
  select account_id, arg_max(country, (n, country)) as country, max(n)::double / sum(n) as share, sum(n) as n
  from seen group by 1
), papers as (
  select account_id, coalesce(kyc_country, case when phone_country = billing_country then phone_country
           when phone_country is null then billing_country
           when billing_country is null then phone_country end) as country,
         [kyc_country, phone_country, billing_country, signup_country] as signs
  from {{accounts}} semi join members using (account_id)
), main as (select account_id, n, case when share >= {MOSTLY} then country end as country from network)
select m.account_id, n.country as network, p.country as papers, n.n,
       len(list_distinct(list_append(coalesce(p.signs, []), n.country))) as countries
from members m left join main n using (account_id) left join papers p using (account_id) order by 1
"""
ROWS = """
with judged as (
  select *, list_contains($countries, network) as outside, list_contains($countries, papers) as foreign_papers
  from found
)
select account_id, n::bigint as n, (greatest(countries, 1) - 1)::double as value,
  case when outside is null or foreign_papers is null then 'unknown'
       when outside and foreign_papers then 'met' else 'not met' end as state,
  case when outside is null and foreign_papers is null then 'Neither addresses nor papers tell where it is used.'
       when outside is null then format('Papers of {}; its addresses lie in no one country.', papers)
       when foreign_papers is null then format('Addresses in {}; no papers, or papers of several countries.', network)
       else format('Addresses in {}, papers of {}{}.', network, papers,
         case when outside and not foreign_papers then ': as of a traveller'
              when foreign_papers and not outside then ': as of somebody who lives abroad' else '' end)
  end as statement
from judged order by 1
"""
COUNTRIES = """
select count(*) as n, count(f.country) as known, count(*) filter (list_contains($countries, f.country)) as met
from {traffic} f semi join part using (exchange_id)
"""
HOURS = (
    "select (sent_us // 3600000000) % 24 as hour, sum(millionths)::double / 1e6 as n from part group by 1 order by 1"
)
OWNERS = """
select a.owner, count(*) as accounts from {accounts} a semi join members using (account_id) where a.owner is not null
group by 1 order by 2 desc, 1
"""
OWNERS_MAX = 50


def rows(subject: Subject) -> pa.Table:
    """Rows of the section `region`: the group, its owners, then each account."""
    policy = subject.around.policy
    countries = sorted(set(policy.get("unsupported_countries") or ()))
    group: list[Fact] = []
    accounts: list[pa.Table] = []
    if not countries:
        why = "No policy names countries that are not served."
        group.append(unknown("unsupported_country", why, source="policy.yaml"))
    else:
        located = subject.workspace.query(LOCATED, members=subject.members.select(["account_id"]))
        judged = subject.workspace.query(ROWS, {"countries": countries}, found=located)
        group += [_countries(subject, countries), _summary(judged), _contradictions(judged)]
        accounts.append(_of_accounts(subject, judged))
    group += owners(subject, policy)
    group += [_hours(subject), _latency()]
    return pa.concat_tables([fact_table(subject.campaign_id, SECTION, group), *accounts])


def _countries(subject: Subject, countries: list[str]) -> Fact:
    """Exchanges from countries that the policy does not serve."""
    part = subject.part.select(["exchange_id"])
    row = subject.workspace.query(COUNTRIES, {"countries": countries}, part=part).to_pylist()[0]
    state = UNKNOWN if not row["known"] else MET if row["met"] else NOT_MET
    return Fact(
        fact="unsupported_country", clause=CLAUSE, state=state, value=row["met"] / max(row["known"], 1),
        unit="share of exchanges", n=row["known"], source="policy.yaml, country", rows_table="attributed",
        rows=row["n"], limits=f"Travellers and exits of VPNs show it too. {LIMITS}",
        statement=f"{row['met']:,} of {row['known']:,} exchanges with a known country come from a country that the "
        "policy does not serve.",
    )  # fmt: skip


def _summary(judged: pa.Table) -> Fact:
    """Accounts whose addresses and papers both say that they are used from an unsupported country."""
    states = judged["state"].to_pylist()
    met, known = states.count(MET), len(states) - states.count(UNKNOWN)
    return Fact(
        fact="effective_region", clause=CLAUSE, status=INFERRED, value=met / known if known else None,
        state=UNKNOWN if not known else MET if met else NOT_MET, unit="share of accounts", n=known,
        method=f"met where {percent(MOSTLY)} of an account's exchanges and its papers (identity, else telephone and "
        "payment if they agree) lie in unsupported countries; unknown where either is missing",
        source="country, kyc_country, phone_country, billing_country", rows_table="facts", rows=len(states),
        limits=LIMITS,
        statement=f"Of {plural(known, 'account')} with addresses and papers {met:,} are used from an unsupported "
        f"country by both; {len(states) - known:,} cannot be told.",
    )  # fmt: skip


def _contradictions(judged: pa.Table) -> Fact:
    """How many accounts show several countries."""
    several = sum((value or 0.0) >= 1.0 for value in judged["value"].to_pylist())
    total = len(judged)
    return Fact(
        fact="contradictions", value=several / max(total, 1), unit="share of accounts", n=total,
        method="accounts that show more than one country among identity, telephone, payment, sign-up and addresses",
        source="accounts, country", rows_table="facts", rows=total,
        limits=f"Travellers, emigrants and customers of foreign banks show it too. {LIMITS}",
        statement=f"{several:,} of {plural(total, 'account')} show more than one country.",
    )  # fmt: skip


def _of_accounts(subject: Subject, judged: pa.Table) -> pa.Table:
    return account_table(
        judged, campaign_id=subject.campaign_id, section=SECTION, position=1, fact="effective_region_of_account",
        clause=CLAUSE, unit="countries beyond the first", status=INFERRED,
        method="addresses and papers together", source="accounts, country", limits=LIMITS, rows_table="attributed",
    )  # fmt: skip


def owners(subject: Subject, policy: Mapping[str, Any]) -> list[Fact]:
    """Verified owners of the group's accounts against the rule of ownership."""
    rule = policy.get("ownership") or {}
    found = subject.workspace.query(OWNERS, members=subject.members.select(["account_id"])).to_pylist()
    if not found:
        return []
    unsupported = set(policy.get("unsupported_countries") or ())
    above = float(rule.get("above", OWNERSHIP))
    known = rule.get("owners") or []
    return [
        _owner(row, [one for one in known if one["owner"] == row["owner"]], unsupported, above)
        for row in found[:OWNERS_MAX]
    ]


def _owner(row: dict[str, Any], holdings: list[dict[str, Any]], unsupported: set[str], above: float) -> Fact:
    foreign = sum(float(one["share"]) for one in holdings if one["country"] in unsupported)
    state = UNKNOWN if not holdings or not unsupported else MET if decide(foreign) > above else NOT_MET
    of = plural(row["accounts"], "account")
    said = (
        f"Who owns {row['owner']} ({of}) is not on record."
        if state == UNKNOWN
        else f"{percent(foreign)} of {row['owner']} ({of}) belongs to unsupported countries; the rule begins above "
        f"{percent(above)}."
    )
    return Fact(
        fact="ownership", subject=row["owner"], clause=OWNERSHIP_CLAUSE, state=state, status=OBSERVED,
        value=foreign if holdings else None, unit="share of the firm", n=row["accounts"],
        method="sum of the shares that lie in unsupported countries",
        source="; ".join(sorted({str(one["source"]) for one in holdings})) or "policy.yaml, ownership",
        limits=f"A foreign firm that is not owned so is served like any other. {LIMITS}", statement=said,
    )  # fmt: skip


def quietest(counts: NDArray[np.float64]) -> tuple[int, float]:
    """(first UTC hour of the quietest six hours, their share of the exchanges); the earliest of equals.

    >>> quietest(np.array([0.0] * 6 + [10.0] * 18))
    (0, 0.0)
    """
    total = max(float(counts.sum()), 1e-9)
    around = np.concatenate([counts, counts[: NIGHT_HOURS - 1]])
    sums = np.convolve(around, np.ones(NIGHT_HOURS), "valid")
    first = int(np.argmin(np.round(sums, 9)))
    return first, float(sums[first]) / total


def _hours(subject: Subject) -> Fact:
    """The hours that the group keeps, if it keeps any."""
    found = subject.workspace.query(HOURS, part=subject.part.select(["sent_us", "millionths"]))
    counts = np.zeros(24)
    counts[found["hour"].to_numpy()] = found["n"].to_numpy()
    total = float(counts.sum())
    share = counts / max(total, 1e-9)
    entropy = float(-(share[share > 0] * np.log(share[share > 0])).sum() / np.log(24.0))
    first, quiet = quietest(counts)
    keeps = total >= HOURS_MIN and decide(entropy) <= ENTROPY_MAX
    zone = (12 - first) % 24 - 12  # the clock that shows midnight when the quiet begins
    said = (
        f"The group is quietest from {first:02d}:00 UTC for {NIGHT_HOURS} hours ({percent(quiet)} of its exchanges), "
        f"as where the clock stands {zone:+d} hours from UTC, or as its operators choose."
        if keeps
        else "The group keeps no hours, or sends too little to tell, so that they say nothing about a time zone."
    )
    return Fact(
        fact="hours", status=INFERRED, state=None if keeps else UNKNOWN, value=float(zone) if keeps else None,
        unit="hours from UTC", n=round(total),
        method=f"quietest {NIGHT_HOURS} hours of the day taken for 0 to {NIGHT_HOURS} o'clock at night; nothing is "
        f"said where the entropy of the hours is above {ENTROPY_MAX:g} of the largest",
        source="sent_at", rows_table="attributed", rows=len(subject.part),
        limits=f"Many countries share an hour, and machines keep any. {LIMITS}", statement=said,
    )  # fmt: skip


def _latency() -> Fact:
    return Fact(
        fact="latency", state=UNKNOWN, source="latency_ms", limits=LIMITS,
        statement="The time that an answer took is the model's, not the line's: it says nothing about distance.",
    )  # fmt: skip
