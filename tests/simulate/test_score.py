"""The score on runs whose figures are known beforehand: a perfect one, an empty one, a wrong one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.tables import OUTPUTS, TRUTH, from_rows
from hydrometer.simulate.score import score
from hydrometer.simulate.scoreboard import render

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)


def verdict(campaign: str, **changes: Any) -> dict[str, object]:
    """A row of campaigns.parquet."""
    figures = {"rank": 1, "q_value": 0.001, "posterior": 0.99, "accounts": 1, "exchanges": 1.0}
    times = {"first_seen": NOON, "last_seen": NOON}
    words = {"kind": "distillation", "level": "suspected", "capabilities": ["reasoning"], "techniques": []}
    return {"campaign_id": campaign, **figures, **times, **words, **changes}


def member(campaign: str, account: str, share: float = 1.0, role: str = "operator") -> dict[str, object]:
    """A row of members.parquet."""
    return {
        "campaign_id": campaign,
        "account_id": account,
        "role": role,
        "probability": 0.9,
        "share": share,
        "because": "test",
    }


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
    assert result["false_alarms_by_archetype"]["firm"] == {
        "accounts": 2,
        "operators": 1,
        "flagged_accounts": 2,
        "flagged_operators": 1,
    }
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
    console = Console(width=140, record=True, file=(tmp_path / "out").open("w"))
    console.print(render(score(run, small_truth)))
    text = console.export_text()
    console.file.close()
    assert "pool" in text and "0.600" in text and "1 of 1" in text and "75.0 %" in text
    assert text.index("user") < text.index("firm"), "harmed populations come first"
