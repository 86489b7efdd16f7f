"""A few accounts try many distinct ways to obtain reasoning; the rest of the pool scales up what worked.

Disclosed: more than 12,000 techniques, one try each, then scale-up. Assumed: 600 accounts. Source: mission table, row
14.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=28.0,
    techniques={"technique_fuzzing": 0.1, "fake_debug": 0.5, "forced_tags": 0.4},
    coordination={
        "shared_cards": 0.35,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.45,
        "one_client": 0.4,
        "fuzz_then_scale": 0.1,
    },
)

CAMPAIGN = Campaign(
    "fuzzing_cell",
    "thousands of techniques tried once each, then the winners scaled up",
    composed(_PLAN),
    builders=(Builder(("reasoning", "refusal_mapping")),),
    source="mission table, row 14",
)
