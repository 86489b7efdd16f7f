"""Flags and groups without a run: the figures that a rival of hydrometer is compared by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.errors import UsageError
from hydrometer.base.tables import TRUTH, from_rows
from hydrometer.simulate.score_flags import score_flags

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)


def write_truth(folder: Path, accounts: Sequence[tuple[str, str, str, str | None, str | None]]) -> Path:
    """A truth folder of (account, archetype, operator, campaign, role), and ten days of traffic beside it."""
    campaigns = sorted({campaign for *_, campaign, _ in accounts if campaign is not None})
    names = ("account_id", "archetype", "operator_id", "campaign_id", "role")
    told = {"kind": "distillation", "capabilities": ["reasoning"], "started_at": NOON, "ended_at": NOON}
    tables: dict[str, list[dict[str, object]]] = {
        "accounts": [dict(zip(names, account, strict=True)) for account in accounts],
        "exchanges": [],
        "campaigns": [{"campaign_id": one, "preset": f"preset_{one}", **told} for one in campaigns],
        "memberships": [
            {"account_id": one, "campaign_id": campaign, "role": role, "share": 1.0}
            for one, _, _, campaign, role in accounts
            if campaign is not None
        ],
    }
    (folder / "truth").mkdir(parents=True)
    for name, rows in tables.items():
        pq.write_table(from_rows(rows, TRUTH[name]), folder / "truth" / f"{name}.parquet")
    (folder / "traffic/exchanges").mkdir(parents=True)
    for number, moment in enumerate((NOON, NOON + timedelta(days=10))):
        traffic = pa.table({"exchange_id": [f"x{number}"], "sent_at": pa.array([moment], pa.timestamp("us", tz="UTC"))})
        pq.write_table(traffic, folder / f"traffic/exchanges/part-{number}.parquet")
    return folder / "truth"


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """94 benign singletons and two campaigns of three accounts each."""
    benign = [(f"b{n}", "chat_user" if n < 50 else "classroom", f"single{n}", None, None) for n in range(94)]
    campaigns = [(f"{one}{n}", "pool", one, one, "operator") for one in ("p", "q") for n in range(3)]
    return write_truth(tmp_path / "world", [*benign, *campaigns])


def flags(truth: Path, flagged: set[str], groups: dict[str, str] | None) -> dict[str, Any]:
    """`score_flags`, typed for tests."""
    return score_flags(truth, flagged, groups)


BOTH = {f"{one}{n}" for one in ("p", "q") for n in range(3)}


def test_two_merged_campaigns_are_seen_over_campaign_accounts(trap: Path) -> None:
    result = flags(trap, BOTH, dict.fromkeys(BOTH, "merged"))
    assert result["b_cubed_campaign_accounts"]["f1"] == pytest.approx(2 / 3, abs=1e-6)
    assert result["b_cubed_benign_accounts"]["f1"] == 1.0
    groups = result["clustering"]
    assert groups["campaign_accounts"]["pairwise"] == {"precision": 0.4, "recall": 1.0, "f1": 0.571429}
    assert groups["campaign_accounts"]["adjusted_mutual_information"] == 0.0
    assert groups["campaign_accounts"]["v_measure"] == {"homogeneity": 0.0, "completeness": 1.0, "v": 0.0}
    assert groups["benign_accounts"]["adjusted_mutual_information"] == 1.0
    assert groups["campaigns_a_group_mean"] == 2.0 and groups["groups_a_campaign_mean"] == 1.0
    assert groups["harmful_merges"] == 0
    assert (result["campaigns_hit"], result["false_campaigns"], result["campaign_recall"]) == (1, 0, 0.5)
    assert result["accounts"]["precision"] == result["accounts"]["recall"] == 1.0


def test_fragments_and_harm(trap: Path) -> None:
    groups = {"p0": "one", "p1": "two", "p2": "three", "q0": "q", "q1": "q", "q2": "q", "b0": "q", "b60": "far"}
    result = flags(trap, BOTH | {"b0", "b60"}, groups)
    assert result["clustering"]["groups_a_campaign_mean"] == 2.0
    assert result["clustering"]["groups_a_campaign_most"] == 3
    assert result["clustering"]["campaigns_a_group_most"] == 1
    assert result["clustering"]["harmful_merges"] == 1, "a listed benign operator alone is no merge"
    assert result["campaigns_listed"] == 5 and result["campaigns_hit"] == 1
    assert result["false_campaigns"] == 4 and result["false_campaigns_per_30_days"] == 12.0 and result["days"] == 10.0
    assert result["false_discoveries"] == 1, "fragments of a campaign are no false discoveries"
    assert result["false_discovery_proportion"] == 0.2
    assert [entry["coverage"] for entry in result["campaigns"]] == [1.0, 1.0]


def test_flags_without_groups_say_nothing_on_groups(trap: Path) -> None:
    result = flags(trap, {"p0", "b0"}, None)
    assert (
        result["clustering"] is None and result["campaigns_hit"] is None and result["campaigns"][0]["jaccard"] is None
    )
    assert result["campaigns_true"] == 2
    assert [entry["coverage"] for entry in result["campaigns"]] == [0.333333, 0.0]
    assert result["campaign_coverage"] == pytest.approx(1 / 6, abs=1e-6)
    assert result["accounts"]["precision"] == 0.5 and result["accounts"]["false_operators"] == 1


def test_a_flagged_account_without_a_group_is_in_no_campaign(trap: Path) -> None:
    result = flags(trap, {"p0", "p1", "q0"}, {"p0": "g", "p1": "g", "b5": "h"})
    assert result["campaigns_listed"] == 1 and result["campaigns_hit"] == 1
    assert result["accounts"]["flagged"] == 3


def test_pristine_and_hard_populations_are_apart(trap: Path) -> None:
    sides = flags(trap, {"b0", "b60", "b61"}, None)["false_alarms_by_difficulty"]
    assert (sides["pristine"]["accounts"], sides["pristine"]["flagged_accounts"]) == (50, 1)
    assert (sides["hard"]["accounts"], sides["hard"]["flagged_operators"]) == (44, 2)
    assert sides["pristine"]["flagged_accounts_per_100k"] == 2_000.0
    assert sides["hard"]["flagged_operators_per_100k_upper_95"] > 100_000 * 2 / 44


def test_the_worth_of_a_flag_falls_with_prevalence(trap: Path) -> None:
    worth = flags(trap, BOTH | {"b0"}, None)["accounts"]["predictive_value"]
    assert worth["1e-2"]["value"] == pytest.approx(0.01 / (0.01 + 0.99 / 94), abs=1e-6)
    assert worth["1e-2"]["value"] > worth["1e-2"]["lower_95"] > worth["1e-3"]["lower_95"] > worth["1e-5"]["lower_95"]


def test_accounts_of_one_operator_are_one_unit(tmp_path: Path) -> None:
    firms = [(f"f{n}", "firm", f"firm{n % 5}", None, None) for n in range(100)]
    truth = write_truth(tmp_path / "world", [*firms, ("c", "pool", "c", "c", "operator")])
    accounts = flags(truth, {f"f{5 * n}" for n in range(20)}, None)["accounts"]
    assert (accounts["false_accounts"], accounts["false_operators"], accounts["benign_operators"]) == (20, 1, 5)
    assert accounts["false_operators_per_100k"] == 20_000.0
    assert accounts["false_accounts_per_100k_upper_95"] is None, "too few operators to resample"


def test_many_flagged_operators_give_a_bound_over_accounts(tmp_path: Path) -> None:
    firms = [(f"f{n}", "firm", f"firm{n // 4}", None, None) for n in range(400)]
    truth = write_truth(tmp_path / "world", firms)
    flagged = {f"f{n}" for n in range(48)}
    first, again = (flags(truth, flagged, None)["accounts"] for _ in range(2))
    assert first == again
    assert 12_000 < first["false_accounts_per_100k_upper_95"] < 25_000
    assert first["recall"] is None and first["precision"] == 0.0


def test_customers_and_victims(tmp_path: Path) -> None:
    truth = write_truth(
        tmp_path / "world",
        [
            ("o", "relay", "o", "T", "operator"),
            ("v", "chat_user", "v", "T", "victim"),
            ("k", "chat_user", "k", "T", "customer"),
            ("b", "chat_user", "b", None, None),
        ],
    )
    result = flags(truth, {"o", "k"}, {"o": "g", "k": "g"})
    assert result["accounts"]["precision"] == 0.5, "a customer is no part of the campaign"
    assert result["accounts"]["recall"] == 0.5, "a victim is"
    assert result["accounts"]["benign"] == 1 and result["accounts"]["false_accounts"] == 0
    assert result["clustering"]["campaign_accounts"]["accounts"] == 2
    assert result["clustering"]["benign_accounts"]["accounts"] == 2, "a customer is an operator of its own"


def test_a_folder_without_truth_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        score_flags(tmp_path, set())
