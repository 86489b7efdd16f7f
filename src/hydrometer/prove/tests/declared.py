"""H4: one hand that hides nothing: all accounts openly belong to one verified organisation.

Such a group is one operator by declaration. What it does is a matter of its contract, not of a hidden network; where
the register says what it may do and it does something else, the declaration excuses nothing.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.prove.authorisation import authorisation

SAME = 0.95
"""Share of accounts that must be in the one organisation."""
ACCOUNTS = """
select a.organization_id, count(*) as accounts, count(*) filter (a.verification in ('id', 'business')) as verified
from {units} u join {accounts} a using (account_id) join members m using (unit) group by 1 order by 2 desc, 1
"""


def judge(case: Case) -> Finding:
    """The explanation, where one verified organisation stands behind the accounts."""
    table = case.workspace.query(ACCOUNTS, members=pa.table({"unit": case.group.members}))
    accounts, verified = table["accounts"].to_pylist(), table["verified"].to_pylist()
    total = sum(accounts)
    if (
        not accounts
        or table["organization_id"][0].as_py() is None
        or accounts[0] < SAME * total
        or verified[0] < SAME * accounts[0]
    ):
        return Finding()
    statement = f"{accounts[0]} of {total} accounts belong to one verified organisation; their common hand is declared."
    row = Evidence(
        "H4", "declared_owner", None, accounts[0] / total, "share of accounts", total, None, None, None, None, statement
    )
    if authorisation(case).limits:
        return Finding(None, (row,))
    return Finding(None, (row,), "one verified organisation openly holds these accounts", "benign")


TEST = Test(
    name="declared",
    hypothesis="H4",
    role="declaration",
    judge=judge,
    source="statistics cookbook, section 2.3",
    benign_twins=("enterprise_batch", "evaluation_laboratory", "agent_swarm"),
)
