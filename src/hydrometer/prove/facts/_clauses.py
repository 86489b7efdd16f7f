"""What in a log touches a clause of the terms: for each kind of clause, events of the group's accounts with their time.

A kind is data (`clauses.yaml`) with one query here. An event is counted against a clause only while the account had
accepted a version that holds it (`terms.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pyarrow as pa
import yaml

from hydrometer.prove.fact import HOUR_US
from hydrometer.prove.subject import Subject

SHARING_US = HOUR_US // 6
END_USERS = 20
"""End users that an account may name before it counts as passing access on."""
EVENTS = pa.schema([("account_id", pa.string()), ("us", pa.int64())])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of clause: what it forbids and what is counted, in words; `status` of the facts; a benign cause."""

    name: str
    heading: str
    counts: str
    status: str
    benign: str


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of clause by name."""
    text = files("hydrometer.prove.facts").joinpath("clauses.yaml").read_text(encoding="utf-8")
    return {name: Kind(name, **given) for name, given in yaml.safe_load(text).items()}


def events(subject: Subject, kind: str) -> pa.Table | None:
    """Events of the group's accounts that touch a kind of clause; None where the log cannot show them."""
    return _QUERIES[kind](subject)


def _part(subject: Subject) -> pa.Table:
    return subject.part.select(["exchange_id", "account_id", "sent_us", "techniques", "millionths"])


def _select(subject: Subject, sql: str, values: dict[str, object] | None = None) -> pa.Table:
    members = subject.members.select(["account_id"])
    return subject.workspace.query(sql, values, part=_part(subject), members=members).cast(EVENTS)


def _training(subject: Subject) -> pa.Table | None:
    return _select(subject, "select account_id, sent_us as us from part where millionths >= 500000")


def _by_technique(subject: Subject, *names: str) -> pa.Table | None:
    if {"prompt", "system_instructions"} <= subject.around.absent:
        return None
    known = subject.around.words.techniques
    mask = sum(1 << known.index(name) for name in names if name in known)
    return _select(subject, f"select account_id, sent_us as us from part where techniques & {mask} <> 0")


def _reasoning(subject: Subject) -> pa.Table | None:
    return _by_technique(
        subject, "cot_elicitation", "cot_after_the_fact", "forced_tags", "fake_debug", "language_coercion"
    )


def _circumvention(subject: Subject) -> pa.Table | None:
    return _by_technique(subject, "fake_debug", "identity_override")


def _region(subject: Subject) -> pa.Table | None:
    unsupported = subject.around.policy.get("unsupported_countries")
    if not unsupported or "country" in subject.around.absent:
        return None
    return _select(
        subject,
        "select account_id, sent_us as us from {traffic} f semi join members using (account_id) "
        "where list_contains($countries, country)",
        {"countries": list(unsupported)},
    )


def _sharing(subject: Subject) -> pa.Table | None:
    if "country" in subject.around.absent:
        return None
    return _select(
        subject,
        f"""select account_id, sent_us as us from (
              select account_id, sent_us, country, lag(country) over w as before, lag(sent_us) over w as before_us
              from {{traffic}} f semi join members using (account_id) where country is not null
              window w as (partition by account_id order by sent_us, exchange_id))
            where before <> country and sent_us - before_us <= {SHARING_US}""",
    )


def _resale(subject: Subject) -> pa.Table | None:
    if "end_user_id" in subject.around.absent:
        return None
    return _select(
        subject,
        f"""select account_id, us from (
              select account_id, us, row_number() over (partition by account_id order by us, end_user) as number
              from (select account_id, end_user, min(sent_us) as us from {{traffic}} f
                    semi join members using (account_id) where end_user <> 0 group by 1, 2))
            where number > {END_USERS}""",
    )


def _evasion(subject: Subject) -> pa.Table | None:
    if not subject.workspace.has("enforcement"):
        return None
    return _select(
        subject,
        """with bans as (select e.account_id, min(epoch_us(e.acted_at)) as us from {enforcement} e
             semi join members using (account_id) where e.action = 'ban' group by 1),
           firsts as (select account_id, min(sent_us) as us from {traffic} semi join members using (account_id)
             group by 1)
           select a.account_id, greatest(epoch_us(a.created_at), coalesce(f.us, epoch_us(a.created_at))) as us
           from {accounts} a semi join members using (account_id) left join firsts f using (account_id)
           where exists (select 1 from bans b where b.account_id <> a.account_id and b.us < epoch_us(a.created_at))""",
    )


def _several(subject: Subject) -> pa.Table | None:
    if len(subject.members) < 2:
        return EVENTS.empty_table()
    return _select(
        subject,
        "select account_id, min(sent_us) as us from {traffic} semi join members using (account_id) group by 1",
    )


_QUERIES: dict[str, Callable[[Subject], pa.Table | None]] = {
    "training_of_other_models": _training,
    "extraction_of_reasoning": _reasoning,
    "circumvention_of_safeguards": _circumvention,
    "unsupported_region": _region,
    "sharing_of_accounts": _sharing,
    "resale": _resale,
    "evasion_of_bans": _evasion,
    "several_accounts": _several,
}
