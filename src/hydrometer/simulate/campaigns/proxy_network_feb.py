"""Twenty thousand accounts of a seller of access: two builders among ordinary customers, no single point of failure.

Disclosed: more than 20,000 accounts at once, unrelated customer requests mixed in, banned accounts replaced. Assumed:
60 exchanges an account in the week, a fifth of the accounts used by customers alone. Source: mission table, section
1.1.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=60.0,
    techniques={"cot_elicitation": 0.7, "rubric_grading": 0.3},
    others=({"agentic_coding": 1.0},),
    coordination={
        "rented_proxies": 0.2,
        "one_client": 0.3,
        "ban_replacement": 0.1,
        "sparse_links": 0.7,
        "manufactured_identities": 0.4,
    },
    cover=0.9,
    customers=0.2,
)

CAMPAIGN = Campaign(
    "proxy_network_feb",
    "a proxy network that mixes harvest with its ordinary customers' requests (alleged, February)",
    composed(_PLAN),
    builders=(
        Builder(("reasoning", "grading"), actor="unattributed"),
        Builder(("coding", "agentic_reasoning"), actor="unattributed"),
    ),
    source="mission table 1.1, proxy network (alleged), February; rows 24, 33, 34, 38, 40",
)
