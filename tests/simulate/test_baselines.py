"""Rivals score every account, the same for one seed, whatever the order of rows and the names; and they work."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bench import fit_one_prompt
from numpy.typing import NDArray
from scipy.stats import shapiro

from hydrometer.base.errors import BugError, InputError
from hydrometer.base.plugins import discover
from hydrometer.base.tables import INPUTS, conform, from_rows
from hydrometer.simulate import baselines
from hydrometer.simulate.baseline import Baseline, Scored, flagged
from hydrometer.simulate.baselines import (
    _embedding,
    _kernels,
    _rule_days,
    _traces,
    _traffic,
    co_action,
    fixed_rules,
    idf_cosine,
    mmd_account,
    mmd_window,
    one_prompt,
    prada,
)
from hydrometer.simulate.run import simulate

RIVALS: dict[str, Baseline] = discover(baselines, "BASELINE")
GROUPING = {"co_action", "shared_entity", "idf_cosine"}
BEGIN = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
QUIET, PLANTED = 60, 8
WORDS = (
    "garden river lantern copper window pottery violin harbour meadow kettle saddle orchard glacier pepper canvas "
    "ribbon bakery compass thunder almond granite whistle balcony ferry cottage marble cinnamon bridge feather island"
).split()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A twentieth of the demo world."""
    folder = tmp_path_factory.mktemp("rivals") / "small"
    simulate("demo", folder, seed=5, scale=0.05)
    return folder


@pytest.fixture(scope="module")
def first(small: Path) -> dict[str, Scored]:
    """What every rival says of it."""
    return {name: rival.run(small / "traffic", 1) for name, rival in RIVALS.items()}


def sentence(draw: np.random.Generator, words: int = 12) -> str:
    return "please tell me about " + " ".join(draw.choice(WORDS, words))


def account(name: str, **known: object) -> dict[str, object]:
    return {"account_id": name, "payment_fingerprint": f"card {name}", "signup_ip": f"sign {name}"} | known


def call(name: str, number: int, sent_at: dt.datetime, prompt: str, **known: object) -> dict[str, object]:
    base = {
        "exchange_id": f"{name}-{number:04d}",
        "sent_at": sent_at,
        "account_id": name,
        "prompt": prompt,
        "client_ip": f"10.0.{int(name[1:])}.1",
        "user_agent": f"agent {name}",
        "ja4": f"tls {name}",
        "header_shape": f"shape {name}",
        "request_model": "aster-4",
        "input_tokens": 40,
        "output_tokens": 100,
        "country": "DE",
    }
    return base | known


def traffic_of(folder: Path, exchanges: list[dict[str, object]], accounts: list[dict[str, object]]) -> Path:
    folder.mkdir(parents=True)
    pq.write_table(from_rows(exchanges, INPUTS["exchanges"]), folder / "exchanges.parquet")
    pq.write_table(from_rows(accounts, INPUTS["accounts"]), folder / "accounts.parquet")
    return folder


def quiet_rows(draw: np.random.Generator) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Accounts with ten different prompts each, spread over six days, who share nothing."""
    exchanges, accounts = [], []
    for person in range(QUIET):
        name = f"q{person:03d}"
        accounts.append(account(name))
        for number in range(10):
            moment = BEGIN + dt.timedelta(minutes=float(draw.uniform(0, 6 * 24 * 60)))
            exchanges.append(call(name, number, moment, sentence(draw)))
    return exchanges, accounts


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quiet accounts, and eight that share a card, an address and a client and send one template in step."""
    draw = np.random.default_rng(3)
    exchanges, accounts = quiet_rows(draw)
    shared = {"client_ip": "10.9.9.9", "user_agent": "python-script", "ja4": "tls one", "header_shape": "one"}
    shared["system_instructions"] = "Grade strictly."
    for person in range(PLANTED):
        name = f"z{100 + person:03d}"
        accounts.append(account(name, payment_fingerprint="one card", signup_ip="10.9.9.9"))
        for number in range(150):
            moment = BEGIN + dt.timedelta(seconds=20.0 * number + person / 20)
            text = f"Act as a judge and show every step: how much is {int(draw.integers(9999))} kilograms of Copper?"
            exchanges.append(call(name, number, moment, text, max_tokens=4096, **shared))
    return traffic_of(tmp_path_factory.mktemp("rivals") / "planted", exchanges, accounts)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return traffic_of(tmp_path_factory.mktemp("rivals") / "quiet", *quiet_rows(np.random.default_rng(4)))


def senders(traffic: Path) -> list[str]:
    return sorted(set(pq.read_table(traffic / "exchanges.parquet", columns=["account_id"])["account_id"].to_pylist()))


def partition(groups: dict[str, str]) -> set[frozenset[str]]:
    members = defaultdict(set)
    for name, group in groups.items():
        members[group].add(name)
    return {frozenset(one) for one in members.values()}


def test_every_rival_of_the_plan_is_there() -> None:
    wanted = "fixed_rules velocity prada mmd_window mmd_account co_action shared_entity idf_cosine one_prompt"
    assert set(wanted.split()) <= set(RIVALS)


@pytest.mark.parametrize("name", RIVALS)
def test_all_accounts_with_traffic_are_scored(name: str, small: Path, first: dict[str, Scored]) -> None:
    scored = first[name]
    assert list(scored.account_ids) == senders(small / "traffic")
    if name not in {"mmd_window", "co_action"}:  # in so small a world they may find no window and no pair at all
        assert len(set(scored.scores.tolist())) > 1
    assert (scored.groups is not None) == (name in GROUPING)
    assert set(scored.groups or {}) <= set(scored.account_ids)


@pytest.mark.parametrize("name", RIVALS)
def test_same_seed_same_scores(name: str, small: Path, first: dict[str, Scored]) -> None:
    again = RIVALS[name].run(small / "traffic", 1)
    assert again.scores.tolist() == first[name].scores.tolist()
    assert again.groups == first[name].groups


@pytest.fixture(scope="module")
def shuffled(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The same world with its rows in another order and over two files, and its accounts renamed."""
    folder = tmp_path_factory.mktemp("rivals") / "shuffled"
    (folder / "exchanges").mkdir(parents=True)
    draw = np.random.default_rng(8)
    names = senders(small / "traffic")
    renamed = dict(zip(names, (f"x{number:05d}" for number in draw.permutation(len(names))), strict=True))
    for table in ("exchanges", "accounts"):
        rows = pq.read_table(small / "traffic" / f"{table}.parquet")
        rows = rows.take(draw.permutation(len(rows)))
        ids = pa.array([renamed.get(one, one) for one in rows["account_id"].to_pylist()])
        rows = rows.set_column(rows.column_names.index("account_id"), "account_id", ids)
        if table == "accounts":
            pq.write_table(rows, folder / "accounts.parquet")
        else:
            pq.write_table(rows.slice(0, 2_000), folder / "exchanges" / "part-0.parquet")
            pq.write_table(rows.slice(2_000), folder / "exchanges" / "part-1.parquet")
    return folder, renamed


@pytest.mark.parametrize("name", RIVALS)
def test_order_and_names_do_not_matter(
    name: str, first: dict[str, Scored], shuffled: tuple[Path, dict[str, str]]
) -> None:
    folder, renamed = shuffled
    other = RIVALS[name].run(folder, 1)
    found = dict(zip(other.account_ids, other.scores, strict=True))
    before = first[name]
    assert np.allclose([found[renamed[one]] for one in before.account_ids], before.scores, rtol=1e-4, atol=1e-6)
    if before.groups is not None and other.groups is not None:
        expected = {renamed[one]: group for one, group in before.groups.items()}
        assert partition(other.groups) == partition(expected)


@pytest.mark.parametrize(
    "name", ["fixed_rules", "velocity", "mmd_window", "mmd_account", "co_action", "shared_entity", "idf_cosine"]
)
def test_an_obvious_swarm_stands_out(name: str, planted: Path) -> None:
    scored = RIVALS[name].run(planted, 1)
    swarm = np.array([one.startswith("z") for one in scored.account_ids])
    assert swarm.sum() == PLANTED
    assert scored.scores[swarm].min() > scored.scores[~swarm].max()


@pytest.mark.parametrize("name", sorted(GROUPING))
def test_the_swarm_is_one_group(name: str, planted: Path) -> None:
    groups = RIVALS[name].run(planted, 1).groups
    assert groups is not None
    assert partition(groups) == {frozenset(f"z{100 + person:03d}" for person in range(PLANTED))}


@pytest.mark.parametrize("name", ["fixed_rules", "velocity", "co_action"])
def test_published_thresholds_hold_still_on_quiet_accounts(name: str, quiet: Path) -> None:
    published = RIVALS[name].published
    assert published is not None
    assert flagged(RIVALS[name].run(quiet, 1), published) == frozenset()


@pytest.mark.parametrize(("name", "alone"), [("co_action", 0.0), ("shared_entity", 1.0), ("idf_cosine", 0.0)])
def test_strangers_are_not_linked(name: str, alone: float, quiet: Path) -> None:
    scored = RIVALS[name].run(quiet, 1)
    assert set(scored.scores.tolist()) <= ({alone} if name != "co_action" else {0.0, 1.0})
    assert scored.groups == {}


def test_alike_accounts_are_rarely_above_the_published_quantile(quiet: Path) -> None:
    scored = RIVALS["mmd_account"].run(quiet, 1)
    assert len(flagged(scored, 1.0)) <= 0.2 * QUIET


@pytest.mark.parametrize("name", RIVALS)
def test_an_empty_log_has_no_accounts(name: str, tmp_path: Path) -> None:
    scored = RIVALS[name].run(traffic_of(tmp_path / "empty", [], []), 1)
    assert scored.account_ids == ()
    assert scored.scores.shape == (0,)


@pytest.mark.parametrize("name", RIVALS)
def test_a_log_with_exchanges_alone_is_enough(name: str, tmp_path: Path) -> None:
    rows = [call("q001", 0, BEGIN, "hello there, what is copper?"), call("q002", 0, BEGIN, "")]
    table = from_rows(rows, INPUTS["exchanges"]).select(["exchange_id", "sent_at", "account_id", "prompt"])
    pq.write_table(table, tmp_path / "exchanges.parquet")
    assert RIVALS[name].run(tmp_path, 1).account_ids == ("q001", "q002")


@pytest.mark.parametrize("name", RIVALS)
def test_no_exchanges_is_one_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no exchanges"):
        RIVALS[name].run(tmp_path, 1)


# ---- the parts ------------------------------------------------------------------------------------------------------


def gaussian_mmd(one: NDArray[np.float64], other: NDArray[np.float64], sigma: float) -> float:
    """Unbiased MMD² by all pairs, mean of the four kernels."""

    def kernel(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
        squares = ((first[:, None, :] - second[None, :, :]) ** 2).sum(axis=2)
        return np.mean([np.exp(-squares / (2 * (width * sigma) ** 2)) for width in _kernels.WIDTHS], axis=0)

    def pairs(points: NDArray[np.float64]) -> float:
        values = kernel(points, points)
        return float((values.sum() - np.trace(values)) / (len(points) * (len(points) - 1)))

    return pairs(one) + pairs(other) - 2 * float(kernel(one, other).mean())


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_random_features_give_the_sum_over_all_pairs(shift: float) -> None:
    draw = np.random.default_rng(2)
    one, other = draw.standard_normal((150, 8)), draw.standard_normal((200, 8)) + shift
    exact = gaussian_mmd(one, other, sigma=3.0)
    values = []
    for repeat in range(20):
        waves = _kernels.frequencies(8, 3.0, np.random.default_rng(repeat))
        means = [_kernels.features(points.astype(np.float32), waves).mean(axis=0) for points in (one, other)]
        values.append(float(_kernels.squared_mmd(means[0], 150.0, means[1], 200.0)))
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - exact) < 4 * error + 1e-4
    assert np.std(values) < 0.25 * max(exact, 0.01)


def test_means_of_runs_are_the_plain_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kernels, "CHUNK_ROWS", 7)
    draw = np.random.default_rng(1)
    points = draw.standard_normal((53, 4)).astype(np.float32)
    waves = _kernels.frequencies(4, 1.0, draw)
    counts = np.array([1, 20, 2, 7, 7, 16])
    starts = np.cumsum(counts) - counts
    plain = [_kernels.features(points[s : s + n], waves).mean(axis=0) for s, n in zip(starts, counts, strict=True)]
    assert np.allclose(_kernels.run_means(points, waves, starts, counts), plain, atol=1e-6)


def test_a_shifted_window_is_above_its_null_and_the_others_seldom() -> None:
    draw = np.random.default_rng(6)
    points = draw.standard_normal((4_000, 6)).astype(np.float32)
    points[1_200:1_400] += 0.8
    starts, ratios = mmd_window.window_ratios(points, 200, np.random.default_rng(0))
    assert ratios.argmax() == 6 == np.flatnonzero(starts == 1_200)[0]
    assert ratios[6] > 3
    assert (np.delete(ratios, 6) > 1).mean() <= 0.2


def test_an_account_unlike_the_rest_is_above_its_null() -> None:
    draw = np.random.default_rng(7)
    points = draw.standard_normal((3_000, 6)).astype(np.float32)
    points[:30] += 1.0
    starts, counts = 30 * np.arange(100), np.full(100, 30)
    ratios = mmd_account.account_ratios(points, np.arange(3_000), starts, counts, np.random.default_rng(0))
    assert ratios.argmax() == 0
    assert ratios[0] > 3
    assert (ratios[1:] > 1).mean() < 0.15


def test_nearest_distances_are_those_of_a_double_loop() -> None:
    draw = np.random.default_rng(5)
    points = draw.standard_normal((40, 8))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points[7] = points[31]
    slow = [min(np.linalg.norm(a - b) for j, b in enumerate(points) if j != i) for i, a in enumerate(points)]
    fast = prada.nearest(points.astype(np.float32))
    assert np.allclose(fast, slow, atol=1e-6)
    assert fast[7] == fast[31] == 0
    assert prada.departure(fast) == pytest.approx(1 - shapiro(slow).statistic, abs=1e-5)


def test_prada_tells_a_mixture_from_ordinary_use(tmp_path: Path) -> None:
    draw = np.random.default_rng(9)
    exchanges, accounts = quiet_rows(draw)
    for number in range(60):
        text = sentence(draw) if number % 3 else "continue with the next item of the list"
        exchanges.append(call("z200", number, BEGIN + dt.timedelta(hours=number), text))
    scored = prada.run(traffic_of(tmp_path / "mixed", exchanges, accounts), 1)
    scores = dict(zip(scored.account_ids, scored.scores, strict=True))
    others = [score for name, score in scores.items() if name != "z200"]
    assert scores["z200"] > np.quantile(others, 0.9)


def test_the_embedding_is_that_of_plain_python() -> None:
    texts = ["Abcd é", "", "观测 the same same", "xy"]
    column = pa.chunked_array([pa.array(texts)])
    points = _embedding.embedded(_traffic.text(column))
    for row, said in enumerate(texts):
        letters = [ord(letter) for letter in said.encode().decode().translate({c: c + 32 for c in range(65, 91)})]
        grams = [tuple(letters[i : i + n]) for n in (3, 4, 5) for i in range(len(letters) - n + 1)]
        signs = np.array([[1 if plain_hash(one) >> bit & 1 else -1 for bit in range(64)] for one in grams])
        summed = signs.sum(axis=0) if grams else np.zeros(64)
        assert np.allclose(points[row], summed / max(float(np.linalg.norm(summed)), 1e-9), atol=1e-6)


def plain_hash(points: tuple[int, ...]) -> int:
    whole = 2**64 - 1
    value = 14695981039346656037 ^ len(points)
    for point in points:
        value = (value ^ point) * 1099511628211 & whole
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & whole
    value = (value ^ value >> 27) * 0x94D049BB133111EB & whole
    return value ^ value >> 31


def test_a_skeleton_masks_what_changes(tmp_path: Path) -> None:
    rows = [
        call("q001", 0, BEGIN, 'Explain  "one thing" to Anna in 12 steps'),
        call("q002", 0, BEGIN, "Explain “another” to Boris in 345 steps"),
    ]
    connection = _traffic.opened(traffic_of(tmp_path / "two", rows, []))
    found = connection.execute(f"select {_traces.skeleton()} from exchanges order by exchange_id").fetchall()
    assert found == [('A " to A in 0 steps',)] * 2


def test_co_action_counts_shared_minutes(planted: Path) -> None:
    rows = pq.read_table(planted / "exchanges.parquet", columns=["account_id", "sent_at", "exchange_id"])
    connection = _traffic.opened(planted)
    masks = dict(connection.execute(f"select exchange_id, {_traces.skeleton()} from exchanges").fetchall())
    acts: dict[tuple[str, dt.datetime], set[str]] = defaultdict(set)
    for row in rows.to_pylist():
        acts[masks[row["exchange_id"]], row["sent_at"].replace(second=0, microsecond=0)].add(row["account_id"])
    minutes: dict[tuple[str, str], set[dt.datetime]] = defaultdict(set)
    for (_, minute), names in acts.items():
        for pair in combinations(sorted(names), 2):
            minutes[pair].add(minute)
    best: Counter[str] = Counter()
    for pair, shared in minutes.items():
        for name in pair:
            best[name] = max(best[name], len(shared))
    scored = co_action.run(planted, 1)
    assert scored.scores.tolist() == [best[name] for name in scored.account_ids]
    assert max(best.values()) == 50


def test_cosines_are_those_of_whole_matrices(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idf_cosine, "BLOCK_ROWS", 50)
    connection = _traffic.opened(small / "traffic")
    count = len(_traffic.account_ids(connection))
    who, what, times = _traces.incidences(connection, wording=True)
    dense = np.zeros((count, what.max() + 1))
    dense[who, what] = (1 + np.log(times)) * np.log(count / np.bincount(what))[what]
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-300)
    cosines = dense @ dense.T
    np.fill_diagonal(cosines, 0)
    assert np.allclose(idf_cosine.run(small / "traffic", 1).scores, np.minimum(cosines.max(axis=1), 1))


def test_published_weights_and_what_they_cannot_earn() -> None:
    weights = fixed_rules.HOUR_WEIGHTS | fixed_rules.DAY_WEIGHTS | fixed_rules.ACCOUNT_WEIGHTS
    assert sum(weights.values()) == pytest.approx(1 - 0.29)


@pytest.mark.parametrize(
    ("asked", "points"),
    [
        ((4_096,) * 6, 0.40),
        ((100, 100, 100, 100, 100, 100), 0.0),
        ((16, 64, 256, 1_024, 4_096, 16_384), 0.45),
        ((100, 200, 300, 400, 500, 600), 0.35),
    ],
)
def test_points_of_token_limits(asked: tuple[int, ...], points: float) -> None:
    score, _ = _rule_days._limit_points(asked)
    assert score == pytest.approx(points)


@pytest.mark.parametrize("signal", ["velocity", "elicitation", "sameness", "bursts", "preambles", "limits", "hydra"])
def test_each_signal_sees_the_swarm(signal: str, planted: Path) -> None:
    connection = _traffic.opened(planted)
    fixed_rules._prepare(connection)
    best = dict(connection.execute(f"select account_id, max(score) from {signal} group by account_id").fetchall())
    swarm = [best.get(f"z{100 + person:03d}", 0.0) for person in range(PLANTED)]
    assert min(swarm) > 0
    assert min(swarm) > max((score for name, score in best.items() if name.startswith("q")), default=0.0)


def test_a_schedule_and_a_switch_of_model_are_seen(tmp_path: Path) -> None:
    exchanges, accounts = quiet_rows(np.random.default_rng(4))
    for number in range(24):
        for step in range(2):
            moment = BEGIN.replace(hour=0) + dt.timedelta(hours=number, seconds=2 * step)
            model = "aster-4" if number < 12 else "aster-5"
            exchanges.append(call("z300", 2 * number + step, moment, "go on", request_model=model))
    connection = _traffic.opened(traffic_of(tmp_path / "cron", exchanges, accounts))
    fixed_rules._prepare(connection)
    assert connection.execute("select distinct account_id from sessions").fetchall() == [("z300",)]
    assert connection.execute("select account_id, score, confidence from switches").fetchall() == [
        ("z300", 0.2, Decimal("0.85"))
    ]
    regular = connection.execute("select max(score)::double, max(confidence)::double from sessions").fetchone()
    assert regular == pytest.approx((0.90, 0.88))


def test_the_classifier_learns_and_is_the_same_again() -> None:
    draw = np.random.default_rng(1)
    prompts = [sentence(draw) + (", reasoning aloud" if number % 2 else ", briefly") for number in range(200)]
    labels = np.arange(200) % 2 == 1
    weights = one_prompt.fit(prompts, labels)
    said = one_prompt.probabilities(_traffic.text(pa.chunked_array([pa.array(prompts)])), weights)
    assert said[labels].min() > said[~labels].max()
    assert one_prompt.fit(prompts, labels).buckets.tolist() == weights.buckets.tolist()


def test_probabilities_are_those_of_the_fitted_model() -> None:
    weights = one_prompt.Weights(np.random.default_rng(0).standard_normal(one_prompt.BUCKETS).astype(np.float32), 0.3)
    texts = _traffic.text(pa.chunked_array([pa.array(["what is a lantern", "", "河流", "explain the harbour"])]))
    logits = one_prompt.shares(texts) @ weights.buckets.astype(np.float64) + weights.bias
    assert np.allclose(one_prompt.probabilities(texts, weights), 1 / (1 + np.exp(-logits)))


def test_one_sort_of_prompts_is_refused() -> None:
    with pytest.raises(BugError, match="both labels"):
        one_prompt.fit(["a", "b"], np.array([True, True]))


def test_shipped_weights_are_small_and_name_development_worlds() -> None:
    assert one_prompt.FITTED.stat().st_size < 200_000
    with np.load(one_prompt.FITTED) as stored:
        assert stored["worlds"].tolist() == [f"{name} {seed}" for name, seed in fit_one_prompt.WORLDS]
        assert stored["buckets"].shape == (one_prompt.BUCKETS,)


def test_shipped_weights_know_harvest_from_the_rest(small: Path) -> None:
    prompts, labels = fit_one_prompt.labelled(small)
    said = one_prompt.probabilities(_traffic.text(pa.chunked_array([pa.array(prompts)])), one_prompt.fitted())
    harvest = np.array(labels)
    assert said[harvest].mean() > 2 * said[~harvest].mean()


def test_the_sample_holds_both_sorts(small: Path) -> None:
    prompts, labels = fit_one_prompt.chosen(small, "demo", 5)
    assert len(prompts) == len(labels)
    assert 0 < sum(labels) < len(labels)
    assert fit_one_prompt.chosen(small, "demo", 5) == (prompts, labels)


# ---- the nouns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "scores"),
    [(("a",), [0.1, 0.2]), (("a", "b"), [0.1, float("nan")]), (("b", "a"), [0.1, 0.2]), (("a", "a"), [0.1, 0.2])],
)
def test_scores_that_do_not_fit_are_refused(names: tuple[str, ...], scores: list[float]) -> None:
    with pytest.raises(BugError):
        Scored(names, np.array(scores))


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(BugError, match="unit"):
        Baseline("x", "", "", "world", None, lambda traffic, seed: Scored((), np.zeros(0)))


def test_flags_reach_down_to_the_threshold() -> None:
    scored = Scored(("a", "b", "c"), np.array([0.1, 0.5, 0.9]))
    assert flagged(scored, 0.5) == {"b", "c"}
    assert flagged(scored, 1.0) == frozenset()


def test_columns_that_a_log_lacks_are_null(tmp_path: Path) -> None:
    pq.write_table(
        conform(from_rows([call("q001", 0, BEGIN, "x")], INPUTS["exchanges"]), INPUTS["exchanges"]).select(
            ["exchange_id", "sent_at", "account_id"]
        ),
        tmp_path / "exchanges.parquet",
    )
    connection = _traffic.opened(tmp_path)
    assert connection.execute("select prompt, ja4, max_tokens from exchanges").fetchall() == [(None, None, None)]
    assert connection.execute("select count(*) from accounts").fetchone() == (0,)
