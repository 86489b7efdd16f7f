"""The campaign's places: found from what others do there, never from what the account itself does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hydrometer.prove.foreign import foreign_places


def pairs(*rows: tuple[str, int, int, int]) -> pa.Table:
    """(account, place, requests, of which look like the campaign's), all of layer 0."""
    account, place, n, k = zip(*rows, strict=True)
    return pa.table({"account_id": account, "layer": [0] * len(rows), "place": place, "n": n, "k": k})


def held(table: pa.Table, usual: float = 0.03) -> set[tuple[str, int]]:
    found = foreign_places(table, usual)
    return set(zip(found["account_id"].to_pylist(), found["place"].to_pylist(), strict=True))


FLEET = [(f"v{n}", 1, 20, 8) for n in range(4)]


def test_a_place_that_others_use_for_the_campaign_is_foreign_to_each_of_them() -> None:
    assert held(pairs(*FLEET)) == {(f"v{n}", 1) for n in range(4)}


def test_an_accounts_own_requests_do_not_make_its_place_foreign() -> None:
    """One account that sends hundreds of them from home, and one neighbour: nothing is foreign to either."""
    assert held(pairs(("loud", 1, 500, 500), ("quiet", 1, 20, 8))) == set()
    changed = pairs(*FLEET, ("own", 1, 20, 0)), pairs(*FLEET, ("own", 1, 20, 20))
    assert {("own", 1) in held(table) for table in changed} == {True}


TWINS: dict[str, Any] = {
    "a carrier's address": [(f"p{n}", 1, 30, 0) for n in range(40)] + FLEET,
    "an exit where others live": [(f"p{n}", 1, 3, 0) for n in range(8)] + FLEET,
    "a common client": [(f"p{n}", 1, 200, 4) for n in range(40)],
    "an office with one dabbler": [("a", 1, 60, 20), ("b", 1, 60, 0), ("c", 1, 60, 0), ("d", 1, 60, 0)],
    "a few requests": [("a", 1, 2, 2), ("b", 1, 2, 2), ("c", 1, 3, 3)],
}


@pytest.mark.parametrize("twin", TWINS)
def test_places_of_everybody_are_nobodys(twin: str) -> None:
    assert held(pairs(*TWINS[twin])) == set()


def test_what_is_usual_in_the_log_is_no_sign() -> None:
    assert held(pairs(*FLEET), usual=0.3) == set()


def test_places_of_two_layers_with_one_number_are_two_places() -> None:
    table = pairs(*FLEET)
    mixed = table.set_column(1, "layer", pa.array([0, 0, 1, 1]))
    assert held(mixed) == set()


def test_the_order_of_rows_does_not_matter() -> None:
    table = pairs(*FLEET, *TWINS["a common client"][:5])
    order = np.random.default_rng(1).permutation(len(table))
    assert held(table.take(pa.array(order))) == held(table)


def test_an_empty_table_has_no_places() -> None:
    empty = pairs(("a", 1, 1, 1)).slice(0, 0)
    assert len(foreign_places(empty, 0.0)) == 0
