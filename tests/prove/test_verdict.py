"""Verdicts: levels and kinds as the contract has them, who absorbs whom, ids that outlive other accounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.prove.stories import judged

from hydrometer.base.tables import KINDS, LEVELS, LISTED_LEVELS
from hydrometer.prove.judge import Explanation, Judged
from hydrometer.prove.standing import Standing
from hydrometer.prove.verdict import Verdict, verdicts

AUTHORISED: Explanation = ("authorisation", "authorised in the register: resale", "authorised")
DECLARED: Explanation = ("declaration", "one verified organisation", "benign")
TALK: Explanation = ("exoneration", "its prompts react to the answers", "benign")
CLASS: Explanation = ("explanation", "a class", "benign")
POOL: Explanation = ("explanation", "a few people who share accounts", "pool")
REGISTERED: Explanation = ("explanation", "in the register for resale", "authorised")
RESALE: Explanation = ("explanation", "many end users' traffic", "resale")
Q = 0.01


def settled(*groups: Judged, units: int = 60, names: list[str] | None = None) -> list[Verdict]:
    first_us = np.arange(units, dtype=np.int64)
    return verdicts(list(groups), Q, names or [f"acct-{n}" for n in range(units)], first_us)


@pytest.mark.parametrize(
    ("group", "level", "kind"),
    [
        (judged(range(5)), "suspected", "distillation"),
        (judged(range(5), q=0.01), "suspected", "distillation"),
        (judged(range(5), q=0.0100001), "insufficient", "unexplained"),
        (judged(range(5), explanations=(CLASS,)), "suspected", "distillation"),
        (judged(range(5), explanations=(DECLARED, CLASS)), "benign", "benign"),
        (judged(range(5), explanations=(AUTHORISED, DECLARED)), "authorised", "authorised"),
        (judged(range(5), q=1.0, explanations=(AUTHORISED,)), "authorised", "authorised"),
        (judged(range(5), q=1.0, explanations=(RESALE,)), "benign", "resale"),
        (judged(range(5), q=1.0, explanations=(TALK,)), "benign", "benign"),
        (judged(range(5), q=1.0, operator=3.5, explanations=(CLASS,)), "benign", "benign"),
        (judged(range(5), q=1.0, operator=3.5, explanations=(POOL, CLASS)), "benign", "pool"),
        (judged(range(5), q=1.0, explanations=(REGISTERED, CLASS)), "authorised", "authorised"),
        (judged(range(5), explanations=(REGISTERED, RESALE)), "suspected", "distillation"),
        (judged(range(5), q=1.0, operator=3.5), "insufficient", "unexplained"),
        (judged(range(5), q=1.0, operator=None, extraction=None), "insufficient", "unexplained"),
    ],
)
def test_levels_and_kinds(group: Judged, level: str, kind: str) -> None:
    (verdict,) = settled(group)
    assert (verdict.level, verdict.kind) == (level, kind)


def standing(benign_p: float | None, *rare: str) -> Standing:
    """Among 200 own operators: this p-value, and these statistics rare."""
    ranks = {name: 0.01 if name in rare else 0.5 for name in ("intent", "harvest", "harvest_form")}
    return Standing(200, 150, benign_p is not None, benign_p, ranks)


TWO = ("harvest", "harvest_form")


@pytest.mark.parametrize(
    ("stands", "level"),
    [
        (standing(0.01, *TWO), "confirmed"),
        (standing(0.005, "intent", *TWO), "confirmed"),
        (standing(0.0100001, *TWO), "suspected"),
        (standing(None, *TWO), "suspected"),
        (standing(0.005, "harvest"), "suspected"),
        (standing(0.005), "suspected"),
        (None, "suspected"),
    ],
)
def test_confirmed_needs_own_operators_and_two_statistics(stands: Standing | None, level: str) -> None:
    (verdict,) = settled(replace(judged(range(5)), standing=stands))
    assert (verdict.level, verdict.kind) == (level, "distillation")


@pytest.mark.parametrize(
    ("group", "level"),
    [
        (judged(range(5), q=0.02), "insufficient"),
        (judged(range(5), explanations=(DECLARED,)), "benign"),
        (judged(range(5), explanations=(AUTHORISED,)), "authorised"),
    ],
)
def test_own_operators_confirm_nobody_who_is_not_listed(group: Judged, level: str) -> None:
    (verdict,) = settled(replace(group, standing=standing(0.005, *TWO)))
    assert verdict.level == level


ALL = [AUTHORISED, DECLARED, TALK, REGISTERED, RESALE, POOL, CLASS]
EXPLANATIONS = st.lists(st.sampled_from(ALL), unique=True, max_size=3).map(
    lambda some: tuple(sorted(some, key=ALL.index))
)


@given(
    st.lists(
        st.builds(
            judged,
            st.sets(st.integers(0, 59), min_size=2, max_size=20).map(sorted),
            q=st.floats(1e-9, 1.0),
            operator=st.one_of(st.none(), st.floats(-20, 100)),
            explanations=EXPLANATIONS,
        ),
        max_size=8,
    )
)
def test_every_verdict_keeps_the_contract(groups: list[Judged]) -> None:
    found = settled(*groups)
    assert len({verdict.campaign_id for verdict in found}) == len(found)
    assert sum(1 + verdict.absorbed for verdict in found) == len(groups)
    for verdict in found:
        listed = verdict.level in LISTED_LEVELS
        assert verdict.level in LEVELS and verdict.kind in KINDS and verdict.level != "confirmed"
        assert listed == (round(verdict.judged.q_value, 9) <= Q and verdict.judged.overriding is None)
        assert not listed or verdict.kind in ("distillation", "stolen_keys")
        assert not listed or verdict.operator_id is not None
        assert (verdict.level == "authorised") == (verdict.kind == "authorised")
        assert listed or (verdict.explanation is None) == (verdict.kind == "unexplained")
        assert (verdict.level == "insufficient") == (verdict.kind == "unexplained")
    members = [unit for v in found if v.level in LISTED_LEVELS for unit in v.judged.membership.units.tolist()]
    assert len(members) == len(set(members))
    assert all(len(verdict.judged.membership.units) for verdict in found)
    order = [verdict.level in LISTED_LEVELS for verdict in found]
    assert order == sorted(order, reverse=True)


def test_a_group_whose_members_all_stand_elsewhere_is_not_listed_empty() -> None:
    """Parts of three campaigns, no half of it in one of them: nobody is left for a campaign of its own."""
    parts = [*range(0, 4), *range(12, 16), *range(24, 26)]
    found = settled(judged(range(12)), judged(range(12, 24)), judged(range(24, 36)), judged(parts))
    assert all(len(verdict.judged.membership.units) for verdict in found)


def test_a_group_within_a_listed_one_is_that_campaign() -> None:
    (whole,) = settled(judged(range(30)), judged(range(10, 20)), judged(range(25, 34), q=1.0))
    assert whole.absorbed == 2 and len(whole.judged.membership.units) == 30


def test_a_group_that_lies_mostly_elsewhere_stands_for_itself_and_no_account_is_listed_twice() -> None:
    found = settled(judged(range(30)), judged(range(26, 40)))
    assert [verdict.judged.membership.units.tolist() for verdict in found] == [list(range(30)), list(range(30, 40))]


def test_an_account_stands_where_it_belongs_most_surely() -> None:
    found = settled(judged(range(30), probability=0.6), judged(range(26, 40), probability=0.95))
    assert [verdict.judged.membership.units.tolist() for verdict in found] == [list(range(26)), list(range(26, 40))]


def test_groups_that_are_not_listed_absorb_nobody() -> None:
    assert len(settled(judged(range(30), q=1.0), judged(range(10, 20), q=0.5))) == 2


def test_the_order_of_judged_groups_does_not_matter() -> None:
    groups = [
        judged(range(20)),
        judged(range(30, 50), q=1e-5),
        judged(range(10, 25), q=0.5),
        judged(range(50, 55), q=1.0),
    ]
    wanted = [(verdict.campaign_id, verdict.level) for verdict in settled(*groups)]
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        assert [(verdict.campaign_id, verdict.level) for verdict in settled(*(groups[n] for n in order))] == wanted


def test_ids_do_not_change_when_unrelated_accounts_come() -> None:
    """Ten accounts with names before, between and behind the others shift every unit's number, and no id."""
    names = [f"acct-{n:02}" for n in range(40)]
    before = settled(judged(range(10)), judged(range(20, 30), q=1e-6), units=40, names=names)
    mixed = sorted([*names, *(f"aaa-{n}" for n in range(5)), *(f"acct-{n:02}x" for n in range(5, 10))])
    place = {name: number for number, name in enumerate(mixed)}
    first_us = np.zeros(50, np.int64)
    for number, name in enumerate(names):
        first_us[place[name]] = number
    groups = [judged([place[names[n]] for n in range(10)]), judged([place[names[n]] for n in range(20, 30)], q=1e-6)]
    after = verdicts(groups, Q, mixed, first_us)
    assert [(v.campaign_id, v.operator_id) for v in after] == [(v.campaign_id, v.operator_id) for v in before]


def test_the_id_is_that_of_the_earliest_founder() -> None:
    (small,) = settled(judged([4, 9, 12]))
    (grown,) = settled(judged([4, 9, 12, 20, 30, 41]))
    (other,) = settled(judged([3, 9, 12]))
    assert small.campaign_id == grown.campaign_id != other.campaign_id


def test_two_groups_of_one_founder_get_two_ids() -> None:
    found = settled(judged([0, 1, 2], q=1.0), judged([0, 5, 6], q=1.0), judged([0], q=1.0), judged([0], q=1.0))
    assert len({verdict.campaign_id for verdict in found}) == 4


def test_a_name_that_no_encoding_takes_is_no_obstacle() -> None:
    (verdict,) = settled(judged([0, 1]), units=2, names=["\udcff", "\x1b[31m<b>"])
    assert verdict.campaign_id.removeprefix("c-").isalnum()
