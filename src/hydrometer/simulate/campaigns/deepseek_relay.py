"""Requests of coding harnesses are relayed at a rate of 864,000 a day, reasoning signatures replayed.

Disclosed: more than 12.1 million exchanges in 14 days of July. Assumed: 6,000 accounts, so 1,000 exchanges an account
in the week that a world shows. Source: mission table, section 1.1, GTG-16001.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=1_000.0,
    techniques={"session_replay": 0.5, "relay": 0.3, "signature_replay": 0.2},
    coordination={
        "shared_cards": 0.35,
        "sign_up_batches": 0.35,
        "rented_proxies": 0.4,
        "one_client": 0.35,
        "load_balancing": 0.3,
        "round_the_clock": 0.3,
    },
)

CAMPAIGN = Campaign(
    "deepseek_relay",
    "inbound requests recognised by their harness and relayed (alleged, July)",
    composed(_PLAN),
    builders=(Builder(("agentic_reasoning", "coding", "reasoning"), actor="alleged: DeepSeek GTG-16001"),),
    source="mission table 1.1, GTG-16001 (alleged), July; rows 20, 22",
)
