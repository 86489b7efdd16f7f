"""More than four thousand users with four requests each, which present reasoning that was issued to somebody else.

Disclosed: 16,000 requests with the pattern on two days, more than 4,000 users, stopped four days later. Source: mission
table, section 1.1, last rows.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=4.0,
    techniques={"signature_replay": 0.8, "cot_after_the_fact": 0.2},
    coordination={
        "dispatch_bursts": 0.25,
        "one_configuration": 0.55,
        "sign_up_batches": 0.5,
        "rented_proxies": 0.2,
        "one_client": 0.4,
        "manufactured_identities": 0.35,
    },
    spread=0.25,
    cover=0.05,
)

CAMPAIGN = Campaign(
    "openai_low_slow",
    "four requests a user that replay others' encrypted reasoning (alleged, July)",
    composed(_PLAN),
    builders=(Builder(("reasoning", "agentic_reasoning"), actor="alleged: Moonshot-associated"),),
    source="mission table 1.1, Moonshot-associated core (alleged), July; rows 22, 23",
)
