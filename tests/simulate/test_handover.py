"""What one account begins and another goes on with: reasoning and conversations that move between accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.simulate.drawing import WORLDS, Drawn, drawn, named
from tests.simulate.test_techniques import made

from hydrometer.simulate import clock, handover, identity, run
from hydrometer.simulate.world import Columns

SCALE = 0.01


@dataclass(frozen=True)
class Presented:
    """Exchanges that hand reasoning back: of another account or the same, the exchange it came from, and their rows."""

    taker: np.ndarray
    donor: np.ndarray
    rows: Columns

    @property
    def foreign(self) -> np.ndarray:
        """Which hand back what another account was issued."""
        return np.asarray(self.rows["who"][self.taker] != self.rows["who"][self.donor])


def presented(world: Drawn) -> Presented:
    """All exchanges of a world that present reasoning."""
    place = {code: k for k, code in enumerate(world.rows["code"].tolist())}
    taker = np.flatnonzero(world.rows["presented"] >= 0)
    donor = np.array([place[code] for code in world.rows["presented"][taker].tolist()], dtype=np.int64)
    return Presented(taker, donor, world.rows)


@pytest.mark.parametrize(
    "name", ["moonshot_replay", "openai_low_slow", "deepseek_relay", "null_crowd", "foreign_people"]
)
def test_reasoning_was_issued_before_it_is_presented(name: str) -> None:
    world = named(name, scale=SCALE if WORLDS[name].campaigns else 0.2)
    found = presented(world)
    assert len(found.taker) > 50
    assert (world.rows["sent"][found.donor] < world.rows["sent"][found.taker]).all()
    assert (world.rows["status"][found.donor] == 200).all() and (world.rows["thinking"][found.donor] > 0).all()
    assert (found.donor != found.taker).all()


def test_replayed_reasoning_is_anothers_of_the_same_campaign() -> None:
    world = named("openai_low_slow", scale=SCALE * 5)
    found = presented(world)
    replayed = found.foreign & world.inside[found.taker]
    assert replayed.sum() > 50
    assert world.harvested[found.taker[replayed]].all() and world.harvested[found.donor[replayed]].all()
    cohorts = world.rows["cohort"]
    assert (cohorts[found.taker[replayed]] == cohorts[found.donor[replayed]]).all()


def test_as_much_is_replayed_as_asked() -> None:
    world = made({"signature_replay": 1.0}, {}, 200)
    found = presented(world)
    asks = world.harvested & (world.rows["thinking"] > 0) & (world.rows["replays"] > 0)
    share = np.isin(np.flatnonzero(asks), found.taker[found.foreign]).mean()
    assert share == pytest.approx(world.rows["replays"][asks].mean(), abs=0.06)
    quiet = world.harvested & (world.rows["replays"] == 0)
    assert quiet.any() and not np.isin(np.flatnonzero(quiet), found.taker[found.foreign]).any()
    plain = presented(made({"cot_elicitation": 1.0}, {}, 200))
    assert not plain.foreign.any()


@pytest.mark.parametrize("name", ["null_crowd", "hard_pools"])
def test_teams_resume_only_what_their_own_organisation_was_issued(name: str) -> None:
    world = named(name)
    found = presented(world)
    resumed = found.foreign
    team = world.rows["organization"]
    assert resumed.sum() > 20 and (team[found.taker[resumed]] >= 0).all()
    assert (team[found.taker[resumed]] == team[found.donor[resumed]]).all()
    assert (world.rows["resumes"][found.taker[resumed]] > 0).all()


def test_all_other_reasoning_is_that_of_the_turn_before() -> None:
    world = named("curves")
    found = presented(world)
    own = ~found.foreign
    assert own.any() and (world.rows["replays"][found.taker] == 0).all()
    assert (world.rows["conversation"][found.taker[own]] == world.rows["conversation"][found.donor[own]]).all()
    assert (world.rows["turn"][found.taker[own]] == world.rows["turn"][found.donor[own]] + 1).all()


def test_nobody_is_handed_what_it_was_issued_itself_but_for_the_turn_before() -> None:
    world = made({"signature_replay": 1.0}, {}, 12)
    found = presented(world)
    own = ~found.foreign
    talk, turn = world.rows["conversation"], world.rows["turn"]
    assert found.foreign.sum() > 10 < own.sum()
    assert (talk[found.taker[own]] == talk[found.donor[own]]).all()
    assert (turn[found.taker[own]] == turn[found.donor[own]] + 1).all()


def test_a_continued_conversation_keeps_its_id_and_counts_on() -> None:
    world = made({"agentic_coding": 1.0}, {"quota_handoff": 0.9}, 80)
    rows = world.rows
    moved = 0
    for talk in np.unique(rows["conversation"][world.harvested]):
        here = np.flatnonzero(rows["conversation"] == talk)
        here = here[np.argsort(rows["turn"][here])]
        assert rows["turn"][here].tolist() == list(range(1, len(here) + 1))
        assert (np.diff(rows["sent"][here]) >= 0).all()
        accounts = set(rows["who"][here].tolist())
        assert len(accounts) <= 2
        moved += len(accounts) == 2
        if len(accounts) == 2:
            assert len(set(world.exchanges["conversation_id"].take(here).to_pylist())) == 1
    assert moved > 20
    assert ((rows["sent"] >= rows["opened"]) & (rows["sent"] <= rows["closed"])).all()


def test_as_many_conversations_are_carried_on_as_asked() -> None:
    world = made({"agentic_coding": 1.0}, {"quota_handoff": 1.0}, 120)
    talk, who = world.rows["conversation"][world.harvested], world.rows["who"][world.harvested]
    turns = np.unique(talk, return_counts=True)[1]
    accounts = np.unique(np.unique(np.stack([talk, who]), axis=1)[0], return_counts=True)[1]
    assert (accounts > 1)[turns > 1].mean() == pytest.approx(0.5, abs=0.12)


def test_continuing_needs_an_account_that_is_open() -> None:
    size = 6
    rows = {
        "account": np.repeat([0, 1], 3), "opening": np.repeat([0, 3], 3), "builder": np.zeros(size, dtype=np.int64),
        "turn": np.tile([1, 2, 3], 2), "sent": clock.START_US + np.arange(size) * clock.HOUR_US,
    }  # fmt: skip
    begins, ends = np.full(3, clock.START_US), np.full(3, clock.END_US)
    draw = np.random.default_rng(1)
    for opened, expected in ((begins, {0, 1, 2}), (ends, {0, 1})):
        traits = {"hands_over": np.ones(3), "opened": np.where([False, False, True], opened, ends), "closed": ends}
        copy = dict(rows)
        for _ in range(30):
            moved = dict(copy)
            handover.continue_elsewhere(traits, moved, draw)
            assert set(moved["account"].tolist()) <= expected
            assert moved["account"][[0, 3]].tolist() == [0, 1], "a conversation is begun by its own account"


def test_banned_accounts_are_silent_and_heirs_wait() -> None:
    world = drawn(WORLDS["qwen_summer"], scale=0.002)
    rows, accounts = world.rows, world.population.accounts
    banned = accounts["close_reason"] == identity.BANNED
    assert (banned & world.members).sum() >= 4
    assert (rows["sent"] <= accounts["closed"][rows["who"]])[banned[rows["who"]]].all()
    heirs = world.members & (accounts["opened"] > clock.START_US)
    assert heirs.sum() >= 4
    first = np.full(len(banned), clock.END_US)
    np.minimum.at(first, rows["who"], rows["sent"])
    assert (first[heirs] >= accounts["opened"][heirs]).all()
    assert (accounts["created"][heirs] <= accounts["opened"][heirs]).all()


def test_written_signatures_match_those_that_were_issued(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    run.simulate("openai_low_slow", folder, seed=2, scale=SCALE, jobs=1)
    table = pq.read_table(folder / "traffic/exchanges.parquet")
    issued = dict(zip(table["reasoning_signature_out"].to_pylist(), table["account_id"].to_pylist(), strict=True))
    back = [
        (name, account)
        for name, account in zip(
            table["reasoning_signature_in"].to_pylist(), table["account_id"].to_pylist(), strict=True
        )
        if name
    ]
    assert back and all(name in issued for name, _ in back)
    assert sum(issued[name] != account for name, account in back) > 10
