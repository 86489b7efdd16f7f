"""Customers of a campaign's house: on its books, ordinary in what they send, several, and no list readers together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tests.prove.made import population

from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.prove import customers
from hydrometer.prove.attribution import CELLS, Shares
from hydrometer.prove.customers import NOBODY, find, on_the_books

UNITS, CAMPAIGN, GUESTS = 400, np.arange(20), np.arange(20, 30)
RATIO = np.array([-3.0, 1.0, 3.0, 3.0, 0.0, 2.0, 4.0, 4.0])
HOUR_US = 3_600_000_000
SOME = 0.6
"""Share of requests that customers of a shop may send like a list without being its builder."""


def house(guests: NDArray[np.int64] = GUESTS) -> Population:
    """Twenty accounts of a campaign and some guests on cards of many; everybody else pays with a card of a pair."""
    ends = [0, 3, 7, 12, 20]
    parts = [CAMPAIGN[start:end] for start, end in pairwise(ends)]
    cards = [np.concatenate([part, guests[n::4]]) for n, part in enumerate(parts)]
    pairs = [np.array([n, n + 1]) for n in range(40, UNITS - 1, 2)]
    return population(UNITS, {"payment_fingerprint": cards + pairs})


def shares() -> Shares:
    ones = np.ones(len(CAMPAIGN))
    return Shares(ones, ones, ones, np.ones((len(CAMPAIGN), CELLS)), ones, RATIO, 0.9)


def counts(acting: NDArray[np.int64] = CAMPAIGN) -> NDArray[np.float64]:
    """Thirty exchanges of each unit: ordinary ones, or the campaign's."""
    result = np.zeros((UNITS, CELLS))
    result[:, 0] = 30.0
    result[acting] = np.eye(CELLS)[7] * 30.0
    return result


def talk(workspace: Workspace, shares: dict[int, float] | None = None) -> None:
    """Traffic of everybody: people who talk by day, or machines that read a list out, one item after the other.

    Args:
        shares: unit → share of its exchanges that are of a list; none of the others' are.
    """
    some = shares or {}
    rows = [(unit, n, n % 10 < 10 * some.get(unit, 0.0)) for unit in range(UNITS) for n in range(30)]
    day = 24 * HOUR_US
    workspace.write("units", pa.table({"account_id": [f"a{n}" for n in range(UNITS)], "unit": range(UNITS)}))
    workspace.write("fingerprints", pa.table({
        "account_id": [f"a{unit}" for unit, *_ in rows],
        "item": [unit * 100 + n for unit, n, _ in rows],
        "opening": [n % 3 + 1 if listed else unit * 100 + n for unit, n, listed in rows],
        "closing": [n % 2 + 1 if listed else unit * 100 + n for unit, n, listed in rows],
        "techniques": [int(listed) for *_, listed in rows], "capabilities": [int(listed) for *_, listed in rows],
        "words": [60 if listed else 9 + n % 4 for _, n, listed in rows],
        "output_tokens": [2_000 if listed else 150 + 40 * (n % 5) for _, n, listed in rows],
        "turn": [1 if listed else n % 4 + 1 for _, n, listed in rows],
        "tool_set": pa.array([0] * len(rows), pa.int64()),
        "sent_us": [n // 4 * day + (n * 5 % 24 if listed else 9 + n % 4) * HOUR_US for _, n, listed in rows],
    }))  # fmt: skip


LISTING = dict.fromkeys(CAMPAIGN.tolist(), 1.0)
"""The campaign reads a list out, as campaigns do."""


def taken(*units: int) -> NDArray[np.bool_]:
    result = np.zeros(UNITS, np.bool_)
    result[CAMPAIGN] = True
    result[list(units)] = True
    return result


def test_who_pays_with_the_campaigns_cards_is_on_its_books() -> None:
    chance = on_the_books(house(), CAMPAIGN)
    assert (chance[GUESTS] > 0.5).all() and chance[30:].max() == 0.0 and (chance[CAMPAIGN] > 0.5).all()


def test_without_cards_or_a_campaign_nobody_is() -> None:
    assert not on_the_books(population(UNITS, {"client_ip": [CAMPAIGN]}), CAMPAIGN).any()
    assert not on_the_books(house(), np.zeros(0, np.int64)).any()


def test_customers_are_on_the_books_and_send_nothing_of_the_campaigns(workspace: Workspace) -> None:
    talk(workspace, LISTING)
    found = find(workspace, house(), (CAMPAIGN, shares()), counts(), taken())
    assert found.units.tolist() == GUESTS.tolist() and (found.probability >= 0.5).all()


def test_who_acts_as_the_campaign_does_or_has_a_role_already_is_no_customer(workspace: Workspace) -> None:
    talk(workspace, LISTING)
    acting = np.concatenate([CAMPAIGN, GUESTS[:3]])
    found = find(workspace, house(), (CAMPAIGN, shares()), counts(acting), taken(int(GUESTS[4])))
    assert found.units.tolist() == [unit for unit in GUESTS[3:].tolist() if unit != GUESTS[4]]


@pytest.mark.parametrize("few", [0, 1, 3])
def test_a_few_odd_accounts_make_no_reseller(workspace: Workspace, few: int) -> None:
    talk(workspace, LISTING)
    assert find(workspace, house(GUESTS[:few]), (CAMPAIGN, shares()), counts(), taken()) == NOBODY


def test_a_fragment_that_reads_a_list_out_in_other_words_is_no_house_of_customers(workspace: Workspace) -> None:
    """The same accounts, none of whose requests has the campaign's wording, work through a list of their own."""
    talk(workspace, LISTING | dict.fromkeys(GUESTS.tolist(), 1.0))
    assert customers.reads_out(workspace, GUESTS, CAMPAIGN)
    assert find(workspace, house(), (CAMPAIGN, shares()), counts(), taken()) == NOBODY


def test_customers_may_work_a_little_like_a_builder(workspace: Workspace) -> None:
    """Beside their own house's builder they are ordinary, though most operators of the library are more so."""
    talk(workspace, LISTING | dict.fromkeys(GUESTS.tolist(), SOME))
    assert customers.reads_out(workspace, GUESTS, np.arange(100, 120))
    assert not customers.reads_out(workspace, GUESTS, CAMPAIGN)
    found = find(workspace, house(), (CAMPAIGN, shares()), counts(), taken())
    assert found.units.tolist() == GUESTS.tolist()
