"""What the worlds must contain, and what their traffic must not give away."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from hydrometer.base.tables import INPUTS, TRUTH
from hydrometer.simulate import clock, run
from hydrometer.simulate.world import Archetype

LOOK_ALIKES = {
    "editor_user", "authorised_reseller", "enterprise_batch", "classroom", "evaluation_lab", "authorised_distiller",
    "carrier_user", "vpn_user", "white_label", "release_enthusiast", "agent_swarm",
}  # fmt: skip


VIEWS = {
    "exchanges": "traffic/exchanges",
    "accounts": "traffic/accounts",
    "truth": "truth/accounts",
    "stolen": "truth/exchanges",
    "memberships": "truth/memberships",
    "campaigns": "truth/campaigns",
}


def ask(world: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query over `exchanges`, `accounts`, `truth` and `stolen` (truth's exchanges)."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for name, path in VIEWS.items():
        connection.execute(f"create view {name} as select * from '{world}/{path}.parquet'")
    return connection.execute(sql).fetchall()


def test_tables_have_the_schemas_of_the_contract(demo_world: Path) -> None:
    for name in ("exchanges", "accounts", "releases"):
        assert pq.read_schema(demo_world / "traffic" / f"{name}.parquet").equals(INPUTS[name]), name
    for name, schema in TRUTH.items():
        assert pq.read_schema(demo_world / "truth" / f"{name}.parquet").equals(schema), name


def test_demo_is_as_large_as_promised(demo_world: Path) -> None:
    ((exchanges, accounts),) = ask(demo_world, "select count(*), count(distinct account_id) from exchanges")
    assert exchanges == run.worlds()["demo"].exchanges >= 60_000
    assert accounts >= 3_000
    assert ask(demo_world, "select count(distinct exchange_id) from exchanges") == [(exchanges,)]


def test_demo_has_two_campaigns_and_every_look_alike(demo_world: Path) -> None:
    archetypes = {row[0] for row in ask(demo_world, "select distinct archetype from truth where role is null")}
    assert archetypes >= LOOK_ALIKES
    presets = ask(demo_world, "select preset, kind, pivot_at is not null from campaigns order by 1")
    assert presets == [("load_balanced_pool", "distillation", True), ("low_and_slow", "distillation", False)]


@pytest.mark.parametrize("world", ["demo", "null", "gateway", "bench"])
def test_benign_archetypes_are_always_present(world: str) -> None:
    plugins = run.plugins()
    placed = run.worlds()[world].benign
    assert len(placed) >= 6
    assert all(isinstance(plugins[placement.plugin], Archetype) for placement in placed)
    assert {"chat_user", "household"} <= {placement.plugin for placement in placed}


def test_bench_is_a_million_exchanges_over_twenty_thousand_accounts() -> None:
    world = run.worlds()["bench"]
    assert world.exchanges == 1_000_000
    assert sum(placement.accounts for placement in (*world.benign, *world.campaigns)) == 20_000


def test_null_world_has_neither_campaign_nor_register(tmp_path: Path) -> None:
    run.simulate("null", tmp_path / "w", seed=3, scale=0.2)
    assert ask(tmp_path / "w", "select count(*) from campaigns union all select count(*) from stolen") == [(0,), (0,)]
    assert ask(tmp_path / "w", "select count(*) from truth where role is not null or campaign_id is not null") == [(0,)]
    register = yaml.safe_load((tmp_path / "w/traffic/register.yaml").read_text())
    assert {entry["purpose"] for entry in register} == {"resale"}


def test_no_column_names_what_an_account_is(demo_world: Path) -> None:
    names = set(run.plugins())
    for table in ("exchanges", "accounts", "releases"):
        data = pq.read_table(demo_world / "traffic" / f"{table}.parquet")
        assert not {"archetype", "operator_id", "campaign_id", "role", "share"} & set(data.column_names)
        for column in data.column_names:
            if pa.types.is_string(data.schema.field(column).type):
                words = "\n".join(word for word in data[column].unique().to_pylist() if word)
                assert not [name for name in names if name in words], column
    register = (demo_world / "traffic/register.yaml").read_text()
    assert not [name for name in names if name in register]


def test_ids_are_opaque(demo_world: Path) -> None:
    sql = "select account_id from accounts union all select exchange_id from exchanges using sample 500"
    assert all(re.fullmatch("[0-9a-f]{16}", row[0]) for row in ask(demo_world, sql))
    order = ask(demo_world, "select archetype from truth")
    changes = sum(before != after for before, after in pairwise(order))
    assert changes > len(order) / 2, "rows of the truth stand in an order that tells"


def test_register_covers_the_authorised_distiller(demo_world: Path) -> None:
    register = yaml.safe_load((demo_world / "traffic/register.yaml").read_text())
    entries = [entry for entry in register if entry["purpose"] == "distillation"]
    assert all({"organization_id", "purpose", "scope", "expires_at", "approved_by"} == set(entry) for entry in register)
    organizations = ask(
        demo_world,
        """select distinct organization_id from accounts join truth using (account_id)
           where archetype = 'authorised_distiller'""",
    )
    assert {entry["organization_id"] for entry in entries} == {row[0] for row in organizations}


def test_truth_agrees_with_itself(demo_world: Path) -> None:
    shares = ask(
        demo_world,
        """select max(abs(m.share - x.share)) from memberships m join (
             select e.account_id, avg((s.exchange_id is not null)::int) as share
             from exchanges e left join stolen s using (exchange_id) group by 1) x using (account_id)""",
    )
    assert shares[0][0] < 1e-12
    outside = """select count(*) from stolen join exchanges using (exchange_id) join truth using (account_id)
                 where role is null"""
    assert ask(demo_world, outside) == [(0,)]
    operators = "select campaign_id, count(distinct operator_id) from truth where role = 'operator' group by 1"
    assert [row[1] for row in ask(demo_world, operators)] == [1, 1]
    times = """select bool_and(c.started_at = x.first and c.ended_at = x.last) from campaigns c join (
                 select s.campaign_id, min(sent_at) as first, max(sent_at) as last
                 from stolen s join exchanges using (exchange_id) group by 1) x using (campaign_id)"""
    assert ask(demo_world, times) == [(True,)]


def test_the_pool_has_the_shape_of_its_source(demo_world: Path) -> None:
    pool = "(select account_id from truth where archetype = 'load_balanced_pool')"
    ((accounts, mean),) = ask(
        demo_world,
        f"select count(distinct account_id) as n, count(*) / n from exchanges where account_id in {pool}",
    )
    assert accounts == 300 and 38 < mean < 50
    items = "select count(*), count(distinct prompt) from exchanges join stolen using (exchange_id)"
    ((asked, distinct),) = ask(demo_world, items)
    assert distinct > 0.999 * asked, "a work-list item was asked twice"
    per_card = f"""select count(*) from accounts where account_id in {pool} and payment_fingerprint is not null
                   group by payment_fingerprint"""
    sizes = np.array([row[0] for row in ask(demo_world, per_card)])
    assert 0.2 < (sizes == 1).sum() / sizes.sum() < 0.45 and sizes.max() >= 6
    moved = ask(
        demo_world,
        f"""select avg((request_model = 'aster-5')::int) from exchanges
            where account_id in {pool} and sent_at > '2026-06-05 12:00:00+00'""",
    )
    assert 0.4 < moved[0][0] < 0.6
    assert ask(demo_world, "select max(share), min(share) from memberships")[0][0] == 1.0
    chinese = ask(
        demo_world, "select avg(regexp_matches(prompt, '\\p{Han}')::int) from exchanges join stolen using (exchange_id)"
    )
    assert 0.2 < chinese[0][0] < 0.5


def test_low_and_slow_is_low_and_slow(demo_world: Path) -> None:
    sql = """select min(n), max(n) from (select count(*) as n from exchanges join truth using (account_id)
             where archetype = 'low_and_slow' group by account_id)"""
    assert ask(demo_world, sql) == [(6, 10)]
    fresh = """select avg((n = 1)::int) from (
                 select count(*) over (partition by payment_fingerprint) as n
                 from accounts join truth using (account_id)
                 where archetype = 'low_and_slow' and payment_fingerprint is not null)"""
    assert ask(demo_world, fresh)[0][0] > 0.75


def test_nothing_is_sent_before_an_account_exists_or_outside_the_week(demo_world: Path) -> None:
    early = "select count(*) from exchanges join accounts using (account_id) where sent_at < created_at"
    assert ask(demo_world, early) == [(0,)]
    ((first, last),) = ask(demo_world, "select epoch_us(min(sent_at)), epoch_us(max(sent_at)) from exchanges")
    assert first >= clock.START_US and last < clock.END_US
    assert ask(
        demo_world,
        "select count(*) from exchanges where request_model = 'aster-5' and sent_at < '2026-06-04 16:00:00+00'",
    ) == [(0,)]


def test_tokens_and_money_add_up(demo_world: Path) -> None:
    wrong = """select count(*) from exchanges where reasoning_tokens > output_tokens or cached_tokens > input_tokens
               or output_tokens > max_tokens or input_tokens < 1 or cost_usd < 0
               or (status <> 200 and output_tokens is not null)"""
    assert ask(demo_world, wrong) == [(0,)]


def test_people_react_to_answers_and_campaigns_do_not(demo_world: Path) -> None:
    pairs = """select archetype, corr(ln(before + 1), length(prompt)) from (
                 select account_id, prompt, turn, lag(output_tokens - coalesce(reasoning_tokens, 0))
                   over (partition by conversation_id order by turn) as before from exchanges)
               join truth using (account_id) where turn > 1 and before is not null
                 and archetype in ('load_balanced_pool', 'chat_user') group by 1 order by 1"""
    (_, people), (_, pool) = ask(demo_world, pairs)
    assert people > 0.3 and abs(pool) < 0.1


def test_benign_operators_of_one_kind_differ(demo_world: Path) -> None:
    sql = """select count(*), sum((prompt ilike '%step by step%' or prompt ilike '%explain your reasoning%')::int)
             from exchanges join truth using (account_id) where archetype = 'hobby_script' group by account_id"""
    counts = np.array(ask(demo_world, sql), dtype=float)
    rate = counts[:, 1].sum() / counts[:, 0].sum()
    expected = (counts[:, 0] * rate * (1 - rate)).sum()
    assert 0.005 < rate < 0.2
    assert ((counts[:, 1] - counts[:, 0] * rate) ** 2).sum() > 2 * expected, "rates are no more spread than chance"


def test_strangers_share_addresses_and_households_share_cards(demo_world: Path) -> None:
    crowd = """select max(n) from (select client_ip, count(distinct account_id) as n from exchanges
               join truth using (account_id) where archetype = 'carrier_user' group by 1)"""
    assert ask(demo_world, crowd)[0][0] > 10
    cards = """select max(n) from (select payment_fingerprint, count(*) as n from accounts join truth using (account_id)
               where archetype = 'household' and payment_fingerprint is not null group by 1)"""
    assert ask(demo_world, cards) == [(3,)]
    classroom = """select count(distinct client_ip), count(distinct operator_id), count(distinct account_id)
                   from exchanges join truth using (account_id) where archetype = 'classroom'"""
    assert ask(demo_world, classroom) == [(2, 80, 80)]
