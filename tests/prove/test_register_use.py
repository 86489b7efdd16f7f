"""Entries that are used beyond what they allow are reported, also of an owner whom no test of groups sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests import law_worlds

from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.prove.authorisation import Entry
from hydrometer.prove.register_use import beyond_register
from hydrometer.simulate import run as simulator

CAPABILITIES = tuple(lexicon().capabilities)
MONDAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[law_worlds.ReadWorld]:
    """A small world with a firm that may build training data and resellers that may resell, all verified owners."""
    folder = tmp_path_factory.mktemp("demo")
    simulator.simulate("demo", folder / "world", seed=11, scale=0.06, jobs=1)
    read = law_worlds.read_world(folder / "world", folder / "world" / "traffic", folder / "read")
    yield read
    read.workspace.close()


def used(world: law_worlds.ReadWorld, purpose: str, **change: object) -> list[dict[str, object]]:
    """What is reported where the entries of one purpose are changed."""
    register: list[Entry] = [entry | (change if entry["purpose"] == purpose else {}) for entry in world.register]
    assert any(entry["purpose"] == purpose for entry in register)
    return beyond_register(world.workspace, register, CAPABILITIES)


def test_a_register_that_is_kept_to_reports_nothing(world: law_worlds.ReadWorld) -> None:
    assert used(world, "distillation") == []
    assert beyond_register(world.workspace, [], CAPABILITIES) == []
    assert used(world, "distillation", expires_at=MONDAY + timedelta(30)) == []


def test_building_after_the_end_is_reported_with_how_much(world: law_worlds.ReadWorld) -> None:
    (row,) = used(world, "distillation", expires_at=MONDAY + timedelta(2))
    assert row["ended"] == "2026-06-03" and row["purposes"] == ["distillation"] and row["accounts"] == 1
    late, exchanges = int(str(row["after_end"])), int(str(row["exchanges"]))
    assert 0.3 * exchanges < late < 0.8 * exchanges and row["outside_scope"] == 0


def test_building_outside_the_scope_is_reported(world: law_worlds.ReadWorld) -> None:
    (row,) = used(world, "distillation", scope="coding, data_analysis")
    assert int(str(row["outside_scope"])) > 20 and row["after_end"] == 0 and row["ended"] == "2027-06-01"


def test_resale_after_the_end_is_reported(world: law_worlds.ReadWorld) -> None:
    rows = used(world, "resale", expires_at=MONDAY + timedelta(2))
    assert rows and all(row["purposes"] == ["resale"] and int(str(row["after_end"])) > 0 for row in rows)


def test_an_entry_of_somebody_who_sends_nothing_is_none(world: law_worlds.ReadWorld) -> None:
    unknown: Entry = {"organization_id": "nobody", "purpose": "distillation", "expires_at": "2020-01-01"}
    assert beyond_register(world.workspace, [unknown], CAPABILITIES) == []
    nameless: Entry = {"organization_id": None, "account_id": None, "purpose": "resale", "expires_at": "2020-01-01"}
    assert beyond_register(world.workspace, [nameless], CAPABILITIES) == []
