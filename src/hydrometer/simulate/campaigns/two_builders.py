"""One seller of access whose pool two builders use, with different work-lists and techniques.

The second has some answers given under the name of another product. Source: mission table, rows 21 and 38
(infrastructure alone cannot attribute).
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=30.0,
    techniques={"cot_elicitation": 1.0},
    others=({"pairwise_judging": 0.45, "synthetic_instructions": 0.4, "identity_override": 0.15},),
    coordination={
        "shared_cards": 0.35,
        "sign_up_batches": 0.3,
        "rented_proxies": 0.5,
        "one_fleet": 0.2,
        "one_client": 0.35,
    },
)

CAMPAIGN = Campaign(
    "two_builders",
    "two builders on one proxy network: two campaigns, one operator",
    composed(_PLAN),
    builders=(
        Builder(("reasoning", "mathematics")),
        Builder(("grading", "general_instruction")),
    ),
    source="mission table, rows 21, 38",
)
