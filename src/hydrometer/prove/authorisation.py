"""What the register of authorised uses covers of a group's traffic: by whom, for what, until when, and within what.

An entry for distillation, evaluation or safety research covers data-set building by its accounts up to the end of its
last day and within its scope; one for education or resale covers that, and no training set. `scope` binds where it is
made of words of the vocabulary of capabilities ("reasoning, coding"); any other text is for the person who decides.
Time is that of the log. Source: the contract, section 1 (`register.yaml`); mission table, row 60.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from hydrometer.base.cases import Case
from hydrometer.base.workspace import Workspace

BUILDING = ("distillation", "evaluation", "safety_research")
"""Purposes for which data sets are built."""
COVERED = 0.5
"""Share of a group's accounts that the register must name."""
BEYOND_MIN, BEYOND_SHARE = 20, 0.2
"""Exchanges, and share of the aimed ones within its time, from which use is outside an entry's scope."""
GOES_ON = 0.5
"""Use goes on after an entry's end where it is at least half as often aimed at a capability as before."""
SEPARATORS = re.compile(r"[\s,;]+")
ACCOUNTS = """
select u.account_id, a.organization_id
from {units} u join {accounts} a using (account_id) join members m using (unit) order by 1
"""
USE = """
with f as (
  select f.exchange_id, f.sent_us, f.capabilities, f.capabilities <> 0 or f.techniques <> 0 as aimed,
         u.until_us is null or f.sent_us < u.until_us as in_force, u.scope
  from {traffic} f join uses u using (account_id) where f.sent_us // {epoch_us} <= $last
), one as (
  select exchange_id, bool_or(aimed) as aimed, bool_or(in_force) as in_force, bool_or(capabilities <> 0) as asks,
         bool_or(in_force and (scope = 0 or capabilities = 0 or capabilities & scope <> 0)) as within
  from f group by 1
)
select count(*) as exchanges, count(*) filter (in_force) as in_force, count(*) filter (in_force and aimed) as aimed,
       count(*) filter (not in_force) as late, count(*) filter (not in_force and aimed) as late_aimed,
       count(*) filter (in_force and asks) as asked, count(*) filter (in_force and not within) as outside
from one
"""
Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class Authorisation:
    """What the register says about a group.

    Attributes:
        accounts: accounts of the group.
        building: those that an entry for data-set building names, in force or not.
        other: those that only an entry for another purpose names, which is in force.
        purposes: purposes of the entries that name any, in order.
        until: the last day of the last of the entries for building; None where one never ends or there is none.
        exchanges: exchanges of the accounts that entries for building name.
        late: those after the entries' end.
        goes_on: whether building goes on after the end, or all use is after it.
        asked: exchanges in time that are aimed at a capability.
        outside: those of them that no entry's scope holds.
        beyond_scope: whether that is a good part.
    """

    accounts: int
    building: int
    other: int
    purposes: tuple[str, ...]
    until: date | None
    exchanges: int
    late: int
    goes_on: bool
    asked: int
    outside: int
    beyond_scope: bool

    @property
    def named(self) -> bool:
        """Whether entries for building name half of the group."""
        return self.building > 0 and self.building >= COVERED * self.accounts

    @property
    def covered(self) -> bool:
        """Whether the register authorises what the group does."""
        return self.named and not self.goes_on and not self.beyond_scope

    @property
    def otherwise(self) -> bool:
        """Whether the register names half of the group, and for other purposes than building."""
        return not self.named and self.building + self.other >= max(COVERED * self.accounts, 1)

    @property
    def limits(self) -> bool:
        """Whether the register names the group and does not cover it: a declared owner is then no excuse."""
        return self.otherwise or (self.named and not self.covered)


NOTHING = Authorisation(0, 0, 0, (), None, 0, 0, False, 0, 0, False)


def last_day(entry: Entry) -> date | None:
    """The last day on which an entry counts; None = it never ends.

    >>> last_day({"expires_at": "2026-01-31"}), last_day({})
    (datetime.date(2026, 1, 31), None)
    """
    until = entry.get("expires_at")
    if until is None:
        return None
    if isinstance(until, datetime):
        return until.date()
    return until if isinstance(until, date) else date.fromisoformat(str(until)[:10])


def scope_mask(scope: object, capabilities: Sequence[str]) -> int:
    """Bits of the capabilities that a scope allows; 0 where it is no list of capabilities and binds nobody.

    >>> scope_mask("reasoning, coding", ("coding", "reasoning", "vision")), scope_mask("a tutor", ("coding",))
    (3, 0)
    """
    words = [word for word in SEPARATORS.split(str(scope or "").strip().lower()) if word]
    if not words or not set(words) <= set(capabilities):
        return 0
    return sum(1 << capabilities.index(word) for word in set(words))


def entries_of(case: Case) -> dict[str, list[Entry]]:
    """The register's entries for each account of the group, by account or by organisation, in the register's order."""
    found = case.workspace.query(ACCOUNTS, members=pa.table({"unit": case.group.members}))
    pairs = zip(found["account_id"].to_pylist(), found["organization_id"].to_pylist(), strict=True)
    return {
        account: [
            entry
            for entry in case.register
            if entry.get("account_id") == account
            or (organisation is not None and entry.get("organization_id") == organisation)
        ]
        for account, organisation in pairs
    }


def authorisation(case: Case) -> Authorisation:
    """What the register says about a group up to the case's epoch."""
    if not case.register:
        return NOTHING
    entries = entries_of(case)
    today = datetime.fromtimestamp(((case.last_epoch + 1) * case.workspace.epoch_us - 1) // 1_000_000, UTC).date()
    building = {account: some for account, every in entries.items() if (some := [e for e in every if builds(e)])}
    other = [
        account
        for account, every in entries.items()
        if account not in building and any((last_day(entry) or today) >= today for entry in every)
    ]
    named = [entry for some in building.values() for entry in some]
    days = [last_day(entry) for entry in named]
    purposes = sorted({str(e.get("purpose", "unstated purpose")) for every in entries.values() for e in every})
    counted = _used(case, building)
    return Authorisation(
        len(entries), len(building), len(other), tuple(purposes),
        None if None in days or not days else max(day for day in days if day is not None),
        counted["exchanges"], counted["late"], goes_on(counted), counted["asked"], counted["outside"],
        beyond_scope(counted),
    )  # fmt: skip


def builds(entry: Entry) -> bool:
    """Whether an entry's purpose is one for which data sets are built."""
    return entry.get("purpose") in BUILDING


def _used(case: Case, building: dict[str, list[Entry]]) -> dict[str, int]:
    """How much of the named accounts' traffic lies in time and in scope."""
    uses = uses_table([(account, entry) for account, some in building.items() for entry in some], case.capabilities)
    return used(case.workspace, uses, case.last_epoch)


def uses_table(pairs: Sequence[tuple[str, Entry]], capabilities: Sequence[str]) -> pa.Table:
    """Accounts with an entry that names them, as the table `uses` of `USE`."""
    return pa.table(
        {
            "account_id": pa.array([account for account, _ in pairs], pa.string()),
            "until_us": pa.array([until_us(last_day(entry)) for _, entry in pairs], pa.int64()),
            "scope": pa.array([scope_mask(entry.get("scope"), capabilities) for _, entry in pairs], pa.int64()),
        }
    )


def used(workspace: Workspace, uses: pa.Table, last_epoch: int) -> dict[str, int]:
    """Counts of `USE`: how much of some accounts' traffic lies in time and in scope."""
    found = workspace.query(USE, {"last": last_epoch}, uses=uses).to_pylist()[0]
    return {name: int(value) for name, value in found.items()}


def until_us(day: date | None) -> int | None:
    """The first moment after a day, microseconds since 1970; None for no day."""
    return (
        None if day is None else int(datetime.combine(day + timedelta(1), datetime.min.time(), UTC).timestamp() * 1e6)
    )


def goes_on(counted: dict[str, int]) -> bool:
    """Whether what an entry allowed is done after its end, too."""
    if not counted["late"]:
        return False
    if not counted["in_force"]:
        return True
    late, before = counted["late_aimed"], counted["aimed"]
    if not late + before:
        return counted["late"] >= BEYOND_MIN
    return late >= BEYOND_MIN and late * counted["in_force"] >= GOES_ON * before * counted["late"]


def beyond_scope(counted: dict[str, int]) -> bool:
    """Whether a good part of what is aimed at is outside the scope of the entries."""
    return counted["outside"] >= BEYOND_MIN and counted["outside"] >= BEYOND_SHARE * counted["asked"]
