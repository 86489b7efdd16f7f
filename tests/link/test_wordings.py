"""Communities of wordings: an operator among those who word alike is a candidate of its own, nobody else is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import population, renumbered, shared_by

from hydrometer.base.population import Population
from hydrometer.link import wordings
from hydrometer.link.formation import form
from hydrometer.link.ground import Ground
from hydrometer.link.wordings import contrasted

UNITS = 1_500
EDITOR = np.arange(0, 300)
"""Users of one editor, with whose phrases its sessions begin and end."""
OPERATOR = np.arange(150, 300)
"""Those of them who are an operator's accounts: sessions are replayed, under a few phrases of its own."""
SMALLEST = 5


def world(own: int, seed: int = 3) -> Population:
    """An editor's users, a part of whom share `own` phrases that the others do not know, beside people who chat."""
    draw = np.random.default_rng(seed)
    people = np.arange(len(EDITOR), UNITS)
    phrases = [draw.choice(EDITOR, 120, replace=False) for _ in range(14)]
    phrases += [draw.choice(OPERATOR, 75, replace=False) for _ in range(own)]
    phrases += [people[draw.random(len(people)) < 0.01] for _ in range(120)]
    return population(UNITS, {"opening": phrases[::2], "closing": phrases[1::2]})


def purest(found: list[NDArray[np.int64]]) -> float:
    """The largest share of the operator's accounts in a group of which nine tenths are its."""
    own = [len(np.intersect1d(group, OPERATOR)) for group in found if np.isin(group, OPERATOR).mean() >= 0.9]
    return max(own, default=0) / len(OPERATOR)


def groups(found: Population) -> list[NDArray[np.int64]]:
    return [group.members for group in form(found.forming("wording"), SMALLEST)]


def test_an_operator_among_users_of_one_editor_is_told_from_them_by_its_own_phrases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [world(own=5, seed=seed) for seed in range(3, 7)]
    told = [purest(groups(one)) for one in found]
    monkeypatch.setattr(wordings, "contrasted", lambda *_: [])
    assert np.mean(told) >= 0.9
    assert np.mean([purest(groups(one)) for one in found]) < 0.8


def test_users_of_one_editor_alone_are_not_taken_apart() -> None:
    """Without phrases of its own there is nothing that makes a part of them an operator."""
    assert all(purest(groups(world(own=0, seed=seed))) == 0.0 for seed in range(3, 7))


def test_a_community_is_looked_at_by_what_not_everybody_in_it_words() -> None:
    ground = Ground.of(world(own=5).forming("wording"))
    parts = contrasted(ground, EDITOR)
    assert purest(parts) >= 0.7
    assert all(np.isin(part, EDITOR).all() for part in parts)


def test_a_small_community_is_not_taken_apart() -> None:
    ground = Ground.of(world(own=5).forming("wording"))
    assert contrasted(ground, EDITOR[:40]) == []


def test_names_do_not_matter() -> None:
    found = world(own=5)
    order = np.random.default_rng(1).permutation(UNITS)
    before = {frozenset(group.tolist()) for group in groups(found)}
    assert {frozenset(order[group].tolist()) for group in groups(renumbered(found, order))} == before


def test_strangers_who_share_a_word_with_a_few_are_no_candidates() -> None:
    draw = np.random.default_rng(9)
    chatter = [*shared_by(6, draw, np.arange(UNITS)), *shared_by(9, draw, np.arange(UNITS))]
    assert groups(population(UNITS, {"opening": chatter})) == []
