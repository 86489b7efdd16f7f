"""The rivals of `bench/peers` run unchanged in environments of their own, score every account, and see a swarm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from bench import peers
from bench.peers import PEERS, run_peer
from tests.real.conftest import interpreter

from hydrometer.base.errors import RunError, UsageError
from hydrometer.base.tables import INPUTS, from_rows
from hydrometer.simulate.run import simulate

BEGIN = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
WORDS = "garden river lantern copper window pottery violin harbour meadow kettle saddle orchard glacier pepper".split()
SWARM = tuple(f"z{person}" for person in range(8))


def available(name: str) -> None:
    interpreter(f"peer-{name}")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty quiet accounts, and eight that work through one template at two requests a second."""
    draw = np.random.default_rng(1)
    rows: list[dict[str, object]] = []

    def call(name: str, number: int, sent_at: dt.datetime, prompt: str) -> None:
        known = {"exchange_id": f"{name}-{number}", "sent_at": sent_at, "account_id": name, "prompt": prompt}
        rows.append(known | {"api_key_id": f"key {name}", "input_tokens": 30})

    for person in range(30):
        for number in range(10):
            moment = BEGIN + dt.timedelta(minutes=float(draw.uniform(0, 6 * 24 * 60)))
            call(f"q{person}", number, moment, " ".join(draw.choice(WORDS, 12)))
    for name in SWARM:
        for number in range(60):
            text = f"show every step of how to find the square root of the number {int(draw.integers(9999))} by hand"
            call(name, number, BEGIN + dt.timedelta(seconds=number / 2), text)
    folder = tmp_path_factory.mktemp("peers") / "traffic"
    folder.mkdir()
    pq.write_table(from_rows(rows, INPUTS["exchanges"]), folder / "exchanges.parquet")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers") / "small"
    simulate("demo", folder, seed=5, scale=0.05)
    return folder / "traffic"


@pytest.mark.parametrize("name", PEERS)
def test_every_account_of_a_world_is_scored_and_the_same_again(name: str, small: Path) -> None:
    available(name)
    scored = PEERS[name].run(small, 1)
    table = pq.read_table(small / "exchanges.parquet", columns=["account_id"])
    assert list(scored.account_ids) == sorted(set(table["account_id"].to_pylist()))
    assert np.isfinite(scored.scores).all()
    assert len(set(scored.scores.tolist())) > 1
    again = PEERS[name].run(small, 1)
    assert again.scores.tolist() == scored.scores.tolist()
    assert again.groups == scored.groups


@pytest.mark.parametrize("name", PEERS)
def test_an_obvious_swarm_is_above_the_quiet_accounts(name: str, planted: Path) -> None:
    available(name)
    scored = PEERS[name].run(planted, 1)
    scores = dict(zip(scored.account_ids, scored.scores, strict=True))
    assert min(scores[one] for one in SWARM) > max(score for one, score in scores.items() if one not in SWARM)


def test_kollude_puts_the_swarm_into_one_group(planted: Path) -> None:
    available("kollude")
    groups = PEERS["kollude"].run(planted, 1).groups
    assert groups is not None
    assert set(groups) == set(SWARM)
    assert len(set(groups.values())) == 1


def test_honeypotllm_reads_the_time_of_the_requests(planted: Path) -> None:
    """Two requests a second reach its published threshold; ten in a week do not."""
    available("honeypotllm")
    scored = PEERS["honeypotllm"].run(planted, 1)
    published = PEERS["honeypotllm"].published
    assert published is not None
    reached = {one for one, score in zip(scored.account_ids, scored.scores, strict=True) if score >= published}
    assert reached == set(SWARM)


def test_a_rival_that_takes_too_long_is_stopped(planted: Path) -> None:
    available("kollude")
    with pytest.raises(RunError, match="still running"):
        run_peer("kollude", planted, 1, limit_seconds=0.05)


def test_a_rival_that_fails_says_why(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    available("kollude")
    monkeypatch.setattr(peers, "write_events", lambda traffic, target: target.mkdir())
    with pytest.raises(RunError, match="Error"):
        run_peer("kollude", planted, 1)


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [("kollude", lambda path: path / "none", "make peers"), ("somebody", lambda path: path, "kollude, honeypotllm")],
)
def test_a_missing_rival_is_one_clear_error(
    name: str, spoil: Callable[[Path], Path], said: str, planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "ENVIRONMENTS", spoil(peers.ENVIRONMENTS))
    with pytest.raises(UsageError, match=said):
        run_peer(name, planted, 1)
