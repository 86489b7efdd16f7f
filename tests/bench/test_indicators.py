"""Likelihood ratios of indicators count operators: builders and benign ones, and nobody in between."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from bench.indicators import BENIGN, BUILDER, counted, operators, pooled, write

SIDES = {
    (BUILDER, "pool"): {0, 1, 2, 3},
    (BUILDER, "silent"): {90},
    (BENIGN, "one"): {10},
    (BENIGN, "firm"): {11, 12, 13},
}


def shown(**flags: set[int]) -> pa.Table:
    units = [0, 1, 2, 3, 10, 11, 12, 13]
    return pa.table({"unit": units} | {flag: [unit in some for unit in units] for flag, some in flags.items()})


def test_an_operator_shows_what_half_of_its_accounts_show() -> None:
    found = counted(shown(half={0, 1, 11}, few={0, 10}, never={10}), SIDES, ["half", "few"])
    assert found == {
        "half": {"campaign_shown": 1, "campaign": 1, "benign_shown": 0, "benign": 2},
        "few": {"campaign_shown": 0, "campaign": 1, "benign_shown": 1, "benign": 2},
    }


def test_permits_resellers_victims_and_customers_are_on_neither_side(tmp_path: Path) -> None:
    rows = [
        ("b1", "preset", "op-b", "c-1", "operator"), ("b2", "preset", "op-b", "c-1", "operator"),
        ("v1", "preset", "op-v", "c-1", "victim"), ("c1", "preset", "op-c", "c-1", "customer"),
        ("r1", "desk", "op-r", "c-2", "operator"), ("a1", "authorised_distiller", "op-a", None, None),
        ("p1", "chat_user", "op-p", None, None), ("gone", "chat_user", "op-g", None, None),
    ]  # fmt: skip
    names = ("account_id", "archetype", "operator_id", "campaign_id", "role")
    pq.write_table(
        pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]), tmp_path / "accounts.parquet"
    )
    kinds = [{"campaign_id": "c-1", "kind": "stolen_keys"}, {"campaign_id": "c-2", "kind": "resale"}]
    pq.write_table(pa.Table.from_pylist(kinds), tmp_path / "campaigns.parquet")
    units = {row[0]: number for number, row in enumerate(rows) if row[0] != "gone"}
    assert operators(tmp_path, units) == {(BUILDER, "op-b"): {0, 1}, (BENIGN, "op-p"): {6}}


def test_counts_of_worlds_are_added_and_written_as_they_are(tmp_path: Path) -> None:
    one = {"world": "w", "seed": 1, "flags": counted(shown(half={0, 1, 10}), SIDES, ["half"])}
    two = {"world": "w", "seed": 2, "flags": counted(shown(half={10}, other=set()), SIDES, ["half", "other"])}
    flags = pooled([one, two])
    assert list(flags) == ["half", "other"]
    counts = {"campaign_shown": 1, "campaign": 2, "benign_shown": 2, "benign": 4}
    assert flags["half"].items() >= counts.items() and flags["half"]["likelihood_ratio"] == 1.0
    assert flags["other"]["likelihood_ratio"] is None and flags["other"]["campaign"] == 1
    write(tmp_path / "x.yaml", flags, [one, two])
    written = yaml.safe_load((tmp_path / "x.yaml").read_text(encoding="utf-8"))
    assert written["measured_on"] == ["w 1", "w 2"] and written["flags"]["half"] == counts
