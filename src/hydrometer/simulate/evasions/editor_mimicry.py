"""Requests that claim to come from a popular coding editor: its system prompt, tools and user agent, another TLS stack.

Source: detection table, section 9, evasion 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import identity, people, speech
from hydrometer.simulate.world import Cohort, Evasion

_EDITOR_TOOLS = 0


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """A share of the accounts shows the editor's prompt, tools and headers; its TLS fingerprint stays its own."""
    size, traits = cohort.size, cohort.accounts
    poses = draw.random(size) < value
    prompt = speech.system(speech.EDITOR, draw.integers(0, speech.EDITOR_BUILDS, size))
    traits["system"] = np.where(poses, prompt, traits["system"])
    traits["tools"] = np.where(poses, _EDITOR_TOOLS, traits["tools"])
    shown = traits.get("shown_client", np.full(size, people.NOTHING))
    traits["shown_client"] = np.where(poses, identity.clients(identity.EDITOR, size, draw), shown)
    return cohort


EVASION = Evasion(
    "editor_mimicry",
    "system prompt, tools and headers of a coding editor",
    _apply,
    low=0.0,
    high=1.0,
    steps=(0.0, 0.25, 0.5, 0.75, 1.0),
    unit="share of accounts",
    cost="the editor's prompt in every request",
)
