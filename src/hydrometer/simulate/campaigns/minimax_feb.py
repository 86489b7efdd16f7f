"""Agentic coding and tool use; half of the traffic moves to a new model within 24 hours of its release.

Disclosed: more than 13 million exchanges, the pivot. Assumed: 2,400 accounts over eight weeks, of which a world shows
one. Source: mission table, section 1.1.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=680.0,
    techniques={"agentic_coding": 0.7, "coding": 0.3},
    coordination={
        "one_configuration": 0.4,
        "shared_cards": 0.4,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.45,
        "one_client": 0.4,
        "load_balancing": 0.4,
        "manufactured_identities": 0.35,
        "round_the_clock": 0.3,
        "release_pivot": 0.95,
    },
)

CAMPAIGN = Campaign(
    "minimax_feb",
    "agentic coding that moves to a new model within a day of its release (alleged, February)",
    composed(_PLAN),
    builders=(Builder(("agentic_reasoning", "coding", "tool_use"), pivots=True, actor="alleged: MiniMax"),),
    source="mission table 1.1, MiniMax (alleged), February; rows 19, 31, 41",
)
