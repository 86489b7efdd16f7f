"""Worlds are seeded, scale, and leave nothing behind when they fail."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hydrometer.base.errors import UsageError
from hydrometer.simulate import columns, run


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
        ("demo", 0.0, "above 0"),
        ("demo", -1.0, "above 0"),
        ("demo", float("nan"), "above 0"),
        ("demo", 101.0, "up to 100"),
        ("demo", 0.01, "leaves a campaign 3 accounts"),
    ],
)
def test_wrong_worlds_and_scales_are_one_clear_error(tmp_path: Path, world: str, scale: float, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run.simulate(world, tmp_path / "w", scale=scale)
    assert list(tmp_path.iterdir()) == []


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


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(columns, "account_table", full)
    with pytest.raises(UsageError, match="No space left"):
        run.simulate("gateway", tmp_path / "w")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.simulate("gateway", tmp_path / "w", progress=interrupt)
    assert list(tmp_path.iterdir()) == []
