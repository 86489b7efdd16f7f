"""Units and shared entities, counted by hand."""

from __future__ import annotations

from typing import Any

from tests.fingerprint.made import KEY, START, Made, exchange, silent

from hydrometer.base.pseudonyms import pseudonym
from hydrometer.base.units import EPOCH_US
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.entities import write_entities, write_units
from hydrometer.fingerprint.run import fingerprint, signals

ROWS = (
    exchange(1, "a", 0.0, client_ip="192.0.2.1"),
    exchange(2, "a", 1.0, client_ip="192.0.2.1"),
    exchange(3, "a", 7.0, client_ip="198.51.100.1"),
    exchange(4, "b", 2.0, client_ip="192.0.2.1"),
    exchange(5, "c", 3.0, client_ip="192.0.2.9"),
    exchange(6, "d", 4.0, client_ip="203.0.113.5"),
)
FIRST = int(START.timestamp() * 1_000_000) // EPOCH_US


def made(workspace_of: Made, accounts: list[dict[str, Any]], rows: tuple[dict[str, Any], ...] = ROWS) -> Workspace:
    workspace = workspace_of(*rows, accounts=accounts)
    fingerprint(workspace, KEY, silent)
    write_units(workspace)
    write_entities(workspace, signals(), KEY, silent)
    return workspace


def held(workspace: Workspace, layer: str) -> list[tuple[Any, ...]]:
    """(unit, entity, epoch after the first, exchanges) of one layer."""
    rows = workspace.query(
        "select unit, entity, epoch, exchanges from {entities} where layer = $layer order by all", {"layer": layer}
    )
    return [(row["unit"], row["entity"], row["epoch"] - FIRST, row["exchanges"]) for row in rows.to_pylist()]


def test_an_entity_counts_when_two_units_hold_it(workspace_of: Made) -> None:
    workspace = made(workspace_of, [{"account_id": name} for name in "abcd"])
    assert workspace.read("units").sort_by("account_id").to_pylist() == [
        {"account_id": name, "unit": unit, "declared": False} for unit, name in enumerate("abcd")
    ]
    address, prefix = pseudonym(KEY, "client_ip", "192.0.2.1"), pseudonym(KEY, "prefix", "192.0.2.0/24")
    assert held(workspace, "client_ip") == [(0, address, 0, 2), (1, address, 0, 1)]
    assert held(workspace, "prefix") == [(0, prefix, 0, 2), (1, prefix, 0, 1), (2, prefix, 0, 1)]


def test_accounts_of_one_owner_are_one_unit_and_share_nothing_with_themselves(workspace_of: Made) -> None:
    accounts: list[dict[str, Any]] = [
        {"account_id": "a", "owner": "o"},
        {"account_id": "b", "owner": "o"},
        {"account_id": "c"},
        {"account_id": "d"},
    ]
    workspace = made(workspace_of, accounts)
    units = {row["account_id"]: (row["unit"], row["declared"]) for row in workspace.read("units").to_pylist()}
    assert units["a"] == units["b"]
    assert units["a"][1]
    assert not units["c"][1]
    assert sorted({unit for unit, _ in units.values()}) == [0, 1, 2]
    assert held(workspace, "client_ip") == []
    own = units["a"][0]
    assert [(unit, epoch, count) for unit, _, epoch, count in held(workspace, "prefix")] == sorted(
        [(own, 0, 3), (units["c"][0], 0, 1)]
    )


def test_an_account_without_traffic_is_no_unit(workspace_of: Made) -> None:
    workspace = made(workspace_of, [{"account_id": name, "payment_fingerprint": "card"} for name in "abcde"])
    assert sorted(row["account_id"] for row in workspace.read("units").to_pylist()) == list("abcd")
    assert {unit for unit, *_ in held(workspace, "payment_fingerprint")} == {0, 1, 2, 3}


def test_entities_of_the_register_are_known_from_the_first_exchange_on(workspace_of: Made) -> None:
    accounts: list[dict[str, Any]] = [
        {
            "account_id": "a",
            "payment_fingerprint": "card",
            "signup_ip": "203.0.113.5",
            "email_domain": "mail.example",
            "email_shape": "ll.dd",
        },
        {"account_id": "b", "email_domain": "mail.example", "email_shape": "ll.dd", "created_at": START},
        {"account_id": "c", "payment_fingerprint": "card", "email_domain": "mail.example", "created_at": START},
        {"account_id": "d", "signup_ip": "203.0.113.5"},
    ]
    rows = (*ROWS[:5], exchange(6, "d", 13.0, client_ip="203.0.113.5"))
    workspace = made(workspace_of, accounts, rows)
    card = pseudonym(KEY, "payment_fingerprint", "card")
    assert [held_by[:3] for held_by in held(workspace, "payment_fingerprint")] == [(0, card, 0), (2, card, 0)]
    mail = pseudonym(KEY, "mail_shape", "ll.dd@mail.example")
    assert [held_by[:3] for held_by in held(workspace, "mail_shape")] == [(0, mail, 0), (1, mail, 0)]
    assert [(unit, epoch) for unit, _, epoch, _ in held(workspace, "signup_day")] == [(1, 0), (2, 0)]
    assert [(unit, epoch) for unit, _, epoch, _ in held(workspace, "signup_ip")] == [(0, 0), (3, 2)]


def test_a_null_and_a_zero_are_no_entity(workspace_of: Made) -> None:
    rows = (exchange(1, "a", prompt="short"), exchange(2, "b", prompt="brief"), exchange(3, "c"))
    workspace = made(workspace_of, [{"account_id": name} for name in "abc"], rows)
    layers = set(workspace.read("entities")["layer"].to_pylist())
    assert layers == set()
