"""Addresses of object storage: what is listed and fetched, and what is refused before anything is asked.

The store is a folder behind the same interface (`pyarrow.fs`); `tests/real/test_object_storage.py` has a server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from hydrometer.base.errors import InputError, UsageError
from hydrometer.collect import remote
from hydrometer.collect.sources import find, stamps

ADDRESS = "s3://logs/day?region=eu-central-1"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the bucket; `day` in it is what the address names."""
    system = fs.SubTreeFileSystem(str(tmp_path / "store"), fs.LocalFileSystem())
    (tmp_path / "store" / "logs" / "day").mkdir(parents=True)
    parsed = remote.opened

    def opened(given: str) -> tuple[Any, str]:
        return system, parsed(given)[1]

    monkeypatch.setattr(remote, "opened", opened)
    return tmp_path / "store" / "logs" / "day"


def test_a_folder_is_fetched_as_it_lies(store: Path, tmp_path: Path) -> None:
    (store / "exchanges").mkdir()
    (store / "exchanges" / "part.jsonl").write_text("{}\n")
    (store / "register.yaml").write_text("[]\n")
    (store / "_SUCCESS").touch()
    found = find([ADDRESS], tmp_path, tmp_path / "fetched")
    assert [name for name, _ in found.files] == ["exchanges/part.jsonl"]
    assert found.files[0][1].read_text() == "{}\n" and list(found.beside) == ["register"]


def test_one_object_is_one_file(store: Path, tmp_path: Path) -> None:
    (store / "a.jsonl.gz").write_bytes(b"\x1f\x8b not unpacked on the way")
    found = find(["s3://logs/day/a.jsonl.gz"], tmp_path, tmp_path / "fetched")
    assert [(name, path.read_bytes()[:2]) for name, path in found.files] == [("a.jsonl.gz", b"\x1f\x8b")]


def test_a_store_that_changed_is_told_by_size_and_time(store: Path) -> None:
    (store / "a.jsonl").write_text("{}\n")
    before = stamps([ADDRESS], [])
    assert before == stamps([ADDRESS], [])
    (store / "a.jsonl").write_text("{}\n{}\n")
    assert stamps([ADDRESS], []) != before


def test_nothing_of_that_name(store: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no log file of that name"):
        find(["s3://logs/other"], tmp_path, tmp_path / "fetched")


def test_truth_is_refused_before_it_is_fetched(store: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="truth"):
        find(["s3://logs/day/truth/accounts.parquet"], tmp_path, tmp_path / "fetched")
    (store / "truth").mkdir()
    (store / "truth" / "accounts.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="truth"):
        find([ADDRESS], tmp_path, tmp_path / "fetched")


def test_a_folder_of_nothing_but_bookkeeping_is_nothing(store: Path, tmp_path: Path) -> None:
    (store / "_SUCCESS").touch()
    with pytest.raises(InputError, match="no log file of that name"):
        find([ADDRESS], tmp_path, tmp_path / "fetched")


@pytest.mark.parametrize("keys", [["a/../../b.jsonl"], ["./b.jsonl"], ["a//b.jsonl"], ["a", "a/b.jsonl"]])
def test_a_key_that_is_no_path_below_the_folder_is_refused(keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Hostile:
        def get_file_info(self, asked: Any) -> Any:
            here = fs.FileInfo("logs/day", fs.FileType.Directory)
            every = [fs.FileInfo(f"logs/day/{key}", fs.FileType.File, size=1) for key in keys]
            return [here] if isinstance(asked, list) else every

    monkeypatch.setattr(remote, "opened", lambda _: (Hostile(), "logs/day"))
    with pytest.raises(InputError, match="no path below the folder"):
        remote.listed(ADDRESS)


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as told:
        remote.listed("s3://AKIASOMEBODY:secret@logs/day")
    assert "secret" not in str(told.value) and "AKIASOMEBODY" not in str(told.value)


def test_an_option_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="force_virtual"):
        remote.listed("s3://logs/day?force_virtual=1")


@pytest.mark.parametrize("address", ["gs://logs/day?no_such_option=1", "s3://logs/day?scheme=gopher"])
def test_an_address_that_cannot_be_opened_is_a_mistake_of_its_writer(address: str) -> None:
    with pytest.raises(UsageError, match="cannot open"):
        remote.listed(address)


def test_a_store_that_does_not_answer_is_an_input_error() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        remote.listed("s3://logs/day?scheme=http&endpoint_override=127.0.0.1:9")


def test_a_content_free_scan_copies_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="object storage"):
        find([ADDRESS], tmp_path, tmp_path / "fetched", copies=False)
