"""A pool that draws reasoning behind finished answers, grades by rubric and rewrites sensitive questions.

Disclosed: more than 150,000 exchanges, synchronised traffic, shared payment methods, load balancing. Not disclosed, and
assumed here: 900 accounts over eight weeks, of which a world shows one. Source: mission table, section 1.1, first row.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=21.0,
    techniques={
        "cot_after_the_fact": 0.35,
        "rubric_grading": 0.3,
        "censorship_rewriting": 0.2,
        "cot_elicitation": 0.15,
    },
    coordination={
        "dispatch_bursts": 0.35,
        "one_configuration": 0.4,
        "shared_cards": 0.5,
        "sign_up_batches": 0.5,
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "load_balancing": 0.3,
    },
)

CAMPAIGN = Campaign(
    "deepseek_feb",
    "reasoning, grading and acceptable rewrites from one synchronised pool (alleged, February)",
    composed(_PLAN),
    builders=(Builder(("reasoning", "grading", "rewriting"), actor="alleged: DeepSeek"),),
    source="mission table 1.1, DeepSeek (alleged), February; rows 10, 15, 17, 29, 31",
)
