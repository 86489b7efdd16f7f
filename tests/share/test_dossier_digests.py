"""Digests of sealed fingerprints: of values and their order alone, whatever file they lie in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.share import dossier_digests
from hydrometer.share.dossier_digests import digests

SCHEMA = pa.schema(
    {
        "exchange_id": pa.string(), "account_id": pa.string(), "item": pa.int64(), "country": pa.string(),
        "signatures": pa.list_(pa.int64()), "sent_at": pa.timestamp("us", "UTC"),
    }
)  # fmt: skip


def rows(accounts: int = 5, each: int = 7) -> list[dict[str, Any]]:
    return [
        {
            "exchange_id": f"e{a}{n:03}", "account_id": f"a{a}", "item": n if n % 3 else None,
            "country": ["DE", "", None][n % 3], "signatures": [[1, 2], [], None][n % 3], "sent_at": 10 * n,
        }
        for a in range(accounts) for n in range(each)
    ]  # fmt: skip


def written(path: Path, given: list[dict[str, Any]], group: int = 1_000) -> Path:
    pq.write_table(pa.Table.from_pylist(given, schema=SCHEMA), path, row_group_size=group)
    return path


@pytest.mark.parametrize("group", [1, 3, 7, 35])
@pytest.mark.parametrize("batch", [1, 4, 1_000])
def test_row_groups_and_batches_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, batch: int
) -> None:
    whole = digests(written(tmp_path / "whole.parquet", rows()))
    monkeypatch.setattr(dossier_digests, "BATCH_ROWS", batch)
    assert digests(written(tmp_path / "parts.parquet", rows(), group)) == whole
    assert len(whole) == 5 and {one[1] for one in whole} == {7}


def test_the_same_rows_in_another_order_are_the_same_rows(tmp_path: Path) -> None:
    whole = digests(written(tmp_path / "whole.parquet", rows()))
    assert digests(written(tmp_path / "other.parquet", rows()[::-1])) == whole
    swapped = [rows()[1], rows()[0], *rows()[2:]]
    assert digests(written(tmp_path / "swapped.parquet", swapped, 1)) == whole


CHANGES: list[tuple[str, Any]] = [
    ("item", 0), ("country", ""), ("signatures", []), ("sent_at", 999), ("exchange_id", "e2000x"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), CHANGES)
def test_each_value_counts_and_a_null_is_no_nought(tmp_path: Path, column: str, value: Any) -> None:
    """Row 14 is the first of the third account: its item, and of row 16 its text and list, are null."""
    whole = digests(written(tmp_path / "whole.parquet", rows()))
    altered = rows()
    place = 16 if column in ("country", "signatures") else 14
    assert altered[place][column] != value
    altered[place][column] = value
    found = digests(written(tmp_path / "altered.parquet", altered))
    assert sum(one != other for one, other in zip(whole, found, strict=True)) == 1


def test_values_do_not_run_into_each_other(tmp_path: Path) -> None:
    one, other = rows(1, 2), rows(1, 2)
    one[0]["country"], one[1]["country"] = "AB", "C"
    other[0]["country"], other[1]["country"] = "A", "BC"
    assert digests(written(tmp_path / "one.parquet", one)) != digests(written(tmp_path / "other.parquet", other))


def test_a_table_without_rows_has_no_digests(tmp_path: Path) -> None:
    assert digests(written(tmp_path / "none.parquet", [])) == []
