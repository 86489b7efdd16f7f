"""Victims are found with their share and their keys; operators, travellers and customers of a CI are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.prove.abuse import FLEET, HOUR_US, START_US, Log, everybody, stolen, thief, victims

from hydrometer.base.workspace import Workspace
from hydrometer.prove.victims import NOBODY, Asked, Life, chosen, share_of_two_hands


@pytest.fixture
def log() -> Log:
    made = Log()
    everybody(made)
    return made


@pytest.mark.parametrize("inside", [True, False])
def test_victims_are_found_among_members_and_beside_them(workspace: Workspace, log: Log, inside: bool) -> None:
    names = thief(log)
    found = victims(workspace, log, members=frozenset(names if inside else []))
    assert list(found.accounts) == names
    assert found.share.tolist() == pytest.approx([0.6] * 6)
    assert (found.low <= found.share).all() and (found.share <= found.high).all() and (found.probability > 0.9).all()
    assert set(found.away["place"].to_pylist()) == {FLEET}
    assert len(found.sent) == 6 * 30 and set(found.sent["account_id"].to_pylist()) == set(names)


def test_a_thief_who_changes_address_within_a_prefix_is_known_by_the_prefix(workspace: Workspace, log: Log) -> None:
    for number in range(8):
        for day in range(5):
            for hour in range(4):
                log.send(f"v{number}", day, 8 + 2 * hour, place=5_000 + 20 * number, campaign=False)
                place = 90_000 + 10 * number + day
                log.send(f"v{number}", day, 9 + 2 * hour, place=place, campaign=hour > 0, prefix=7)
    found = victims(workspace, log)
    assert len(found.accounts) == 8 and set(found.away["layer"].to_pylist()) == {1}


def test_a_thief_at_rented_homes_is_known_by_his_client(workspace: Workspace, log: Log) -> None:
    for number in range(8):
        for day in range(5):
            for hour in range(4):
                log.send(f"v{number}", day, 8 + 2 * hour, place=5_000 + 20 * number, campaign=False)
                place = 70_000 + 1_000 * number + 100 * day
                log.send(f"v{number}", day, 9 + 2 * hour, place=place, campaign=hour > 0, client_stack=77)
    found = victims(workspace, log)
    assert len(found.accounts) == 8 and set(found.away["layer"].to_pylist()) == {2}


def operators_at_one_fleet(log: Log) -> None:
    """Half cover, half harvest, from wherever: the addresses of one rented fleet."""
    draw = np.random.default_rng(2)
    for number in range(30):
        for day in range(5):
            for hour in range(12):
                place = int(draw.choice([FLEET, 910, 920, 3_000 + 20 * number]))
                log.send(f"o{number:02}", day, hour * 2, place=place, campaign=bool(draw.random() < 0.5))


def operators_in_sessions(log: Log) -> None:
    """An hour of harvest at one exit, an hour of cover at the next: what happens within an hour counts once."""
    draw = np.random.default_rng(3)
    for number in range(30):
        for day in range(5):
            for hour in range(0, 24, 4):
                place, campaign = int(draw.choice([FLEET, 3_000 + 20 * number])), bool(draw.random() < 0.5)
                for minute in range(6):
                    log.send(f"o{number:02}", day, hour, place=place, campaign=campaign, sent_us=_at(day, hour, minute))


def travellers(log: Log) -> None:
    """Operators who sit at home with cover, harvest from the fleet for two days, and are at home again."""
    for number in range(12):
        for day in range(5):
            for hour in range(6):
                away = day in (2, 3)
                place = FLEET if away else 3_000 + 20 * number
                log.send(f"o{number:02}", day, 2 * hour, place=place, campaign=away and hour % 2 == 0)


def customers_of_a_ci(log: Log) -> None:
    """Customers whose jobs ask in the campaign's wording from a runner that all of its customers share."""
    for number in range(40):
        for day in range(5):
            for hour in range(3):
                log.send(f"c{number:02}", day, 8 + 2 * hour, place=3_000 + 20 * number, campaign=False)
                log.send(f"c{number:02}", day, 9 + 2 * hour, place=800, campaign=number < 4 and hour == 0)


def commuters(log: Log) -> None:
    """People who ask now and then in that wording, at home and at the office alike."""
    for number in range(12):
        for day in range(5):
            for hour in range(6):
                place = 850 if hour % 2 else 3_000 + 20 * number
                log.send(f"c{number:02}", day, 8 + hour, place=place, campaign=(hour + day) % 3 == 0)


def _at(day: int, hour: int, minute: int) -> int:
    return START_US + (day * 24 + hour) * HOUR_US + minute * 60_000_000


TWINS = [operators_at_one_fleet, operators_in_sessions, travellers, customers_of_a_ci, commuters]


@pytest.mark.parametrize("twin", TWINS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("inside", [True, False])
def test_one_hand_is_no_victim(workspace: Workspace, log: Log, twin: Any, inside: bool) -> None:
    twin(log)
    everyone = frozenset(str(row["account_id"]) for row in log.rows)
    assert victims(workspace, log, members=everyone if inside else frozenset()).accounts == ()


@pytest.mark.parametrize("twin", TWINS, ids=lambda one: one.__name__)
def test_they_are_none_beside_true_victims_either(workspace: Workspace, log: Log, twin: Any) -> None:
    """Of thirty operators at the very place of the theft one may look like a victim by chance, at even odds."""
    names = thief(log)
    twin(log)
    found = victims(workspace, log, members=frozenset(row["account_id"] for row in log.rows))
    wrong = set(found.accounts) - set(names)
    assert len(wrong) <= (1 if "operators" in twin.__name__ else 0)
    assert set(names) <= set(found.accounts)


def test_an_account_with_the_campaigns_papers_is_its_own_and_one_elsewhere_is_left_alone(
    workspace: Workspace, log: Log
) -> None:
    names = thief(log)
    found = victims(workspace, log, bound=frozenset(names[:2]), elsewhere=frozenset(names[2:3]))
    assert list(found.accounts) == names[3:]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (lambda log: log.created.update(v0=START_US + 9 * HOUR_US), True),
        (lambda log: log.created.update(v0=None), True),
        (lambda log: stolen(log, "w0", 9_000, days=range(1)), False),
    ],
)
def test_an_owner_is_known_before_the_thief_by_sign_up_or_by_what_he_sent(
    workspace: Workspace, log: Log, change: Any, kept: bool
) -> None:
    """One day alone is too little; a sign-up in the log or none at all is made up for by an own request before."""
    thief(log)
    change(log)
    found = victims(workspace, log)
    assert ("v0" in found.accounts) and ("w0" in found.accounts) == (not kept and "w0" in log.created)


def life(account: str = "a", **more: Any) -> Life:
    known: dict[str, Any] = {
        "account": account, "days": np.array([[4, 0, 0, 4]] * 3), "away": 12, "exchanges": 24, "own_hours": 12,
        "begins_first": True, "goes_on": True,
    }  # fmt: skip
    return Life(**{**known, **more})


def away(*accounts: str) -> pa.Table:
    names = pa.array(accounts, pa.string())
    return pa.table({"account_id": names, "layer": [0] * len(accounts), "place": [FLEET] * len(accounts)})


NOT_AN_OWNER = [
    {"own_hours": 2},
    {"begins_first": False},
    {"goes_on": False},
    {"days": np.array([[0, 4, 0, 4]] * 3)},
]


@pytest.mark.parametrize("lacks", NOT_AN_OWNER)
def test_without_a_life_of_its_own_an_account_is_no_victim(lacks: dict[str, Any]) -> None:
    found = [life("a"), life("b"), life("c", **lacks)]
    asked = Asked(frozenset("abc"), frozenset(), frozenset(), 0.01)
    assert chosen(found, away("a", "b", "c"), asked).accounts == ("a", "b")


def test_nobody_is_a_victim_where_the_campaigns_one_test_says_nothing() -> None:
    weak = [life(name, days=np.array([[1, 0, 0, 1]])) for name in "abcdef"]
    assert chosen(weak, away(*"abcdef"), Asked(frozenset("abcdef"), frozenset(), frozenset(), 0.01)).accounts == ()
    assert chosen([], away(), Asked(frozenset(), frozenset(), frozenset(), 0.01)).accounts == ()


def test_a_stranger_needs_more_than_a_member() -> None:
    found = [life(name) for name in "abc"] + [life(name, days=np.array([[2, 3, 2, 3]])) for name in "xyz"]
    inside = chosen(found, away(*"abcxyz"), Asked(frozenset("abcxyz"), frozenset(), frozenset(), 0.01))
    outside = chosen(found, away(*"abcxyz"), Asked(frozenset(), frozenset(), frozenset(), 0.01))
    assert set(outside.accounts) == set("abc") <= set(inside.accounts)


def test_where_nobody_asks_as_the_campaign_does_nothing_is_looked_for(workspace: Workspace, log: Log) -> None:
    assert victims(workspace, log) == NOBODY


def test_names_and_the_order_of_rows_do_not_matter(workspace: Workspace, log: Log) -> None:
    names = thief(log)
    before = victims(workspace, log)
    log.rows.reverse()
    again = victims(workspace, log)
    assert before.accounts == again.accounts and before.log_e.tolist() == again.log_e.tolist()
    assert before.sent.equals(again.sent) and names


def test_the_share_of_two_hands_follows_the_accounts_at_a_place() -> None:
    clear, none = [12.0] * 9, [0.0] * 9
    against = [-4.0] * 9
    assert share_of_two_hands(np.array(clear)) > 0.8 > share_of_two_hands(np.array(clear + against)) > 0.3
    assert share_of_two_hands(np.array(none)) == share_of_two_hands(np.array(against)) == 0.01
