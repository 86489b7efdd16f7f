"""Components and communities beside networkx, which computes them in another way: the same parts on the same graphs."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from tests.prove.made import Holders, incidence, population

from hydrometer.base.dense import connected, dense_parts
from hydrometer.base.households import HOUSEHOLD_MAX, households
from hydrometer.link.ground import Ground
from hydrometer.simulate.baselines._components import components

UNITS, ENTITIES = 14, 10
Parts = set[frozenset[int]]
links = st.sets(st.tuples(st.integers(0, UNITS - 1), st.integers(0, ENTITIES - 1)), max_size=30)


def holders(held: set[tuple[int, int]]) -> Holders:
    return [sorted(unit for unit, entity in held if entity == one) for one in range(ENTITIES)]


def bipartite(held: set[tuple[int, int]]) -> nx.Graph:
    graph = nx.Graph()
    graph.add_edges_from((("unit", unit), ("entity", entity)) for unit, entity in held)
    return graph


def unit_parts(graph: nx.Graph) -> Parts:
    """Units of each component of a graph of units and entities."""
    found = (frozenset(number for kind, number in part if kind == "unit") for part in nx.connected_components(graph))
    return {part for part in found if part}


@settings(max_examples=200)
@given(links, st.lists(st.integers(0, 2), min_size=UNITS, max_size=UNITS))
def test_components_of_the_rows_of_each_label(held: set[tuple[int, int]], labels: list[int]) -> None:
    """Rows of one label hang together over columns that two of them share; rows of another label join nobody."""
    found = connected(incidence(UNITS, holders(held)).astype(np.float64), np.array(labels))
    expected: Parts = set()
    for label in set(labels):
        own = {unit for unit in range(UNITS) if labels[unit] == label}
        graph = bipartite({(unit, entity) for unit, entity in held if unit in own})
        graph.add_nodes_from(("unit", unit) for unit in own)
        expected |= unit_parts(graph)
    assert {frozenset(part.tolist()) for part in found} == expected
    assert sum(map(len, found)) == UNITS


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, UNITS - 1), st.integers(0, UNITS - 1)), max_size=16))
def test_components_of_the_rivals(edges: list[tuple[int, int]]) -> None:
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(UNITS))
    first, second = (np.array([edge[side] for edge in edges], np.int64) for side in (0, 1))
    labels = components(first, second, UNITS)
    expected = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda part: part[0])
    assert [np.flatnonzero(labels == number).tolist() for number in range(len(expected))] == expected


@settings(max_examples=200)
@given(links, links)
def test_households(cards: set[tuple[int, int]], lines: set[tuple[int, int]]) -> None:
    """Edges where two units share a card and an address that few hold; a component of five or more is no home."""

    def tied(held: Holders) -> set[tuple[int, int]]:
        return {pair for one in held if len(one) <= HOUSEHOLD_MAX for pair in itertools.combinations(one, 2)}

    own_cards, own_lines = holders(cards), holders(lines)
    graph = nx.Graph(tied(own_cards) & tied(own_lines))
    graph.add_nodes_from(range(UNITS))
    homes = [set(part) for part in nx.connected_components(graph) if len(part) <= HOUSEHOLD_MAX]
    made = population(UNITS, {"payment_fingerprint": own_cards, "client_ip": own_lines})
    families = {"payment": (made.layers["payment_fingerprint"],), "network": (made.layers["client_ip"],)}
    numbers = households(families, UNITS)
    for one, other in itertools.combinations(range(UNITS), 2):
        together = any({one, other} <= home for home in homes)
        assert (numbers[one] == numbers[other]) == together


@pytest.mark.parametrize("seed", range(5))
def test_communities_of_a_graph_that_has_them(seed: int) -> None:
    """Six dense parts with a few stray links: both find these six, whatever modularity each maximises."""
    draw = np.random.default_rng(seed)
    parts, size, things = 6, 15, 8
    held = np.zeros((parts * size, parts * things), np.bool_)
    for part in range(parts):
        rows, columns = slice(part * size, (part + 1) * size), slice(part * things, (part + 1) * things)
        held[rows, columns] = draw.random((size, things)) < 0.6
    strays = draw.integers(parts * size, size=20), draw.integers(parts * things, size=20)
    held[strays] = True
    matrix = sparse.csr_array(held)
    made = population(parts * size, {"payment_fingerprint": [np.flatnonzero(column) for column in held.T]})
    half = made.forming("infrastructure")
    found = dense_parts(Ground.of(half).keys, matrix.astype(np.float64), np.arange(parts * size), 5, 1.0)
    graph = bipartite({(int(unit), int(entity)) for unit, entity in zip(*np.nonzero(held), strict=True)})
    theirs = nx.community.louvain_communities(graph, seed=seed)
    expected = {frozenset(number for kind, number in part if kind == "unit") for part in theirs}
    assert {frozenset(part.tolist()) for part in found} == expected
    assert expected == {frozenset(range(part * size, (part + 1) * size)) for part in range(parts)}
