"""Recorded coding-agent sessions of a lab's own users are replayed in rebuilt environments.

Disclosed: more than 400,000 exchanges over 1,500 accounts in 20 days; a world shows one week: 93 exchanges an account.
Source: mission table, section 1.1, GTG-16008.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=93.0,
    techniques={"session_replay": 0.85, "agentic_coding": 0.15},
    coordination={
        "one_configuration": 0.4,
        "shared_cards": 0.4,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "manufactured_identities": 0.3,
    },
)

CAMPAIGN = Campaign(
    "xiaomi_replay",
    "own users' coding sessions replayed, thirteen exchanges an account and day (alleged, spring)",
    composed(_PLAN),
    builders=(Builder(("coding", "agentic_reasoning", "tool_use"), actor="alleged: Xiaomi GTG-16008"),),
    source="mission table 1.1, GTG-16008 (alleged), March to April; row 20",
)
