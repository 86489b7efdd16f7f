"""One fixed text before every prompt forces reasoning into inline tags; when pool one is banned, pool two takes over.

Disclosed: more than 151 million exchanges in May to July, at peak 3 million a day from 3,500 accounts; pool one of
5,000 accounts with residential proxies, disposable mail and virtual cards; some accounts of pool two also carried two
other builders. A world shows the week of the shift: 10,000 accounts, of which half are active at a time, 2,100
exchanges each. Source: mission table, section 1.1, GTG-16005.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=2_100.0,
    techniques={"forced_tags": 1.0},
    others=({"session_replay": 1.0}, {"relay": 1.0}),
    coordination={
        "shared_cards": 0.3,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.55,
        "one_client": 0.35,
        "pool_shift": 0.9,
        "manufactured_identities": 0.6,
        "round_the_clock": 0.3,
    },
)

CAMPAIGN = Campaign(
    "qwen_summer",
    "one fixed prompt in every request, pool after pool (alleged, summer)",
    composed(_PLAN),
    builders=(
        Builder(("reasoning", "coding"), actor="alleged: Alibaba GTG-16005"),
        Builder(("agentic_reasoning", "coding"), actor="alleged: Xiaomi"),
        Builder(("general_instruction", "reasoning"), actor="alleged: DeepSeek"),
    ),
    source="mission table 1.1, GTG-16005 (alleged), May to July; rows 11, 33, 35, 38",
)
