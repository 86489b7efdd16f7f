"""Candidate groups: what is found and what is not; names, the other half and a second run change nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.prove.made import Holders, incidence, population, renumbered, shared_by

from hydrometer.base.groups import Group
from hydrometer.base.population import Population
from hydrometer.link.formation import fellows, form
from hydrometer.link.ground import Ground
from hydrometer.link.wordings import large_parts

UNITS = 2_000
OPERATOR = np.arange(100, 160)
CARRIER = np.arange(1_500, 1_800)
SMALLEST = 5


def infrastructure(draw: np.random.Generator, operator: NDArray[np.int64] | None) -> dict[str, Holders]:
    """Strangers with households, carriers, one of them shared by 300; an operator's cards and lines where asked for."""
    units = np.arange(UNITS)
    cards, lines = shared_by(2, draw, draw.choice(units, 200, replace=False)), [CARRIER]
    lines += shared_by(2, draw, draw.choice(units, 200, replace=False)) + shared_by(40, draw, units)
    if operator is not None:
        cards += [draw.choice(operator, 40, replace=False) for _ in range(4)]
        lines += [draw.choice(operator, 40, replace=False) for _ in range(4)]
    mail = [units[draw.random(UNITS) < 0.05] for _ in range(20)]
    return {"payment_fingerprint": cards, "client_ip": lines, "mail_shape": mail}


@pytest.fixture(scope="module")
def world() -> Population:
    return population(UNITS, infrastructure(np.random.default_rng(5), OPERATOR))


def groups(found: Population, half: str = "infrastructure") -> list[NDArray[np.int64]]:
    return [group.members for group in form(found.forming(half), SMALLEST)]


def recall(found: list[NDArray[np.int64]]) -> float:
    """Share of the operator in groups that hold hardly anybody else; a whole may be found in fragments."""
    own = [members for members in found if np.isin(members, OPERATOR).mean() >= 0.9]
    return len(np.unique(np.concatenate(own))) / len(OPERATOR) if own else 0.0


def test_an_operator_that_shares_cards_and_lines_is_a_candidate(world: Population) -> None:
    assert recall(groups(world)) >= 0.8


def test_members_are_ascending_and_in_one_community_at_most(world: Population) -> None:
    found = groups(world)
    assert all((np.diff(members) > 0).all() and len(members) >= SMALLEST for members in found)
    assert len(np.unique(np.concatenate(found))) == sum(len(members) for members in found)


def test_a_popular_address_links_nobody_by_itself() -> None:
    for seed in range(20, 24):
        found = population(UNITS, infrastructure(np.random.default_rng(seed), None))
        assert all(len(np.intersect1d(CARRIER, members)) < 0.1 * len(CARRIER) for members in groups(found))


def test_one_family_alone_forms_no_community() -> None:
    """Sixty accounts on the same cards and nothing else in common: a prepaid batch, not an operator."""
    draw = np.random.default_rng(7)
    holders = infrastructure(draw, None)
    holders["payment_fingerprint"] = [*holders["payment_fingerprint"], *shared_by(10, draw, OPERATOR)]
    assert recall(groups(population(UNITS, holders))) < 0.2


def test_declared_owners_are_no_candidates(world: Population) -> None:
    declared = np.zeros(UNITS, np.bool_)
    declared[OPERATOR] = True
    owned = population(UNITS, infrastructure(np.random.default_rng(5), OPERATOR), declared=declared)
    assert not set(OPERATOR.tolist()) & {unit for members in groups(owned) for unit in members.tolist()}


def test_smallest_size_is_kept(world: Population) -> None:
    assert form(world.forming("infrastructure"), len(OPERATOR) + 1) == []


def test_phrases_form_a_group_where_everything_else_is_fresh() -> None:
    """Sixty accounts with rare phrases of their own among users who say what everybody says."""
    draw = np.random.default_rng(8)
    units = np.arange(UNITS)
    chatter = [units[draw.random(UNITS) < 0.01] for _ in range(150)]
    own = [draw.choice(OPERATOR, 50, replace=False) for _ in range(12)]
    stacks = [*shared_by(250, draw, units), OPERATOR]
    found = population(UNITS, {"opening": chatter + own, "closing": own, "configuration": stacks})
    assert recall(groups(found, "behaviour")) >= 0.8


def test_a_common_phrase_forms_no_group() -> None:
    draw = np.random.default_rng(9)
    units = np.arange(UNITS)
    chatter = [units[draw.random(UNITS) < 0.15] for _ in range(40)]
    stacks = shared_by(250, draw, units)
    assert groups(population(UNITS, {"opening": chatter, "configuration": stacks}), "behaviour") == []


def test_the_other_half_is_never_read(world: Population) -> None:
    """Formation on one half gives the same groups whatever stands in the other."""
    draw = np.random.default_rng(10)
    noise = {"opening": shared_by(40, draw, np.arange(UNITS)), "tool_set": shared_by(9, draw, np.arange(UNITS))}
    noisy = population(UNITS, {**infrastructure(np.random.default_rng(5), OPERATOR), **noise})
    assert sorted(map(tuple, groups(world))) == sorted(map(tuple, groups(noisy)))


def loose_ends(draw: np.random.Generator) -> Population:
    """A world whose communities are not clear cut: pools of 30 that overlap, many ties."""
    holders: dict[str, list[NDArray[np.int64]]] = {"payment_fingerprint": [], "client_ip": [], "mail_shape": []}
    for start in range(0, 600, 20):
        pool = np.arange(start, start + 30)
        for size in (3, 4):
            holders["payment_fingerprint"] += shared_by(size, draw, pool)
            holders["client_ip"] += shared_by(size, draw, pool)
        holders["mail_shape"].append(pool)
    return population(UNITS, holders)


def test_the_same_half_gives_the_same_groups_every_time() -> None:
    found = loose_ends(np.random.default_rng(11))
    first = [tuple(members.tolist()) for members in groups(found)]
    assert len(first) > 3
    for _ in range(4):
        assert [tuple(members.tolist()) for members in groups(found)] == first


def test_names_of_units_do_not_matter() -> None:
    draw = np.random.default_rng(12)
    found = loose_ends(draw)
    order = draw.permutation(UNITS)
    before = {frozenset(members.tolist()) for members in groups(found)}
    after = {frozenset(order[members].tolist()) for members in groups(renumbered(found, order))}
    assert after == before


def test_content_keys_depend_on_what_is_held_alone() -> None:
    found = population(5, {"client_ip": [[0, 1, 2], [3, 4]], "payment_fingerprint": [[0, 1], [3, 4]]})
    keys = Ground.of(found.forming("infrastructure")).keys
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == keys[4] != keys[0]
    order = np.array([4, 2, 0, 1, 3])
    assert np.array_equal(Ground.of(renumbered(found, order).forming("infrastructure")).keys, keys[order])


def test_fellows_counts_ties_over_two_families() -> None:
    families = {
        "payment": incidence(5, [[0, 1, 2], [3, 4]]).astype(np.float64),
        "network": incidence(5, [[0, 1], [2, 3], [4]]).astype(np.float64),
    }
    assert fellows(families, np.arange(5)) == pytest.approx(2 / 5)
    assert fellows(families, np.array([0, 1])) == pytest.approx(1.0)


def test_an_operator_of_several_languages_is_one_group_and_a_language_is_none() -> None:
    """Three languages with phrases of their own; sixty units over all of them with phrases that nobody else has."""
    draw = np.random.default_rng(14)
    spoken = draw.integers(0, 3, UNITS)
    chatter = [
        np.setdiff1d(np.flatnonzero(spoken == language)[draw.random(int((spoken == language).sum())) < 0.08], OPERATOR)
        for language in range(3)
        for _ in range(60)
    ]
    own = [draw.choice(OPERATOR, 40, replace=False) for _ in range(10)]
    found = replace(population(UNITS, {"opening": chatter + own, "closing": own}), languages=spoken)
    formed = groups(found, "wording")
    assert recall(formed) >= 0.9
    assert max(len(members) for members in formed) < 2 * len(OPERATOR)


def test_a_group_by_wordings_comes_with_its_denser_parts() -> None:
    draw = np.random.default_rng(15)
    left, right = OPERATOR[:30], OPERATOR[30:]
    both = [draw.choice(OPERATOR, 50, replace=False) for _ in range(4)]
    apart = [draw.choice(side, 24, replace=False) for side in (left, right) for _ in range(14)]
    chatter = [np.flatnonzero(draw.random(UNITS) < 0.01) for _ in range(150)]
    found = population(UNITS, {"opening": both + chatter, "closing": apart})
    (group, *_) = form(found.forming("wording"), SMALLEST)
    assert np.isin(OPERATOR, group.members).mean() >= 0.9
    assert len(group.parts) >= 2 and all(np.isin(part, group.members).all() for part in group.parts)
    assert max(np.isin(part, left).mean() for part in group.parts) >= 0.9


def test_a_part_that_is_a_good_part_of_its_community_is_a_candidate_too() -> None:
    def community(*sizes: int, start: int = 0) -> Group:
        edges = np.cumsum([start, *sizes])
        parts = tuple(np.arange(low, high) for low, high in pairwise(edges.tolist()))
        return Group(np.arange(start, start + 200), "wording", "by hand", parts)

    found = large_parts([community(60, 30, 50), community(170, 20, start=300)])
    assert [(part.members[0], len(part.members)) for part in found] == [(0, 60), (90, 50)]
    assert all(part.side == "wording" and part.parts == () for part in found)
    small = Group(np.arange(100), "wording", "by hand", (np.arange(29), np.arange(29, 59)))
    assert [len(part.members) for part in large_parts([small])] == [30]
    twice = [community(60), Group(np.arange(5, 60), "wording", "by hand")]
    assert large_parts(twice) == []


def test_groups_by_infrastructure_have_no_parts_by_wordings(world: Population) -> None:
    assert all(group.parts == () for group in form(world.forming("infrastructure"), SMALLEST))
