"""A table that stays where it lies is the table, and a file that changes is told."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hydrometer.base.errors import InputError
from hydrometer.base.in_place import InPlace
from hydrometer.base.pieces import Pieces
from hydrometer.base.workspace import Workspace

FIRST = pa.table({"n": [1, 2], "text": ["a", None], "kinds": pa.array([[], None], pa.list_(pa.string()))})
SECOND = pa.table({"n": [3]})
SCHEMA = pa.schema([("n", pa.int64()), ("text", pa.string())])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace that relies on two files as its table `things`."""
    files = [tmp_path / "it's b.parquet", tmp_path / "a.parquet"]
    for path, table in zip(files, (FIRST, SECOND), strict=True):
        pq.write_table(table, path)
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    made = Workspace(tmp_path / "work")
    made.rely_on("things", InPlace.of(files, f"select n, text from read_parquet([{listed}], union_by_name = true)"))
    return made


def test_it_is_asked_like_any_other_table(workspace: Workspace) -> None:
    assert workspace.has("things") and not workspace.has("others")
    assert workspace.rows("things") == 3
    found = workspace.query("select n, text from {things} order by n").to_pylist()
    assert found == [{"n": 1, "text": "a"}, {"n": 2, "text": None}, {"n": 3, "text": None}]
    workspace.derive("sums", "select sum(n)::bigint as n from {things}")
    assert workspace.read("sums")["n"].to_pylist() == [6]


def test_another_connection_to_the_folder_knows_it(workspace: Workspace) -> None:
    other = Workspace(workspace.folder)
    assert other.query("select count(*) as n from {things}")["n"].to_pylist() == [3]


def test_it_is_mapped_in_the_order_of_its_files_with_missing_columns_null(workspace: Workspace) -> None:
    workspace.map(
        "same", "things", Pieces(SCHEMA, ("text",), 2, 1 << 20), lambda piece: piece.cast(SCHEMA), SCHEMA, told
    )
    assert workspace.read("same").to_pydict() == {"n": [1, 2, 3], "text": ["a", None, None]}


def told(*_: object) -> None:
    pass


def test_absent_columns_are_those_without_any_value(workspace: Workspace) -> None:
    """An empty list is a value; files keep no count of it."""
    names = ["n", "text", "none"]
    assert workspace.absent("things", names) == ("none",)
    workspace.write("others", FIRST.append_column("void", pa.nulls(2, pa.string())))
    assert workspace.absent("others", [*FIRST.column_names, "void"]) == ("void",)
    workspace.write("nulls", pa.table({"kinds": pa.array([None], pa.list_(pa.string()))}))
    assert workspace.absent("nulls", ["kinds"]) == ("kinds",)


def test_a_table_that_is_written_takes_its_place(workspace: Workspace) -> None:
    workspace.write("things", SECOND)
    assert workspace.relied_on() == []
    assert workspace.query("select * from {things}").to_pylist() == [{"n": 3}]


@pytest.mark.parametrize("how", ["longer", "gone"])
def test_a_change_is_one_error_at_the_end(workspace: Workspace, tmp_path: Path, how: str) -> None:
    def change() -> None:
        path = tmp_path / "a.parquet"
        path.unlink() if how == "gone" else path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(InputError, match=r"(?s)a\.parquet.*was changed"), workspace.relying():
        change()


def test_a_failure_on_a_file_that_changed_is_told_as_the_change(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was changed"), workspace.relying():
        (tmp_path / "a.parquet").write_bytes(b"cut")
        workspace.query("select sum(n) from {things}")


def test_another_failure_passes_as_it_is(workspace: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), workspace.relying():
        _ = 1 // 0
