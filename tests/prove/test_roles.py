"""Roles of listed campaigns: in worlds whose truth is known, and what the tables say of victims and customers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import law_worlds
from tests.prove.abuse import FLEET, Log, everybody, thief, victims
from tests.prove.stories import judged, reported

from hydrometer.base.safe_text import printable
from hydrometer.base.tables import OUTPUTS, from_rows
from hydrometer.base.workspace import Workspace
from hydrometer.fingerprint.lexicon import lexicon
from hydrometer.prove.assembly import Reported
from hydrometer.prove.customers import Customers
from hydrometer.prove.membership import columns, enlarge
from hydrometer.prove.role_rows import customer_rows, role_evidence, victim_rows
from hydrometer.prove.roles import kind
from hydrometer.prove.run import tables, unit_accounts
from hydrometer.prove.subject import Words
from hydrometer.prove.verdict import Verdict
from hydrometer.simulate import run as simulator

SCALES = {"keys_taken": 0.5, "mixed_half": 0.25, "small_reseller": 0.6}
"""Worlds of the development tier, small; their campaigns are taken as the truth has them, found or not."""
SEED, FURTHER_SEEDS = 11, (12, 13)
"""Victims are counted over three worlds: in one they are some forty, of whom chance takes or gives five."""


@dataclass
class Known:
    """A world, with the tables of its one campaign, whose operators are the founders."""

    tables: dict[str, pa.Table]
    truth: dict[str, str | None]
    true_shares: dict[str, float]

    def roles(self, role: str) -> list[str | None]:
        """True roles of the members that are said to have a role."""
        return [self.truth[row["account_id"]] for row in self.tables["members"].to_pylist() if row["role"] == role]


def judge(name: str, folder: Path, seed: int = SEED) -> Known:
    """Read a world, take its operators for founders, and work the campaign out."""
    simulator.simulate(name, folder / "world", seed=seed, scale=SCALES[name], jobs=1)
    world = law_worlds.read_world(folder / "world", folder / "world" / "traffic", folder / "read")
    truth = pq.read_table(folder / "world" / "truth" / "accounts.parquet").to_pylist()
    shares = pq.read_table(folder / "world" / "truth" / "memberships.parquet").to_pylist()
    roles = {row["account_id"]: row["role"] for row in truth}
    accounts = unit_accounts(world.workspace, world.population.units)
    founders = np.array([unit for unit, (one, *_) in enumerate(accounts) if roles[one] == "operator"], np.int64)
    found = enlarge(world.population, columns(world.population), founders, world.population.declared)
    group = replace(judged(found.units.tolist()), founders=founders, membership=found)
    verdict = Verdict(group, "suspected", "distillation", None, 0, "c-1", "o-1")
    rules = lexicon()
    written = tables(
        world.workspace, world.population, [verdict], detectable={}, prior=0.01,
        vocabulary=Words(tuple(rules.techniques), tuple(rules.targets)), policy={}, q=0.01,
    )  # fmt: skip
    world.workspace.close()
    return Known(written, roles, {row["account_id"]: row["share"] for row in shares})


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Known]:
    return {name: judge(name, tmp_path_factory.mktemp(name)) for name in SCALES}


def test_victims_are_found_and_none_is_called_an_operator(worlds: dict[str, Known], tmp_path: Path) -> None:
    known = worlds["keys_taken"]
    every = [known, *(judge("keys_taken", tmp_path / str(seed), seed) for seed in FURTHER_SEEDS)]
    counted = sum((Counter(one.truth.values()) for one in every), Counter[str | None]())
    said = sum((Counter(one.roles("victim")) for one in every), Counter[str | None]())
    assert set(said) == {"victim"} and said["victim"] >= 0.6 * counted["victim"]
    assert sum(Counter(one.roles("operator"))["victim"] for one in every) <= 0.05 * counted["victim"]
    (row,) = known.tables["campaigns"].to_pylist()
    operators, victims = len(known.roles("operator")), len(known.roles("victim"))
    assert row["accounts"] == operators + victims and row["kind"] == kind(operators, victims)


def test_a_victims_share_is_the_thiefs_part(worlds: dict[str, Known]) -> None:
    known = worlds["keys_taken"]
    rows = [row for row in known.tables["members"].to_pylist() if row["role"] == "victim"]
    errors = [abs(row["share"] - known.true_shares[row["account_id"]]) for row in rows]
    assert np.mean(errors) < 0.02 and max(errors) < 0.1
    attributed = known.tables["attributed"]["probability"].to_pylist()
    assert max(attributed) <= 1.0
    assert known.tables["campaigns"]["exchanges"][0].as_py() == pytest.approx(sum(attributed))


def test_victims_have_evidence_of_their_own_and_are_no_part_of_the_operator(worlds: dict[str, Known]) -> None:
    known = worlds["keys_taken"]
    victims = {row["account_id"] for row in known.tables["members"].to_pylist() if row["role"] == "victim"}
    about = {row["account_id"] for row in known.tables["evidence"].to_pylist() if row["signal"] == "two_hands"}
    assert about == victims and not victims & set(known.tables["operators"]["account_id"].to_pylist())
    for row in known.tables["members"].to_pylist():
        advised = "rotate" in row["because"] and "tell the owner" in row["because"]
        assert advised == (row["role"] == "victim") and "ban" not in row["because"]
    (row,) = known.tables["campaigns"].to_pylist()
    assert f"use the keys of {len(victims)} genuine customers" in row["summary"]


def test_a_pool_that_carries_cover_has_neither_victims_nor_customers(worlds: dict[str, Known]) -> None:
    """The twin: half of each account's traffic is an ordinary customer's, sent by the operator himself."""
    known = worlds["mixed_half"]
    assert known.roles("victim") == known.roles("customer") == []
    assert known.tables["campaigns"]["kind"].to_pylist() == ["distillation"]
    assert len(known.roles("operator")) > 60


def test_a_resellers_customers_are_told_from_the_builder(worlds: dict[str, Known]) -> None:
    known = worlds["small_reseller"]
    customers = Counter(known.roles("customer"))
    assert set(customers) == {"customer"} and customers["customer"] >= 8
    assert "customer" not in known.roles("operator") and known.roles("victim") == []
    (row,) = known.tables["campaigns"].to_pylist()
    assert row["kind"] == "distillation" and row["accounts"] == len(known.roles("operator"))
    assert f"{customers['customer']} ordinary customers" in row["summary"]
    rows = [row for row in known.tables["members"].to_pylist() if row["role"] == "customer"]
    assert {row["share"] for row in rows} == {0.0} and all("leave it alone" in row["because"] for row in rows)
    assert not {row["account_id"] for row in rows} & set(known.tables["operators"]["account_id"].to_pylist())


def story(workspace: Workspace, log: Log) -> tuple[Reported, list[list[str]]]:
    """A listed group of two operators, the victims in a log, and two customers."""
    found = victims(workspace, log)
    base = reported(pa.table({"millionths": pa.array([1], pa.int64())}), units=(0, 1))
    guests = Customers(np.array([2, 3]), np.array([0.75, 0.5]))
    return replace(base, victims=found, customers=guests), [["op-a"], ["op-b"], ["guest", "guest-too"], ["other"]]


HOSTILE_KEY = "\x1b[31mkey<script>\u202e" + "k" * 200


def test_rows_name_the_keys_to_rotate_and_are_harmless_to_look_at(workspace: Workspace) -> None:
    log = Log()
    everybody(log)
    names = thief(log)
    for row in log.rows:
        if row["account_id"] == names[0] and row["client_ip"] == FLEET:
            row["api_key_id"] = HOSTILE_KEY
        if row["account_id"] == names[1]:
            row["api_key_id"] = None if row["client_ip"] == FLEET else "his own"
    report, _ = story(workspace, log)
    said = {str(row["account_id"]): str(row["because"]) for row in victim_rows(workspace, report)}
    assert set(said) == set(names)
    assert "rotate key key<script>kkk" in said[names[0]] and printable(said[names[0]]) == said[names[0]]
    assert len(said[names[0]]) < 260
    assert "rotate its keys" in said[names[1]] and "his own" not in said[names[1]]
    assert f"rotate key key-{names[2]}" in said[names[2]] and "1 address," in said[names[2]]


def test_rows_fit_the_tables_and_count_accounts(workspace: Workspace) -> None:
    log = Log()
    everybody(log)
    thief(log)
    report, accounts = story(workspace, log)
    members = victim_rows(workspace, report) + customer_rows(report, accounts)
    evidence = role_evidence(report, accounts)
    assert len(from_rows(members, OUTPUTS["members"])) == 6 + 3
    assert len(from_rows(evidence, OUTPUTS["evidence"])) == 6 + 2
    group = {str(row["signal"]): row for row in evidence if row["account_id"] is None}
    assert group["victims"]["value"] == 6.0 and group["house_customers"]["value"] == 3.0
    for row in evidence:
        assert row["bits"] == row["model_bits"]
        assert row["account_id"] is None or 0.0 < float(str(row["empirical_bits"])) <= float(str(row["bits"]))


def test_a_campaign_without_either_has_no_such_rows(workspace: Workspace) -> None:
    report = reported(pa.table({"millionths": pa.array([1], pa.int64())}))
    accounts = [["a"], ["b"], ["c"], ["d"]]
    assert victim_rows(workspace, report) == customer_rows(report, accounts) == role_evidence(report, accounts) == []


@pytest.mark.parametrize(
    ("operators", "stolen", "expected"),
    [(10, 0, "distillation"), (10, 9, "distillation"), (10, 10, "stolen_keys"), (0, 3, "stolen_keys")],
)
def test_keys_are_stolen_from_half_of_the_accounts_on(operators: int, stolen: int, expected: str) -> None:
    assert kind(operators, stolen) == expected
