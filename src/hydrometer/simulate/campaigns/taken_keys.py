"""A few dozen genuine keys, taken by one who builds a data set beside their owners and on accounts of his own.

Smaller and slower than the disclosed ring, and after reasoning and tasks alone. Source: mission table, row 37.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=90.0,
    techniques={"cot_elicitation": 0.6, "task_generation": 0.4},
    coordination={
        "shared_cards": 0.5,
        "rented_proxies": 0.4,
        "one_client": 0.5,
        "sign_up_batches": 0.3,
        "stolen_keys": 0.6,
    },
    spread=0.8,
)

CAMPAIGN = Campaign(
    "taken_keys",
    "a few dozen genuine keys used by a thief beside their owners",
    composed(_PLAN),
    builders=(Builder(("reasoning", "general_instruction"), kind="stolen_keys"),),
    source="mission table, row 37",
)
