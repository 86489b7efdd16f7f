"""Traces are replayed through the model to be normalised, another lab's outputs are judged, tasks of cyber security
follow.

Disclosed: 770,609 exchanges in 10 days over 273 rotating accounts for the cleaner, 3.4 million in 17 days in all, and a
move off the model with the stronger safeguards; a world shows one week: 1,976 exchanges an account. Source: mission
table, section 1.1, GTG-16006.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=1_976.0,
    techniques={"trace_cleaning": 0.6, "foreign_judging": 0.2, "cyber": 0.2},
    coordination={
        "one_configuration": 0.4,
        "shared_cards": 0.4,
        "sign_up_batches": 0.35,
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "ban_replacement": 0.4,
        "safeguard_arbitrage": 0.9,
    },
)

CAMPAIGN = Campaign(
    "zhipu_cleaner",
    "a loop that cleans traces and judges another model (alleged, summer)",
    composed(_PLAN),
    builders=(Builder(("rewriting", "grading", "cyber"), actor="alleged: Zhipu GTG-16006"),),
    source="mission table 1.1, GTG-16006 (alleged), June to July; rows 16, 19, 33, 42",
)
