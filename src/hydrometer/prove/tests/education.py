"""H4: are the accounts a class or course of an education programme?

A share of a plain fact with a stated bound; no bits, because it explains and does not measure. It decides the words and
the kind of a group that is not listed, and stands in the report of one that is: a programme can be abused, too.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.cases import Case, Evidence, Finding, Test

MOST = 0.8
"""Share of accounts from which the programme describes the group."""
FACTS = """
select count(*) as accounts, count(*) filter (a.programme = 'education' or a.plan = 'education') as education
from {units} u join members m using (unit) join {accounts} a using (account_id)
"""


def judge(case: Case) -> Finding:
    """The explanation, where most accounts are of an education programme."""
    facts = case.workspace.query(FACTS, members=pa.table({"unit": case.group.members})).to_pylist()[0]
    accounts = int(facts["accounts"])
    share = int(facts["education"]) / max(accounts, 1)
    if share < MOST:
        return Finding()
    words = "a class or course in an education programme"
    said = f"It may be {words} ({share:.2g} share of accounts)."
    row = Evidence("H4", "education_network", None, share, "share of accounts", accounts, None, None, None, None, said)
    return Finding(None, (row,), words, "benign")


TEST = Test(
    name="education",
    hypothesis="H4",
    role="explanation",
    judge=judge,
    source="detection science, section 8",
    benign_twins=("classroom", "large_course"),
)
