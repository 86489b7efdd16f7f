"""From a plain table of entities to judged groups: what is planted comes out, and figures are what they say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from bench import wallets as bench_wallets
from bench.outside import co_action, data, rivals, wallets
from bench.outside.engine import Found, found, labels
from bench.outside.entities import Strata, population
from bench.outside.figures import Labels, against_labels
from bench.table import grid, provable, write_table
from numpy.typing import NDArray

from hydrometer.base.population import Population
from hydrometer.base.workspace import Workspace
from hydrometer.simulate import agreement, metrics

PEOPLE, HAND = 1_200, 24


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "work", threads=1)


def shared(draw: np.random.Generator, kinds: int, hand: int) -> tuple[NDArray[np.int64], list[str]]:
    """Everybody holds two of many entities; the first `hand` accounts hold two of four more."""
    account = np.repeat(np.arange(PEOPLE), 2)
    entity = [f"e{one}" for one in draw.integers(kinds, size=2 * PEOPLE)]
    own = np.repeat(np.arange(hand), 2)
    return np.concatenate([account, own]), entity + [f"own{one}" for one in draw.integers(4, size=2 * hand)]


def world(hand: int, seed: int = 1) -> Population:
    draw = np.random.default_rng(seed)
    layers = ("payment_fingerprint", "signup_day", "tool_set", "configuration")
    holdings = {name: shared(draw, 600, hand) for name in layers}
    one = [["all"] * PEOPLE]
    return population(PEOPLE, holdings, Strata(one, one, one))


# --- entities and engine ---------------------------------------------------------------------------------------------


def test_what_only_one_account_holds_is_shown_and_links_nobody() -> None:
    one = [["all"] * 4]
    made = population(4, {"tool_set": (np.array([0, 1, 1, 2]), ["x", "x", "x", "y"])}, Strata(one, one, one))
    layer = made.layers["tool_set"]
    assert layer.observed.tolist() == [True, True, True, False]
    assert layer.held.toarray().tolist() == [[True], [True], [False], [False]]
    assert (np.diff(layer.entities) > 0).all()


def test_a_planted_hand_is_found_and_proven_and_strangers_are_not(workspace: Workspace) -> None:
    groups = found(world(HAND), 5, workspace, 0)
    strong = [one for one in groups if one.log_e is not None and one.log_e >= np.log(100.0)]
    assert len(strong) == 1
    assert metrics.jaccard(set(map(str, strong[0].members)), set(map(str, range(HAND)))) > 0.9
    assert strong[0].q_value <= 0.01
    assert not [one for one in found(world(0), 5, workspace, 0) if one.log_e is not None and one.log_e >= np.log(20.0)]


def test_dealing_the_testing_side_anew_takes_the_proof_away(workspace: Workspace) -> None:
    made = world(HAND)
    groups = found(made, 5, workspace, 0)
    dealt = bench_wallets.dealt_anew(made, groups, workspace, 0, 5)
    assert dealt["tested"] == 5 * sum(one.log_e is not None for one in groups) > 0
    assert (dealt["e_20"], dealt["e_100"]) == (0, 0)
    assert dealt["mean_e"] < 1.0


def test_shuffled_profiles_are_the_same_ones() -> None:
    made = world(HAND)
    other = bench_wallets.shuffled(made, 0, 0)
    for name, layer in made.layers.items():
        before, after = layer.held.toarray(), other.layers[name].held.toarray()
        assert (before != after).any()
        assert sorted(map(tuple, before.tolist())) == sorted(map(tuple, after.tolist()))


def test_an_account_is_in_the_strongest_group_that_holds_it() -> None:
    first = Found(np.array([0, 1, 2]), np.array([0, 1]), ("behaviour",), 9.0, 0.0)
    second = Found(np.array([2, 3]), np.array([1, 2, 3]), ("behaviour",), 5.0, 0.0)
    assert labels([first, second], 5, members=True).tolist() == [0, 0, 1, 1, -1]
    assert labels([first, second], 5, members=False).tolist() == [0, 0, 0, 1, -1]


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_agree_with_the_range_s_own() -> None:
    draw = np.random.default_rng(3)
    flagged = draw.random(300) < 0.5
    hand = np.where(flagged, draw.integers(20, size=300), 100 + np.arange(300))
    grouping = draw.integers(-1, 25, size=300)
    one = against_labels(grouping, Labels(flagged, flagged, hand), 200, 0)
    names = [str(label) if label >= 0 else f"alone {number}" for number, label in enumerate(grouping.tolist())]
    true, counted = [str(label) for label in hand.tolist()], flagged.tolist()
    b_cubed, pairs = metrics.b_cubed(names, true, counted), agreement.pairwise(names, true, counted)
    found_here = [one[f"b_cubed_{name}"]["value"] for name in ("precision", "recall", "f1")]
    assert found_here == pytest.approx(list(b_cubed))
    assert [one["pairwise_precision"]["value"], one["pairwise_recall"]["value"]] == pytest.approx(list(pairs[:2]))
    inside = grouping >= 0
    assert one["precision"]["value"] == pytest.approx(flagged[inside].mean())
    assert one["recall"]["value"] == pytest.approx(inside[flagged].mean())
    for entry in (one[name] for name in one if isinstance(one[name], dict)):
        assert entry["low"] < entry["value"] < entry["high"]


def test_a_flagged_account_of_unknown_hand_counts_for_recall_and_for_no_cluster() -> None:
    flagged, grouped = np.array([True] * 5 + [False]), np.array([True] * 4 + [False] * 2)
    grouping, hand = np.array([0, 0, 0, -1, 0, -1]), np.array([0, 0, 0, 0, 7, 8])
    one = against_labels(grouping, Labels(flagged, grouped, hand), 50, 0)
    assert one["recall"]["value"] == pytest.approx(4 / 5)
    assert one["b_cubed_precision"]["value"] == 1.0


def test_no_group_has_a_recall_and_no_precision() -> None:
    known = Labels(np.ones(6, np.bool_), np.ones(6, np.bool_), np.array([0, 0, 0, 1, 1, 1]))
    one = against_labels(np.full(6, -1), known, 50, 0)
    assert (one["precision"], one["pairwise_precision"], one["recall"]["value"]) == (None, None, 0.0)


# --- simpler ways ----------------------------------------------------------------------------------------------------


def test_simpler_ways_join_what_they_say() -> None:
    account, entity = np.array([0, 1, 1, 2, 3, 4, 4, 3]), np.array([0, 0, 1, 1, 2, 2, 3, 3])
    joined = rivals.by_components(account, entity, 6)
    assert joined.tolist() == [0, 0, 0, 1, 1, 2]
    hours = ["9", "9", "10", "9", "9", "9"]
    assert rivals.by_window(account, entity, hours, 6).tolist() == [0, 0, 1, 2, 2, 3]
    assert rivals.at_least(joined, 3).tolist() == [0, 0, 0, -1, -1, -1]
    closest = rivals.by_cosine(account, entity, 6)
    assert closest[3] == closest[4] != closest[0]


def test_an_entity_of_the_whole_table_links_nobody() -> None:
    account, entity = np.concatenate([np.arange(500), [0, 1]]), np.concatenate([np.zeros(500), [1, 1]]).astype(np.int64)
    assert rivals.shared(account, entity)[0].tolist() == [0, 1]


# --- the two data sets, invented ------------------------------------------------------------------------------------


def invented_wallets(folder: Path) -> wallets.Wallets:
    """Two wallets of one hand, one sending to the other, and a kept one; x sends to two of them, y only takes."""
    accounts, found_links = (str(folder / name) for name in wallets.FILES)
    duckdb.execute(
        f"""copy (select * from (values
        ('a', 'g', 'sybil', timestamptz '2021-09-01 09:00:00+00', 1.0),
        ('b', 'g', 'sybil', timestamptz '2021-09-01 10:00:00+00', 2.0),
        ('c', null, 'kept', timestamptz '2021-09-02 09:00:00+00', 3.0))
        t(account_id, group_id, label, acted_at, volume_usd)) to '{accounts}' (format parquet)"""
    )
    duckdb.execute(
        f"""copy (select * from (values ('a', 'b', 'sent', 'erc20Token:polygon'),
        ('b', 'a', 'received', 'erc20Token:polygon'), ('a', 'x', 'received', 'nativeToken:xdai'),
        ('c', 'x', 'received', 'nativeToken:xdai'), ('c', 'x', 'sent', 'nativeToken:xdai'),
        ('b', 'y', 'sent', 'nativeToken:xdai'), ('c', 'y', 'sent', 'erc20Token:polygon'))
        t(account_id, entity, direction, asset)) to '{found_links}' (format parquet)"""
    )
    return wallets.read(folder)


def test_a_transfer_is_on_one_side_only(tmp_path: Path) -> None:
    known = invented_wallets(tmp_path)
    assert known.labels.grouped.tolist() == [True, True, False]
    every = wallets.view(known, "directions", wallets.REACHES[0])
    received = every.layers["payment_fingerprint"].held.toarray()
    assert sorted(map(tuple, received.T.tolist())) == [(True, False, True), (True, True, False)]  # x; a holds itself
    assert every.layers["tool_set"].held.toarray().tolist() == [[False], [True], [True]]  # y; neither b nor x
    leaving = wallets.view(known, "directions", wallets.REACHES[1])
    assert leaving.layers["payment_fingerprint"].held.toarray().T.tolist() == [[True, False, True]]


def test_the_clock_only_tests(tmp_path: Path) -> None:
    made = wallets.view(invented_wallets(tmp_path), "clock", wallets.REACHES[0])
    assert set(made.forming("infrastructure").families) == {"signup"}
    assert "signup" not in made.forming("behaviour").families


def test_events_dealt_anew_keep_how_often_everybody_acts() -> None:
    draw = np.random.default_rng(5)
    count = 400
    day = draw.integers(3, size=count) * co_action.DAY_MS
    events = co_action.Events(
        draw.integers(40, size=count), draw.integers(30, size=count), day + draw.integers(9, size=count)
    )
    for how in co_action.DEALINGS:
        other = co_action.dealt(events, how, 0)
        assert any((one != two).any() for one, two in ((other.account, events.account), (other.at_ms, events.at_ms)))
        for name in ("account", "thing", "at_ms"):
            assert np.array_equal(np.sort(getattr(other, name)), np.sort(getattr(events, name)))
    within = co_action.dealt(events, "accounts within day", 0)
    assert sorted(zip(within.account, within.at_ms // co_action.DAY_MS, strict=True)) == sorted(
        zip(events.account, events.at_ms // co_action.DAY_MS, strict=True)
    )


def test_repeated_co_action_is_found_and_gone_when_accounts_are_exchanged(workspace: Workspace) -> None:
    """Twelve accounts post the same things in the same minutes on twenty days, among 600 others."""
    draw = np.random.default_rng(6)
    events = 12_000
    account, thing = draw.integers(12, 612, size=events), draw.integers(300, size=events)
    at_ms = draw.integers(20 * co_action.DAY_MS, size=events)
    own_day = np.repeat(np.arange(20), 12)
    own = (
        np.tile(np.arange(12), 20),
        300 + own_day,
        own_day * co_action.DAY_MS + 3_600_000 + np.tile(np.arange(12), 20),
    )
    recorded = co_action.Events(*(np.concatenate(pair) for pair in zip((account, thing, at_ms), own, strict=True)))

    def strong(some: co_action.Events) -> list[Found]:
        groups = found(co_action.co_actions(some, 60, "day"), 5, workspace, 0)
        return bench_wallets.passing(groups, np.log(100.0))

    groups = strong(recorded)
    assert len(groups) == 1
    assert groups[0].members.tolist() == list(range(12))
    assert strong(co_action.dealt(recorded, "accounts within day", 0)) == []
    assert strong(co_action.dealt(recorded, "times within object", 0)) != []  # nobody else uses its objects


# --- results ---------------------------------------------------------------------------------------------------------


def test_without_the_data_it_says_so_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDROMETER_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match="skipped: no dev_coord_events"):
        data.folder((co_action.FILE,))


def test_the_published_table_is_what_the_file_says(project_folder: Path, tmp_path: Path) -> None:
    published = project_folder / "bench" / "results"
    (tmp_path / "wallets.json").write_text((published / "wallets.json").read_text(encoding="utf-8"), encoding="utf-8")
    write_table(tmp_path)
    written = (tmp_path / "README.md").read_text(encoding="utf-8")
    part = written[written.index("## Outside data") :].strip()
    assert part in (published / "README.md").read_text(encoding="utf-8")


def test_where_the_test_abstains_is_in_the_table() -> None:
    group = {"from": 4, "to": 4, "groups": 9, "accounts": 36, "untested": 9, "e_20": 0, "e_100": 0}
    group |= {"accounts_found": 1, "groups_half_found": 0}
    dealt = {"tested": 5, "e_20": 0, "e_100": 0, "mean_e": 0.5}
    view = {"view": "clock", "reach": "all", "candidates": 3, "candidates_untested": 1}
    lines = provable([view | {"accounts_in_untested_candidates": 6, "true_groups": [group], "dealt_anew": dealt}])
    assert grid(["x"], [["clock, all", "4", "9", "9", "0", "0", "0", "1 of 36"]])[-1] in lines
    assert grid(["x"], [["clock, all", "3", "1", "6", "5", "0", "0", "0.50"]])[-1] in lines
