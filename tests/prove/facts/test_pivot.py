"""When a group turned to a new model: found where it moves its work, silent for editors, enthusiasts and savers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.prove.facts.logs import START, exchange, log, subject

from hydrometer.base.workspace import Workspace
from hydrometer.prove.fact import HOUR_US, Fact
from hydrometer.prove.facts import _continuation, pivot
from hydrometer.prove.facts._matched import DRAWS, matched, mean_p, shorth, shorth_p
from hydrometer.prove.facts._model_switch import largest
from hydrometer.prove.facts._moves import LAST, PIVOT_P, SPENT, Pivot, look_at, pivot_at, pivots, weighed
from hydrometer.prove.facts._releases import LOOKS_H, Release, Use, releases, use_of_everybody
from hydrometer.prove.subject import Subject

RELEASE_H = 96.0
WORK = "Write out every step of the proof about topic number {n} please"
NEW_TOPIC = "{n} quick words about {m} to see whether this new one is any good {k}"
SDK, EDITOR, TOOL = "sdk/1.0", "quill/2.0", "tool/3.1"
RELEASES = [{"model": "m-5", "released_at": START + timedelta(hours=RELEASE_H), "family": "m"}]
DEAR, CHEAP = {"input_tokens": 100, "output_tokens": 900, "cost_usd": 0.02}, {
    "input_tokens": 100, "output_tokens": 900, "cost_usd": 0.002,
}  # fmt: skip


DEAREST = {"input_tokens": 100, "output_tokens": 900, "cost_usd": 0.2}


def life(
    account: str, moves: float, switch_h: float, draw: np.random.Generator, *, client: str = SDK, own: bool = True
) -> list[dict[str, Any]]:
    """Six exchanges before the release, eight in the day after; after the switch a share is on the new model."""
    rows = []
    for n in range(14):
        hours = RELEASE_H - 70 + 11.5 * n if n < 6 else RELEASE_H + 0.5 + 23.0 * draw.random()
        fresh = hours >= RELEASE_H + switch_h and draw.random() < moves
        text = WORK.format(n=int(draw.integers(10**6))) if own or not fresh else NEW_TOPIC.format(
            n=int(draw.integers(10**6)), m=account, k=n)  # fmt: skip
        price = DEAR if fresh else CHEAP
        rows.append(
            exchange(account, hours, prompt=text, user_agent=client, request_model="m-5" if fresh else "m-4", **price)
        )
    return rows


def saver(account: str, draw: np.random.Generator) -> list[dict[str, Any]]:
    """A firm's account that leaves a dear model for the cheaper new one altogether."""
    rows = life(account, 1.0, 1.0, draw)
    return [row if row["request_model"] == "m-5" else row | DEAREST | {"request_model": "m-4-deep"} for row in rows]


def late_saver(account: str, draw: np.random.Generator) -> list[dict[str, Any]]:
    """The same, at any hour of the first six."""
    rows = life(account, 1.0, 4.0 * draw.random(), draw)
    return [row if row["request_model"] == "m-5" else row | DEAREST | {"request_model": "m-4-deep"} for row in rows]


def newcomer(account: str, draw: np.random.Generator) -> list[dict[str, Any]]:
    """Somebody who came the evening before."""
    rows = life(account, 0.9, 1.0, draw)
    return [row for row in rows if row["sent_at"] >= START + timedelta(hours=RELEASE_H - 20)]


GROUPS = {
    "pool": ("sdk", lambda name, draw: life(name, 0.7, 6.0 * draw.random(), draw)),
    "enthusiasts": ("sdk", lambda name, draw: life(name, 0.9, draw.random(), draw, own=False)),
    "savers": ("sdk", saver),
    "hasty": ("sdk", lambda name, draw: life(name, 0.7, draw.random(), draw)),
    "late_savers": ("sdk", late_saver),
    "newcomers": ("sdk", newcomer),
    "stayers": ("sdk", lambda name, draw: life(name, 0.0, 0.0, draw)),
    "editors": ("quill", lambda name, draw: life(name, 0.97, 3.0, draw, client=EDITOR)),
    "lone": ("tool", lambda name, draw: life(name, 0.7, 6.0 * draw.random(), draw, client=TOOL)),
}  # fmt: skip
SIZES = dict.fromkeys(GROUPS, 12) | {"pool": 30, "hasty": 30, "late_savers": 30}
MEMBERS = {group: [f"{group}{k:02}" for k in range(SIZES[group])] for group in GROUPS}


@pytest.fixture(scope="module")
def release_week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Ordinary people, an editor's users switched by its maker, and six groups."""
    draw = np.random.default_rng(7)
    made = Workspace(tmp_path_factory.mktemp("release") / "work", threads=1)
    rows = []
    for k in range(140):
        rows += life(f"sdk{k:03}", float(draw.random() < 0.4) * draw.beta(1.1, 1.1), 30.0 * draw.random(), draw)
    for k in range(120):
        rows += life(f"quill{k:03}", 0.97, 3.0, draw, client=EDITOR)
    for group, (_, make) in GROUPS.items():
        rows += [row for name in MEMBERS[group] for row in make(name, draw)]
    log(made, rows, releases=RELEASES)
    yield made
    made.close()


def group(workspace: Workspace, name: str) -> Subject:
    """One of the groups; nobody of another one is its peer, as if all were listed."""
    found = subject(workspace, MEMBERS[name])
    every = subject(workspace, [account for names in MEMBERS.values() for account in names])
    found.around.listed = every.units
    return found


def named(rows: list[Fact], name: str) -> Fact:
    (found,) = [row for row in rows if row.fact == name]
    return found


def test_a_pool_that_moves_its_work_pivots(release_week: Workspace) -> None:
    found = group(release_week, "pool")
    begun = pivot_at(found)
    assert begun is not None
    hours = (begun - START).total_seconds() / 3600 - RELEASE_H
    assert 0.0 <= hours <= 6.0
    rows = pivot.facts(found)
    said = named(rows, "release_pivot")
    assert (said.state, said.subject, said.starts_at) == ("met", "m-5", begun)
    assert said.p_value is not None and said.p_floor is not None and said.p_floor <= said.p_value <= 0.01
    assert said.ends_at is not None and said.ends_at <= START + timedelta(hours=RELEASE_H + 24)
    assert named(rows, "same_work").state == "met" and named(rows, "alternative_price").state == "not met"
    assert named(rows, "alternative_client_default").state == "not met"
    assert 0.4 <= float(named(rows, "share_moved").value or 0) <= 0.8


@pytest.mark.parametrize(
    ("twin", "row", "state"),
    [
        ("editors", "alternative_client_default", "met"),
        ("enthusiasts", "same_work", "not met"),
        ("savers", "alternative_price", "met"),
        ("stayers", "same_work", "unknown"),
    ],
)
def test_the_twins_stay_silent_and_the_piece_that_explains_them_says_so(
    release_week: Workspace, twin: str, row: str, state: str
) -> None:
    found = group(release_week, twin)
    assert pivot_at(found) is None
    rows = pivot.facts(found)
    assert named(rows, "release_pivot").state == "not met"
    assert named(rows, row).state == state


def test_a_pool_that_moves_at_once_is_stated_at_the_first_look(release_week: Workspace) -> None:
    """By what was known six hours after the release, and nothing later."""
    (found,) = pivots(group(release_week, "hasty"))
    assert found.stated[0] and found.recognised_us == found.looks[0].release.at_us + LOOKS_H[0] * HOUR_US
    assert found.work.n > _work_by(group(release_week, "hasty"), found, LOOKS_H[0]).n > 0


def _work_by(whose: Subject, found: Pivot, hours: int) -> _continuation.Work:
    release = found.looks[0].release
    return _continuation.work(whose, release.at_us, release.names, release.at_us + hours * HOUR_US)


def test_who_saves_is_explained_by_the_price_from_the_first_look_on(release_week: Workspace) -> None:
    """A firm that is still switching at the look has not moved nearly everything, but whoever has switched has."""
    (found,) = pivots(group(release_week, "late_savers"))
    first = found.looks[0]
    assert first.large and first.unusual and first.share[0] < 0.85
    assert not any(found.stated) and found.price.explains


def test_who_came_the_day_before_a_release_came_for_it(release_week: Workspace) -> None:
    found = group(release_week, "newcomers")
    row = named(pivot.facts(found), "release_pivot")
    assert row.state == "unknown" and "were there a day before" in row.statement


def test_a_log_that_ends_with_the_first_look_states_what_that_look_shows(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    with closing(Workspace(tmp_path / "work", threads=1)) as made:
        rows = [row for k in range(140) for row in life(f"sdk{k:03}", 0.1, 30.0 * draw.random(), draw)]
        rows += [row for name in MEMBERS["pool"] for row in life(name, 0.9, 2.0 * draw.random(), draw)]
        end = START + timedelta(hours=RELEASE_H + LOOKS_H[0])
        log(made, [row for row in rows if row["sent_at"] < end], releases=RELEASES)
        (found,) = pivots(subject(made, MEMBERS["pool"]))
        assert found.stated == (True,) and found.switched == "met"


def test_a_group_that_is_its_clients_only_user_cannot_be_compared(release_week: Workspace) -> None:
    found = group(release_week, "lone")
    rows = pivot.facts(found)
    assert pivot_at(found) is None and named(rows, "release_pivot").state == "unknown"
    assert "are needed" in named(rows, "release_pivot").statement
    assert named(rows, "alternative_client_default").state == "unknown"


def test_floors_are_said(release_week: Workspace) -> None:
    rank = named(pivot.facts(group(release_week, "pool")), "operator_rank")
    count = int(rank.n or 0)
    assert rank.p_floor is None if not count else rank.p_floor == 1 / (count + 1)
    difference = named(pivot.facts(group(release_week, "pool")), "difference_in_differences")
    assert difference.p_floor == 1 / (int(difference.n or 0) + 1) and int(difference.n or 0) >= 140


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (None, "No table of releases"),
        ([{"model": "m-5", "released_at": START + timedelta(days=400), "family": "m"}], "No release lies in the log"),
        (
            [{"model": "other", "released_at": START + timedelta(hours=50), "family": "m"}],
            "No exchange of the log names",
        ),
    ],
)
def test_without_a_usable_release_it_says_so(workspace: Workspace, given: Any, word: str) -> None:
    rows = [exchange(f"a{k}", n, request_model="m-4", prompt="hello") for k in range(6) for n in range(0, 120, 12)]
    log(workspace, rows, **({} if given is None else {"releases": given}))
    found = subject(workspace, ["a0", "a1"])
    (first, *_) = pivot.facts(found)
    assert first.state == "unknown" and word in first.statement and pivot_at(found) is None


def test_a_log_that_names_no_model_says_so(workspace: Workspace) -> None:
    log(workspace, [exchange("a0", n) for n in range(100)], releases=RELEASES)
    (row,) = pivot.facts(subject(workspace, ["a0"]))
    assert "does not name models" in row.statement


def test_dated_builds_are_the_model_and_siblings_are_not(workspace: Workspace) -> None:
    names = ["m-5", "m-5-20260305", "m-5-mini", "m-55", "m-4"]
    rows = [exchange("a0", n, request_model=names[n % 5]) for n in range(200)]
    log(workspace, rows, releases=RELEASES)
    (release,) = releases(subject(workspace, ["a0"]).around)
    assert release.names == ("m-5", "m-5-20260305")


# --- the tests on null data ------------------------------------------------------------------------------------------


def crowd(draw: np.random.Generator, size: int, client: str = "sdk") -> Use:
    """Strangers: most move nothing, some anything between nothing and all, each from their own hour on."""
    before, after = draw.integers(3, 30, size).astype(float), draw.integers(3, 20, size).astype(float)
    taste = np.where(draw.random(size) < 0.4, draw.beta(1.1, 1.1, size), 0.0)
    new = draw.binomial(after.astype(int), taste).astype(float)
    first = np.where(new > 0, (draw.gamma(1.1, 20.0, size) * HOUR_US).astype(np.int64), -1)
    looks = len(LOOKS_H)
    return Use(
        np.arange(size), np.full(size, client, dtype=object), before, np.zeros(size), np.tile(after, (looks, 1)),
        np.tile(new, (looks, 1)), first, np.ones(size, np.bool_),
    )  # fmt: skip


def test_strangers_as_a_group_get_uniform_p_values() -> None:
    draw = np.random.default_rng(11)
    release = Release("m-5", 0, ("m-5",))
    found = []
    for _ in range(300):
        everybody = crowd(draw, 400)
        inside = np.isin(everybody.unit, draw.choice(400, 15, replace=False))
        look = weighed(look_at(everybody.of(inside), everybody.of(~inside), release, LAST), 0)
        chance, p_value = look.chance, look.p_value
        assert chance is not None and p_value is not None and p_value >= chance
        found.append(chance)
    ranks = np.array(found)
    for level in (0.05, 0.2, 0.5):
        assert (ranks <= level).mean() <= level + 3.0 * np.sqrt(level * (1 - level) / 300)
    assert (ranks <= 0.2).mean() >= 0.08


def test_a_large_group_beside_few_peers_is_no_more_unusual_than_a_small_one() -> None:
    """The mean of a hundred peers is not known exactly; as if it were, one set of strangers in five had p ≤ .05."""
    draw = np.random.default_rng(16)
    release, found = Release("m-5", 0, ("m-5",)), []
    for number in range(120):
        everybody = crowd(draw, 300)
        inside = everybody.unit < 200
        chance = weighed(look_at(everybody.of(inside), everybody.of(~inside), release, LAST), number).chance
        assert chance is not None
        found.append(chance)
    assert (np.array(found) <= 0.05).mean() <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 120)


def test_the_looks_spend_one_level_between_them_the_first_most_of_it() -> None:
    assert len(SPENT) == len(LOOKS_H) and sum(SPENT) == pytest.approx(1.0) and SPENT[0] == max(SPENT)
    assert PIVOT_P * min(SPENT) >= 1 / (DRAWS + 1)


def test_no_pivot_among_a_thousand_sets_of_strangers() -> None:
    """Clients that a maker switches on a server, and people who adopt as they like: nothing stands out."""
    draw = np.random.default_rng(12)
    release = Release("m-5", 0, ("m-5",))
    everybody, hits = crowd(draw, 1_500), 0
    for number in range(300):
        inside = np.isin(everybody.unit, draw.choice(1_500, 12, replace=False))
        look = weighed(look_at(everybody.of(inside), everybody.of(~inside), release, LAST), number)
        hits += look.large and look.unusual
    assert hits <= 1


def test_times_of_strangers_give_uniform_p_values_of_the_shorth() -> None:
    draw = np.random.default_rng(13)
    found = []
    for number in range(200):
        times = draw.gamma(1.1, 20.0, 420)
        kinds = np.full(420, "sdk", dtype=object)
        pairs = matched(times[:20], kinds[:20], times[20:], kinds[20:])
        found.append(shorth_p(pairs, number, "test"))
    ranks = np.array(found)
    assert (ranks <= 0.05).mean() <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 200)
    assert 0.3 <= np.median(ranks) <= 0.7


def test_close_switches_have_a_small_p_and_floors_bind() -> None:
    draw = np.random.default_rng(14)
    kinds = np.full(130, "sdk", dtype=object)
    times = np.concatenate([7.0 + draw.random(30), draw.gamma(1.1, 20.0, 100)])
    pairs = matched(times[:30], kinds[:30], times[30:], kinds[30:])
    assert shorth_p(pairs, 0, "test") == pytest.approx(1 / 101)
    assert mean_p(matched(times[:30] + 500.0, kinds[:30], times[30:], kinds[30:]), 0, "test") == pytest.approx(1 / 101)


def test_the_shorth_is_that_of_a_search_over_all_intervals() -> None:
    draw = np.random.default_rng(15)
    for size in range(2, 12):
        times = np.sort(draw.random(size))
        half = size // 2 + size % 2
        every = min(times[i + half - 1] - times[i] for i in range(size - half + 1))
        assert float(shorth(times)) == pytest.approx(every)


def test_the_worked_example_of_the_change_in_log_odds() -> None:
    assert pivot.log_odds_change((260, 500), (20, 500)) == pytest.approx(3.234285, abs=1e-6)


def test_nothing_depends_on_how_the_members_are_ordered(release_week: Workspace) -> None:
    one, other = (subject(release_week, names) for names in (MEMBERS["pool"], MEMBERS["pool"][::-1]))
    assert pivot.facts(one) == pivot.facts(other)
    assert DRAWS >= 1 / PIVOT_P


def test_use_adds_up(release_week: Workspace) -> None:
    found = group(release_week, "pool")
    release = pivots(found)[0].looks[-1].release
    use = use_of_everybody(found.around, release)
    assert (use.new <= use.after).all() and (np.diff(use.after, axis=0) >= 0).all()
    assert (
        use.after[LAST].sum() == 8 * len(use.unit)
        and use.settled.sum() == len(use.unit) - SIZES["newcomers"]
        and len(use.unit) == 140 + 120 + sum(SIZES.values())
    )


# --- leaving a model without a release -------------------------------------------------------------------------------


def leaver(account: str, share: float, draw: np.random.Generator, refused: float = 0.0) -> list[dict[str, Any]]:
    """Four exchanges a day for six days; from the fourth day on a share goes to the laxer model."""
    rows = []
    for n in range(24):
        lax = n >= 12 and draw.random() < share
        reason = "refusal" if not lax and draw.random() < refused else "stop"
        model = "lax-1" if lax else "strict-1"
        rows.append(exchange(account, 6.0 * n + draw.random(), request_model=model, finish_reason=reason, **CHEAP))
    return rows


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    draw = np.random.default_rng(21)
    made = Workspace(tmp_path_factory.mktemp("leaving") / "work", threads=1)
    rows = [row for k in range(400) for row in leaver(f"p{k:03}", float(draw.random() < 0.05), draw)]
    rows += [row for k in range(12) for row in leaver(f"moved{k:02}", 0.9, draw, refused=0.3)]
    rows += [
        row if row["request_model"] == "lax-1" else row | DEAREST | {"request_model": "dear-1"}
        for k in range(12)
        for row in leaver(f"saver{k:02}", 0.97, draw)
    ]
    log(made, rows)
    yield made
    made.close()


GONE, SAVERS = [f"moved{k:02}" for k in range(12)], [f"saver{k:02}" for k in range(12)]


@pytest.mark.parametrize(("policy", "state"), [
    ({"safeguards": {"strict-1": 3, "lax-1": 1}}, "met"),
    ({"safeguards": {"strict-1": 1, "lax-1": 3}}, "not met"),
    ({}, "met"),
])  # fmt: skip
def test_a_move_to_a_weaker_model_is_told_by_the_policy_or_by_refusals(
    leaving: Workspace, policy: dict[str, Any], state: str
) -> None:
    rows = pivot.facts(subject(leaving, GONE, policy))
    switch = named(rows, "model_switch")
    assert (switch.state, switch.subject) == ("met", "strict-1 to lax-1")
    assert switch.starts_at is not None and abs(switch.starts_at - START - timedelta(hours=72)) <= timedelta(hours=6)
    assert named(rows, "safeguard_arbitrage").state == state


def test_who_saves_is_explained_by_the_price(leaving: Workspace) -> None:
    rows = pivot.facts(subject(leaving, SAVERS, {"safeguards": {"dear-1": 3, "lax-1": 1}}))
    assert named(rows, "alternative_price").state == "met"
    assert named(rows, "safeguard_arbitrage").state == "not met"


def test_who_stays_has_left_nothing(leaving: Workspace) -> None:
    row = named(pivot.facts(subject(leaving, [f"p{k:03}" for k in range(30)])), "model_switch")
    assert row.state == "not met"


def test_one_model_alone_is_never_left(workspace: Workspace) -> None:
    log(workspace, [exchange("a0", n, request_model="m") for n in range(100)])
    own = workspace.query(
        "select 0 as unit, 'm' as model, 0::bigint as step, 40.0::double as n, 0.0::double as refused"
    )
    assert largest(own) is None
