"""The score on runs whose figures are known beforehand: a perfect one, an empty one, a wrong one."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.tables import INPUTS, OUTPUTS, TRUTH, from_rows
from hydrometer.simulate import score_calibration
from hydrometer.simulate.score import score
from hydrometer.simulate.score_time import figures as time_figures
from hydrometer.simulate.scoreboard import render

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
SCREEN = 100


def verdict(campaign: str, **changes: Any) -> dict[str, object]:
    """A row of campaigns.parquet."""
    figures = {"rank": 1, "q_value": 0.001, "posterior": 0.99, "accounts": 1, "exchanges": 1.0}
    times = {"first_seen": NOON, "last_seen": NOON}
    words = {"kind": "distillation", "level": "suspected", "capabilities": ["reasoning"], "techniques": []}
    return {"campaign_id": campaign, **figures, **times, **words, **changes}


def member(
    campaign: str, account: str, share: float = 1.0, role: str = "operator", **changes: Any
) -> dict[str, object]:
    """A row of members.parquet."""
    names = {"campaign_id": campaign, "account_id": account, "role": role, "because": "test"}
    return {**names, "probability": 0.9, "share": share, **changes}


def write_run(folder: Path, **tables: list[dict[str, object]]) -> Path:
    """A run folder with the tables that the score reads."""
    folder.mkdir()
    for name in ("campaigns", "members", "operators", "attributed"):
        pq.write_table(from_rows(tables.get(name, []), OUTPUTS[name]), folder / f"{name}.parquet")
    return folder


@pytest.fixture
def small_truth(tmp_path: Path) -> Path:
    """Campaign T of four accounts with ten exchanges each way; a firm of two and a lone user are benign."""
    campaign: list[dict[str, object]] = [
        {"account_id": f"c{n}", "archetype": "pool", "operator_id": "o", "campaign_id": "T", "role": "operator"}
        for n in range(4)
    ]
    benign: list[dict[str, object]] = [
        {"account_id": "f1", "archetype": "firm", "operator_id": "f"},
        {"account_id": "f2", "archetype": "firm", "operator_id": "f"},
        {"account_id": "u", "archetype": "user", "operator_id": "u"},
    ]
    told: dict[str, object] = {
        "campaign_id": "T",
        "preset": "pool",
        "kind": "distillation",
        "capabilities": ["reasoning"],
    }
    told |= {"started_at": NOON, "ended_at": NOON}
    tables: dict[str, list[dict[str, object]]] = {
        "accounts": [*campaign, *benign],
        "exchanges": [{"exchange_id": f"x{n}", "campaign_id": "T"} for n in range(10)],
        "campaigns": [told],
        "memberships": [
            {"account_id": f"c{n}", "campaign_id": "T", "role": "operator", "share": 0.8} for n in range(4)
        ],
    }
    for folder in ("truth", "traffic"):
        (tmp_path / "world" / folder).mkdir(parents=True)
    for name, rows in tables.items():
        pq.write_table(from_rows(rows, TRUTH[name]), tmp_path / "world/truth" / f"{name}.parquet")
    sent = [NOON.replace(hour=hour) for hour in range(10)]
    traffic = pa.table(
        {"exchange_id": [f"x{n}" for n in range(10)], "sent_at": pa.array(sent, pa.timestamp("us", tz="UTC"))}
    )
    pq.write_table(traffic, tmp_path / "world/traffic/exchanges.parquet")
    return tmp_path / "world/truth"


def figures(run: Path, truth: Path) -> dict[str, Any]:
    """The score, which must be plain JSON."""
    result = score(run, truth)
    assert json.loads(json.dumps(result)) == result
    return result


def test_a_perfect_run(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        campaigns=[verdict("A", detectable_at=NOON.replace(hour=3))],
        members=[member("A", f"c{n}", 0.7) for n in range(4)],
        operators=[{"operator_id": "O", "account_id": f"c{n}", "probability": 1.0} for n in range(4)]
        + [{"operator_id": "F", "account_id": one, "probability": 1.0} for one in ("f1", "f2")],
        attributed=[{"exchange_id": f"x{n}", "campaign_id": "A", "probability": 0.8} for n in range(10)],
    )
    result = figures(run, small_truth)
    (campaign,) = result["campaigns"]
    assert (
        campaign["hit"] and campaign["jaccard"] == 1.0 and campaign["kind_right"] and campaign["capability_top1_right"]
    )
    assert campaign["leakage"] == pytest.approx(0.3)
    assert campaign["share_error"] == pytest.approx(0.1)
    assert result["campaign_recall"] == 1.0 and result["false_campaigns"] == 0
    assert result["accounts"]["precision"] == result["accounts"]["recall"] == 1.0
    assert result["exchanges"]["precision"] == result["exchanges"]["recall"] == 1.0
    assert (
        result["b_cubed_campaign_accounts"]
        == result["b_cubed_benign_accounts"]
        == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    )


def test_an_empty_run(small_truth: Path, tmp_path: Path) -> None:
    result = figures(write_run(tmp_path / "run"), small_truth)
    (campaign,) = result["campaigns"]
    assert not campaign["hit"] and campaign["leakage"] == 1.0 and campaign["kind_right"] is None
    assert (
        result["campaign_recall"] == 0.0
        and result["accounts"]["precision"] is None
        and result["accounts"]["recall"] == 0.0
    )
    assert result["b_cubed_campaign_accounts"]["recall"] == 0.25


def test_false_alarms_count_operators_and_archetypes(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        campaigns=[
            verdict("A", capabilities=["coding", "reasoning"]),
            verdict("B"),
            verdict("C", level="insufficient"),
        ],
        members=[
            *[member("A", one) for one in ("c0", "c1", "c2", "f1", "f2")],
            member("A", "u", role="customer"),
            member("B", "u", role="victim"),
            member("C", "c3"),
        ],
        attributed=[
            {"exchange_id": "x0", "campaign_id": "A", "probability": 0.9},
            {"exchange_id": "x1", "campaign_id": "A", "probability": 0.4},
            {"exchange_id": "x2", "campaign_id": "C", "probability": 0.9},
            {"exchange_id": "z", "campaign_id": "A", "probability": 0.9},
        ],
    )
    result = figures(run, small_truth)
    accounts = result["accounts"]
    assert result["campaigns"][0]["jaccard"] == pytest.approx(3 / 6) and result["campaigns"][0]["hit"]
    assert result["campaigns"][0]["capability_top1_right"] is False
    assert result["false_campaigns"] == 1
    assert accounts["precision"] == pytest.approx(3 / 6) and accounts["recall"] == 0.75
    assert (accounts["false_accounts"], accounts["false_operators"], accounts["benign_operators"]) == (3, 2, 2)
    assert accounts["false_operators_per_100k_upper_95"] == 100_000
    firm = result["false_alarms_by_archetype"]["firm"]
    assert (firm["accounts"], firm["operators"], firm["flagged_accounts"], firm["flagged_operators"]) == (2, 1, 2, 1)
    assert firm["flagged_operators_per_100k_upper_95"] == 100_000
    assert result["clustering"]["harmful_merges"] == 1, "the firm is joined with the pool, the user stands alone"
    assert result["exchanges"]["precision"] == 0.5 and result["exchanges"]["recall"] == 0.1


def test_without_traffic_leakage_is_unknown(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    assert score(run, small_truth, tmp_path / "elsewhere")["campaigns"][0]["leakage"] is None  # type: ignore[index]


def test_merging_everything_costs_precision(demo_world: Path, tmp_path: Path) -> None:
    truth = pq.read_table(demo_world / "truth/accounts.parquet").to_pylist()
    one = [{"operator_id": "O", "account_id": row["account_id"], "probability": 1.0} for row in truth]
    result = figures(write_run(tmp_path / "run", operators=one), demo_world / "truth")
    assert result["b_cubed_campaign_accounts"]["recall"] == 1.0
    assert result["b_cubed_campaign_accounts"]["precision"] < 0.2
    assert result["campaigns_true"] == 2 and result["accounts"]["benign_operators"] > 2_000


def test_missing_folders_are_clear_errors(small_truth: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such file"):
        score(tmp_path, small_truth)
    with pytest.raises(UsageError, match="no such file"):
        score(write_run(tmp_path / "run"), tmp_path)


def test_the_terminal_shows_every_campaign_and_harmed_population(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", campaigns=[verdict("A")], members=[member("A", one) for one in ("c0", "c1", "c2", "u")]
    )
    text = shown(render(score(run, small_truth)))
    assert "pool" in text and "0.600" in text and "1 of 1" in text and "75.0 %" in text
    assert "user" in text and "firm" not in text, "unharmed populations are only counted"
    assert "all hard, 1 unharmed" in text


def test_one_world_fits_a_screen(small_truth: Path, tmp_path: Path) -> None:
    result = figures(write_run(tmp_path / "run", campaigns=[verdict("A")], members=[member("A", "f1")]), small_truth)
    harmed = result["false_alarms_by_archetype"]["firm"]
    result["false_alarms_by_archetype"] = {f"population_{n:02d}": harmed for n in range(60)}
    result["campaigns"] *= 10
    text = shown(render(result))
    assert "and 48 more" in text
    assert len(text.splitlines()) <= 60 and max(len(line) for line in text.splitlines()) <= SCREEN


def shown(group: Any) -> str:
    """What a terminal of a hundred columns shows."""
    console = Console(width=SCREEN, file=io.StringIO(), record=True)
    console.print(group)
    return console.export_text()


def rewrite(truth: Path, name: str, rows: list[dict[str, object]]) -> None:
    """Replaces a table of a truth folder."""
    pq.write_table(from_rows(rows, TRUTH[name]), truth / f"{name}.parquet")


@pytest.fixture
def shared_truth(small_truth: Path) -> Path:
    """Two campaigns on one operator: T has c0, c1, c2; S has c2, c3, the victims v0, v1 and the customer k."""
    accounts = pq.read_table(small_truth / "accounts.parquet").to_pylist()
    others = [("v0", "victim"), ("v1", "victim"), ("k", "customer")]
    accounts += [
        {"account_id": one, "archetype": "chat_user", "operator_id": one, "campaign_id": "S", "role": role}
        for one, role in others
    ]
    told = pq.read_table(small_truth / "campaigns.parquet").to_pylist()[0]
    second = told | {"campaign_id": "S", "preset": "stolen", "kind": "stolen_keys", "capabilities": ["coding", "cyber"]}
    held = [("T", one, "operator", 0.5) for one in ("c0", "c1", "c2")] + [("S", "c2", "operator", 0.5)]
    held += [("S", "c3", "operator", 1.0), *(("S", one, role, 0.1) for one, role in others)]
    names = ("campaign_id", "account_id", "role", "share")
    rewrite(small_truth, "accounts", accounts)
    rewrite(small_truth, "campaigns", [told, second | {"pivot_at": NOON}])
    rewrite(small_truth, "memberships", [dict(zip(names, row, strict=True)) for row in held])
    return small_truth


def shared_run(folder: Path, **victims: str) -> Path:
    """A run that finds both campaigns; `victims` says in which role the victims stand."""
    stolen = {"kind": "stolen_keys", "capabilities": ["cyber", "coding"], "pivot_at": NOON.replace(hour=15)}
    return write_run(
        folder,
        campaigns=[verdict("A"), verdict("B", **stolen)],
        members=[
            *[member("A", one, 0.5) for one in ("c0", "c1", "c2")],
            *[member("B", one, 0.5) for one in ("c2", "c3")],
            *[member("B", one, 0.1, role) for one, role in victims.items()],
            member("B", "k", 0.1, "customer"),
        ],
        operators=[{"operator_id": "O", "account_id": f"c{n}", "probability": 1.0} for n in range(4)],
    )


def test_victims_and_customers(shared_truth: Path, tmp_path: Path) -> None:
    result = figures(shared_run(tmp_path / "run", v0="victim", v1="operator"), shared_truth)
    roles = result["roles"]
    assert (roles["victim"]["recall"], roles["victim"]["precision"]) == (0.5, 1.0)
    assert (roles["customer"]["recall"], roles["customer"]["precision"]) == (1.0, 1.0)
    assert (roles["operator"]["true"], roles["operator"]["listed"]) == (5, 6)
    assert roles["operator"]["precision"] == pytest.approx(5 / 6, abs=1e-6)
    assert (roles["victims"], roles["victims_flagged_as_operators"]) == (2, 1)
    assert roles["victims_flagged_as_operators_share"] == 0.5
    assert (roles["customers"], roles["customers_flagged"]) == (1, 0)
    assert result["accounts"]["benign"] == 3, "victims and customers are not benign accounts"
    assert result["accounts"]["precision"] == 1.0, "an account of a victim is of the campaign"


def test_a_flagged_customer_is_wrong(shared_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", campaigns=[verdict("A")], members=[member("A", one) for one in ("c0", "c1", "c2", "k")]
    )
    result = figures(run, shared_truth)
    assert result["accounts"]["precision"] == 0.75 and result["accounts"]["false_accounts"] == 0
    assert result["roles"]["customers_flagged_share"] == 1.0


def test_campaigns_on_one_operator(shared_truth: Path, tmp_path: Path) -> None:
    result = figures(shared_run(tmp_path / "run", v0="victim", v1="victim"), shared_truth)
    held = result["memberships"]
    assert result["campaigns_hit"] == 2 and result["campaign_recall"] == 1.0 and result["false_campaigns"] == 0
    assert (held["true"], held["listed"], held["precision"], held["recall"]) == (7, 7, 1.0, 1.0)
    assert (held["accounts_in_several"], held["accounts_in_several_all_found"]) == (1, 1)
    assert result["clustering"]["campaigns_a_group_most"] == 1, "one operator's campaigns in one group are no merge"
    assert result["clustering"]["harmful_merges"] == 0


def test_an_account_of_which_one_campaign_is_missed(shared_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run", campaigns=[verdict("A")], members=[member("A", one, 0.5) for one in ("c0", "c1", "c2")]
    )
    result = figures(run, shared_truth)
    assert result["memberships"]["accounts_in_several_all_found"] == 0 and result["memberships"]["recall"] == 0.428571
    assert [entry["coverage"] for entry in result["campaigns"]] == [1.0, 0.25]


def test_memberships_of_false_campaigns_count_each(shared_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        campaigns=[verdict("A"), verdict("F"), verdict("G")],
        members=[
            *[member("A", one, 0.5) for one in ("c0", "c1", "c2")],
            *[member(group, one) for group in "FG" for one in ("f1", "f2")],
        ],
    )
    result = figures(run, shared_truth)
    assert (result["memberships"]["listed"], result["memberships"]["precision"]) == (7, pytest.approx(3 / 7, abs=1e-6))
    assert result["roles"]["operator"]["listed"] == 7 and result["false_campaigns"] == 2


def test_members_of_another_campaign_are_no_members(shared_truth: Path, tmp_path: Path) -> None:
    accounts = ("c0", "c1", "c2", "c3")
    run = write_run(
        tmp_path / "run", campaigns=[verdict("A")], members=[member("A", one, probability=0.75) for one in accounts]
    )
    result = figures(run, shared_truth)
    assert result["campaigns"][0]["found_as"] == "A", "three of four"
    assert result["calibration"]["members"]["calibration_error"] == 0.0, "c3 is of the other campaign"
    assert result["accounts"]["precision"] == 1.0


def test_only_as_many_capabilities_count_as_there_are(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(
        tmp_path / "run",
        campaigns=[verdict("A", capabilities=["coding", "reasoning"])],
        members=[member("A", f"c{n}") for n in range(4)],
    )
    assert figures(run, small_truth)["campaigns"][0]["capability_recall_top_k"] == 0.0, (
        "one is wanted, the first is wrong"
    )


def test_kinds_capabilities_and_pivots(shared_truth: Path, tmp_path: Path) -> None:
    result = figures(shared_run(tmp_path / "run", v0="victim", v1="victim"), shared_truth)
    pool, stolen = result["campaigns"]
    assert (pool["preset"], stolen["preset"]) == ("pool", "stolen")
    assert pool["kind_right"] and stolen["kind_right"] and pool["pivot_right"] and stolen["pivot_right"]
    assert (pool["capability_top1_right"], pool["capability_recall_top_k"]) == (True, 1.0)
    assert (stolen["capability_top1_right"], stolen["capability_recall_top_k"]) == (False, 1.0)
    assert (pool["pivot_error_hours"], stolen["pivot_error_hours"]) == (None, 3.0)
    assert result["verdicts"]["capability_top1_right"] == 0.5 and result["verdicts"]["kind_right"] == 1.0


def test_shares(small_truth: Path, tmp_path: Path) -> None:
    told = [(0.80, 0.7, 0.9), (0.85, 0.7, 0.9), (0.70, 0.6, 0.75), (1.0, None, None)]
    run = write_run(
        tmp_path / "run",
        campaigns=[verdict("A")],
        members=[
            member("A", f"c{n}", said, share_low=low, share_high=high) for n, (said, low, high) in enumerate(told)
        ],
    )
    held = pq.read_table(small_truth / "memberships.parquet").to_pylist()
    rewrite(small_truth, "memberships", [*held[:3], held[3] | {"share": 1.0}])
    shares = figures(run, small_truth)["shares"]
    assert (shares["members"], shares["mean_absolute_error"]) == (4, pytest.approx(0.15 / 4))
    assert shares["within_5_points"] == 0.75, "exactly five points is within"
    assert (shares["intervals"], shares["interval_coverage"]) == (3, pytest.approx(2 / 3, abs=1e-6))
    assert shares["interval_width"] == pytest.approx(0.55 / 3, abs=1e-6)
    assert (shares["mixed"]["members"], shares["mixed"]["mean_absolute_error"]) == (3, 0.05)


def write_traffic(world: Path, exchanges: int, **columns: Any) -> None:
    """One exchange an hour as a folder of Parquet files; `columns` are the same in every row."""
    (world / "traffic/exchanges.parquet").unlink()
    (world / "traffic/exchanges").mkdir()
    for number in range(exchanges):
        row = {"exchange_id": f"x{number}", "sent_at": NOON.replace(hour=number), **columns}
        table = pa.Table.from_pylist([row]).cast(pa.schema([INPUTS["exchanges"].field(name) for name in row]))
        pq.write_table(table, world / f"traffic/exchanges/part-{number:03d}.parquet")


def test_time_and_leakage_from_a_folder_of_files(small_truth: Path, tmp_path: Path) -> None:
    told = pq.read_table(small_truth / "campaigns.parquet").to_pylist()[0]
    rewrite(small_truth, "campaigns", [told | {"started_at": NOON.replace(hour=0)}])
    write_traffic(small_truth.parent, 10, output_tokens=100, cost_usd=0.25)
    run = write_run(
        tmp_path / "run",
        campaigns=[verdict("A", detectable_at=NOON.replace(hour=3))],
        members=[member("A", f"c{n}") for n in range(4)],
    )
    result = figures(run, small_truth)
    (entry,) = result["campaigns"]
    assert (entry["exchanges"], entry["leaked_exchanges"], entry["leakage"]) == (10, 3, 0.3)
    assert (entry["leaked_output_tokens"], entry["leaked_usd"], entry["hours_to_detectable"]) == (300, 0.75, 3.0)
    assert result["time"]["leaked_usd"] == {"median": 0.75, "p90": 0.75}
    assert result["time"]["never_detectable"] == 0
    assert result["days"] == 0.375 and result["false_campaigns_per_30_days"] == 0.0


def test_a_missed_campaign_leaks_everything_for_ever(small_truth: Path, tmp_path: Path) -> None:
    write_traffic(small_truth.parent, 10, output_tokens=7)
    result = figures(write_run(tmp_path / "run"), small_truth)
    (entry,) = result["campaigns"]
    assert (entry["leaked_exchanges"], entry["leaked_output_tokens"], entry["leaked_usd"]) == (10, 70, None)
    assert entry["hours_to_detectable"] is None
    assert result["time"]["hours_to_detectable"] == {"median": None, "p90": None}
    assert result["time"]["never_detectable"] == 1


def test_marks_of_useful_data() -> None:
    served = [(20_000, 12_000), (20_000, 9_999), (2_000_000, 1_000_000), (None, None)]
    entries = [
        {
            "exchanges": sent, "leaked_exchanges": leaked, "leakage": None, "leaked_output_tokens": None,
            "leaked_usd": None, "detectable_at": "then", "hours_to_detectable": 1.0,
        }
        for sent, leaked in served
    ]  # fmt: skip
    marks = time_figures(entries)["useful_data"]
    assert marks["10000"] == {"served": 3, "served_before_detectable": 2}
    assert marks["100000"] == marks["1000000"] == {"served": 1, "served_before_detectable": 1}


def test_exchanges_count_once_and_know_their_campaign(shared_truth: Path, tmp_path: Path) -> None:
    rewrite(shared_truth, "exchanges", [{"exchange_id": f"x{n}", "campaign_id": "TS"[n % 2]} for n in range(10)])
    run = shared_run(tmp_path / "run", v0="victim", v1="victim")
    said = [("x0", "A"), ("x0", "B"), ("x1", "A"), ("x2", "A"), ("stranger", "B")]
    rows: list[dict[str, object]] = [{"exchange_id": x, "campaign_id": one, "probability": 0.5} for x, one in said]
    pq.write_table(from_rows(rows, OUTPUTS["attributed"]), run / "attributed.parquet")
    exchanges = figures(run, shared_truth)["exchanges"]
    assert (exchanges["attributed"], exchanges["right"], exchanges["true"]) == (4, 3, 10)
    assert exchanges["precision"] == 0.75 and exchanges["recall"] == 0.3
    assert exchanges["of_the_right_campaign"] == pytest.approx(2 / 3, abs=1e-6), "x1 is of the other campaign"


def test_calibration_of_members_and_posteriors(small_truth: Path, tmp_path: Path) -> None:
    bits = {"operator_bits": 3.0, "extraction_bits": -1.0, "benign_p": 0.5}
    run = write_run(
        tmp_path / "run",
        campaigns=[
            verdict("A", posterior=0.9),
            verdict("B", level="insufficient", posterior=0.2, **bits),
            verdict("C", level="authorised", posterior=0.9),
        ],
        members=[
            *[member("A", one, probability=0.8) for one in ("c0", "c1", "c2", "f1")],
            *[member("B", one, probability=0.6) for one in ("f1", "f2", "u")],
            member("C", "u"),
        ],
    )
    told = figures(run, small_truth)["calibration"]
    assert told["members"]["items"] == 4, "members of groups that are not listed make no claim"
    assert told["members"]["calibration_error"] == pytest.approx(0.05)
    assert told["members"]["brier"] == pytest.approx((3 * 0.04 + 0.64) / 4)
    assert told["members"]["calibration_error_if_calibrated"] > 0.05
    assert told["posteriors"]["items"] == 2 and told["posteriors_listed"]["items"] == 1
    assert told["posteriors"]["brier"] == pytest.approx((0.01 + 0.04) / 2)
    assert told["nulls"]["extraction"]["groups"] == 1 and told["nulls"]["extraction"]["mean"] == 0.5
    assert told["nulls"]["operator"]["groups"] == 0, "the firm holds more than half of the group"
    assert told["nulls"]["benign_p"]["deciles"] == [0.5] * 9


def test_groups_of_strangers_are_draws_from_the_null(demo_world: Path, tmp_path: Path) -> None:
    truth = pq.read_table(demo_world / "truth/accounts.parquet").to_pylist()
    people = [row["account_id"] for row in truth if row["archetype"] == "chat_user"][:60]
    evidence = [(2.0, 3.0), (-1.0, 7.0), (8.0, -math.inf)]
    run = write_run(
        tmp_path / "run",
        campaigns=[
            verdict(f"N{n}", level="insufficient", operator_bits=one, extraction_bits=other)
            for n, (one, other) in enumerate(evidence)
        ],
        members=[member(f"N{n % 3}", one) for n, one in enumerate(people)],
    )
    nulls = figures(run, demo_world / "truth")["calibration"]["nulls"]
    assert nulls["operator"]["groups"] == nulls["extraction"]["groups"] == 3
    assert nulls["operator"]["mean"] == pytest.approx((4 + 0.5 + 256) / 3)
    assert nulls["operator"]["at_least_100"] == pytest.approx(1 / 3, abs=1e-6)
    assert nulls["extraction"]["at_least_20"] == pytest.approx(1 / 3, abs=1e-6)
    assert nulls["extraction"]["at_least_100"] == pytest.approx(1 / 3, abs=1e-6)
    assert nulls["benign_p"]["groups"] == 0


def test_the_level_of_false_discoveries_is_the_run_s(small_truth: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    assert figures(run, small_truth)["false_discovery_level"] is None
    (run / "manifest.json").write_text(json.dumps({"false_discovery": {"level": 0.05}}))
    assert figures(run, small_truth)["false_discovery_level"] == 0.05


def test_evidence_beyond_any_float_has_an_interval() -> None:
    told = score_calibration._evidence([1_700.0, 1_023.0, -3.0])
    assert told["at_least_100"] == pytest.approx(2 / 3)
    assert all(math.isfinite(told[name]) for name in ("mean", "t_low", "t_high"))
