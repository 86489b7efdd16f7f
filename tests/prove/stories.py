"""Judged and reported groups made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hydrometer.base.families import FAMILIES
from hydrometer.prove.assembly import Reported
from hydrometer.prove.judge import Explanation, Judged
from hydrometer.prove.membership import Membership
from hydrometer.prove.verdict import Verdict


def judged(
    units: Sequence[int],
    *,
    q: float = 1e-4,
    operator: float | None = 50.0,
    extraction: float | None = 12.0,
    explanations: tuple[Explanation, ...] = (),
    probability: float = 0.9,
) -> Judged:
    """A judged group whose founders are its members."""
    members = np.array(sorted(units), np.int64)
    nats = np.zeros((len(members), len(FAMILIES)))
    membership = Membership(members, np.full(len(members), probability), nats, {}, members)
    return Judged(members, membership, "by hand", operator, extraction, q, (), explanations)


def reported(attributed: pa.Table, units: Sequence[int] = (0, 1, 2, 3), identity: str = "1") -> Reported:
    """A listed group with its exchanges."""
    group = judged(units)
    verdict = Verdict(group, "suspected", "distillation", None, 0, f"c-{identity}", f"o-{identity}")
    totals = {"exchanges": float(sum(attributed["millionths"].to_pylist()))}
    return Reported(verdict, None, attributed, totals)
