"""The small world of the first run: two campaigns of different shape among the ten innocent look-alikes.

Source: detection table, sections 8 and 9.
"""

from __future__ import annotations

from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="demo",
    summary="a week of a small provider: two campaigns, ten look-alikes, ordinary users",
    benign=(
        Placement("chat_user", 1_300),
        Placement("app_user", 1_350),
        Placement("hobby_script", 700),
        Placement("household", 390),
        Placement("carrier_user", 460),
        Placement("vpn_user", 300),
        Placement("editor_user", 700),
        Placement("authorised_reseller", 6),
        Placement("enterprise_batch", 60),
        Placement("classroom", 80),
        Placement("evaluation_lab", 8),
        Placement("authorised_distiller", 8),
        Placement("white_label", 80),
        Placement("release_enthusiast", 330),
        Placement("agent_swarm", 40),
        Placement("exam_coach", 150),
        Placement("viral_prompter", 200),
    ),
    campaigns=(Placement("load_balanced_pool", 300), Placement("low_and_slow", 450)),
    exchanges=110_000,
)
