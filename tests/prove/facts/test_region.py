"""Region and ownership: the traveller, the emigrant and the foreign firm that is not owned stay silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.prove.facts.logs import exchange, log, subject

from hydrometer.base.workspace import Workspace
from hydrometer.prove.facts import region
from hydrometer.prove.facts.region import quietest

POLICY = {"unsupported_countries": ["XX", "XY"]}
HOME = {"phone_country": "DE", "billing_country": "DE", "signup_country": "DE"}
THERE = {"phone_country": "XX", "billing_country": "XX", "signup_country": "XX"}


def told(
    workspace: Workspace, country: str | None, papers: Mapping[str, Any], policy: Mapping[str, Any] = POLICY
) -> list[dict[str, Any]]:
    rows = [exchange("a", 5 * n, country=country) for n in range(10)]
    log(workspace, rows, accounts=[{"account_id": "a", **papers}])
    return region.rows(subject(workspace, ["a"], policy)).to_pylist()


def of_account(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = [row for row in rows if row["fact"] == "effective_region_of_account"]
    return row


@pytest.mark.parametrize(("country", "papers", "state", "word"), [
    ("XX", THERE, "met", "Addresses in XX, papers of XX"),
    ("XX", HOME, "not met", "traveller"),
    ("DE", THERE, "not met", "lives abroad"),
    ("DE", HOME, "not met", "Addresses in DE, papers of DE"),
    ("XX", {}, "unknown", "no papers"),
    (None, THERE, "unknown", "addresses lie in no one country"),
    (None, {}, "unknown", "Neither"),
    ("XX", {"phone_country": "XX", "billing_country": "DE"}, "unknown", "papers of several"),
    ("XX", THERE | {"kyc_country": "DE"}, "not met", "papers of DE"),
])  # fmt: skip
def test_both_addresses_and_papers_must_say_so(
    workspace: Workspace, country: str | None, papers: dict[str, str], state: str, word: str
) -> None:
    rows = told(workspace, country, papers)
    found = of_account(rows)
    assert found["state"] == state and word in found["statement"]
    (group,) = [row for row in rows if row["fact"] == "effective_region"]
    assert group["state"] == state


def test_one_night_abroad_is_not_where_an_account_is_used(workspace: Workspace) -> None:
    rows = [exchange("a", n, country="XX" if n < 3 else "DE") for n in range(10)]
    log(workspace, rows, accounts=[{"account_id": "a", **THERE}])
    assert of_account(region.rows(subject(workspace, ["a"], POLICY)).to_pylist())["state"] == "not met"


def test_exchanges_are_counted_where_their_country_is_known(workspace: Workspace) -> None:
    countries = ["XX", "US", None, "XX"]
    log(workspace, [exchange("a", n, country=name) for n, name in enumerate(countries)])
    row = region.rows(subject(workspace, ["a"], POLICY)).to_pylist()[0]
    assert (row["fact"], row["state"], row["n"]) == ("unsupported_country", "met", 3)
    assert row["value"] == pytest.approx(2 / 3)


def test_contradictions_are_countries_beyond_the_first(workspace: Workspace) -> None:
    found = told(workspace, "US", HOME | {"billing_country": "FR"})
    assert of_account(found)["value"] == 2.0
    (row,) = [row for row in found if row["fact"] == "contradictions"]
    assert row["value"] == 1.0
    assert of_account(told(workspace, "DE", HOME))["value"] == 0.0


def test_without_a_policy_nothing_is_judged(workspace: Workspace) -> None:
    rows = told(workspace, "XX", THERE, {})
    assert rows[0]["state"] == "unknown" and not [row for row in rows if row["account_id"]]


@pytest.mark.parametrize(("holdings", "state"), [
    ([("XX", 0.4), ("XY", 0.2)], "met"),
    ([("XX", 0.5)], "not met"),
    ([("DE", 1.0)], "not met"),
    ([], "unknown"),
])  # fmt: skip
def test_ownership_is_a_sum_above_the_rule(workspace: Workspace, holdings: list[tuple[str, float]], state: str) -> None:
    """A foreign firm of which half or less is owned is served like any other."""
    known = [{"owner": "Acme", "country": c, "share": s, "source": "register"} for c, s in holdings]
    rows = told(workspace, "DE", HOME | {"owner": "Acme"}, POLICY | {"ownership": {"above": 0.5, "owners": known}})
    (row,) = [row for row in rows if row["fact"] == "ownership"]
    assert (row["state"], row["subject"]) == (state, "Acme")


def kept_hours(workspace: Workspace, hours: list[int]) -> dict[str, Any]:
    log(workspace, [exchange("a", 24 * day + hour) for day in range(20) for hour in hours])
    rows = region.rows(subject(workspace, ["a"], POLICY)).to_pylist()
    (row,) = [row for row in rows if row["fact"] == "hours"]
    return row


def test_hours_say_which_clock_and_machines_say_nothing(workspace: Workspace) -> None:
    day_in_tokyo = [(hour - 9) % 24 for hour in range(6, 24)]
    assert kept_hours(workspace, day_in_tokyo)["value"] == 9.0
    machine = kept_hours(workspace, list(range(24)))
    assert (machine["state"], machine["value"]) == ("unknown", None)


def test_the_quietest_hours_go_round_midnight() -> None:
    counts = np.full(24, 5.0)
    counts[[22, 23, 0, 1, 2, 3]] = 0.0
    assert quietest(counts) == (22, 0.0)


def test_the_time_of_an_answer_is_never_a_distance(workspace: Workspace) -> None:
    (row,) = [row for row in told(workspace, "XX", THERE) if row["fact"] == "latency"]
    assert row["state"] == "unknown" and "model's" in row["statement"]
