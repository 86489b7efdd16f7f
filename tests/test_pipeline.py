"""The whole way from logs to verdicts: both campaigns of the demo and nobody else, nothing in null worlds.

Names, row order and threads change nothing; the same seed gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from tests.share.dossier_texts import leaks

from hydrometer import pipeline
from hydrometer.base.contract import breaches
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS
from hydrometer.share import dossier_verify
from hydrometer.share.dossier import Options as DossierOptions
from hydrometer.share.dossier import issue
from hydrometer.share.dossier_redaction import Level
from hydrometer.simulate.run import simulate
from hydrometer.simulate.score import score

LOOK_ALIKES = (
    "authorised_reseller", "enterprise_batch", "classroom", "evaluation_lab", "authorised_distiller", "white_label",
    "release_enthusiast", "agent_swarm", "exam_coach", "viral_prompter",
)  # fmt: skip
TOTALS = {"input_tokens": "input_tokens", "output_tokens": "output_tokens", "cost_usd": "list_price"}
"""Column of the log → fact that sums it up."""
SMALL_SCALE = 0.15
TOLERANCE = 1e-9


def scanned(traffic: Path, out: Path, *, seed: int = 0, threads: int = 1) -> Path:
    """A run of some traffic; on one thread no process of looks has to be started."""
    pipeline.scan([str(traffic)], out, Settings(seed=seed, threads=threads), pipeline.ScanOptions(), SilentProgress())
    return out


def rows(run: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(run / f"{name}.parquet").to_pylist()


def listed(run: Path) -> list[dict[str, Any]]:
    return [row for row in rows(run, "campaigns") if row["level"] in LISTED_LEVELS]


@dataclass(frozen=True)
class Scanned:
    """A world, its run and the score."""

    world: Path
    run: Path
    figures: dict[str, Any]


# --- the demo --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """The demo at its own size, seed 0."""
    folder = tmp_path_factory.mktemp("demo")
    simulate("demo", folder / "world", seed=0)
    run = scanned(folder / "world" / "traffic", folder / "run", threads=2)
    return Scanned(folder / "world", run, score(run, folder / "world" / "truth"))


def test_both_campaigns_are_found(demo: Scanned) -> None:
    assert demo.figures["campaigns_hit"] == demo.figures["campaigns_true"] == 2
    assert demo.figures["false_campaigns"] == 0
    for campaign in demo.figures["campaigns"]:
        assert campaign["jaccard"] >= 0.8, campaign
        assert campaign["level"] == "suspected" and campaign["kind_right"]
        assert campaign["detectable_at"] is not None


def test_no_look_alike_is_flagged(demo: Scanned) -> None:
    by_archetype = demo.figures["false_alarms_by_archetype"]
    assert set(LOOK_ALIKES) <= set(by_archetype)
    assert {name: by_archetype[name]["flagged_accounts"] for name in LOOK_ALIKES} == dict.fromkeys(LOOK_ALIKES, 0)


def test_the_run_keeps_the_contract(demo: Scanned) -> None:
    assert breaches(demo.run) == []


@pytest.mark.parametrize("level", [Level.PARTNER, Level.PUBLIC])
def test_a_dossier_leaves_out_what_its_level_says(demo: Scanned, tmp_path: Path, level: Level) -> None:
    campaign = listed(demo.run)[0]["campaign_id"]
    made = issue(demo.run, campaign, DossierOptions(level=level, out=tmp_path / "dossier"))
    assert dossier_verify.verify(made.folder, dossier_verify.Trusted()).result == dossier_verify.VERIFIED
    mine = set(pq.read_table(demo.run / "members.parquet")["account_id"].to_pylist())
    traffic = pq.read_table(
        demo.world / "traffic" / "exchanges.parquet",
        columns=["exchange_id", "account_id", "api_key_id", "client_ip", "system_instructions", "prompt"],
    )
    traffic = traffic.filter(pc.is_in(traffic["account_id"], value_set=pa.array(sorted(mine), pa.string())))
    secrets = {value for name in traffic.column_names for value in traffic[name].unique().to_pylist() if value}
    if level is Level.PUBLIC:
        secrets |= {one["masked"] for one in rows(demo.run, "templates") if one["masked"]} | {campaign}
    assert len(secrets) > 1_000
    assert leaks(made.folder, secrets) == []


def test_the_manifest_has_the_hashes_of_the_tables(demo: Scanned) -> None:
    hashes = json.loads((demo.run / "manifest.json").read_text())["outputs"]
    assert {f"{name}.parquet" for name in OUTPUTS} | {"state/fingerprints.parquet"} <= hashes.keys()
    for name, wanted in hashes.items():
        assert hashlib.sha256((demo.run / name).read_bytes()).hexdigest() == wanted


def test_shares_and_probabilities_add_up_to_one_at_most(demo: Scanned) -> None:
    ours = pa.array([row["campaign_id"] for row in listed(demo.run)], pa.string())
    members = pq.read_table(demo.run / "members.parquet")
    members = members.filter(pc.is_in(members["campaign_id"], ours))
    assert len(members) > 500
    assert max(members.group_by("account_id").aggregate([("share", "sum")])["share_sum"].to_pylist()) <= 1.0 + TOLERANCE
    attributed = (
        pq.read_table(demo.run / "attributed.parquet").group_by("exchange_id").aggregate([("probability", "sum")])
    )
    assert max(attributed["probability_sum"].to_pylist()) <= 1.0 + TOLERANCE


def test_every_account_that_is_listed_has_a_reason(demo: Scanned) -> None:
    assert all(row["because"] and row["probability"] >= 0.5 for row in rows(demo.run, "members"))


def test_no_evidence_claims_more_than_the_number_of_operators_allows(demo: Scanned) -> None:
    evidence = [row for row in rows(demo.run, "evidence") if row["empirical_bits"] is not None]
    assert {row["hypothesis"] for row in evidence} == {"H1", "H2"}
    for row in evidence:
        assert row["empirical_bits"] <= row["model_bits"] + TOLERANCE
        assert row["bits"] == row["model_bits"] and row["n"] > 0 and row["statement"]
    accounts = len(pq.read_table(demo.world / "traffic" / "accounts.parquet"))
    for row in evidence:
        operators = row["n"] if row["signal"].startswith("harvest") else accounts
        assert row["empirical_bits"] <= math.log2(operators + 1) + TOLERANCE


def test_a_listed_group_is_detectable_within_its_own_time(demo: Scanned) -> None:
    for row in listed(demo.run):
        assert row["first_seen"] < row["detectable_at"]
        assert row["detectable_at"].hour % 6 == 0 and row["detectable_at"].minute == 0


def test_facts_say_what_was_taken_and_when_it_turned(demo: Scanned) -> None:
    """Aims and turn against the truth, and volumes within 5 % of it."""
    said = {campaign["preset"]: campaign for campaign in demo.figures["campaigns"]}
    assert all(campaign["capability_top1_right"] and campaign["pivot_right"] for campaign in said.values())
    assert said["load_balanced_pool"]["pivot_error_hours"] <= 6.0
    assert said["low_and_slow"]["pivot_error_hours"] is None
    true = pq.read_table(demo.world / "truth" / "exchanges.parquet")
    log = pq.read_table(demo.world / "traffic" / "exchanges.parquet", columns=["exchange_id", *TOTALS])
    for campaign in said.values():
        taken = true.filter(pc.equal(true["campaign_id"], campaign["campaign_id"]))
        whole = log.filter(pc.is_in(log["exchange_id"], taken["exchange_id"].combine_chunks()))
        facts = {row["fact"]: row for row in rows(demo.run, "facts") if row["campaign_id"] == campaign["found_as"]}
        assert facts["exchanges"]["value"] == pytest.approx(len(taken), rel=0.05)
        for column, fact in TOTALS.items():
            assert facts[fact]["value"] == pytest.approx(pc.sum(whole[column]).as_py(), rel=0.05), fact


# --- null worlds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nothing_is_listed_where_there_is_no_campaign(tmp_path: Path, seed: int) -> None:
    simulate("null", tmp_path / "world", seed=seed)
    run = scanned(tmp_path / "world" / "traffic", tmp_path / "run", seed=seed)
    assert listed(run) == []
    assert len(pq.read_table(run / "attributed.parquet")) == 0
    assert breaches(run) == []


# --- names, order, threads, seeds ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A small demo, scanned with one thread."""
    folder = tmp_path_factory.mktemp("small")
    simulate("demo", folder / "world", seed=1, scale=SMALL_SCALE)
    run = scanned(folder / "world" / "traffic", folder / "run")
    return Scanned(folder / "world", run, score(run, folder / "world" / "truth"))


def sorted_rows(run: Path, name: str) -> list[str]:
    """Rows of a table in an order of their own, floats to 1e-9."""
    return sorted(
        repr({key: round(value, 9) if isinstance(value, float) else value for key, value in row.items()})
        for row in rows(run, name)
    )


def test_the_small_world_has_something_to_find(small: Scanned) -> None:
    assert listed(small.run)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(small: Scanned, tmp_path: Path, threads: int) -> None:
    again = scanned(small.world / "traffic", tmp_path / "run", threads=threads)
    for name in OUTPUTS:
        assert sorted_rows(again, name) == sorted_rows(small.run, name), name
    assert (again / "report.json").read_bytes() == (small.run / "report.json").read_bytes()


def changed(traffic: Path, out: Path, call: Callable[[str], str]) -> Path:
    """The same traffic with other account names and its rows in another order."""
    draw = np.random.default_rng(5)
    out.mkdir()
    for file in sorted(traffic.iterdir()):
        if file.suffix != ".parquet":
            (out / file.name).write_bytes(file.read_bytes())
            continue
        table = pq.read_table(file)
        table = table.take(pa.array(draw.permutation(len(table))))
        if "account_id" in table.column_names:
            names = pa.array([call(name) for name in table["account_id"].to_pylist()])
            table = table.set_column(table.column_names.index("account_id"), "account_id", names)
        pq.write_table(table, out / file.name)
    return out


def renamed(name: str) -> str:
    return f"z{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"


def verdicts(run: Path, call: Callable[[str], str] = lambda name: name) -> dict[frozenset[str], tuple[str, ...]]:
    """Members of each group → what is said about it, without ids."""
    members: dict[str, set[str]] = {}
    for row in rows(run, "members"):
        members.setdefault(row["campaign_id"], set()).add(call(row["account_id"]))
    said = (
        "level",
        "kind",
        "q_value",
        "operator_bits",
        "extraction_bits",
        "posterior",
        "exchanges",
        "usd",
        "detectable_at",
    )
    return {
        frozenset(members[row["campaign_id"]]): tuple(
            f"{row[name]:.6g}" if isinstance(row[name], float) else str(row[name]) for name in said
        )
        for row in rows(run, "campaigns")
    }


def test_account_names_and_row_order_change_nothing(small: Scanned, tmp_path: Path) -> None:
    traffic = changed(small.world / "traffic", tmp_path / "traffic", renamed)
    run = scanned(traffic, tmp_path / "run")
    assert verdicts(run) == verdicts(small.run, renamed)


def test_row_order_alone_changes_no_id(small: Scanned, tmp_path: Path) -> None:
    traffic = changed(small.world / "traffic", tmp_path / "traffic", lambda name: name)
    run = scanned(traffic, tmp_path / "run")
    for name in ("campaigns", "members", "operators", "attributed", "evidence"):
        assert sorted_rows(run, name) == sorted_rows(small.run, name), name
