"""The size that calibration needs: firms, teams, schools, households and poolers, each of several accounts.

Source: statistics cookbook, sections 3.3 and 14.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import HELD_OUT, NULL, Placement, World

WORLD = World(
    name="operators",
    summary="no campaign: more than five thousand benign operators of several accounts",
    benign=(
        *crowd(6_000),
        *look_alikes(
            "company_card",
            "key_rotation",
            "multi_cloud_firm",
            "localisation_vendor",
            "annotation_vendor",
            "white_label",
            "enterprise_batch",
            "evaluation_lab",
            factor=14,
        ),
        Placement("household", 12_000),
        Placement("private_pooler", 4_000),
        *look_alikes(
            "judge_researcher",
            "newsroom",
            "moderation_vendor",
            "enterprise_gateway",
            "session_resumer",
            "transcript_service",
            "regression_tester",
            "key_juggler",
            "undeclared_reseller",
            factor=12,
        ),
    ),
    campaigns=(),
    exchanges=420_000,
    split=HELD_OUT,
    kind=NULL,
    week=16,
)
