"""Compromised credentials: half of the accounts belong to genuine owners, whose traffic goes on.

Disclosed: more than 100 million prompts through thousands of compromised credentials and fraudulent accounts, text,
visual and audio understanding and image generation, rotated across channels. Assumed: 400 exchanges an account in the
week. Source: mission table, section 1.1, GTIG of September.
"""

from __future__ import annotations

from hydrometer.simulate.composition import Plan, composed
from hydrometer.simulate.world import Builder, Campaign

_PLAN = Plan(
    exchanges=400.0,
    techniques={"cot_elicitation": 0.4, "vision": 0.2, "audio": 0.15, "image_generation": 0.25},
    coordination={
        "rented_proxies": 0.4,
        "one_client": 0.4,
        "sign_up_batches": 0.4,
        "manufactured_identities": 0.4,
        "stolen_keys": 0.6,
    },
)

CAMPAIGN = Campaign(
    "stolen_key_ring",
    "keys of genuine customers used by a thief beside their owners, and made-up accounts",
    composed(_PLAN),
    builders=(Builder(("reasoning", "vision", "image_generation", "audio"), kind="stolen_keys"),),
    source="mission table 1.1, compromised credentials, September; rows 19, 37",
)
