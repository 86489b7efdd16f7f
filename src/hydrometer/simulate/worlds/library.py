"""Benign operators of several accounts, of every kind that development worlds know: what a group is compared with.

The reference library that is shipped is measured here (`python -m bench.fit_harvest`), so no held-out population may
stand in it; nor may the authorised distiller, who does build a training set.
"""

from __future__ import annotations

from hydrometer.simulate.mixtures import crowd, look_alikes
from hydrometer.simulate.world import NULL, World

WORLD = World(
    name="library",
    summary="no campaign: some five thousand benign operators of several accounts",
    benign=(
        *crowd(3_000),
        *look_alikes("white_label", "enterprise_batch", "agent_swarm", factor=40),
        *look_alikes(
            "company_card", "key_rotation", "localisation_vendor", "annotation_vendor", "multi_cloud_firm",
            "price_mover", "teacher_feedback", factor=100,
        ),
        *look_alikes("quota_stretcher", factor=40),
        *look_alikes("classroom", "exam_coach", "viral_prompter", "framework_user", "editor_user", factor=12),
    ),
    campaigns=(),
    exchanges=1_200_000,
    kind=NULL,
    usual_scale=0.05,
)  # fmt: skip
