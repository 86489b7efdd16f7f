"""A small reseller of access, a third of whose accounts serve ordinary customers while a builder grades on the others.

Source: mission table, rows 24 and 40; detection table, section 1.6 (a hydra cluster is usually a reseller).
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=45.0,
    techniques={"rubric_grading": 0.6, "synthetic_instructions": 0.4},
    coordination={"shared_cards": 0.6, "rented_proxies": 0.5, "one_client": 0.5, "sign_up_batches": 0.3},
    cover=0.25,
    customers=0.35,
)

CAMPAIGN = Campaign(
    "guest_builder",
    "a builder who grades on the accounts of a small reseller",
    composed(_PLAN),
    builders=(Builder(("grading", "general_instruction")),),
    source="mission table, rows 24, 40",
)
