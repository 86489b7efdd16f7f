"""Agentic reasoning, coding, data analysis, computer use and vision through account types that hardly look alike.

Disclosed: more than 3.4 million exchanges, hundreds of accounts, several access pathways, a later phase that rebuilds
reasoning traces. Assumed: 600 accounts over eight weeks, of which a world shows one. Source: mission table, section
1.1.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=700.0,
    techniques={
        "agentic_coding": 0.35,
        "computer_use": 0.2,
        "data_analysis": 0.2,
        "vision": 0.1,
        "cot_after_the_fact": 0.15,
    },
    coordination={
        "one_configuration": 0.3,
        "shared_cards": 0.3,
        "sign_up_batches": 0.3,
        "rented_proxies": 0.4,
        "programme_abuse": 0.2,
        "several_pathways": 0.7,
    },
)

CAMPAIGN = Campaign(
    "moonshot_feb",
    "agentic and multimodal work over several access pathways (alleged, February)",
    composed(_PLAN),
    builders=(
        Builder(("agentic_reasoning", "tool_use", "coding", "computer_use", "vision"), actor="alleged: Moonshot"),
    ),
    source="mission table 1.1, Moonshot (alleged), February; rows 2, 10, 19, 36",
)
