"""A million exchanges over twenty thousand accounts, for measuring speed and memory.

The demo's mixture at five times its size and fifteen times its traffic.
"""

from __future__ import annotations

from hydrometer.simulate.world import Placement, World

WORLD = World(
    name="bench",
    summary="a million exchanges over twenty thousand accounts, to measure speed",
    benign=(
        Placement("chat_user", 3250),
        Placement("app_user", 2800),
        Placement("hobby_script", 2200),
        Placement("household", 1260),
        Placement("carrier_user", 1480),
        Placement("vpn_user", 950),
        Placement("editor_user", 2200),
        Placement("authorised_reseller", 24),
        Placement("enterprise_batch", 300),
        Placement("classroom", 400),
        Placement("evaluation_lab", 40),
        Placement("authorised_distiller", 16),
        Placement("white_label", 400),
        Placement("release_enthusiast", 1050),
        Placement("agent_swarm", 200),
        Placement("exam_coach", 470),
        Placement("viral_prompter", 460),
    ),
    campaigns=(Placement("load_balanced_pool", 1500), Placement("low_and_slow", 1000)),
    exchanges=1_000_000,
)
