"""What in the input contradicts itself is said with its number, and nothing is said of sound input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.fingerprint.made import KEY, START, Made, exchange, silent, workspaces

from hydrometer.base.workspace import Workspace
from hydrometer.doubts import DOUBTS, doubts
from hydrometer.fingerprint.entities import write_entities, write_units
from hydrometer.fingerprint.run import fingerprint, signals

MANY = 40
Rows = list[dict[str, Any]]


@pytest.fixture
def workspace_of(tmp_path: Path) -> Iterator[Made]:
    yield from workspaces(tmp_path)


def sound() -> tuple[Rows, Rows]:
    """Exchanges and accounts of forty people about whom everything is in order."""
    names = [f"a{number:02}" for number in range(MANY)]
    exchanges = [
        exchange(number, name, 1.0 + 0.1 * number, client_ip=f"192.0.2.{number + 1}", organization_id=f"o{number}")
        for number, name in enumerate(names)
    ]
    accounts = [
        {
            "account_id": name,
            "created_at": START,
            "closed_at": START + timedelta(days=1),
            "payment_fingerprint": f"card {number}",
            "organization_id": f"o{number}",
        }
        for number, name in enumerate(names)
    ]
    return exchanges, accounts


def told(workspace_of: Made, exchanges: Rows, accounts: Rows) -> dict[str, str]:
    workspace: Workspace = workspace_of(*exchanges, accounts=accounts)
    fingerprint(workspace, KEY, silent)
    write_units(workspace)
    write_entities(workspace, signals(), KEY, silent)
    return doubts(workspace)


def test_sound_input_is_not_doubted(workspace_of: Made) -> None:
    assert told(workspace_of, *sound()) == {}


def test_without_any_table_of_accounts_none_is_missing_from_it(workspace_of: Made) -> None:
    exchanges, accounts = sound()
    assert told(workspace_of, exchanges, [{"account_id": one["account_id"]} for one in accounts]) == {}


def nameless(exchanges: Rows, accounts: Rows) -> None:
    accounts[:3] = [{"account_id": one["account_id"]} for one in accounts[:3]]


def created_late(exchanges: Rows, accounts: Rows) -> None:
    for one in accounts[:2]:
        one["created_at"] = START + timedelta(hours=12)


def closed_early(exchanges: Rows, accounts: Rows) -> None:
    accounts[0]["closed_at"] = START + timedelta(minutes=5)


def of_another(exchanges: Rows, accounts: Rows) -> None:
    accounts[7]["organization_id"] = "o elsewhere"


def clocks_differ(exchanges: Rows, accounts: Rows) -> None:
    exchanges[9]["reasoning_signature_out"] = "s"
    exchanges[3]["reasoning_signature_in"] = "s"


def one_card(exchanges: Rows, accounts: Rows) -> None:
    for one in accounts:
        one["payment_fingerprint"] = "none"


def busy(exchanges: Rows, accounts: Rows) -> None:
    exchanges += [exchange(1_000 + number, "a00", 2.0 + 0.01 * number) for number in range(MANY)]


CASES = {
    "accounts_not_in_the_table": (nameless, "3 of 40 accounts"),
    "sent_before_created": (created_late, "2 of 40 accounts"),
    "sent_after_closed": (closed_early, "1 of 40 closed accounts"),
    "organization_contradicts": (of_another, "1 of 40 accounts"),
    "presented_before_issued": (clocks_differ, "1 of 1 exchanges"),
    "identities_of_everybody": (one_card, "1 of 1 cards"),
    "one_account_sends_much": (busy, "41 of 80 exchanges"),
}


def test_every_doubt_has_its_case() -> None:
    assert set(CASES) == {doubt.name for doubt in DOUBTS}


@pytest.mark.parametrize("name", CASES)
def test_a_contradiction_is_said_with_its_number(workspace_of: Made, name: str) -> None:
    exchanges, accounts = sound()
    change, words = CASES[name]
    change(exchanges, accounts)
    found = told(workspace_of, exchanges, accounts)
    assert list(found) == [name]
    assert found[name].startswith(words)
