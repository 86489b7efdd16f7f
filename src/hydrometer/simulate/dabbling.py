"""Benign people who use the disclosed techniques for themselves: what makes a campaign's prompts innocent one by one.

A person asks for written-out reasoning, has answers graded or lets exercises be made, in the very words of the
campaigns: rarely, and unlike others. For a few it is a fifth of all they ask. Without them one prompt would tell a
campaign; with them only many prompts of many accounts do. Source: the mission table, row 9 (the disclosed template is
benign alone); the detection table, section 3.4 (benign accounts show intent in about 2 % of their prompts).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hydrometer.simulate import people
from hydrometer.simulate.techniques import TECHNIQUES
from hydrometer.simulate.world import Cohort

DABBLERS = frozenset(
    "chat_user app_user hobby_script household carrier_user vpn_user release_enthusiast editor_user exam_coach "
    "framework_user privacy_mail_user traveller diaspora private_pooler session_resumer outage_recoverer agent_swarm "
    "ci_swarm".split()
)
"""Populations of people; products and vendors ask what their programs say."""
_SHAPES = (0.25, 12.0)
"""Beta distribution of the share of a person's conversations: 2 % on average, for half of the people under 0.4 %, for
one in a hundred over 19 %."""
_PICKINESS = 0.12
"""Concentration of a person's taste among the techniques: most keep to one or two."""
EARLIEST = ("harvest", "teach", "exercises", "judge", "pairwise", "synthesis")
"""Kinds of the range's first campaigns."""
AGENTIC = ("agent_harvest", "session_replay")
"""Kinds that open a session of an agent."""
AGENTS = frozenset({"editor_user", "framework_user", "agent_swarm", "ci_swarm", "session_resumer"})
"""Populations that run agents."""
KINDS = tuple(dict.fromkeys([*EARLIEST, *(kind for one in TECHNIQUES.values() for kind in one.kinds)]))
"""Kinds of prompt of all techniques."""


def dabbled(name: str, cohort: Cohort, draw: np.random.Generator) -> Cohort:
    """The cohort with a share of each person's conversations opened by a prompt of some technique.

    Args:
        name: the archetype's; only those who run agents open sessions as campaigns do.
        cohort: its accounts.
        draw: random numbers.
    """
    agents = name in AGENTS
    taken = tuple(kind for kind in KINDS if kind not in cohort.kinds and (agents or kind not in AGENTIC))
    share = draw.beta(*_SHAPES, cohort.size)
    tastes = people.tastes(cohort.size, [_PICKINESS] * len(taken), 1.0, draw) * share[:, None]
    own = cohort.weights / cohort.weights.sum(axis=1, keepdims=True) * (1.0 - share[:, None])
    return replace(cohort, kinds=(*cohort.kinds, *taken), weights=np.column_stack([own, tastes]))
