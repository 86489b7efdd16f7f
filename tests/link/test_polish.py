"""Polishing: strangers leave, fellows join, what is no group dissolves, and fragments over languages come together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tests.prove.made import population, renumbered, shared_by

from hydrometer.base.population import Population
from hydrometer.link.polish import columns, joined, polished

UNITS = 1_500
OPERATOR = np.arange(80)
ONE = np.zeros(UNITS, np.int64)


def world(draw: np.random.Generator) -> Population:
    """Eighty units on cards and lines of eight; households of three elsewhere that share both."""
    homes = shared_by(3, draw, draw.choice(np.arange(80, UNITS), 600, replace=False))
    return population(
        UNITS,
        {
            "payment_fingerprint": shared_by(8, draw, OPERATOR) + homes,
            "client_ip": shared_by(8, draw, draw.permutation(OPERATOR)) + homes,
        },
    )


def better(found: Population, part: NDArray[np.int64], core: float = 0.0) -> NDArray[np.int64]:
    half = found.forming("infrastructure")
    return polished(found, columns(half), part, ONE, smallest=5, core=core)


def test_strangers_leave_and_fellows_join() -> None:
    draw = np.random.default_rng(1)
    found = world(draw)
    rough = np.sort(np.concatenate([OPERATOR[:60], draw.choice(np.arange(80, UNITS), 40, replace=False)]))
    after = better(found, rough)
    assert np.isin(OPERATOR, after).mean() >= 0.95
    assert np.isin(after, OPERATOR).mean() >= 0.9


def test_strangers_together_dissolve() -> None:
    draw = np.random.default_rng(2)
    found = population(UNITS, {"payment_fingerprint": shared_by(2, draw, np.arange(UNITS))})
    assert len(better(found, np.sort(draw.choice(UNITS, 60, replace=False)))) == 0


def test_declared_units_never_join() -> None:
    draw = np.random.default_rng(1)
    declared = np.zeros(UNITS, np.bool_)
    declared[70:80] = True
    found = world(draw)
    owned = population(
        UNITS,
        {name: [np.flatnonzero(column) for column in layer.held.toarray().T] for name, layer in found.layers.items()},
        declared=declared,
    )
    assert not np.isin(np.arange(70, 80), better(owned, OPERATOR[:60])).any()


def test_who_is_tied_to_few_leaves_a_core() -> None:
    """Ten units that share one line with each other and nothing with the eighty."""
    draw = np.random.default_rng(3)
    few = np.arange(100, 110)
    lines = [draw.choice(OPERATOR, 60, replace=False) for _ in range(6)]
    found = population(UNITS, {"client_ip": [*lines, few[:4], few[3:7], few[6:]]})
    rough = np.concatenate([OPERATOR, few])
    assert np.isin(few, better(found, rough)).any()
    assert not np.isin(few, better(found, rough, core=0.2)).any()
    assert np.isin(OPERATOR, better(found, rough, core=0.2)).all()


def test_names_do_not_matter() -> None:
    draw = np.random.default_rng(4)
    found, part = world(draw), OPERATOR[:50]
    order = draw.permutation(UNITS)
    after = better(renumbered(found, order), np.sort(np.argsort(order)[part]))
    assert sorted(order[after].tolist()) == better(found, part).tolist()


def test_parts_that_hold_each_others_marks_are_one_and_others_stay_apart() -> None:
    draw = np.random.default_rng(5)
    first, second, other = np.arange(40), np.arange(40, 80), np.arange(200, 240)
    ours = [draw.choice(80, 50, replace=False) for _ in range(8)]
    theirs = [draw.choice(other, 30, replace=False) for _ in range(8)]
    found = population(UNITS, {"opening": ours + theirs})
    families = columns(found.forming("wording"))
    parts = {tuple(part.tolist()) for part in joined(found, families, [first, second, other], ONE)}
    assert parts == {tuple(range(80)), tuple(range(200, 240))}
    assert joined(found, families, [first], ONE) == [first]
