"""The population of a log: who is one unit, who holds what, what silence means, and what each side may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer import pipeline
from hydrometer.base import population as populations
from hydrometer.base.families import (
    FAMILIES,
    FAMILY,
    FAMILY_OF,
    SIDES,
    SPLITS,
    TESTING_STRATUM,
    families_of,
    other_side,
)
from hydrometer.base.groups import jaccard
from hydrometer.base.population import ADDRESSES_MAX, TEXT_SHARE, Population, pooled_strata, refined
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import INPUTS, conform
from hydrometer.base.workspace import Workspace
from hydrometer.collect.options import CollectOptions
from hydrometer.collect.run import collect

START = datetime(2026, 3, 2, tzinfo=UTC)
Row = dict[str, Any]
Reader = Callable[..., tuple[Population, dict[str, int]]]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Reader]:
    """Reads a small log: (population at an epoch, account → its unit)."""
    opened: list[Workspace] = []

    def reader(
        exchanges: list[Row], accounts: list[Row], epoch: int | None = None
    ) -> tuple[Population, dict[str, int]]:
        folder = tmp_path / f"traffic{len(opened)}"
        folder.mkdir()
        rows = [
            {"exchange_id": f"e{n}", "sent_at": START + timedelta(minutes=n), **row} for n, row in enumerate(exchanges)
        ]
        names = {key for row in rows for key in row}
        table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
        pq.write_table(conform(table, INPUTS["exchanges"]), folder / "exchanges.parquet")
        kept = sorted({key for row in accounts for key in row})
        made = pa.Table.from_pylist([{name: row.get(name) for name in kept} for row in accounts])
        pq.write_table(conform(made, INPUTS["accounts"]), folder / "accounts.parquet")
        workspace = Workspace(tmp_path / f"work{len(opened)}", threads=1)
        opened.append(workspace)
        collect([str(folder)], CollectOptions(), workspace, lambda *_: None)
        pipeline.read(pipeline.Run(workspace, Settings(threads=1), SilentProgress()))
        last = workspace.query("select max(sent_us) // {epoch_us} as e from {fingerprints}")["e"][0].as_py()
        units = {row["account_id"]: row["unit"] for row in workspace.read("units").to_pylist()}
        return populations.load(workspace, last if epoch is None else last + epoch), units

    yield reader
    for workspace in opened:
        workspace.close()


def holders(found: Population, layer: str) -> list[set[int]]:
    """The units that hold each entity of a layer."""
    held = found.layers[layer].held.tocsc()
    return [set(held.indices[held.indptr[n] : held.indptr[n + 1]].tolist()) for n in range(held.shape[1])]


def sent(account: str, **columns: Any) -> Row:
    return {"account_id": account, "prompt": f"a question of {account} about the tides and the moon", **columns}


def test_a_verified_owner_is_one_unit(read: Reader) -> None:
    accounts = [
        {"account_id": f"a{n}", "owner": "Acme" if n < 3 else None, "payment_fingerprint": "card"} for n in range(5)
    ]
    found, units = read([sent(f"a{n}") for n in range(5)], accounts)
    assert units["a0"] == units["a1"] == units["a2"]
    assert len(set(units.values())) == found.units == 3
    assert found.declared[units["a0"]] and not found.declared[units["a3"]]
    assert found.exchanges[units["a0"]] == 3
    assert holders(found, "payment_fingerprint") == [set(units.values())]


def test_what_one_owner_shares_with_itself_is_no_entity(read: Reader) -> None:
    accounts = [{"account_id": f"a{n}", "owner": "Acme", "payment_fingerprint": "card"} for n in range(4)]
    found, _ = read([sent(f"a{n}", client_ip="10.0.0.1") for n in range(4)], accounts)
    assert found.units == 1
    assert holders(found, "payment_fingerprint") == holders(found, "client_ip") == []


def test_an_owner_and_an_account_of_the_same_name_are_two_units(read: Reader) -> None:
    _, units = read([sent("Acme"), sent("b")], [{"account_id": "Acme"}, {"account_id": "b", "owner": "Acme"}])
    assert units["Acme"] != units["b"]


def test_missing_values_never_agree(read: Reader) -> None:
    """Five accounts that say nothing of card, address or mail share none of them, and are not observed there."""
    accounts: list[Row] = [{"account_id": f"a{n}", "payment_fingerprint": None} for n in range(5)]
    accounts += [{"account_id": f"b{n}", "payment_fingerprint": "card", "signup_ip": "10.0.0.9"} for n in range(2)]
    rows = [sent(f"a{n}", client_ip=None, system_instructions=None, tools=None) for n in range(5)]
    found, units = read([*rows, *(sent(f"b{n}", client_ip="10.0.0.1") for n in range(2))], accounts)
    silent, saying = {units[f"a{n}"] for n in range(5)}, {units[f"b{n}"] for n in range(2)}
    for name in ("payment_fingerprint", "client_ip", "signup_ip"):
        assert holders(found, name) == [saying]
        assert set(np.flatnonzero(found.layers[name].observed).tolist()) == saying
    for name in ("mail_shape", "system_prompt", "tool_set"):
        assert not any(silent & some for some in holders(found, name))
        assert not found.layers[name].observed.any()


@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_text_is_no_common_ground(read: Reader, empty: str) -> None:
    rows = [sent(f"a{n}", prompt=empty, system_instructions=empty) for n in range(4)]
    found, _ = read(rows, [{"account_id": f"a{n}"} for n in range(4)])
    for name in ("opening", "closing", "skeleton", "sketch", "system_prompt"):
        assert holders(found, name) == []


def test_an_entity_is_shared_by_two_or_more_and_by_those_who_hold_it(read: Reader) -> None:
    cards = {"a": "x", "b": "x", "c": "y", "d": "z", "e": "z", "f": "z"}
    accounts = [{"account_id": name, "payment_fingerprint": card} for name, card in cards.items()]
    found, units = read([sent(name) for name in cards], accounts)
    wanted = [{units[name] for name in names} for names in ("ab", "def")]
    assert sorted(holders(found, "payment_fingerprint"), key=len) == wanted
    assert found.layers["payment_fingerprint"].observed.all()
    entities = found.layers["payment_fingerprint"].entities
    assert (np.diff(entities) > 0).all()


def test_the_future_is_not_seen(read: Reader) -> None:
    """At an earlier epoch who had sent nothing is not active, and what was not yet shared is not there."""
    late = START + timedelta(days=2)
    rows = [
        sent("a", client_ip="10.0.0.1"),
        sent("b", client_ip="10.0.0.1"),
        sent("c", client_ip="10.0.0.1", sent_at=late),
    ]
    accounts = [{"account_id": name, "payment_fingerprint": "card"} for name in "abc"]
    found, units = read(rows, accounts, -1)
    assert found.active.tolist() == [True, True, False]
    assert holders(found, "client_ip") == holders(found, "payment_fingerprint") == [{units["a"], units["b"]}]
    assert found.exchanges.tolist() == [1, 1, 0]


def test_a_phrase_that_hardly_shows_does_not_count(read: Reader) -> None:
    """One exchange in fifty on another client makes nobody a user of it; a card counts once and for all."""
    most = round(1 / TEXT_SHARE) * 2
    agents = {"a": ["tool/1.0"] * most + ["rare/9.9"], "b": ["rare/9.9"] * most, "c": ["rare/9.9"] * most}
    rows = [sent(name, user_agent=agent, ja4="t13d") for name, some in agents.items() for agent in some]
    found, units = read(rows, [{"account_id": name} for name in agents])
    assert all(units["a"] not in some for some in holders(found, "client_stack"))
    assert {units["b"], units["c"]} in holders(found, "client_stack")


def test_an_account_of_a_thousand_addresses_does_not_link_the_world(read: Reader) -> None:
    rows = [sent("proxy", client_ip=f"10.{n}.0.1") for n in range(ADDRESSES_MAX + 36)]
    rows += [sent(f"a{n:03}", client_ip=f"10.{n}.0.1") for n in range(ADDRESSES_MAX + 36)]
    found, units = read(rows, [{"account_id": name} for name in sorted({row["account_id"] for row in rows})])
    assert int(found.layers["client_ip"].held[[units["proxy"]]].sum()) <= ADDRESSES_MAX


def test_names_and_row_order_do_not_matter(read: Reader) -> None:
    draw = np.random.default_rng(1)
    rows = [
        sent(f"a{n % 12:02}", client_ip=f"10.0.{n % 5}.1", country="US", prompt=f"tell me of topic {n % 4} now please")
        for n in range(60)
    ]
    accounts = [{"account_id": f"a{n:02}", "payment_fingerprint": f"c{n % 4}", "plan": "pro"} for n in range(12)]
    called = {f"a{n:02}": f"z{name}" for n, name in enumerate(draw.permutation(12))}
    other_rows = [{**row, "account_id": called[row["account_id"]]} for row in rows]
    mixed = [other_rows[n] | {"sent_at": START + timedelta(minutes=int(n))} for n in draw.permutation(60)]
    before, units = read(rows, accounts)
    after, renamed = read(mixed, [{**row, "account_id": called[row["account_id"]]} for row in accounts])
    for name, layer in before.layers.items():
        order = [renamed[called[account]] for account in sorted(units, key=lambda one: units[one])]
        assert np.array_equal(layer.entities, after.layers[name].entities), name
        assert np.array_equal(layer.held.toarray(), after.layers[name].held.toarray()[order]), name
        assert np.array_equal(layer.observed, after.layers[name].observed[order])


# --- families, sides and strata --------------------------------------------------------------------------------------


def test_the_first_split_parts_all_families_and_no_layer_is_on_both_sides_of_any() -> None:
    assert set(SIDES[SPLITS[0][0]]) | set(SIDES[SPLITS[0][1]]) == {family.name for family in FAMILIES if family.layers}
    assert {side for pair in SPLITS for side in pair} == set(SIDES)
    for left, right in SPLITS:
        assert not set(SIDES[left]) & set(SIDES[right])
        assert other_side(right) == left
        layers = [{layer for family in families_of(side) for layer in family.layers} for side in (left, right)]
        assert not layers[0] & layers[1]


def test_what_one_program_decides_is_on_one_side() -> None:
    """Scaffold, tools, defaults and client: its users share them all, whoever they are."""
    decided = {"text", "tools", "configuration", "client"}
    for left, right in SPLITS:
        assert not (set(SIDES[left]) & decided and set(SIDES[right]) & decided)


def test_every_layer_has_one_family_and_every_family_a_clumping_rate() -> None:
    assert len(FAMILY_OF) == sum(len(family.layers) for family in FAMILIES)
    assert all(0.0 < family.clumping < 0.5 for family in FAMILIES if family.layers)
    assert [family.name for family in FAMILIES if not family.layers] == ["habits"]
    assert all(FAMILY[name].behavioural for name in SIDES["wording"])


def test_the_two_sides_are_two_objects_without_a_family_in_common(read: Reader) -> None:
    rows = [
        sent(f"a{n}", client_ip="10.0.0.1", user_agent="tool/1.0", system_instructions="be brief") for n in range(6)
    ]
    found, _ = read(rows, [{"account_id": f"a{n}", "payment_fingerprint": "card"} for n in range(6)])
    for side in SIDES:
        forming, testing = found.forming(side), found.testing(other_side(side))
        assert type(forming).__name__ != type(testing).__name__
        assert forming.families and testing.families
        assert not set(forming.families) & set(testing.families)


def test_each_family_is_tested_within_what_strangers_share_it_by(read: Reader) -> None:
    found, _ = read([sent(f"a{n}") for n in range(4)], [{"account_id": f"a{n}"} for n in range(4)])
    within = {"payment": found.regions, "network": found.fine_regions, "mail": found.fine_regions}
    within["signup"] = found.cohorts
    for family in FAMILIES:
        assert found.testing_strata(family)[0] is within.get(family.name, found.clients)
    assert found.likeness_strata(FAMILY["text"]) is found.languages
    assert found.likeness_strata(FAMILY["payment"]) is found.regions


def test_cohorts_are_weeks_of_sign_up(read: Reader) -> None:
    """Two weeks of one month with units enough each are two strata; who signed up on two days of one week is in one."""
    days = ["2026-03-02", "2026-03-04", "2026-03-10"]
    accounts = [{"account_id": f"a{n}", "created_at": f"{days[n % 3]}T00:00:00Z"} for n in range(3 * TESTING_STRATUM)]
    found, _ = read([sent(str(account["account_id"])) for account in accounts], accounts)
    by_day = {
        day: {int(found.cohorts[number]) for number in range(found.units) if accounts_of(number, accounts) == day}
        for day in days
    }
    assert by_day[days[0]] == by_day[days[1]] and len(by_day[days[0]]) == 1
    assert by_day[days[0]] != by_day[days[2]]


def accounts_of(number: int, accounts: list[dict[str, Any]]) -> str:
    """Day on which the unit with this number signed up: units are numbered in the order of their accounts' names."""
    return str(sorted(accounts, key=lambda account: str(account["account_id"]))[number]["created_at"])[:10]


@pytest.mark.parametrize("smallest", [1, 5, 40])
def test_strata_are_as_fine_as_their_size_allows(smallest: int) -> None:
    """Against a twin that goes through the units one by one."""
    draw = np.random.default_rng(2)
    country = [f"r{n}" for n in draw.choice(4, 300, p=[0.6, 0.3, 0.08, 0.02])]
    levels = refined(country, [f"p{n}" for n in draw.integers(0, 6, 300)], [f"l{n}" for n in draw.integers(0, 2, 300)])
    active = draw.random(300) < 0.8
    strata = pooled_strata(levels, active, smallest)
    enough = [Counter(name for name, seen in zip(level, active, strict=True) if seen) for level in levels]
    wanted = [
        next(
            (
                level[unit]
                for level, live in zip(levels[::-1], enough[::-1], strict=True)
                if live[level[unit]] >= smallest
            ),
            "rest",
        )
        for unit in range(300)
    ]
    assert len(set(strata.tolist())) == len(set(wanted)) == int(strata.max()) + 1
    assert len(set(zip(strata.tolist(), wanted, strict=True))) == len(set(wanted))


def test_jaccard_is_symmetric() -> None:
    draw = np.random.default_rng(3)
    for _ in range(50):
        left, right = (np.unique(draw.integers(0, 30, 12)) for _ in range(2))
        assert jaccard(left, right) == jaccard(right, left)
        assert jaccard(left, left) == 1.0
