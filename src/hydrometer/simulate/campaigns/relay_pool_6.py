"""Six accounts behind relay software, dealt out in turn to end customers whom the provider does not see.

Observed in the field: 53,655 calls over 6 accounts. It is a resale of access and no data-set building: to be told
apart, not to be listed as distillation. Source: mission table, section 1.1, last row, and section 1.4.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=8_942.0,
    techniques={"relay": 1.0},
    coordination={"one_client": 1.0, "load_balancing": 1.0, "quota_handoff": 0.5},
    spread=0.1,
    cover=0.05,
)

CAMPAIGN = Campaign(
    "relay_pool_6",
    "six paid accounts that serve unknown end customers in turn: resale, not distillation",
    composed(_PLAN),
    builders=(Builder(("general_instruction",), kind="resale"),),
    source="mission table 1.1, field observation of one relay; rows 20, 31, 40",
)
