"""Shuffled labels: the same bookkeeping, sizes kept, and a method that finds everything finds nothing any more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.tables import OUTPUTS, TRUTH, from_rows
from hydrometer.simulate.score import score
from hydrometer.simulate.shuffled import right_by_chance, shuffled_truth


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    """Rows of a table."""
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


@pytest.fixture(scope="module")
def shuffled(demo_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's truth with shuffled labels."""
    folder = tmp_path_factory.mktemp("shuffled") / "truth"
    shuffled_truth(demo_world / "truth", folder, 7)
    return folder


@pytest.fixture(scope="module")
def owner(demo_world: Path) -> dict[str, str]:
    """Account of each exchange."""
    rows = pq.read_table(demo_world / "traffic/exchanges.parquet", columns=["exchange_id", "account_id"])
    return dict(zip(*rows.to_pydict().values(), strict=True))


@pytest.fixture(scope="module")
def perfect_run(demo_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that lists exactly the demo's truth."""
    truth, folder = demo_world / "truth", tmp_path_factory.mktemp("run")
    campaigns = [
        {
            "campaign_id": row["campaign_id"], "kind": row["kind"], "level": "confirmed", "rank": 1, "q_value": 0.0,
            "posterior": 1.0, "accounts": 1, "exchanges": 1.0, "first_seen": row["started_at"],
            "last_seen": row["ended_at"], "detectable_at": row["started_at"], "capabilities": row["capabilities"],
            "techniques": [],
        }
        for row in table(truth, "campaigns")
    ]  # fmt: skip
    members = [row | {"probability": 1.0, "because": "test"} for row in table(truth, "memberships")]
    operators = [
        {"operator_id": row["operator_id"], "account_id": row["account_id"], "probability": 1.0}
        for row in table(truth, "accounts")
    ]
    attributed = [row | {"probability": 1.0} for row in table(truth, "exchanges")]
    tables = {"campaigns": campaigns, "members": members, "operators": operators, "attributed": attributed}
    for name, rows in tables.items():
        pq.write_table(from_rows(rows, OUTPUTS[name]), folder / f"{name}.parquet")
    return folder


def test_labels_move_as_a_whole_and_none_is_lost(demo_world: Path, shuffled: Path) -> None:
    before, after = (table(folder, "accounts") for folder in (demo_world / "truth", shuffled))
    labels = ("archetype", "operator_id", "campaign_id", "role")
    assert Counter(tuple(row[name] for name in labels) for row in before) == Counter(
        tuple(row[name] for name in labels) for row in after
    )
    assert [row["account_id"] for row in before] == [row["account_id"] for row in after]
    assert sum(one != other for one, other in zip(before, after, strict=True)) > 0.8 * len(before)
    for name in TRUTH:
        assert pq.read_schema(shuffled / f"{name}.parquet").equals(TRUTH[name])


def test_labels_stay_within_size_classes(demo_world: Path, shuffled: Path, owner: dict[str, str]) -> None:
    sizes = Counter(owner.values())
    for archetype in ("load_balanced_pool", "chat_user"):
        counts = []
        for folder in (demo_world / "truth", shuffled):
            ids = [row["account_id"] for row in table(folder, "accounts") if row["archetype"] == archetype]
            counts.append(Counter(sizes[one].bit_length() for one in ids))
        assert counts[0] == counts[1]


def test_exchanges_and_shares_agree_with_the_new_members(shuffled: Path, owner: dict[str, str]) -> None:
    sizes, inside = Counter(owner.values()), Counter(owner[row["exchange_id"]] for row in table(shuffled, "exchanges"))
    members = {row["account_id"]: row["share"] for row in table(shuffled, "memberships")}
    assert set(inside) <= set(members)
    assert all(abs(inside[one] - share * sizes[one]) <= 0.5 for one, share in members.items())
    guilty = {row["account_id"]: row["campaign_id"] for row in table(shuffled, "accounts") if row["role"]}
    assert all(guilty[owner[row["exchange_id"]]] == row["campaign_id"] for row in table(shuffled, "exchanges"))


def test_scoring_gives_nothing_on_shuffled_labels(demo_world: Path, shuffled: Path, perfect_run: Path) -> None:
    true: dict[str, Any] = score(perfect_run, demo_world / "truth")
    assert true["accounts"]["f1"] == true["exchanges"]["f1"] == true["campaign_recall"] == 1.0
    found: dict[str, Any] = score(perfect_run, shuffled, demo_world / "traffic")
    flagged = {row["account_id"] for row in table(demo_world / "truth", "memberships")}
    mean, deviation = right_by_chance(shuffled, flagged, demo_world / "traffic")
    right = found["accounts"]["flagged"] - found["accounts"]["false_accounts"]
    assert abs(right - mean) < 5 * deviation
    assert found["campaigns_hit"] == 0
    assert found["accounts"]["f1"] < 0.25
    assert found["exchanges"]["f1"] < 0.25


def test_chance_within_size_classes_is_that_of_many_shuffles(tmp_path: Path) -> None:
    world = tmp_path / "world"
    for part in ("truth", "traffic"):
        (world / part).mkdir(parents=True)
    accounts: list[dict[str, Any]] = [
        {"account_id": f"a{n:02}", "archetype": "x", "operator_id": f"o{n}", "role": "operator" if n % 3 == 0 else None,
         "campaign_id": "c" if n % 3 == 0 else None}
        for n in range(30)
    ]  # fmt: skip
    members = [
        {"account_id": row["account_id"], "campaign_id": "c", "role": "operator", "share": 0.5}
        for row in accounts
        if row["role"]
    ]
    noon = pa.scalar(0, pa.timestamp("us", tz="UTC")).as_py()
    campaign = {"campaign_id": "c", "preset": "x", "kind": "distillation", "capabilities": [], "started_at": noon,
                "ended_at": noon}  # fmt: skip
    tables = {"accounts": accounts, "memberships": members, "campaigns": [campaign], "exchanges": []}
    for name, rows in tables.items():
        pq.write_table(from_rows(rows, TRUTH[name]), world / "truth" / f"{name}.parquet")
    senders = [f"a{n:02}" for n in range(30) for _ in range(8 if n < 12 else 2)]
    sent = pa.array([0] * len(senders), pa.timestamp("us", tz="UTC"))
    ids = [f"x{n:03}" for n in range(len(senders))]
    pq.write_table(
        pa.table({"exchange_id": ids, "account_id": senders, "sent_at": sent}), world / "traffic/exchanges.parquet"
    )
    flagged = {f"a{n:02}" for n in (*range(8), 20, 25)}
    rights = []
    for seed in range(40):
        shuffled_truth(world / "truth", tmp_path / "out", seed, world / "traffic")
        rights.append(
            sum(row["account_id"] in flagged and row["role"] is not None for row in table(tmp_path / "out", "accounts"))
        )
    mean, deviation = right_by_chance(world / "truth", flagged)
    assert np.mean(rights) == pytest.approx(mean, abs=4 * deviation / np.sqrt(len(rights)))
    assert np.std(rights) == pytest.approx(deviation, rel=0.5)


def test_one_seed_gives_one_shuffle(demo_world: Path, shuffled: Path, tmp_path: Path) -> None:
    shuffled_truth(demo_world / "truth", tmp_path / "again", 7)
    shuffled_truth(demo_world / "truth", tmp_path / "other", 8)
    for name in TRUTH:
        assert (tmp_path / "again" / f"{name}.parquet").read_bytes() == (shuffled / f"{name}.parquet").read_bytes()
    assert table(tmp_path / "other", "accounts") != table(shuffled, "accounts")
