"""Twelve accounts of a desk that sells access by the message: hundreds of strangers in turn, and no data set.

The disclosed pool's smaller neighbour, at a tenth of its pace and without hand-over. Source: mission table, section 1.1
(field observation of one relay), rows 20 and 40.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=600.0,
    techniques={"relay": 1.0},
    coordination={
        "shared_cards": 0.8,
        "sign_up_batches": 0.7,
        "one_fleet": 0.8,
        "one_client": 0.8,
        "load_balancing": 0.7,
    },
    spread=0.4,
    cover=0.3,
)

CAMPAIGN = Campaign(
    "relay_desk",
    "a dozen accounts that serve unknown end customers: resale, not distillation",
    composed(_PLAN),
    builders=(Builder(("general_instruction",), kind="resale"),),
    source="mission table, rows 20, 40",
)
