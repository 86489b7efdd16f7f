"""Linkage weights beside Splink's on one small table: where both must agree, and where they differ on purpose.

Splink (Fellegi-Sunter) asks whether two records agree more than random pairs do, value by value, rarer ones counting
more; it is told here which accounts are one hand. Ours is told nothing: an entity weighs what its holders share
elsewhere. Comparable: the sign of what an operator shares, and of pairs that share nothing; the order of more and less
agreement, and of an operator's values and everybody's. Not comparable: the size in bits; anything below 0, since ours
is the weight of an entity and starts there; and what two strangers share alone, which is rare, hence heavy for Splink,
and weighs nothing here, since it comes with nothing else. The last is what keeps a café from being an operator.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from tests.prove.made import Holders, population
from tests.real.conftest import interpreter

from hydrometer.link.weights import entity_weights

LAYERS = {"card": "payment_fingerprint", "address": "client_ip", "mail": "mail_shape"}
STRANGERS, OPERATOR = 240, range(12)
ORDINARY = (3, 7, 11)
"""Accounts of the operator with a mail like everybody's."""
CARRIER = range(100, 140)
"""Accounts behind one address of a carrier."""
CAFE = (200, 201)
"""Two strangers on one line, with nothing else in common."""
MAILS = 6
SECONDS = 300.0
NEXT_TO_NOTHING_BITS = 0.15
Pair = tuple[int, int]


def accounts() -> list[dict[str, str]]:
    """An operator of twelve on three cards, three lines and one shape of mail; everybody else on cards of their own."""
    rows = [
        {
            "account": f"{number:03}",
            "card": f"own {number}",
            "address": f"own {number}",
            "hand": "operator" if number in OPERATOR else f"own {number}",
            "mail": f"shape {number % MAILS}",
        }
        for number in range(STRANGERS)
    ]
    for number in OPERATOR:
        rows[number] |= {"card": f"card {number % 3}", "address": f"line {number // 4}"}
        if number not in ORDINARY:
            rows[number]["mail"] = "odd shape"
    for number in CARRIER:
        rows[number]["address"] = "carrier"
    for number in CAFE:
        rows[number]["address"] = "cafe"
    return rows


@pytest.fixture(scope="module")
def theirs() -> dict[Pair, float]:
    """Splink's match weight of each pair, in bits, without the prior: what the columns say."""
    script = Path(__file__).with_name("splink_weights.py")
    done = subprocess.run(
        [str(interpreter("splink")), str(script)], input=json.dumps(accounts()), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2_000:]
    return {(min(int(a), int(b)), max(int(a), int(b))): weight for a, b, weight in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def ours() -> dict[Pair, float]:
    """For each pair the sum over columns of what the entity that both hold weighs, in bits."""
    rows = accounts()
    holders: dict[str, Holders] = {}
    for column, layer in LAYERS.items():
        by_value: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            by_value[row[column]].append(number)
        holders[layer] = [by_value[value] for value in sorted(by_value)]
    weights = entity_weights(population(STRANGERS, holders).forming("infrastructure"))
    total = dict.fromkeys(itertools.combinations(range(STRANGERS), 2), 0.0)
    for layer, entities in holders.items():
        for own, weight in zip(entities, weights[layer], strict=True):
            for pair in itertools.combinations(own, 2):
                total[pair] += float(weight) / np.log(2.0)
    return total


def agreeing(*columns: str, of: range) -> list[Pair]:
    """Pairs that agree on exactly these columns."""
    rows = accounts()
    return [
        (one, other)
        for one, other in itertools.combinations(of, 2)
        if {column for column in LAYERS if rows[one][column] == rows[other][column]} == set(columns)
    ]


def values(weights: dict[Pair, float], pairs: list[Pair]) -> list[float]:
    assert pairs
    return [weights[pair] for pair in pairs]


def test_both_are_for_what_an_operator_shares(ours: dict[Pair, float], theirs: dict[Pair, float]) -> None:
    for weights in (ours, theirs):
        for columns in (("card",), ("address",), ("mail",), ("card", "mail"), ("address", "mail"), ("card", "address")):
            assert min(values(weights, agreeing(*columns, of=OPERATOR))) > 0.0


def test_neither_is_for_pairs_that_share_nothing(ours: dict[Pair, float], theirs: dict[Pair, float]) -> None:
    pairs = agreeing(of=range(STRANGERS))
    assert max(values(ours, pairs)) == 0.0
    assert max(values(theirs, pairs)) < 0.0


def test_both_order_a_common_shape_of_mail_below_the_operator_s(
    ours: dict[Pair, float], theirs: dict[Pair, float]
) -> None:
    for weights in (ours, theirs):
        common = max(values(weights, agreeing("mail", of=range(len(OPERATOR), STRANGERS))))
        assert min(values(weights, agreeing("mail", of=OPERATOR))) > common
    assert max(values(ours, agreeing("mail", of=range(len(OPERATOR), STRANGERS)))) < NEXT_TO_NOTHING_BITS


def test_both_order_more_agreement_above_less(ours: dict[Pair, float], theirs: dict[Pair, float]) -> None:
    for weights in (ours, theirs):
        for column in LAYERS:
            for other in set(LAYERS) - {column}:
                both = agreeing(*(one for one in LAYERS if one in (column, other)), of=OPERATOR)
                assert min(values(weights, both)) > max(values(weights, agreeing(column, of=OPERATOR)))


def test_both_order_an_operators_line_above_a_carriers(ours: dict[Pair, float], theirs: dict[Pair, float]) -> None:
    for weights in (ours, theirs):
        operators = values(weights, agreeing("address", "mail", of=OPERATOR))
        carriers = values(weights, agreeing("address", of=CARRIER))
        assert min(operators) > max(carriers)
    assert max(values(ours, agreeing("address", of=CARRIER))) < NEXT_TO_NOTHING_BITS


def test_they_differ_on_what_two_strangers_share_alone(ours: dict[Pair, float], theirs: dict[Pair, float]) -> None:
    """A line of two is rare: Splink ranks it above the carrier's; with nothing beside it, it weighs nothing here."""
    assert ours[CAFE] == 0.0
    assert theirs[CAFE] > max(values(theirs, agreeing("address", of=CARRIER)))
