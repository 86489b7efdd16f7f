"""H4: do the accounts talk with what they get, as people do?

A share of a plain fact with a stated bound; no bits, because it explains and does not measure. It decides the words and
the kind of a group that is not listed, and stands in the report of one that is. How many people are behind the accounts
is asked by `many_hands`, whether they are a class by `education`.
"""

from __future__ import annotations

import pyarrow as pa

from hydrometer.base.cases import Case, Evidence, Finding, Test

FOLLOW_UPS = 0.4
"""Share of exchanges that continue a conversation, from which use is interactive."""
FACTS = """
select count(*) as exchanges, count(*) filter (coalesce(f.turn, 1) > 1) as later
from {traffic} f join {units} u using (account_id) join members m using (unit)
where f.sent_us // {epoch_us} <= $last
"""


def judge(case: Case) -> Finding:
    """The explanation, where most of the traffic goes on with conversations."""
    values: dict[str, object] = {"last": case.last_epoch}
    facts = case.workspace.query(FACTS, values, members=pa.table({"unit": case.group.members})).to_pylist()[0]
    exchanges = int(facts["exchanges"])
    later = int(facts["later"]) / max(exchanges, 1)
    if later < FOLLOW_UPS:
        return Finding()
    words = "interactive use that continues conversations"
    said = f"It may be {words} ({later:.2g} share of exchanges)."
    row = Evidence("H4", "interactive_use", None, later, "share of exchanges", exchanges, None, None, None, None, said)
    return Finding(None, (row,), words, "benign")


TEST = Test(
    name="ordinary_life",
    hypothesis="H4",
    role="explanation",
    judge=judge,
    source="detection science, section 8",
    benign_twins=("chat_users", "white_label_product"),
)
