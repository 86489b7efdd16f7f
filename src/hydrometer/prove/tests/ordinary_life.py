"""H4: what the group would be if it were innocent: a class, a reseller's customers, a product, a few friends.

Shares of plain facts, each with a stated bound; no bits, because these facts explain and do not measure. They decide
the words and the kind of a group that is not listed, and stand in the report of one that is.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.cases import Case, Evidence, Finding, Test

MOST = 0.8
"""Share of accounts from which a fact describes the group."""
FOLLOW_UPS = 0.4
"""Share of exchanges that continue a conversation, from which use is interactive."""
END_USERS = 5
"""End users per account from which accounts carry other people's traffic."""
FEW = 5
"""Accounts up to which a pool is a few people sharing (mission, section 1.4)."""
FACTS = """
with f as (
  select f.account_id, count(*) as n, count(*) filter (coalesce(f.turn, 1) > 1) as later,
         count(distinct f.end_user) as users
  from {fingerprints} f join {units} u using (account_id) join members m using (unit)
  where f.sent_us // {epoch_us} <= $last group by 1
)
select count(*) as accounts, sum(n)::bigint as exchanges, sum(later)::bigint as later, median(users) as users,
       count(*) filter (a.programme = 'education' or a.plan = 'education') as education
from f join {accounts} a using (account_id)
"""


def judge(case: Case) -> Finding:
    """The facts that apply, and the explanation that the first of them gives."""
    values: dict[str, object] = {"last": case.last_epoch}
    facts = case.workspace.query(FACTS, values, members=pa.table({"unit": case.group.members})).to_pylist()[0]
    accounts, exchanges = int(facts["accounts"]), max(int(facts["exchanges"] or 0), 1)
    later, users, education = (
        int(facts["later"] or 0) / exchanges,
        float(facts["users"] or 0.0),
        int(facts["education"]) / max(accounts, 1),
    )
    found: list[tuple[str, float, str, int, str, str]] = []
    if education >= MOST:
        found.append(
            (
                "education_network",
                education,
                "share of accounts",
                accounts,
                "a class or course in an education programme",
                "benign",
            )
        )
    if users >= END_USERS:
        found.append(
            (
                "end_user_mix",
                users,
                "end users per account",
                accounts,
                "accounts that pass on many end users' traffic",
                "resale",
            )
        )
    if later >= FOLLOW_UPS:
        found.append(
            (
                "interactive_use",
                later,
                "share of exchanges",
                exchanges,
                "interactive use that continues conversations",
                "benign",
            )
        )
    if accounts <= FEW:
        found.append(("small_pool", float(accounts), "accounts", accounts, "a few people who share accounts", "pool"))
    rows = tuple(
        Evidence("H4", signal, None, value, unit, n, None, None, None, None, f"It may be {words} ({value:.2g} {unit}).")
        for signal, value, unit, n, words, _ in found
    )
    return Finding(None, rows, found[0][4], found[0][5]) if found else Finding()


TEST = Test(
    name="ordinary_life",
    hypothesis="H4",
    role="explanation",
    judge=judge,
    source="detection science, section 8",
    benign_twins=("classroom", "reseller", "white_label_product", "private_pool"),
)
