"""Judging: each candidate once, the smaller e-value, exoneration that only takes, a declared owner that wins."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.made import population, shared_by
from tests.prove.stories import judged

from hydrometer.base.cases import Case, Finding, Test
from hydrometer.base.families import FORMED_ON, SPLITS, other_side
from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.base.tables import HYPOTHESES
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint import states
from hydrometer.fingerprint.run import schema, signals
from hydrometer.prove import judge as judging
from hydrometer.prove.candidates import beside, candidates
from hydrometer.prove.hands import belonging, cores, kin_of
from hydrometer.prove.judge import NO_EVIDENCE, ROLES, Judged, judge, neighbourhood, no_more_than, q_of
from hydrometer.prove.kinship import Cards
from hydrometer.prove.membership import founding

UNITS = 200


def group(units: range, side: str) -> Group:
    return Group(np.array(units, np.int64), side, "by hand")


def test_beside_a_group_stand_groups_that_no_infrastructure_formed() -> None:
    paid, talking = group(range(0, 20), "infrastructure"), group(range(0, 18), "behaviour")
    speaking, editors = group(range(15, 40), "wording"), group(range(60, 70), "infrastructure")
    sets = [(paid, talking), (speaking,), (editors,)]
    assert beside(sets, 1, speaking).tolist() == list(range(15))
    assert beside(sets, 0, talking).tolist() == list(range(18, 40))
    assert beside(sets, 0, paid).tolist() == beside(sets, 2, editors).tolist() == []
    assert beside([(speaking,)], 0, speaking).tolist() == []


def test_the_same_candidate_of_both_sides_counts_once() -> None:
    for left, right in SPLITS[:2]:
        groups = [
            group(range(10), left),
            group(range(2, 12), right),
            group(range(50, 60), left),
            group(range(80, 90), right),
        ]
        found = candidates(groups)
        assert sorted(len(one) for one in found) == [1, 1, 2]
        assert sum(len(one) for one in found) == len(groups)


def test_each_group_is_matched_with_its_likest_and_only_once() -> None:
    left, right = SPLITS[0]
    groups = [group(range(10), left), group(range(1, 11), right), group(range(10), right)]
    (pair,) = [one for one in candidates(groups) if len(one) == 2]
    assert pair == (groups[0], groups[2])


def test_wordings_that_repeat_a_behaviour_are_one_candidate_the_larger() -> None:
    groups = [group(range(10), "behaviour"), group(range(12), "wording"), group(range(30, 40), "wording")]
    assert candidates(groups) == [(groups[1],), (groups[2],)]


def test_groups_that_hardly_meet_are_two_candidates() -> None:
    left, right = SPLITS[0]
    assert len(candidates([group(range(10), left), group(range(7, 20), right)])) == 2


def test_a_group_and_who_talks_like_it_are_no_sample_of_benign_operators() -> None:
    found = population(40, {"opening": [range(12), [30, 31]], "client_ip": [[0, 1, 2, 20]]})
    membership = founding(np.arange(6))
    marks = {"opening": found.layers["opening"].entities[:1], "client_ip": found.layers["client_ip"].entities}
    near = neighbourhood(found, replace(membership, enriched=marks))
    assert np.flatnonzero(near).tolist() == list(range(12))


@pytest.mark.parametrize(
    ("operator", "extraction", "wanted"),
    [(5.0, 9.0, 5.0), (9.0, 5.0, 5.0), (None, 90.0, NO_EVIDENCE), (90.0, None, NO_EVIDENCE)],
)
def test_a_campaign_is_as_sure_as_its_weaker_half(
    operator: float | None, extraction: float | None, wanted: float
) -> None:
    assert judged(range(3), operator=operator, extraction=extraction).log_e == wanted


def plugin(name: str, hypothesis: str, role: str, answer: Callable[[Case], Finding]) -> Test:
    return Test(name, hypothesis, role, answer, "here", ("none",))


def judged_by(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    tests: list[Test],
    groups: list[Group],
    shared: tuple[str, ...] = ("payment_fingerprint", "client_ip"),
    everyone: Population | None = None,
) -> list[Judged]:
    """Groups judged by some tests in a world where nobody says anything, and forty units share one thing each."""
    found = everyone or population(UNITS, {name: [range(40)] for name in shared})
    workspace.write("fingerprints", schema(signals()).empty_table())
    names = [f"a{n}" for n in range(found.units)]
    workspace.write("units", pa.table({"account_id": names, "unit": range(found.units)}))
    states.write_states(workspace, ("any",))
    monkeypatch.setattr(judging, "tests", lambda: {test.name: test for test in tests})
    return judge(workspace, found, groups, last_epoch=9, seed=0, techniques=("any",), register=())


def says(log_e: float | None) -> Callable[[Case], Finding]:
    return lambda case: Finding(log_e)


ONE = plugin("one", "H1", "evidence", says(50.0))
TWO = plugin("two", "H2", "evidence", says(20.0))
GROUPS = [group(range(20), "infrastructure")]


def test_evidence_is_averaged_and_never_multiplied(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    weak, absent = plugin("weak", "H2", "evidence", says(-9.0)), plugin("absent", "H2", "evidence", says(None))
    (found,) = judged_by(workspace, monkeypatch, [ONE, TWO, weak, absent], GROUPS)
    assert found.extraction_log_e == pytest.approx(20.0 - math.log(2.0))
    assert found.q_value == pytest.approx(math.exp(-(20.0 - math.log(2.0))))


@pytest.mark.parametrize(("answer", "wanted"), [(-3.0, 17.0), (0.0, 20.0), (5.0, 20.0), (None, 20.0)])
def test_exoneration_only_takes_away(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, answer: float | None, wanted: float
) -> None:
    (found,) = judged_by(workspace, monkeypatch, [ONE, TWO, plugin("x", "H2", "exoneration", says(answer))], GROUPS)
    assert found.extraction_log_e == pytest.approx(wanted)


def test_a_hypothesis_that_no_test_could_look_at_forbids_a_listing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = judged_by(workspace, monkeypatch, [ONE], GROUPS)
    assert found.extraction_log_e is None and found.q_value == 1.0 and not found.listed(0.01)


@pytest.mark.parametrize("role", ["authorisation", "declaration"])
def test_the_register_and_a_declared_owner_win_whatever_the_evidence(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    owner = plugin("owner", "H4", role, lambda case: Finding(None, (), "openly one hand", "benign"))
    talk = plugin("talk", "H2", "exoneration", lambda case: Finding(-0.1, (), "it talks"))
    (found,) = judged_by(workspace, monkeypatch, [ONE, TWO, talk, owner], GROUPS)
    assert found.q_value < 1e-6
    assert found.overriding == (role, "openly one hand", "benign") == found.explanations[0]
    assert not found.listed(0.01)


def test_an_explanation_alone_does_not_win(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    life = plugin("life", "H4", "explanation", lambda case: Finding(None, (), "a class", "benign"))
    (found,) = judged_by(workspace, monkeypatch, [ONE, TWO, life], GROUPS)
    assert found.overriding is None and found.listed(0.01)


def test_one_family_alone_shows_no_hand_whatever_the_evidence(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = judged_by(workspace, monkeypatch, [ONE, TWO], GROUPS, ("payment_fingerprint",))
    assert found.operator_log_e == 0.0 and not found.listed(0.01)
    (over_two,) = judged_by(workspace, monkeypatch, [ONE, TWO], GROUPS)
    assert over_two.operator_log_e == 50.0 and over_two.listed(0.01)


def test_every_candidate_counts(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four hopeless groups make the one good group's q five times as large."""
    first = plugin("one", "H1", "evidence", lambda case: Finding(50.0 if case.group.members[0] == 0 else -9.0))
    others = [group(range(n, n + 9), "behaviour") for n in (50, 80, 110, 140)]
    alone = judged_by(workspace, monkeypatch, [first, TWO], GROUPS)
    among = judged_by(workspace, monkeypatch, [first, TWO], [*GROUPS, *others])
    assert len(among) == 5
    assert among[0].q_value == pytest.approx(5 * alone[0].q_value)


def test_the_two_sides_of_one_candidate_are_averaged(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plugin("one", "H1", "evidence", lambda case: Finding(10.0 if case.group.side == "behaviour" else 4.0))
    pair = [group(range(20), "infrastructure"), group(range(18), "behaviour")]
    (found,) = judged_by(workspace, monkeypatch, [first, TWO], pair)
    assert found.operator_log_e == pytest.approx(math.log((math.exp(10.0) + math.exp(4.0)) / 2.0))
    assert found.founders.tolist() == list(range(20))


def test_a_test_sees_the_side_that_did_not_form_the_group(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def looks(case: Case) -> Finding:
        seen.append((case.group.side, case.testing.side))
        assert not set(case.testing.families) & set(case.population.forming(case.group.side).families)
        return Finding(0.0)

    groups = [group(range(start, start + 9), side) for start, side in zip((0, 20, 40), FORMED_ON, strict=True)]
    judged_by(workspace, monkeypatch, [plugin("look", "H1", "evidence", looks)], groups)
    assert sorted(seen) == sorted((side, other_side(side)) for side in FORMED_ON)


def test_no_groups_no_findings(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged_by(workspace, monkeypatch, [ONE, TWO], []) == []


def test_the_shipped_tests_say_what_they_are() -> None:
    found = judging.tests()
    assert {"urn_families", "intent", "register", "declared"} <= set(found)
    for test in found.values():
        assert test.hypothesis in HYPOTHESES and test.source and test.benign_twins
        assert test.role in ("evidence", *ROLES)
        assert test.role == "evidence" or test.hypothesis != "H1"


def paying(draw: np.random.Generator) -> Population:
    """Sixty units on cards of six, of which forty are found together, and households of two elsewhere."""
    cards = shared_by(6, draw, draw.permutation(60))
    homes = shared_by(2, draw, draw.choice(np.arange(100, 600), 300, replace=False))
    return population(600, {"payment_fingerprint": [*cards, *homes], "opening": [range(60)]})


def test_a_candidate_on_the_operators_cards_founds_with_it() -> None:
    found = paying(np.random.default_rng(1))
    founders = [np.arange(40), np.arange(40, 60), np.arange(300, 320)]
    proven, by_behaviour = [True, False, False], [True, True, True]
    assert kin_of(Cards.of(found), founders, proven, by_behaviour, 0) == {1: 0}
    assert kin_of(Cards.of(found), founders, proven, [True, False, True], 0) == {}
    members = belonging(found, founders, proven, {1: 0})
    assert np.isin(np.arange(40, 60), members[0].units).mean() >= 0.5
    assert members[1].units.tolist() == founders[1].tolist()


def test_strangers_among_the_wordings_found_nothing() -> None:
    cards = Cards.of(paying(np.random.default_rng(2)))
    mixed = Group(np.concatenate([np.arange(60), np.arange(300, 330)]), "wording", "by hand", (np.arange(300, 330),))
    assert cores(cards, [(mixed,)], [True], 0)[0].tolist() == list(range(60))
    assert cores(cards, [(mixed,)], [False], 0)[0].tolist() == mixed.members.tolist()
    assert cores(cards, [(replace(mixed, side="infrastructure"),)], [True], 0)[0].tolist() == mixed.members.tolist()


def test_an_operator_that_came_in_pieces_is_one_discovery() -> None:
    """Of ten candidates seven are one hand, each with e = 200: q stays what one discovery among ten gets."""
    strong, weak = float(np.log(200.0)), 0.0
    apart = q_of([strong] * 7 + [weak] * 3, [strong] * 7 + [weak] * 3, range(10))
    assert apart[:7] == pytest.approx(10 / 7 / 200)
    together = q_of([strong] * 7 + [weak] * 3, [strong] * 7 + [weak] * 3, [5] * 7 + [6, 7, 8])
    assert together[:7] == pytest.approx(10 / 200)
    assert together[7:] == pytest.approx(1.0)


def test_pieces_of_one_hand_have_the_q_of_its_best() -> None:
    e = [float(np.log(value)) for value in (3_000.0, 40.0, 1.0, 900.0)]
    found = q_of(e, [100.0] * 4, [1, 1, 2, 3])
    assert found[0] == found[1] == pytest.approx(min(4 / 3_000, 4 / 2 / 900))
    assert found[3] == pytest.approx(4 / 2 / 900)
    assert q_of([], [], []).shape == (0,)


def test_a_hypothesis_that_nobody_could_look_at_is_none() -> None:
    assert q_of([None, 100.0], [100.0, None], [1, 2]).tolist() == [1.0, 1.0]


def test_a_part_builds_no_more_than_the_group_it_was_parted_from() -> None:
    """Else the firm of many that looks most like a builder would be taken out of them and listed."""
    answers = (9.0, (), (), None)
    assert no_more_than(answers, 4.0)[0] == 4.0 and no_more_than(answers, 20.0)[0] == 9.0
    assert no_more_than(answers, None)[0] is None and no_more_than((None, (), (), None), 4.0)[0] is None


def test_hands_of_one_group_are_candidates_and_h2_of_none_exceeds_the_groups(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two operators who word alike and pay apart: three candidates, each hand with its own H1; H2 is the group's."""
    draw = np.random.default_rng(1)
    left, right = np.arange(120), np.arange(120, 220)
    cards = [*shared_by(4, draw, left), *shared_by(4, draw, right)]
    phrases = [draw.choice(part, len(part) // 3, replace=False) for part in (left, right) for _ in range(6)]
    found = population(1_600, {"payment_fingerprint": cards, "opening": [range(220), *phrases]})
    hands = plugin("one", "H1", "evidence", lambda case: Finding(30.0 if case.testing.side != "behaviour" else 0.0))
    builds = plugin("two", "H2", "evidence", lambda case: Finding(2.0 if len(case.group.members) > 150 else 50.0))
    judged = judged_by(workspace, monkeypatch, [hands, builds], [group(range(220), "wording")], everyone=found)
    assert [len(one.founders) for one in judged] == pytest.approx([220, 120, 100], abs=15)
    assert judged[0].operator_log_e == 0.0 and judged[1].operator_log_e == judged[2].operator_log_e == 30.0
    assert [one.extraction_log_e for one in judged[1:]] == [2.0, 2.0]
