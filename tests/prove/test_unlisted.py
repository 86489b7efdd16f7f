"""What accounts that are not listed carry: nothing where nobody does, and about as much as they do where some do."""

from __future__ import annotations

import numpy as np
import pytest

from hydrometer.prove.unlisted import OWN_MOST, Counts, carried, carriers, own_traffic, without

PEOPLE = np.array([0.93, 0.03, 0.01, 0.002, 0.02, 0.004, 0.002, 0.002])
WORK = np.array([0.0, 0.0, 0.1, 0.2, 0.0, 0.0, 0.3, 0.4])
SEED = 4


def people(many: int, draw: np.random.Generator) -> Counts:
    """Strangers who differ: each has a mix of their own around that of all."""
    sizes = draw.integers(1, 60, many)
    mixes = draw.dirichlet(30.0 * PEOPLE, many)
    return np.array([draw.multinomial(n, one) for n, one in zip(sizes, mixes, strict=True)], np.float64)


def pool(many: int, draw: np.random.Generator, share: float = 0.9, own: float = 0.0) -> Counts:
    """Accounts of one hand: a share of work, of which a part looks ordinary, and cover."""
    work = (1.0 - own) * WORK + own * np.eye(8)[0]
    shares = draw.beta(20.0 * share, 20.0 * (1.0 - share) + 0.1, many)
    sizes = draw.integers(5, 60, many)
    return np.array(
        [
            draw.multinomial(n, one * work + (1.0 - one) * PEOPLE / PEOPLE.sum())
            for n, one in zip(sizes, shares, strict=True)
        ],
        np.float64,
    )


def test_nobody_carries_what_only_the_members_send() -> None:
    draw = np.random.default_rng(1)
    found = carried(pool(100, draw), people(3_000, draw), SEED)
    assert found is not None
    assert found.probability.sum() <= 3_000 * 0.005


@pytest.mark.parametrize("share", [0.9, 0.6])
@pytest.mark.parametrize("hidden", [10, 150])
def test_about_as_much_is_found_as_is_there(share: float, hidden: int) -> None:
    draw = np.random.default_rng(2)
    theirs = pool(hidden, draw, share)
    others = np.vstack([people(3_000, draw), theirs])
    found = carried(pool(200, draw, share), others, SEED)
    assert found is not None
    assert found.probability.sum() == pytest.approx(hidden, rel=0.15, abs=6)
    assert found.probability[-hidden:].mean() >= 0.85
    took = float((others * found.cell_probability).sum())
    true = share * float(theirs.sum())
    assert 0.85 * true <= took <= 1.15 * true + 100


def test_techniques_that_others_use_too_are_no_wordings_of_the_group() -> None:
    """Somebody who elicits reasoning in words of his own carries none of the group's work."""
    draw = np.random.default_rng(3)
    alone = np.zeros((50, 8))
    alone[:, 1] = 40.0
    found = carriers(pool(100, draw) @ np.eye(8)[:, :3], np.vstack([people(500, draw), alone]) @ np.eye(8)[:, :3])
    assert found is not None
    said = carried(pool(100, draw), np.vstack([people(500, draw), alone]), SEED)
    assert said is not None and said.probability[-50:].max() <= 0.05


def test_a_group_that_words_as_everybody_does_says_nothing() -> None:
    draw = np.random.default_rng(5)
    every = np.zeros((40, 8))
    every[:, 0] = 30.0
    assert carried(every, every[:20], SEED) is None
    assert carried(every, people(200, draw)[:, ::-1] * 0.0 + every[0], SEED) is None


def test_both_readings_of_what_looks_ordinary_bound_the_truth() -> None:
    """The lower takes it for cover that all carry alike, the upper for work; truth is the one or the other."""
    for own in (0.0, 0.15):
        draw = np.random.default_rng(6)
        share = 0.9 if own == 0.0 else 0.999
        members = pool(300, draw, share, own)
        found = carried(members, people(2_000, draw), SEED)
        assert found is not None and found.most >= 1.0
        assert found.most >= (1.02 if own else 1.0)
        assert found.most <= 1.25


def test_where_even_the_least_mixed_carry_cover_none_of_it_is_work() -> None:
    draw = np.random.default_rng(7)
    ordinary = PEOPLE / PEOPLE.sum()
    half = pool(200, draw, 0.4)
    assert own_traffic(half, ordinary, SEED) == 0.0
    pure = own_traffic(pool(200, draw, 0.97), ordinary, SEED)
    assert 0.0 <= pure <= OWN_MOST
    assert without(half, ordinary, 0.0)[0] == pytest.approx(0.0, abs=0.02)


def test_nothing_depends_on_the_order_of_accounts() -> None:
    draw = np.random.default_rng(8)
    members, others = pool(60, draw), np.vstack([people(400, draw), pool(20, draw)])
    mixed = draw.permutation(len(others))
    one, other = carried(members, others, SEED), carried(members[::-1], others[mixed], SEED)
    assert one is not None and other is not None
    assert one.most == pytest.approx(other.most)
    assert np.allclose(one.probability[mixed], other.probability)
