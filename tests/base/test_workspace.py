"""Tables appear whole or not at all, and names of folders cannot break a statement."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from hydrometer.base.workspace import Workspace

NUMBERS = pa.table({"n": [1, 2, 3]})


@pytest.mark.parametrize("name", ["plain", "with space", "it's", "ünï"])
def test_write_read_query_and_store_in_any_folder(tmp_path: Path, name: str) -> None:
    workspace = Workspace(tmp_path / name)
    workspace.write("numbers", NUMBERS)
    workspace.store("sums", "select sum(n)::bigint as total from {numbers} where n > 1")
    assert workspace.has("sums")
    assert workspace.read("sums").to_pylist() == [{"total": 5}]
    assert workspace.query("select n from {numbers} where n > $least order by n", {"least": 2}).to_pylist() == [
        {"n": 3}
    ]
    workspace.close()


def test_a_statement_that_fails_leaves_the_old_table(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("numbers", NUMBERS)
    with pytest.raises(duckdb.Error):
        workspace.store("numbers", "select error('stopped') from {numbers}")
    assert workspace.read("numbers").equals(NUMBERS)
    workspace.close()


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("pairs", pa.table({"a": [1], "b": [2]}))
    assert workspace.read("pairs", ["b"]).column_names == ["b"]
    workspace.close()


def test_a_table_in_memory_is_named_for_one_statement_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("numbers", NUMBERS)
    wanted = pa.table({"n": [2]})
    assert workspace.query("select n from {numbers} semi join wanted using (n)", wanted=wanted).num_rows == 1
    with pytest.raises(duckdb.Error, match="wanted"):
        workspace.query("select n from wanted")
    workspace.close()


def test_the_length_of_an_epoch_reaches_the_statement(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, epoch_us=60)
    assert workspace.query("select {epoch_us} as length").to_pylist() == [{"length": 60}]
    workspace.close()


def test_threads_and_memory_reach_the_engine(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, threads=1, memory="500MB")
    row = workspace.query(
        "select current_setting('threads')::bigint as threads, current_setting('memory_limit') as memory"
    )
    assert row.to_pylist()[0]["threads"] == 1
    assert row.to_pylist()[0]["memory"].startswith("476")
    workspace.close()


def test_times_are_utc(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    column = workspace.query("select timestamptz '2026-03-01 12:00:00+02' as moment")["moment"]
    assert column.type.tz == "UTC"
    assert column[0].as_py().hour == 10
    workspace.close()


def test_a_name_stands_for_its_table_until_it_is_narrowed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.write("fingerprints", pa.table({"account_id": ["a", "b", "b"], "words": [1, 2, 3]}))
    text = "select account_id, sum(words)::bigint as words from {traffic} group by 1 order by 1"
    whole = workspace.query(text).to_pylist()
    assert whole == [{"account_id": "a", "words": 1}, {"account_id": "b", "words": 5}]
    with pytest.raises(ZeroDivisionError), workspace.narrowed(
        "traffic", "select * from {fingerprints} semi join senders using (account_id)",
        senders=pa.table({"account_id": ["b"]}),
    ):  # fmt: skip
        assert workspace.query(text).to_pylist() == whole[1:]
        assert workspace.query("select count(*) as n from {fingerprints}")["n"].to_pylist() == [3]
        raise ZeroDivisionError
    assert workspace.query(text).to_pylist() == whole
