"""A small pool that wants kernels and data analysis, takes several samples of each, and checks for altered answers.

Source: mission table, rows 19, 25, 26 and 39.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=60.0,
    techniques={"kernel_development": 0.6, "repeated_sampling": 0.2, "cache_optimised": 0.15, "defence_probing": 0.05},
    coordination={
        "one_configuration": 0.45,
        "shared_cards": 0.4,
        "sign_up_batches": 0.4,
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "round_the_clock": 0.4,
    },
)

CAMPAIGN = Campaign(
    "kernel_hunters",
    "accelerator kernels, sampled several times, with canaries against altered answers",
    composed(_PLAN),
    builders=(Builder(("kernel_development", "reasoning", "coding")),),
    source="mission table, rows 19, 25, 26, 39",
)
