"""All candidate groups of a moment → judged groups: H1 and H2 e-values, their minimum, e-BH over all of them.

A group formed on one half is tested on the other; where both halves formed the same candidate (half of their members or
more in common), the two H1 e-values are averaged. A campaign is H1 ∧ H2, so its e-value is the smaller one, never a sum
or product.
Source: `statistics.md` sections 2 (split), 3.1 (conjunction), 3.2 (multiplicity).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.cases import NO_OPERATORS, NOBODY, Case, Counts, Evidence, Finding, OwnOperators, Test, Usage
from hydrometer.base.families import other_side
from hydrometer.base.groups import Group
from hydrometer.base.plugins import discover
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS, decide
from hydrometer.base.workspace import Workspace
from hydrometer.prove import tests as test_room
from hydrometer.prove.background import log_mean
from hydrometer.prove.candidates import beside, candidates
from hydrometer.prove.counts import group_counts, unit_counts
from hydrometer.prove.forms import FORM_FIGURES, forms_of_sent
from hydrometer.prove.hands import belonging_to, members_of, parted, tied_over_two, united
from hydrometer.prove.kinship import Cards
from hydrometer.prove.membership import Membership
from hydrometer.prove.metadata import EXCHANGES_MIN, metadata, prompts_known
from hydrometer.prove.multiplicity import q_values
from hydrometer.prove.profile import FIGURES, profiles_of_sent, sent
from hydrometer.prove.standing import Standing, standing
from hydrometer.prove.traffic import traffic_of

NEIGHBOUR_SHARE = 0.05
NEIGHBOUR_MEMBERS = 3
"""An enriched wording marks a group's neighbourhood when this share of its members, and this many, use it."""
NEIGHBOUR_LAYERS = ("opening", "closing", "skeleton", "sketch")
Explanation = tuple[str, str, str]
Asking = Callable[[tuple[Group, ...], Callable[[Group], NDArray[np.int64]]], list[Finding]]
Answers = tuple[float | None, tuple[Evidence, ...], tuple[Explanation, ...], Standing | None]
ROLES = ("authorisation", "declaration", "exoneration", "explanation")
REFINED_NATS = float(np.log(20.0))
"""ln e of H1 from which a group's membership is worked out before H2 looks at it; membership never reads the flags. It
decides what H2 looks at, not whether H1 holds: the e-value of H1 counts as it is."""
OVERRIDING = ROLES[:2]
"""Roles whose explanation wins even where both hypotheses hold."""
NO_USAGE = Usage(np.zeros(len(FIGURES)), np.zeros((0, len(FORM_FIGURES))))
"""What a test of H1 is given: how a group works is none of its business."""
PARTED_ON = "all but cards"
"""Side of the third split on which several hands are told apart."""
NO_EVIDENCE = -700.0
"""ln e of a hypothesis that no test could look at (e = 0 as far as a float goes)."""
NOT_ASKED: Answers = (None, (), (), None)
ROUNDING = 1e-6
"""Nats by which a group may miss `worth` and is still asked about, far more than decisions are rounded to."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One judged group.

    Attributes:
        founders: shape (k,), the units that formation put together, ascending.
        membership: who belongs to it, with probabilities; the founders alone where H1 does not hold.
        origin: how it was formed.
        operator_log_e: ln e of H1; None = no held-out family was observed.
        extraction_log_e: ln e of H2; None = no test of H2 could look.
        q_value: e-BH over all groups, on the smaller of the two.
        evidence: rows of all tests.
        explanations: innocent explanations that fit, as (role of the test, words, kind of group), strongest role first.
        standing: how it stands among the provider's own benign operators, where one hand is shown and there are any.
    """

    founders: NDArray[np.int64]
    membership: Membership
    origin: str
    operator_log_e: float | None
    extraction_log_e: float | None
    q_value: float
    evidence: tuple[Evidence, ...]
    explanations: tuple[Explanation, ...]
    standing: Standing | None = None

    @property
    def overriding(self) -> Explanation | None:
        """The explanation that wins whatever the evidence says, if there is one."""
        return next((explanation for explanation in self.explanations if explanation[0] in OVERRIDING), None)

    def listed(self, q: float) -> bool:
        """Whether it is at least suspected at false-discovery level `q`."""
        return decide(self.q_value) <= q and self.overriding is None

    @property
    def log_e(self) -> float:
        """ln of the conjunction's e-value."""
        return min(NO_EVIDENCE if value is None else value for value in (self.operator_log_e, self.extraction_log_e))


def tests() -> dict[str, Test]:
    """All tests, by name."""
    return discover(test_room, "TEST")


def neighbourhood(population: Population, membership: Membership) -> NDArray[np.bool_]:
    """Units that use the wordings which mark a group, in it or not: they are no sample of benign operators."""
    near = np.zeros(population.units, np.bool_)
    near[membership.units] = True
    for name in NEIGHBOUR_LAYERS:
        marks = membership.enriched.get(name)
        if marks is None or not len(marks):
            continue
        layer = population.layers[name]
        held = layer.held[:, np.searchsorted(layer.entities, marks)]
        inside = np.asarray(held[membership.units].astype(np.int64).sum(axis=0)).ravel()
        frequent = inside >= max(NEIGHBOUR_MEMBERS, NEIGHBOUR_SHARE * len(membership.units))
        near |= np.asarray(held[:, frequent].astype(np.int64).sum(axis=1)).ravel() > 0
    return near


def judge(
    workspace: Workspace,
    population: Population,
    groups: Sequence[Group],
    *,
    last_epoch: int,
    seed: int,
    techniques: tuple[str, ...],
    register: tuple[dict[str, object], ...],
    own: OwnOperators = NO_OPERATORS,
    worth: float = -np.inf,
    capabilities: tuple[str, ...] = (),
) -> list[Judged]:
    """Judge every candidate: H1 on its founders, then, where H1 holds, H2 and H4 on all who belong to it.

    Args:
        workspace: tables that the tests may ask.
        population: all units up to `last_epoch`.
        groups: what formation returned, on both halves.
        last_epoch: last epoch of event time that counts.
        seed: the run's seed.
        techniques: names of the technique bits.
        register: authorised uses.
        own: the provider's own benign operators that are known by then.
        worth: least ln e of H1 of a group about which H2 is asked, and of H2 of one whose innocent explanations are
            asked for. At ln(1 / q) the same groups are listed at q as if all had been asked, since e-BH lists nothing
            whose e-value is below 1 / q.
        capabilities: names of the capability bits.

    Returns:
        one judged group per candidate, in the order of `candidates`, and then those that others were parted into; every
        one counts in the multiplicity.
    """
    found = tests()
    every = unit_counts(workspace, population.units, last_epoch, len(techniques))
    shared: dict[tuple[str, int], Any] = {}

    def case(group: Group, counts: Counts, background: Counts, usage: Usage, near: NDArray[np.int64] = NOBODY) -> Case:
        testing, at = population.testing(other_side(group.side)), (workspace, last_epoch, seed, techniques)
        return Case(
            group, testing, population, *at, counts, background, register, usage, own, capabilities, near, shared
        )  # fmt: skip

    def h1(matched: tuple[Group, ...], near: Callable[[Group], NDArray[np.int64]]) -> list[Finding]:
        asking = [test for test in found.values() if test.hypothesis == "H1"]
        return [test.judge(case(one, every, every, NO_USAGE, near(one))) for test in asking for one in matched]

    first = first_hypothesis(population, candidates(groups), h1, seed)
    sets, operator, memberships, proven = first.sets, first.operator, first.memberships, first.proven
    founders = [united([group.members for group in matched]) for matched in sets]
    asked = worthwhile(memberships, operator, worth)
    asked |= {id(first.wholes[key]): first.wholes[key] for key in asked if key in first.wholes}
    members = [membership.units for membership in asked.values()]
    pooled = group_counts(workspace, members, last_epoch, len(techniques))
    benign = benign_units(population, memberships, proven)
    of = {id(membership): number for number, membership in reversed(list(enumerate(memberships)))}
    known: dict[int, Answers] = {}
    with traffic_of(workspace, members, last_epoch):
        worked = usages(workspace, members, last_epoch)
        for place, (key, membership) in enumerate(asked.items()):
            formed = sets[of[key]][0] if key in of else Group(membership.units, PARTED_ON, "group of several hands")
            group = Group(membership.units, formed.side, formed.origin)
            background = every.of(benign & ~neighbourhood(population, membership))
            one = case(group, pooled.of(np.array([place])), background, worked[place])
            known[key] = _second(found, one, worth, whole=key not in of or proven[of[key]])
    second = [known.get(id(membership), NOT_ASKED) for membership in memberships]
    second = [
        no_more_than(answers, known[id(first.wholes[id(membership)])][0]) if id(membership) in first.wholes else answers
        for answers, membership in zip(second, memberships, strict=True)
    ]
    q = q_of(operator, [answers[0] for answers in second], [id(membership) for membership in memberships])
    return [
        Judged(
            founders[i],
            memberships[i],
            sets[i][0].origin,
            operator[i],
            second[i][0],
            float(q[i]),
            tuple(row for finding in first.findings[i] for row in finding.evidence) + second[i][1],
            second[i][2],
            second[i][3],
        )
        for i in range(len(sets))
    ]


@dataclass(frozen=True, slots=True)
class First:
    """Candidates, and what was found of H1; one entry each.

    Attributes:
        sets: the groups that are each candidate.
        findings: of the tests of H1.
        operator: ln e of H1.
        memberships: who belongs to each.
        proven: whether one hand is shown.
        wholes: identity of the membership of one of several hands → the membership that was parted.
    """

    sets: list[tuple[Group, ...]]
    findings: list[list[Finding]]
    operator: list[float | None]
    memberships: list[Membership]
    proven: list[bool]
    wholes: dict[int, Membership]


def first_hypothesis(population: Population, sets: list[tuple[Group, ...]], h1: Asking, seed: int) -> First:
    """H1 of every candidate, who belongs to it, and the same of each hand where a group is of several.

    A candidate of a group that is parted speaks for a hand only if it is of that hand alone.

    Args:
        population: all units.
        sets: the candidates.
        h1: findings of all tests of H1 on a candidate, given who stands beside each of its groups.
        seed: the run's seed.
    """
    findings = [h1(matched, partial(beside, sets, number)) for number, matched in enumerate(sets)]
    operator = [mean_of(asked) for asked in findings]
    proven = [value is not None and value >= REFINED_NATS for value in operator]
    cards = Cards.of(population) if any(proven) else None
    memberships = members_of(population, cards, sets, proven, seed)
    founders = [united([group.members for group in matched]) for matched in sets]
    hands = parted(population, cards, founders, proven, memberships)
    further: list[tuple[Group, ...]] = [
        (Group(hand.founders, "all but cards", "one of several hands"),) for hand in hands
    ]
    answers = [h1(matched, lambda _: NOBODY) for matched in further]
    values = [mean_of(asked) for asked in answers]
    speaking = [[operator[number] for number, sure in hand.candidates.items() if sure] for hand in hands]
    sure = [
        any(one is not None and one >= REFINED_NATS for one in (value, *others))
        for value, others in zip(values, speaking, strict=True)
    ]
    wholes: dict[int, Membership] = {}
    for hand, known, membership in zip(hands, sure, belonging_to(population, hands, sure), strict=True):
        wholes[id(membership)] = hand.of
        for number, speaks in hand.candidates.items():
            memberships[number] = membership
            proven[number] = known and speaks
            if not speaks:
                operator[number] = min(operator[number] or 0.0, 0.0)
        memberships.append(membership)
    operator, proven = tied_over_two(operator + values, proven + sure, memberships)
    return First(sets + further, findings + answers, operator, memberships, proven, wholes)


def no_more_than(answers: Answers, whole: float | None) -> Answers:
    """What is said of one of several hands, with an H2 that is no more than that of the group that was parted.

    A part was chosen among many. Whom to list together is decided by parting, not whether anybody is listed: else the
    one firm of a hundred that looks like a builder would be taken out of them and listed.
    """
    value = None if answers[0] is None or whole is None else min(answers[0], whole)
    return (value, *answers[1:])


def q_of(
    operator: Sequence[float | None], extraction: Sequence[float | None], hand: Sequence[int]
) -> NDArray[np.float64]:
    """e-BH on the smaller e-value of the two hypotheses, of all candidates; shape (candidates,).

    An operator that came in seven pieces is one discovery: of the candidates of one hand the best one counts, the
    others have e = 0, which is an e-value, too. Else each piece would lower the bar for the next.

    Args:
        operator: ln e of H1 of each candidate; None = 0.
        extraction: the same of H2.
        hand: for each candidate a number, the same for those that are one hand together.
    """
    both = np.array(
        [
            min(NO_EVIDENCE if value is None else value for value in one)
            for one in zip(operator, extraction, strict=True)
        ]
    )
    if not len(both):
        return both
    _, hands = np.unique(hand, return_inverse=True)
    order = np.lexsort((np.arange(len(both)), -np.round(both, DECISION_DIGITS), hands))
    best = order[np.append(True, np.diff(hands[order]) != 0)]
    counted = np.full(len(both), NO_EVIDENCE)
    counted[best] = both[best]
    return np.asarray(q_values(counted)[best][hands])


def benign_units(
    population: Population, memberships: Sequence[Membership], proven: Sequence[bool]
) -> NDArray[np.bool_]:
    """Units outside the neighbourhood of every group that is one hand; shape (units,)."""
    benign = population.active.copy()
    for membership in {id(one): one for one, sure in zip(memberships, proven, strict=True) if sure}.values():
        benign &= ~neighbourhood(population, membership)
    return benign


def worthwhile(
    memberships: Sequence[Membership], operator: Sequence[float | None], worth: float
) -> dict[int, Membership]:
    """Memberships about which H2 is asked, each once, by their identity."""
    return {
        id(membership): membership
        for membership, value in zip(memberships, operator, strict=True)
        if worth == -np.inf or (value is not None and value >= worth - ROUNDING)
    }


def usages(workspace: Workspace, members: list[NDArray[np.int64]], last_epoch: int) -> list[Usage]:
    """How each of some groups works, from what they sent up to an epoch; by metadata alone where no prompt is known."""
    if not prompts_known(workspace):
        values, exchanges, _ = metadata(workspace, members, last_epoch)
        values = np.where(exchanges[:, None] >= EXCHANGES_MIN, values, np.nan)
        return [Usage(NO_USAGE.profile, NO_USAGE.forms, row) for row in values]
    with sent(workspace, members, last_epoch):
        worked, used = profiles_of_sent(workspace, len(members)), forms_of_sent(workspace)
    return [Usage(worked.values[group], used.of(group)) for group in range(len(members))]


def _second(found: dict[str, Test], case: Case, worth: float, *, whole: bool) -> Answers:
    """(ln e of H2, evidence of H2 and H4, innocent explanations, standing among own operators) of one group.

    Where one hand is not shown (`whole` is false) or H2 stays below `worth`, only the evidence of H2 is looked at:
    nothing is to be explained.
    Exonerating tests can only take away, so they are asked where something is there to be taken.
    """
    findings = {
        name: test.judge(case) for name, test in found.items() if (test.hypothesis, test.role) == ("H2", "evidence")
    }
    extraction = mean_of(list(findings.values()))
    whole &= worth == -np.inf or (extraction is not None and extraction >= worth - ROUNDING)
    if whole:
        findings |= {name: test.judge(case) for name, test in found.items() if test.hypothesis == "H4"}
    if whole and extraction is not None and extraction > 0.0:
        against = {name: test.judge(case) for name, test in found.items() if test.role == "exoneration"}
        extraction += sum(min(0.0, finding.log_e) for finding in against.values() if finding.log_e is not None)
        findings |= against
    stands = standing(case.own, case.usage, int(case.counts.items[0])) if whole else None
    rows = tuple(row for finding in findings.values() for row in finding.evidence)
    rows += (stands.evidence(),) if stands else ()
    explained = [
        (found[name].role, finding.explanation, finding.kind or "benign")
        for name, finding in findings.items()
        if finding.explanation is not None
    ]
    return extraction, rows, tuple(sorted(explained, key=lambda item: ROLES.index(item[0]))), stands


def mean_of(findings: Sequence[Finding]) -> float | None:
    """ln of the mean of the e-values; None where every test abstained."""
    values = [finding.log_e for finding in findings if finding.log_e is not None]
    return log_mean(values) if values else None
