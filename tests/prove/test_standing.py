"""A group among the provider's own operators: floor, gate, exchangeability, two statistics, benign twins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.prove.own import loud, own_of

from hydrometer.base.cases import NO_OPERATORS, OwnOperators, Usage
from hydrometer.prove.forms import FORM_FIGURES
from hydrometer.prove.reference import EVERY, FORM_PREFIX, LIBRARY, NONE, reference, reference_with, soft_rank
from hydrometer.prove.standing import OPERATORS_MIN, Standing, passing, soft_ranks, standing

NO_FORMS = np.zeros((0, len(FORM_FIGURES)))
MODEL_CARD = Path(__file__).parents[2] / "docs" / "model-card.md"
PAST, FURTHER, ITEMS = 1.0, 1.5, 500
"""Spreads of figures with which an operator is past the gate, and of a group that is more extreme."""


def usage(profile: float, form: float | None) -> Usage:
    """A group of so many spreads in all figures."""
    library = reference()
    forms = NO_FORMS if form is None else loud(library.form, form)[None, :]
    return Usage(loud(library.profile, profile), forms)


def loud_own(count: int) -> OwnOperators:
    """Operators past the gate, each a little louder than the one before it."""
    steps = PAST + np.linspace(0.0, 0.1, count)
    return own_of(steps, steps)


def found(own: OwnOperators, group: Usage) -> Standing:
    stands = standing(own, group, ITEMS)
    assert stands is not None
    return stands


def test_many_soft_ranks_are_those_of_one() -> None:
    others = reference().form_scores(EVERY)
    scores = np.array([-4.0, -1.0, 0.3, 2.0, NONE])
    assert soft_ranks(scores, others)[:-1].tolist() == pytest.approx([soft_rank(float(s), others) for s in scores[:-1]])


def test_below_the_floor_no_p_value_is_stated_and_nothing_is_confirmed() -> None:
    few, enough = (found(loud_own(count), usage(FURTHER, FURTHER)) for count in (OPERATORS_MIN - 1, OPERATORS_MIN))
    assert few.passed == OPERATORS_MIN - 1 and few.past_gate
    assert few.benign_p is None and not few.confirms and "98 of 98" in few.evidence().statement
    assert enough.benign_p == pytest.approx(0.01)
    assert enough.rare == ("intent", "harvest", "harvest_form") and enough.confirms
    assert "rank p is 0.01" in enough.evidence().statement


def test_quiet_operators_are_no_help_however_many_they_are() -> None:
    """The group was chosen by H2: only those that H2 would have chosen as well are comparable."""
    own = own_of(np.full(2_000, -1.0), np.full(2_000, -1.0))
    stands = found(own, usage(FURTHER, FURTHER))
    assert passing(own) == 0 and len(stands.rare) == 3
    assert stands.benign_p is None and not stands.confirms


def test_a_group_that_is_not_past_the_gate_gets_no_p_value() -> None:
    stands = found(loud_own(200), usage(-1.0, -1.0))
    assert stands.benign_p is None and not stands.past_gate and "not past the gate" in stands.evidence().statement


def test_one_statistic_alone_confirms_nobody() -> None:
    """As loud as it may be as a whole: own operators have as telling forms and as many techniques."""
    own = own_of(np.full(200, PAST), np.full(200, FURTHER + 1.0))
    library = reference()
    profile = loud(library.profile, FURTHER)
    profile[library.profile.names.index("techniques")] = own.profiles[0, library.profile.names.index("techniques")]
    stands = found(own, Usage(profile, loud(library.form, FURTHER)[None, :]))
    assert stands.rare == ("harvest",) and not stands.confirms


def test_a_benign_twin_in_the_library_protects() -> None:
    """One own operator that works like the group doubles the smallest p-value: not confirmed among 199."""
    crowd = loud_own(198)
    twin = own_of(np.array([FURTHER]), np.array([FURTHER]))
    both = OwnOperators(
        crowd.kinds + twin.kinds, np.vstack([crowd.profiles, twin.profiles]), np.vstack([crowd.forms, twin.forms]),
        np.zeros(199, np.int64),
    )  # fmt: skip
    alone = found(crowd, usage(FURTHER, FURTHER))
    beside = found(both, usage(FURTHER, FURTHER))
    assert alone.confirms and alone.benign_p == pytest.approx(1 / 199)
    assert beside.benign_p == pytest.approx(0.01) and beside.confirms
    small = OwnOperators(both.kinds[50:], both.profiles[50:], both.forms[50:], both.known_us[50:])
    assert found(small, usage(FURTHER, FURTHER)).benign_p == pytest.approx(2 / 150)
    assert not found(small, usage(FURTHER, FURTHER)).confirms


def test_no_operator_of_the_shipped_library_is_confirmed_against_its_own_kind() -> None:
    """Every benign operator that the library knows, louder ones first, against all that are past the gate."""
    library, table = reference(), pq.read_table(LIBRARY)
    forms = np.stack([table[FORM_PREFIX + name].to_numpy() for name in FORM_FIGURES], axis=1).astype(np.float64)
    own = OwnOperators(library.kinds, library.values, forms, np.zeros(len(library.kinds), np.int64))
    said = f"Of the {len(library.kinds):,} shipped operators {passing(own)} are past that gate."
    assert passing(own) > 0 and said in MODEL_CARD.read_text(encoding="utf-8")
    for place in np.argsort(-library.scores(EVERY))[:120]:
        used = forms[place][None, :] if not np.isnan(forms[place]).all() else NO_FORMS
        assert not found(own, Usage(library.values[place], used)).confirms


@given(st.integers(0, 2**32 - 1), st.integers(100, 160))
def test_among_exchangeable_operators_past_the_gate_p_is_uniform_or_larger(seed: int, count: int) -> None:
    """Each left out in turn and asked: at most k of n + 1 have p ≤ k/(n + 1), ties or not."""
    draw = np.random.default_rng(seed)
    steps = np.round(PAST + draw.exponential(0.2, count), int(draw.integers(1, 4)))
    own = own_of(steps, steps)
    assert passing(own) == count
    chosen: NDArray[np.int64] = np.argsort(-steps)[:5]
    values = []
    for place in chosen:
        rest = np.arange(count) != place
        left = OwnOperators(own.kinds[1:], own.profiles[rest], own.forms[rest], own.known_us[rest])
        values.append(found(left, Usage(own.profiles[place], own.forms[place][None, :])).benign_p)
    assert [round(p * count, 6) >= number for number, p in enumerate(values, 1) if p is not None] == [True] * 5


def test_too_few_prompts_or_no_operators_say_nothing() -> None:
    assert standing(NO_OPERATORS, usage(FURTHER, None), ITEMS) is None
    assert standing(loud_own(100), usage(FURTHER, None), 19) is None


def test_without_a_form_the_whole_speaks_alone() -> None:
    stands = found(own_of(np.full(99, PAST)), usage(FURTHER, None))
    assert stands.ranks["harvest_form"] == 1.0 and stands.ranks["harvest"] == pytest.approx(0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(-3.0, 3.0))
def test_own_operators_never_raise_the_bits_beyond_their_number(seed: int, count: int, spreads: float) -> None:
    draw = np.random.default_rng(seed)
    own = own_of(draw.normal(size=count), draw.normal(size=count))
    shipped, both = reference(), reference_with(own)
    assert (both.own, len(both.kinds)) == (count, len(shipped.kinds) + count)
    score = float(shipped.profile.score(loud(shipped.profile, spreads)[None, :])[0])
    before, after = soft_rank(score, shipped.scores(EVERY)), soft_rank(score, both.scores(EVERY))
    assert after <= np.log(len(both.kinds) + 1.0) + 1e-12
    assert after - before <= np.log((len(both.kinds) + 1.0) / (len(shipped.kinds) + 1.0)) + 1e-12
    assert f"own {count}, simulated {len(shipped.kinds)}" in both.null_model


def test_without_own_operators_the_library_is_the_shipped_one() -> None:
    assert reference_with(NO_OPERATORS) is reference()
    assert reference().null_model.endswith("(own 0, all simulated)")


def test_operators_become_known_in_time() -> None:
    own = own_of(np.zeros(3))
    timed = OwnOperators(own.kinds, own.profiles, own.forms, np.array([10, 20, 30]))
    assert [len(timed.known_at(moment)) for moment in (9, 10, 25, 30)] == [0, 1, 2, 3]
    assert timed.known_at(30) is timed
    assert timed.known_at(25).known_us.tolist() == [10, 20]
