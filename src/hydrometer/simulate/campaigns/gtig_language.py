"""Reasoning traces coerced into languages other than English.

Disclosed: more than 100,000 prompts, caught in real time. Assumed: 2,500 accounts in one week. Source: mission table,
section 1.1, GTIG of February.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=40.0,
    techniques={"language_coercion": 0.8, "cot_elicitation": 0.2},
    coordination={
        "one_configuration": 0.4,
        "shared_cards": 0.35,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.45,
        "one_client": 0.45,
    },
    languages={"zh": 0.35, "ru": 0.25, "es": 0.2, "de": 0.2},
)

CAMPAIGN = Campaign(
    "gtig_language",
    "thinking forced into the language of the question (alleged, February)",
    composed(_PLAN),
    builders=(Builder(("reasoning",), actor="unattributed"),),
    source="mission table 1.1, reasoning-trace coercion, February; row 13",
)
