"""Shares: the cookbook's worked example, no invented share at 0, intervals that cover though accounts differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.prove.made import population

from hydrometer.base.families import FAMILIES
from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import Shares, conduct, estimate, marks, mix
from hydrometer.prove.forms import Forms
from hydrometer.prove.membership import Membership
from hydrometer.prove.reference import reference

ORDINARY, CAMPAIGN = np.array([0.80, 0.12, 0.06, 0.02]), np.array([0.03, 0.07, 0.25, 0.65])
LEVELS = (0.0, 0.1, 0.25, 0.5, 1.0)
EACH, PURE = 20, 60
"""Members of each mixed level, and pure ones: the least mixed quarter must hold pure accounts."""


def test_worked_example() -> None:
    """f₀ = (.7, .2, .1), f₁ = (.1, .2, .7), counts (50, 20, 30): share 1/3, P(campaign | third cell) = .777778."""
    million = 1e6
    pure = np.array([[0.1, 0.2, 0.7, 0.0]] * 3) * million
    outsiders = np.array([[0.7, 0.2, 0.1, 0.0]] * 5) * million
    found = estimate(np.vstack([pure, [[50.0, 20.0, 30.0, 0.0]]]), outsiders)
    assert found.share[-1] == pytest.approx(0.333333, abs=1e-5)
    assert found.cell_probability[-1, 2] == pytest.approx(0.777778, abs=1e-5)
    assert found.low[-1] < 0.333333 < found.high[-1]
    assert found.low[-1] == pytest.approx(0.1988, abs=0.01)
    assert found.high[-1] == pytest.approx(0.4784, abs=0.02)


def worlds(concentration: float, exchanges: int, runs: int) -> list[tuple[NDArray[np.float64], Shares]]:
    """(true shares, estimate) of groups whose accounts mix as told, among outsiders that differ (Dirichlet)."""
    result = []
    true = np.repeat(LEVELS, [EACH] * (len(LEVELS) - 1) + [PURE])
    for seed in range(runs):
        draw = np.random.default_rng(seed)
        outsiders = draw.multinomial(exchanges, draw.dirichlet(concentration * ORDINARY, 300)).astype(np.float64)
        own = draw.dirichlet(concentration * ORDINARY, len(true))
        members = draw.multinomial(exchanges, true[:, None] * CAMPAIGN + (1.0 - true[:, None]) * own).astype(np.float64)
        result.append((true, estimate(members, outsiders)))
    return result


@pytest.mark.parametrize("concentration", [300.0, 50.0])
@pytest.mark.parametrize("exchanges", [100, 1_000])
def test_intervals_cover_at_every_share(concentration: float, exchanges: int) -> None:
    made = worlds(concentration, exchanges, 12)
    for level in LEVELS:
        covered = [
            (found.low[true == level] <= level + 1e-12) & (level - 1e-12 <= found.high[true == level])
            for true, found in made
        ]
        assert np.mean(covered) >= 0.85, level


@pytest.mark.parametrize("concentration", [300.0, 50.0])
def test_no_share_is_invented(concentration: float) -> None:
    """At share 0 about half of the estimates end at 0 itself, as they do when an unbiased figure is cut off there."""
    made = worlds(concentration, 1_000, 12)
    shares = {level: np.concatenate([found.share[true == level] for true, found in made]) for level in LEVELS}
    assert 0.3 <= (shares[0.0] <= 1e-9).mean() <= 0.7
    assert np.median(shares[0.0]) <= 0.02
    assert shares[0.0].mean() <= 0.03
    for level in (0.1, 0.25, 0.5):
        assert shares[level].mean() == pytest.approx(level, abs=0.015)


def test_without_the_term_for_differing_accounts_intervals_would_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydrometer.prove.attribution._between", lambda outsiders, score: 0.0)
    made = worlds(50.0, 1_000, 6)
    covered = [(found.low[true == 0.1] <= 0.1) & (found.high[true == 0.1] >= 0.1) for true, found in made]
    assert np.mean(covered) < 0.7


@settings(deadline=None)
@given(
    members=st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=1, max_size=8),
    outsiders=st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(sum), max_size=8),
)
def test_figures_are_probabilities_whatever_the_counts(members: list[list[int]], outsiders: list[list[int]]) -> None:
    found = estimate(np.array(members, np.float64), np.array(outsiders, np.float64).reshape(-1, 4))
    assert (found.low <= found.share + 1e-12).all() and (found.share <= found.high + 1e-12).all()
    for values in (found.low, found.share, found.high):
        assert np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()
    assert np.isfinite(found.cell_probability).all()
    assert (found.cell_probability >= 0).all() and (found.cell_probability <= 1 + 1e-9).all()


def test_order_of_accounts_does_not_matter() -> None:
    draw = np.random.default_rng(1)
    members = draw.multinomial(80, CAMPAIGN, 30).astype(np.float64)
    outsiders = draw.multinomial(80, ORDINARY, 90).astype(np.float64)
    order = draw.permutation(30)
    plain, mixed = estimate(members, outsiders), estimate(members[order], outsiders[::-1])
    assert np.allclose(plain.share[order], mixed.share, atol=1e-12)
    assert np.allclose(plain.low[order], mixed.low, atol=1e-12)


def test_a_group_that_differs_in_nothing_is_claimed_whole_and_with_no_certainty() -> None:
    same = np.array([[10.0, 10, 10, 10]] * 6)
    found = estimate(same, same)
    assert found.low.tolist() == [0.0] * 6 and found.high.tolist() == [1.0] * 6


def test_mix_is_smoothed() -> None:
    assert mix(np.zeros((1, 4))).tolist() == [0.25] * 4
    assert (mix(np.array([[5.0, 0, 0, 0]])) > 0).all()


@pytest.mark.parametrize("cover", [0.3, 0.5, 0.8])
def test_a_pool_all_of_whose_members_carry_cover_is_told_apart(cover: float) -> None:
    """No member is pure: its own mix is what outsiders do not send."""
    harvest, ordinary = np.array([0.0, 0.0, 0.3, 0.7]), np.array([0.88, 0.12, 0.0, 0.0])
    draw = np.random.default_rng(3)
    members = draw.multinomial(400, cover * ordinary + (1.0 - cover) * harvest, 60).astype(np.float64)
    found = estimate(members, draw.multinomial(400, ordinary, 300).astype(np.float64))
    assert found.share.mean() == pytest.approx(1.0 - cover, abs=0.03)
    assert found.cell_probability[:, 0].max() < 0.1 and found.cell_probability[:, 3].min() > 0.95


def test_conduct_clears_who_does_nothing_of_it_and_hardly_convicts() -> None:
    """A typical member speaks for itself, an outsider against; where harvest is rare, silence says next to nothing."""
    ratio = np.log(np.array([0.02, 0.98]) / np.array([0.95, 0.05]))
    members = np.array([[3.0, 37.0], [40.0, 0.0], [0.0, 1.0]])
    assert conduct(members, ratio, 0.9).round(1).tolist() == [3.0, -8.0, 2.9]
    assert abs(conduct(members, ratio, 0.03)[1]) < 0.5
    assert np.isfinite(conduct(members, np.array([-27.0, 3.0]), 1.0)).all()


def test_marks_are_the_groups_wordings_and_its_telling_forms(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = population(8, {
        "opening": [[0, 1, 2, 6], [0, 1, 7], [2, 3, 4]], "sketch": [[1, 2, 4], [0, 5]], "client_ip": [[0, 1, 2, 3]],
    })  # fmt: skip
    members = np.arange(5)
    enriched = {name: layer.entities for name, layer in everyone.layers.items()} | {"closing": np.zeros(0, np.int64)}
    everyone.layers["closing"] = replace(everyone.layers["sketch"], name="closing")
    weights = reference().form
    telling = weights.mean + 2.0 * weights.spread * np.sign(weights.weight)
    calm = weights.mean - 2.0 * weights.spread * np.sign(weights.weight)
    used = Forms(np.zeros(3, np.int64), np.array([0, 1, 1]), np.array([11, 12, 13]), np.stack([calm, telling, calm]))
    monkeypatch.setattr("hydrometer.prove.attribution.forms", lambda *_: used)
    membership = Membership(members, np.ones(5), np.zeros((5, len(FAMILIES))), enriched, members)
    rows = {(row["layer"], row["hash"]) for row in marks(workspace, everyone, membership).to_pylist()}
    first, _, third = everyone.layers["opening"].entities.tolist()
    # What two members alone word, and what is no wording, is left out.
    assert rows == {("opening", first), ("opening", third), ("sketch", first), ("form_closing", 12)}
