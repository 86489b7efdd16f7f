"""A lab's own users are silently served from the pool, and signed reasoning is handed from account to account.

Disclosed: more than 23 million exchanges in May to July over 5,380 accounts, claimed from Singapore and Japan; a world
shows one week: 329 exchanges an account. Source: mission table, section 1.1, GTG-16002.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=329.0,
    techniques={"signature_replay": 0.55, "relay": 0.45},
    coordination={
        "one_configuration": 0.3,
        "shared_cards": 0.35,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.35,
        "one_client": 0.35,
        "quota_handoff": 0.3,
    },
    countries=("SG", "JP"),
    focus=0.5,
)

CAMPAIGN = Campaign(
    "moonshot_replay",
    "own users' requests relayed, signed reasoning replayed across accounts (alleged, summer)",
    composed(_PLAN),
    builders=(Builder(("reasoning", "agentic_reasoning"), actor="alleged: Moonshot GTG-16002"),),
    source="mission table 1.1, GTG-16002 (alleged), May to July; rows 20, 22",
)
