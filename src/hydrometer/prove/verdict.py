"""Judged groups → groups as they are reported: which are one campaign, at which level, of which kind, with which ids.

Formation often finds one campaign several times; groups that lie mostly within a listed one are that campaign and are
absorbed. A group is listed by q alone, unless the register or a declared owner wins; it is `confirmed` where the
provider's own benign operators allow it (`standing.py`), so that with the simulated library alone nothing ever is.
Source: the contract, section 2 (levels, kinds, ids); `statistics.md` section 3.5.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.groups import OVERLAP
from hydrometer.base.units import decide
from hydrometer.prove.judge import NO_EVIDENCE, Judged

ONE_HAND_NATS = float(np.log(100.0))
"""ln e of H1 from which a group that is not listed has an operator's id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reported group.

    Attributes:
        judged: the group as judged.
        level: contract's level.
        kind: contract's kind; of a listed group `distillation` until its members' roles are known (`roles.py`).
        explanation: the innocent explanation that fits best, if any.
        absorbed: number of other candidates that were found to be the same group.
        campaign_id: stable id.
        operator_id: stable id; None where one hand is not shown.
    """

    judged: Judged
    level: str
    kind: str
    explanation: str | None
    absorbed: int
    campaign_id: str
    operator_id: str | None


def verdicts(judged: list[Judged], q: float, names: list[str], first_us: NDArray[np.int64]) -> list[Verdict]:
    """Reported groups in the order: listed first (largest first), then the rest by q.

    Args:
        judged: all judged groups of the run.
        q: false-discovery level.
        names: name of each unit (its account, or its first account).
        first_us: shape (units,), first exchange of each unit.
    """
    passed = sorted(
        (group for group in judged if group.listed(q)),
        key=lambda group: (-len(group.membership.units), decide(group.q_value), *_equals_apart(group)),
    )
    rest = [group for group in judged if not any(group is other for other in passed)]
    rest.sort(key=lambda group: (decide(group.q_value), -len(group.membership.units), *_equals_apart(group)))
    kept: list[Judged] = []
    absorbed: list[int] = []
    for group in passed:
        _place(group, kept, absorbed)
    kept, absorbed = apart(kept, absorbed)
    listed = len(kept)
    for group in rest:
        _place(group, kept, absorbed, within=listed)
    taken: set[str] = set()
    return [
        _verdict(group, number < listed, absorbed[number], _identity(group, names, first_us, taken))
        for number, group in enumerate(kept)
    ]


def _equals_apart(group: Judged) -> tuple[float, float, int, list[int]]:
    """What orders groups of equal size and q: their evidence, and only where that is equal too the numbers of units."""
    strengths = (group.operator_log_e, group.extraction_log_e)
    one, two = (decide(NO_EVIDENCE if value is None else value) for value in strengths)
    return (-one, -two, -len(group.founders), group.founders.tolist())


def apart(groups: list[Judged], absorbed: list[int]) -> tuple[list[Judged], list[int]]:
    """Listed groups with each unit only where it belongs most surely (the first of equals), and what each absorbed.

    A group whose units all belong more surely elsewhere is part of the first group, and counted there.

    In this version an account is listed under one campaign, so that shares and probabilities add up to one at most.
    """
    best: dict[int, tuple[float, int]] = {}
    for number, group in enumerate(groups):
        for unit, probability in zip(group.membership.units.tolist(), group.membership.probability, strict=True):
            if unit not in best or decide(float(probability)) > best[unit][0]:
                best[unit] = (decide(float(probability)), number)
    result: list[Judged] = []
    counts: list[int] = []
    for number, group in enumerate(groups):
        own = np.array([best[unit][1] == number for unit in group.membership.units.tolist()], np.bool_)
        if own.any():
            result.append(replace(group, membership=group.membership.of(own)))
            counts.append(absorbed[number])
        else:
            counts[0] += absorbed[number] + 1
    return result, counts


def _place(group: Judged, kept: list[Judged], absorbed: list[int], within: int | None = None) -> None:
    """Append a group, or count it as part of one (of the first `within`) that already holds most of its members."""
    for number, other in enumerate(kept[:within]):
        if np.isin(group.membership.units, other.membership.units).mean() >= OVERLAP:
            absorbed[number] += 1
            return
    kept.append(group)
    absorbed.append(0)


def _verdict(group: Judged, listed: bool, absorbed: int, identity: str) -> Verdict:
    """Level and kind of one group."""
    one_hand = group.operator_log_e is not None and decide(group.operator_log_e) >= decide(ONE_HAND_NATS)
    operator = f"o-{identity}" if one_hand or listed else None
    campaign = f"c-{identity}"
    won = group.overriding
    best = group.explanations[0] if group.explanations else None
    if listed:
        level = "confirmed" if group.standing is not None and group.standing.confirms else "suspected"
        return Verdict(group, level, "distillation", best[1] if best else None, absorbed, campaign, operator)
    fits = won or best
    if fits is None:
        return Verdict(group, "insufficient", "unexplained", None, absorbed, campaign, operator)
    level = "authorised" if fits[2] == "authorised" else "benign"
    return Verdict(group, level, fits[2], fits[1], absorbed, campaign, operator)


def _identity(group: Judged, names: list[str], first_us: NDArray[np.int64], taken: set[str]) -> str:
    """Hash of the earliest founding member that no other group of this run is named after."""
    founders = sorted(group.founders.tolist(), key=lambda unit: (int(first_us[unit]), names[unit]))
    choices = [
        hashlib.blake2b(names[unit].encode("utf-8", "surrogatepass"), digest_size=6).hexdigest() for unit in founders
    ]
    choices += [f"{choices[0]}-{number}" for number in range(2, len(taken) + 3)]
    chosen = next(choice for choice in choices if choice not in taken)
    taken.add(chosen)
    return chosen
