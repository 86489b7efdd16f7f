"""Accounts of a reseller: most serve ordinary customers, some carry a builder beside them.

The builder has some answers given under the name of another product. Source: mission table, rows 21 and 40; detection
table, section 1.6 (a hydra cluster is usually a reseller).
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=40.0,
    techniques={"cot_elicitation": 0.5, "synthetic_instructions": 0.35, "identity_override": 0.15},
    coordination={"shared_cards": 0.5, "rented_proxies": 0.5, "one_client": 0.4, "sign_up_batches": 0.3},
    cover=0.6,
    customers=0.5,
)

CAMPAIGN = Campaign(
    "reseller_builder",
    "a builder among the ordinary customers of an undeclared reseller",
    composed(_PLAN),
    builders=(Builder(("reasoning", "general_instruction")),),
    source="mission table, rows 21, 24, 40",
)
