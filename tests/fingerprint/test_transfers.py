"""What counts as handed over from one account to another, on exchanges made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fingerprint.made import KEY, Made, exchange, silent

from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.entities import write_entities, write_units
from hydrometer.fingerprint.run import fingerprint, signals

NAMES = "abcd"


def holders(workspace_of: Made, layer: str, *rows: dict[str, Any], teams: dict[str, str] | None = None) -> list[str]:
    """Accounts that hold an entity of the layer, once for each entity; `teams` are their organisations."""
    teams = teams or {}
    accounts = [{"account_id": name, "organization_id": teams.get(name)} for name in NAMES]
    idle = tuple(exchange(900 + number, name, 20.0) for number, name in enumerate(NAMES))
    workspace: Workspace = workspace_of(*rows, *idle, accounts=accounts)
    fingerprint(workspace, KEY, silent)
    write_units(workspace)
    write_entities(workspace, signals(), KEY, silent)
    found = workspace.query(
        "select distinct e.entity, u.account_id from {entities} e join {units} u using (unit) "
        "where layer = $layer order by all",
        {"layer": layer},
    )
    return sorted(found["account_id"].to_pylist())


def issued(number: int, account: str, hours: float, signature: str = "s") -> dict[str, Any]:
    return exchange(number, account, hours, reasoning_signature_out=signature)


def presented(number: int, account: str, hours: float, signature: str = "s") -> dict[str, Any]:
    return exchange(number, account, hours, reasoning_signature_in=signature)


def test_reasoning_issued_to_one_and_presented_by_another_ties_both(workspace_of: Made) -> None:
    rows = (issued(1, "a", 0.0), presented(2, "a", 1.0), presented(3, "b", 2.0), issued(4, "c", 0.0, "own"))
    assert holders(workspace_of, "reasoning_signature", *rows) == ["a", "b"]


@pytest.mark.parametrize("place", [0, 5, 7, 12, 19])
def test_a_foreign_signature_counts_at_either_end_of_a_history(workspace_of: Made, place: int) -> None:
    history = [f"own {number}" for number in range(20)]
    history[place] = "s"
    rows = (issued(1, "a", 0.0), exchange(2, "b", 1.0, reasoning_signatures_in=history))
    assert holders(workspace_of, "reasoning_signature", *rows) == ["a", "b"]


def test_what_lies_in_the_middle_of_a_long_history_is_not_looked_at(workspace_of: Made) -> None:
    history = [f"own {number}" for number in range(20)]
    history[9] = "s"
    rows = (issued(1, "a", 0.0), exchange(2, "b", 1.0, reasoning_signatures_in=history))
    assert holders(workspace_of, "reasoning_signature", *rows) == []


@pytest.mark.parametrize(
    ("rows", "teams"),
    [
        ((issued(1, "a", 0.0), presented(2, "a", 1.0)), {}),
        ((issued(1, "a", 0.0), presented(2, "b", 1.0)), {"a": "team", "b": "team"}),
        ((issued(1, "a", 0.0), issued(2, "b", 0.0), presented(3, "a", 1.0), presented(4, "b", 1.0)), {}),
        ((issued(1, "a", 0.0), issued(2, "b", 0.0), presented(3, "c", 1.0)), {}),
        ((presented(1, "a", 0.0), presented(2, "b", 1.0)), {}),
        ((issued(1, "a", 0.0), issued(2, "b", 1.0)), {}),
    ],
    ids=["own", "one organisation", "a constant", "issued twice", "never issued", "never presented"],
)
def test_what_was_not_handed_over_ties_nobody(
    workspace_of: Made, rows: tuple[dict[str, Any], ...], teams: dict[str, str]
) -> None:
    assert holders(workspace_of, "reasoning_signature", *rows, teams=teams) == []


def test_a_workspace_that_moved_keeps_its_people_together_and_no_strangers(workspace_of: Made) -> None:
    rows = (issued(1, "a", 0.0), presented(2, "b", 1.0), issued(3, "c", 0.0, "t"), presented(4, "d", 1.0, "t"))
    assert holders(workspace_of, "reasoning_signature", *rows, teams={"a": "o", "b": "o"}) == ["c", "d"]


def turn(number: int, account: str, hours: float, turn: int | None, conversation: str = "c") -> dict[str, Any]:
    return exchange(number, account, hours, conversation_id=conversation, turn=turn)


def test_a_conversation_continued_on_another_account_ties_both(workspace_of: Made) -> None:
    rows = (turn(1, "a", 0.0, 1), turn(2, "a", 0.1, 2), turn(3, "b", 0.2, 3), turn(4, "c", 0.0, 1, "own"))
    assert holders(workspace_of, "conversation", *rows) == ["a", "b"]


@pytest.mark.parametrize(
    ("rows", "teams"),
    [
        ((turn(1, "a", 0.0, 1), turn(2, "a", 0.1, 2), turn(3, "b", 0.2, 1), turn(4, "b", 0.3, 2)), {}),
        ((turn(1, "a", 0.0, 1), turn(2, "b", 0.1, 2)), {"a": "team", "b": "team"}),
        ((turn(1, "a", 0.0, None), turn(2, "b", 0.1, None)), {}),
        ((turn(1, "a", 0.0, 5), turn(2, "b", 0.1, 2)), {}),
    ],
    ids=["numbered from one", "one organisation", "turns not known", "an earlier turn"],
)
def test_the_same_name_of_two_conversations_ties_nobody(
    workspace_of: Made, rows: tuple[dict[str, Any], ...], teams: dict[str, str]
) -> None:
    assert holders(workspace_of, "conversation", *rows, teams=teams) == []
