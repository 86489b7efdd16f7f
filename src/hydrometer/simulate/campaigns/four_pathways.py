"""A pool that shows another slice of itself on each pathway.

Assumed: a tenth of it is audio, as where queries were disclosed to rotate over product channels. Source: mission table,
rows 2 and 36, and section 1.1, GTIG of September.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=26.0,
    techniques={"task_generation": 0.45, "cot_after_the_fact": 0.45, "audio": 0.1},
    coordination={
        "one_configuration": 0.45,
        "shared_cards": 0.4,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "programme_abuse": 0.25,
        "several_pathways": 0.8,
    },
)

CAMPAIGN = Campaign(
    "four_pathways",
    "one operator over own API, cloud, aggregator and education programme",
    composed(_PLAN),
    builders=(Builder(("reasoning", "mathematics", "general_instruction", "audio")),),
    source="mission table, rows 2, 19, 36; 1.1, September (queries rotated over product channels, audio among them)",
)
