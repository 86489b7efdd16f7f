"""A pool without a single point of failure: every link is shared by three accounts at most, and never by the same
three.

Source: mission table, row 34.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=22.0,
    techniques={"cot_elicitation": 0.7, "data_analysis": 0.3},
    coordination={"one_configuration": 0.35, "sign_up_batches": 0.35, "one_client": 0.35, "sparse_links": 0.95},
)

CAMPAIGN = Campaign(
    "hydra_network",
    "a pool in which no account shares anything with more than two others",
    composed(_PLAN),
    builders=(Builder(("reasoning", "data_analysis")),),
    source="mission table, row 34",
)
