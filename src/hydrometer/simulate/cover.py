"""Traffic of a campaign's accounts that is nobody's harvest: what resellers mix in, what a stolen key's owner sends.

Source: the mission table, row 24 (5 to 50 % extraction inside accounts) and row 37.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hydrometer.simulate import people
from hydrometer.simulate.world import Array, Cohort

_KINDS = {
    "ask": 3.0, "explain": 1.5, "write": 1.3, "translate": 0.9, "code_fix": 1.1, "code_write": 0.7, "steps": 0.5,
    "summarise": 0.7, "exam": 0.5, "plan": 0.4, "rate": 0.3,
}  # fmt: skip
_CONCENTRATION = 1.5
_TALKATIVE = 2.4
"""Mean turns of a conversation where all of an account's traffic is cover."""


def mixed(cohort: Cohort, share: Array, draw: np.random.Generator) -> Cohort:
    """The cohort with at least a share of each account's traffic made cover that reacts to answers as people do.

    Args:
        cohort: a campaign's accounts.
        share: shape (accounts,), from 0 to below 1.
        draw: random numbers.
    """
    kinds = tuple(dict.fromkeys([*cohort.kinds, *(kind for kind in _KINDS if kind not in cohort.harvest)]))
    weights = np.zeros((cohort.size, len(kinds)))
    weights[:, : len(cohort.kinds)] = cohort.weights / cohort.weights.sum(axis=1, keepdims=True)
    inside = np.array([kind in cohort.harvest for kind in kinds])
    wanted = np.maximum(share, weights[:, ~inside].sum(axis=1))
    weights[:, inside] *= ((1.0 - wanted) / np.maximum(weights[:, inside].sum(axis=1), 1e-12))[:, None]
    means = [_KINDS.get(kind, 0.0) for kind in kinds]
    tastes = people.tastes(cohort.size, means, _CONCENTRATION, draw) * ~inside
    tastes /= tastes.sum(axis=1, keepdims=True)
    weights[:, ~inside] = (tastes * wanted[:, None])[:, ~inside]
    traits = cohort.accounts
    traits["turns"] = np.where(share > 0, np.maximum(traits["turns"], 1.0 + _TALKATIVE * share), traits["turns"])
    reacted = traits.get("cover_reacts", np.full(cohort.size, False))
    traits["cover_reacts"] = reacted | (share > 0)
    return replace(cohort, kinds=kinds, weights=weights)
