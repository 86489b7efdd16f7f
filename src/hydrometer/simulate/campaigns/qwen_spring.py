"""Agentic reasoning, software engineering and long-horizon work over a very large pool.

Disclosed through the press: 28.8 million exchanges, 24,975 accounts, 45 days; a world shows one week of it: 179
exchanges an account. Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=179.0,
    techniques={"agentic_coding": 0.45, "coding": 0.3, "cot_elicitation": 0.25},
    coordination={
        "one_configuration": 0.4,
        "shared_cards": 0.35,
        "sign_up_batches": 0.45,
        "rented_proxies": 0.45,
        "one_client": 0.4,
        "manufactured_identities": 0.4,
    },
)

CAMPAIGN = Campaign(
    "qwen_spring",
    "agentic reasoning and software engineering over 25,000 accounts (alleged, spring)",
    composed(_PLAN),
    builders=(Builder(("agentic_reasoning", "coding", "long_horizon", "reasoning"), actor="alleged: Alibaba/Qwen"),),
    source="mission table 1.1, Alibaba/Qwen (alleged), April to June; rows 9, 19",
)
