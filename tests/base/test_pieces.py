"""A table read piece by piece is the table, and shares of its row groups are the same pieces."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.pieces import Pieces, regrouped, shares

ROWS = 23
BOTH = pa.schema([("n", pa.int64()), ("text", pa.string())])
NUMBERS = pa.schema([("n", pa.int64())])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pa.table({"n": range(ROWS), "text": [f"text {n % 3}" for n in range(ROWS)], "other": [0] * ROWS})
    pq.write_table(table, tmp_path / "table.parquet", row_group_size=4)
    return tmp_path / "table.parquet"


@pytest.mark.parametrize("rows", [1, 3, 4, 9, 100])
def test_pieces_are_the_table_in_order(path: Path, rows: int) -> None:
    found = list(Pieces(BOTH, ("text",), rows, 1 << 20).of(path))
    assert [value for piece in found for value in piece["n"].to_pylist()] == list(range(ROWS))
    assert {tuple(piece.column_names) for piece in found} == {("n", "text")}
    assert all(pa.types.is_dictionary(piece["text"].type) for piece in found)
    assert max(len(piece) for piece in found) <= rows


def test_long_rows_make_short_pieces(path: Path) -> None:
    assert {len(piece) for piece in Pieces(NUMBERS, (), 100, 1).of(path)} == {1}


@pytest.mark.parametrize("rows", [1, 4, 5, 8, 100])
def test_shares_take_every_row_group_once_and_are_large_enough(path: Path, rows: int) -> None:
    metadata = pq.read_metadata(path)
    found = shares(metadata, rows)
    assert [group for share in found for group in share] == list(range(metadata.num_row_groups))
    sizes = [sum(metadata.row_group(group).num_rows for group in share) for share in found]
    assert all(size >= rows for size in sizes[:-1])
    pieces = Pieces(NUMBERS, (), 3, 1 << 20)
    values = [value for share in found for piece in pieces.of(path, share) for value in piece["n"].to_pylist()]
    assert values == list(range(ROWS))


@given(st.lists(st.integers(0, 7), max_size=8), st.integers(1, 9))
def test_regrouped_rows_do_not_depend_on_how_they_came(lengths: list[int], rows: int) -> None:
    values = list(range(sum(lengths)))
    tables, at = [], 0
    for length in lengths:
        tables.append(pa.table({"n": pa.array(values[at : at + length], pa.int64())}))
        at += length
    found = [table["n"].to_pylist() for table in regrouped(tables, rows)]
    assert found == [values[first : first + rows] for first in range(0, len(values), rows)]
