"""What one account begins and another goes on with: reasoning and conversations that move between accounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.simulate.drawing import WORLDS, Drawn, drawn, named
from tests.simulate.test_techniques import made

from hydrometer.simulate import clock, handover, identity, pace, run
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
    answered = world.rows["sent"] + world.rows["latency_ms"] * 1_000
    assert (answered[found.donor] <= world.rows["sent"][found.taker]).all()
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


def moved_on(world: Drawn) -> np.ndarray:
    """Which exchanges are sent by another account than began their conversation."""
    first = {
        talk: who for talk, who, turn in zip(*(world.rows[name].tolist() for name in PLACE), strict=True) if turn == 1
    }
    began = np.array([first[talk] for talk in world.rows["conversation"].tolist()])
    return np.asarray(began != world.rows["who"])


PLACE = ("conversation", "who", "turn")


def test_what_another_account_goes_on_with_is_answered_under_its_own_limits() -> None:
    world = made({"agentic_coding": 1.0}, {"quota_handoff": 1.0}, 200)
    rows, moved = world.rows, moved_on(world)
    limited = moved & (rows["max_tokens"] > 0)
    assert limited.sum() > 200 and len(np.unique(rows["max_tokens"][limited])) > 3
    assert (rows["output"] <= rows["max_tokens"])[limited].all()
    assert np.array_equal(rows["cut"][limited], (rows["output"] == rows["max_tokens"])[limited])
    assert not rows["cut"][moved & (rows["max_tokens"] <= 0)].any()
    thinks = rows["thinking"] > 0
    assert (rows["reasoning"][moved & ~thinks] == 0).all() and (rows["reasoning"][moved & thinks] > 0).mean() > 0.9


@pytest.mark.parametrize("technique", ["relay", "agentic_coding"])
def test_a_conversation_keeps_its_language_when_another_account_goes_on(technique: str) -> None:
    world = made({technique: 1.0, "data_analysis": 0.5}, {"quota_handoff": 1.0}, 120)
    moved = np.unique(world.rows["conversation"][moved_on(world)])
    inside = np.isin(world.rows["conversation"], moved)
    pairs = np.unique(np.stack([world.rows[name][inside] for name in ("conversation", "language")]), axis=1)
    assert len(moved) > 50 and len(np.unique(pairs[1])) > 1
    assert pairs.shape[1] == len(moved), "a language flips inside a conversation"


@pytest.mark.parametrize("name", ["curves", "openai_low_slow", "null_firms"])
def test_no_turn_is_sent_before_the_answer_to_the_one_before(name: str) -> None:
    world = named(name, scale=0.05 if name == "openai_low_slow" else 0.2)
    order = np.lexsort((world.rows["turn"], world.rows["conversation"]))
    rows = {name: world.rows[name][order] for name in (*PLACE, "sent", "latency_ms", "machine", "opened", "closed")}
    later = np.flatnonzero(rows["turn"] > 1)
    pause_s = (rows["sent"][later] - rows["sent"][later - 1]) / clock.SECOND_US - rows["latency_ms"][later - 1] / 1_000
    assert len(later) > 300 and pause_s.min() >= -1e-3
    assert ((rows["sent"] >= rows["opened"]) & (rows["sent"] <= rows["closed"])).all()
    assert rows["sent"].max() < clock.END_US
    machine = pause_s[rows["machine"][later]]
    assert len(machine) > 100 and 5 < np.median(machine) < 12


def test_what_runs_past_the_end_of_an_account_goes_to_the_next_of_its_chain() -> None:
    edge = clock.START_US + clock.DAY_US
    rows = {
        "account": np.zeros(4, dtype=np.int64), "opening": np.zeros(4, dtype=np.int64),
        "builder": np.zeros(4, dtype=np.int64), "turn": np.arange(1, 5), "machine": np.full(4, True),
        "wait": np.array([0, 1, 1, 1]) * clock.HOUR_US, "latency_ms": np.full(4, 2_000.0),
    }  # fmt: skip
    rows["sent"] = edge - clock.HOUR_US * 3 // 2 + np.arange(4) * clock.HOUR_US
    traits = {
        "hands_over": np.full(6, 0.5), "number": np.array([0, 1, 2, 3, 4, 6]), "machine": np.full(6, True),
        "opened": np.array([edge - clock.DAY_US, edge + 100 * clock.SECOND_US, *[edge - clock.DAY_US] * 4]),
        "closed": np.array([edge, *[clock.END_US] * 5]),
    }  # fmt: skip
    for seed in range(5):
        drawn_rows = dict(rows)
        handover.continue_elsewhere(traits, drawn_rows, np.random.default_rng(seed))
        assert drawn_rows["account"].tolist() == [0, 0, 1, 1]
    pace.lay_out(traits, drawn_rows)
    who = drawn_rows["account"]
    assert (drawn_rows["sent"] >= traits["opened"][who]).all() and (drawn_rows["sent"] <= traits["closed"][who]).all()
    assert (np.diff(drawn_rows["sent"]) >= clock.HOUR_US // 2).all()
    traits["opened"][1] = edge + clock.DAY_US
    handover.continue_elsewhere(traits, rows, np.random.default_rng(0))
    assert not (rows["account"] == 1).any(), "the next account does not begin yet"


def test_chains_carry_over_what_their_accounts_leave_unfinished() -> None:
    world = made({"agentic_coding": 1.0}, {"quota_handoff": 1.0}, 1_200)
    moved = np.flatnonzero(moved_on(world))
    first = {
        talk: who for talk, who, turn in zip(*(world.rows[name].tolist() for name in PLACE), strict=True) if turn == 1
    }
    began = np.array([first[talk] for talk in world.rows["conversation"][moved].tolist()])
    ends = world.population.accounts["closed"][began]
    past = (world.rows["sent"][moved] > ends) & (world.rows["who"][moved] == began + 1)
    assert past.sum() >= 10


def test_continuing_needs_an_account_that_is_open() -> None:
    size = 6
    rows = {
        "account": np.repeat([0, 1], 3), "opening": np.repeat([0, 3], 3), "builder": np.zeros(size, dtype=np.int64),
        "turn": np.tile([1, 2, 3], 2), "sent": clock.START_US + np.arange(size) * clock.HOUR_US,
    }  # fmt: skip
    begins, ends = np.full(3, clock.START_US), np.full(3, clock.END_US)
    draw = np.random.default_rng(1)
    for opened, expected in ((begins, {0, 1, 2}), (ends, {0, 1})):
        waits = np.where([False, False, True], opened, begins)
        traits = {"hands_over": np.ones(3), "opened": waits, "closed": ends, "number": np.arange(3)}
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
