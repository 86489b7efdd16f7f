"""Worlds are seeded, scale, and leave nothing behind when they fail."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hydrometer import pipeline
from hydrometer.base.errors import UsageError
from hydrometer.base.progress import SilentProgress
from hydrometer.base.settings import Settings
from hydrometer.simulate import columns, population, run

LARGE = 0.41
"""Scale at which the bench world has two shards."""


TRUTH_FILES = [f"{name}.parquet" for name in ("accounts", "campaigns", "exchanges", "memberships")]


def digest(folder: Path) -> dict[str, str]:
    """Hash of each file under a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_one_seed_is_byte_identical_and_two_differ(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        run.simulate("demo", tmp_path / name, seed=seed, scale=0.1)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    ids = [set(pq.read_table(tmp_path / name / "traffic/accounts.parquet")["account_id"].to_pylist()) for name in "ac"]
    prompts = [set(pq.read_table(tmp_path / name / "traffic/exchanges.parquet")["prompt"].to_pylist()) for name in "ac"]
    assert not ids[0] & ids[1]
    assert len(prompts[0] & prompts[1]) < 0.05 * len(prompts[0])


def test_scale_is_a_factor_on_accounts_and_exchanges(tmp_path: Path) -> None:
    run.simulate("demo", tmp_path / "w", scale=0.1)
    world = run.worlds()["demo"]
    placed = sum(placement.accounts for placement in (*world.benign, *world.campaigns))
    accounts = pq.read_metadata(tmp_path / "w/truth/accounts.parquet").num_rows
    exchanges = pq.read_metadata(tmp_path / "w/traffic/exchanges.parquet").num_rows
    assert accounts == pytest.approx(0.1 * placed, rel=0.03)
    assert exchanges == pytest.approx(0.1 * world.exchanges, rel=0.03)


def test_gateway_world_is_small(tmp_path: Path) -> None:
    run.simulate("gateway", tmp_path / "w", seed=1)
    exchanges = pq.read_table(tmp_path / "w/traffic/exchanges.parquet")
    campaign = pq.read_table(tmp_path / "w/truth/memberships.parquet")
    assert 3_000 <= len(exchanges) <= 4_200
    assert 150 <= len(set(exchanges["account_id"].to_pylist())) <= 200
    assert len(campaign) == 45


def test_progress_is_told_and_ends_at_the_total(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    run.simulate("demo", tmp_path / "w", scale=0.1, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == pq.read_metadata(tmp_path / "w/traffic/exchanges.parquet").num_rows


@pytest.mark.parametrize(
    ("world", "scale", "words"),
    [
        ("atlantis", 1.0, "atlantis"),
        ("demo", 0.0, "found: +0\n.*a number from 0.001 to 100"),
        ("demo", -1.0, "found: +-1\n.*a number from 0.001 to 100"),
        ("demo", float("nan"), "found: +nan\n.*a number from 0.001 to 100"),
        ("demo", 101.0, "found: +101\n.*a number from 0.001 to 100"),
        ("demo", 0.0009, "a number from 0.001 to 100"),
    ],
)
def test_wrong_worlds_and_scales_are_one_clear_error(tmp_path: Path, world: str, scale: float, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run.simulate(world, tmp_path / "w", scale=scale)
    assert list(tmp_path.iterdir()) == []


def test_a_campaign_never_shrinks_to_fewer_accounts_than_could_be_one(tmp_path: Path) -> None:
    run.simulate("demo", tmp_path / "w", scale=run.SMALLEST_SCALE)
    members = pq.read_table(tmp_path / "w/truth/accounts.parquet")
    sizes = Counter(zip(*(members[name].to_pylist() for name in ("archetype", "role")), strict=True))
    assert {key[0]: size for key, size in sizes.items() if key[1]} == {
        "load_balanced_pool": population.SMALLEST_CAMPAIGN,
        "low_and_slow": population.SMALLEST_CAMPAIGN,
    }


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine").write_text("keep")
    with pytest.raises(UsageError, match="empty"):
        run.simulate("demo", tmp_path / "w", scale=0.1)
    assert [path.name for path in tmp_path.rglob("*")] == ["w", "mine"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    run.simulate("gateway", tmp_path / "w")
    assert sorted(path.name for path in (tmp_path / "w").iterdir()) == ["traffic", "truth"]


def test_the_folder_one_stands_in_is_used_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w").mkdir()
    inode = (tmp_path / "w").stat().st_ino
    monkeypatch.chdir(tmp_path / "w")
    run.simulate("gateway", Path())
    assert sorted(path.name for path in Path().iterdir()) == ["traffic", "truth"]
    assert (tmp_path / "w").stat().st_ino == inode and [path.name for path in tmp_path.iterdir()] == ["w"]


def test_folders_made_on_the_way_stay_or_go_with_the_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    with monkeypatch.context() as broken, pytest.raises(UsageError, match="No space left"):
        broken.setattr(columns, "account_table", full)
        run.simulate("gateway", tmp_path / "mine/a/b/w")
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]
    run.simulate("gateway", tmp_path / "mine/a/b/w")
    assert [path.name for path in (tmp_path / "mine/a/b").iterdir()] == ["w"]


def test_a_world_beyond_reason_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"impossible scale: 12\.6 makes 201,600,000 exchanges(?s:.)*at most 12\.5"):
        run.simulate("anthropic_feb", tmp_path / "w", scale=12.6)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_world_is_two_hundred_million_exchanges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.LARGEST_WORLD == 200_000_000

    def settled(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "settle", settled)
    with pytest.raises(KeyboardInterrupt):
        run.simulate("bench", tmp_path / "w", scale=100.0)


def full(*_: object, **__: object) -> None:
    """A disk without room."""
    raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def small_files(most_bytes: int) -> Iterator[None]:
    """No file may grow beyond a size, in this process and those that it starts."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def failing_writer(batches: int) -> type[pq.ParquetWriter]:
    """A writer of files on a disk that is full after so many batches."""

    class Writer(pq.ParquetWriter):  # type: ignore[misc]
        """Counts its batches."""

        written = 0

        def write_table(self, *args: Any, **kwargs: Any) -> None:
            if self.written >= batches:
                full()
            self.written += 1
            super().write_table(*args, **kwargs)

    return Writer


@pytest.mark.parametrize("part", ["account_table", "exchange_table", "enforcement_table"])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.setattr(columns, part, full)
    with pytest.raises(UsageError, match="No space left"):
        run.simulate("gateway", tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batches", [0, 2])
def test_a_disk_that_fills_in_the_middle_of_a_file_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(pq, "ParquetWriter", failing_writer(batches))
    monkeypatch.setattr(run, "_BATCH_ROWS", 500)
    with pytest.raises(UsageError, match="No space left"):
        run.simulate("gateway", tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_stays_empty_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "account_table", full)
    (tmp_path / "w").mkdir()
    with pytest.raises(UsageError, match="No space left"):
        run.simulate("gateway", tmp_path / "w")
    assert list(tmp_path.rglob("*")) == [tmp_path / "w"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.simulate("gateway", tmp_path / "w", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def in_shards(folder: Path, monkeypatch: pytest.MonkeyPatch, exchanges: int = 1_000) -> None:
    """Writes the gateway's world in several shards, in this process."""
    monkeypatch.setattr(population, "SHARD_EXCHANGES", exchanges)
    run.simulate("gateway", folder, seed=1, jobs=1)


def test_a_large_world_is_a_folder_of_files_with_unique_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path / "w", monkeypatch)
    files = sorted(path.name for path in (tmp_path / "w/traffic/exchanges").iterdir())
    assert files == [f"part-{number:05d}.parquet" for number in range(4)]
    table = pq.read_table(tmp_path / "w/traffic/exchanges")
    ids = table["exchange_id"].to_pylist()
    assert len(set(ids)) == len(ids) == run.worlds()["gateway"].exchanges
    truth = pq.ParquetFile(tmp_path / "w/truth/exchanges.parquet")
    groups = [truth.read_row_group(k)["exchange_id"].to_pylist() for k in range(truth.num_row_groups)]
    parts = [set(pq.read_table(tmp_path / "w/traffic/exchanges" / name)["exchange_id"].to_pylist()) for name in files]
    assert len(groups) == 4
    assert all(group == sorted(group) and set(group) <= part for group, part in zip(groups, parts, strict=True))
    assert sorted(path.name for path in (tmp_path / "w/truth").iterdir()) == TRUTH_FILES
    owners: dict[str, set[str]] = {}
    for talk, account in zip(table["conversation_id"].to_pylist(), table["account_id"].to_pylist(), strict=True):
        owners.setdefault(talk or "", set()).add(account)
    owners.pop("")
    assert max(len(each) for each in owners.values()) == 1


def test_items_of_a_work_list_are_unique_over_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path / "w", monkeypatch)
    table = pq.read_table(tmp_path / "w/traffic/exchanges", columns=["exchange_id", "prompt"])
    stolen = set(pq.read_table(tmp_path / "w/truth/exchanges.parquet")["exchange_id"].to_pylist())
    rows = zip(table["exchange_id"].to_pylist(), table["prompt"].to_pylist(), strict=True)
    prompts = [prompt for exchange, prompt in rows if exchange in stolen]
    assert len(prompts) > 1_000 and len(set(prompts)) > 0.999 * len(prompts)


def test_an_account_keeps_its_shard_and_its_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path / "w", monkeypatch)
    parts = [
        set(pq.read_table(path, columns=["account_id"])["account_id"].to_pylist())
        for path in sorted((tmp_path / "w/traffic/exchanges").iterdir())
    ]
    assert sum(len(part) for part in parts) == len(set().union(*parts)) == 185
    monkeypatch.undo()
    run.simulate("gateway", tmp_path / "one", seed=1, jobs=1)
    assert digest(tmp_path / "w/traffic")["accounts.parquet"] == digest(tmp_path / "one/traffic")["accounts.parquet"]
    assert not (tmp_path / "one/traffic/exchanges").exists()


def test_a_scan_reads_a_folder_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shards(tmp_path / "w", monkeypatch, exchanges=2_000)
    manifest = pipeline.scan(
        [str(tmp_path / "w/traffic")], tmp_path / "run", Settings(threads=1), pipeline.ScanOptions(), SilentProgress()
    )
    (kept,) = {sum(one["rows_kept"] for one in manifest["inputs"] if "part-" in one["name"])}
    assert kept == run.worlds()["gateway"].exchanges
    assert sum("part-" in one["name"] for one in manifest["inputs"]) == 2


def test_numbers_of_processes_give_the_same_bytes(tmp_path: Path) -> None:
    for jobs in (1, 2):
        run.simulate("bench", tmp_path / str(jobs), seed=2, scale=LARGE, jobs=jobs)
    one = digest(tmp_path / "1")
    assert one == digest(tmp_path / "2")
    assert sorted(name for name in one if "part-" in name) == [
        f"traffic/exchanges/part-{number:05d}.parquet" for number in range(2)
    ]


def test_a_process_without_room_leaves_nothing_behind(tmp_path: Path) -> None:
    with small_files(200_000), pytest.raises(UsageError, match="File too large"):
        run.simulate("bench", tmp_path / "w", seed=2, scale=LARGE, jobs=2)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_of_several_processes_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.simulate("bench", tmp_path / "w", seed=2, scale=LARGE, progress=interrupt, jobs=2)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_is_one_clear_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)

    with pytest.raises(UsageError, match=r"ended from outside(?s:.)*fewer threads(?s:.)*memory"):
        run.simulate("bench", tmp_path / "w", seed=2, scale=2 * LARGE, progress=kill, jobs=2)
    assert list(tmp_path.iterdir()) == []
