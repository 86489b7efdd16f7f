"""Law: no single per-account field separates campaigns from benign accounts; and the law has teeth."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hydrometer.base.errors import UsageError
from hydrometer.base.tables import INPUTS
from hydrometer.simulate import account_features, leakage
from hydrometer.simulate.leakage import Accuracy, Pool

PERMUTATIONS = 8


@pytest.fixture(scope="module")
def pool(demo_world: Path) -> Pool:
    """All accounts of a demo world."""
    return leakage.pooled([demo_world])


@pytest.fixture(scope="module")
def found(pool: Pool) -> list[Accuracy]:
    """Best splits of all features on true labels."""
    return leakage.accuracies(pool)


def copy_of(world: Path, folder: Path) -> Path:
    """A world that a test may change; the big file is linked until it is."""
    shutil.copytree(world, folder)
    return folder


def test_no_single_field_separates(found: list[Accuracy], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nbest single split, campaigns pooled, {len(found)} features (judged, in sample, held out):")
        for one in found[:12]:
            print(f"  {one.judged:.3f}  {one.in_sample:.3f}  {one.held_out:.3f}  {one.feature}")
    assert leakage.above_limit(found) == []


def test_every_column_has_its_statistics(found: list[Accuracy]) -> None:
    assert {one.feature for one in found} == set(account_features.FEATURES)
    assert len(set(account_features.FEATURES)) == len(account_features.FEATURES) > 250
    for table in account_features.TABLES:
        for field in INPUTS[table]:
            stem = f"{table}.{field.name}."
            kinds = {name.rsplit(".", 1)[1] for name in account_features.FEATURES if name.startswith(stem)}
            needed = {"nulls", "count"} if table == "exchanges" else {"nulls"}
            assert field.name == "account_id" or (needed <= kinds and kinds & {"mode", "mode_word", "shared"})


def test_statistics_are_those_of_the_account(demo_world: Path, pool: Pool) -> None:
    ids, values = account_features.account_features(demo_world / "traffic")
    table = pq.read_table(demo_world / "traffic/exchanges.parquet")
    rng = np.random.Generator(np.random.Philox(key=3))
    for number in rng.choice(len(ids), 15, replace=False):
        rows = table.filter(pc.equal(table["account_id"], ids[number]))
        tokens = np.array([value for value in rows["output_tokens"].to_pylist() if value is not None], dtype=float)
        mean, spread = (tokens.mean(), tokens.std()) if len(tokens) else (np.nan, np.nan)
        assert values["exchanges.output_tokens.mean"][number] == pytest.approx(mean, nan_ok=True)
        assert values["exchanges.output_tokens.spread"][number] == pytest.approx(spread, abs=1e-4, nan_ok=True)
        assert values["exchanges.output_tokens.count"][number] == len(set(tokens))
        assert values["exchanges.output_tokens.nulls"][number] == pytest.approx(1 - len(tokens) / len(rows))
        models, counts = np.unique(rows["request_model"].to_pylist(), return_counts=True)
        shares = counts / counts.sum()
        assert values["exchanges.request_model.entropy"][number] == pytest.approx(-(shares * np.log2(shares)).sum())
        assert values["exchanges.request_model.mode_word"][number] in models[counts == counts.max()]
        hours = [moment.hour for moment in rows["sent_at"].to_pylist()]
        assert values["exchanges.sent_at.hour.mean"][number] == pytest.approx(np.mean(hours))
        ordered = np.sort(rows["sent_at"].cast(pa.int64()).to_numpy()) / 1e6
        if len(ordered) > 1:
            assert values["exchanges.sent_at.gap.mean"][number] == pytest.approx(np.diff(ordered).mean(), abs=1e-3)


def test_ids_count_by_how_many_accounts_share_them(demo_world: Path) -> None:
    ids, values = account_features.account_features(demo_world / "traffic")
    accounts = pq.read_table(demo_world / "traffic/accounts.parquet").to_pylist()
    card = {row["account_id"]: row["payment_fingerprint"] for row in accounts}
    cards = [card[one] for one in ids]
    expected = [np.nan if one is None else cards.count(one) for one in cards[:200]]
    assert np.array_equal(values["accounts.payment_fingerprint.shared"][:200], expected, equal_nan=True)


def test_a_planted_number_is_found(demo_world: Path, tmp_path: Path) -> None:
    world = copy_of(demo_world, tmp_path / "world")
    path = world / "traffic" / "exchanges.parquet"
    table, truth = pq.read_table(path), pq.read_table(world / "truth" / "accounts.parquet")
    guilty = truth.filter(pc.is_valid(truth["role"]))["account_id"].combine_chunks()
    marked = pc.if_else(pc.is_in(table["account_id"], guilty), 41.0, 40.0)
    pq.write_table(table.set_column(table.schema.get_field_index("latency_ms"), "latency_ms", marked), path)
    broken = {one.feature for one in leakage.above_limit(leakage.accuracies(leakage.pooled([world])))}
    assert {"exchanges.latency_ms.mean", "exchanges.latency_ms.mode", "exchanges.latency_ms.mode_word"} == broken


def test_a_planted_word_is_found_but_single_accounts_learnt_by_heart_are_not(pool: Pool) -> None:
    size = len(pool.positive)
    word, rare = "accounts.plan.mode_word", "accounts.email_domain.mode_word"
    planted = Pool({word: pool.positive.astype(np.int64), rare: np.arange(size)}, pool.positive, pool.world)
    by_name = {one.feature: one for one in leakage.accuracies(planted)}
    assert by_name[word].judged == 1.0
    assert by_name[rare].in_sample == 1.0
    assert by_name[rare].judged == 0.5


def test_exceptions_are_named_by_column_and_only_they_may_exceed() -> None:
    replay = Accuracy("exchanges.reasoning_signature_in.nulls", 0.99, 0.99)
    plain = Accuracy("exchanges.reasoning_signature_out.nulls", 0.99, 0.99)
    assert leakage.above_limit([replay, plain]) == [plain]
    assert replay.exception and plain.exception is None
    columns = {name.rsplit(".", 1)[0] for name in account_features.FEATURES}
    assert all(any(one == column or one.startswith(f"{column}.") for one in columns) for column in leakage.EXCEPTIONS)


def test_shuffled_labels_give_chance(demo_world: Path, tmp_path: Path, pool: Pool, found: list[Accuracy]) -> None:
    by_chance = leakage.chance(pool, PERMUTATIONS)
    assert by_chance.max() < 0.56 < found[0].judged
    exchanges = pool.values["exchanges.exchange_id.count"].astype(int)
    sizes = np.array([count.bit_length() for count in exchanges.tolist()])
    within = leakage.chance(pool, PERMUTATIONS, strata=sizes)
    (tmp_path / "world").mkdir()
    (tmp_path / "world" / "traffic").symlink_to(demo_world / "traffic")
    leakage.shuffled_truth(demo_world / "truth", tmp_path / "world" / "truth", 1)
    shuffled = leakage.accuracies(leakage.pooled([tmp_path / "world"]))
    assert abs(shuffled[0].judged - within.mean()) < 5 * within.std()


def test_the_split_equals_brute_force() -> None:
    draw = np.random.Generator(np.random.Philox(key=5))
    values, positive = draw.integers(0, 9, 60).astype(float), draw.random(60) < 0.4
    splits = [((values > cut)[positive].mean() + (values <= cut)[~positive].mean()) / 2 for cut in range(-1, 9)]
    assert leakage.best_split(values, positive) == pytest.approx(max(max(split, 1 - split) for split in splits))


def test_the_split_finds_what_separates_and_nothing_else() -> None:
    positive = np.arange(100) < 40
    assert leakage.best_split(np.where(positive, 1.0, np.nan), positive) == 1.0
    assert leakage.best_split(np.zeros(100), positive) == 0.5
    alternating = np.arange(100) % 2
    everyone = np.ones(100, dtype=bool)
    shares = leakage.campaign_share(alternating, positive, everyone)
    assert leakage.best_split(shares, positive) == pytest.approx(0.5)


def test_worlds_are_pooled_and_may_lie_in_several_files(demo_world: Path, tmp_path: Path, pool: Pool) -> None:
    world = copy_of(demo_world, tmp_path / "world")
    table = pq.read_table(world / "traffic" / "exchanges.parquet")
    (world / "traffic" / "exchanges.parquet").unlink()
    (world / "traffic" / "exchanges").mkdir()
    for number, start in enumerate(range(0, len(table), 60_000)):
        pq.write_table(table.slice(start, 60_000), world / "traffic" / "exchanges" / f"part-{number}.parquet")
    both = leakage.pooled([demo_world, world])
    assert len(both.positive) == 2 * len(pool.positive)
    for name, values in both.values.items():
        halves = values[: len(pool.positive)], values[len(pool.positive) :]
        assert np.allclose(halves[0].astype(float), halves[1].astype(float), equal_nan=True), name
    assert [len(both.only(number).positive) for number in (0, 1, 2)] == [len(pool.positive)] * 2 + [0]
    assert np.array_equal(both.only(1).positive, pool.positive)


def test_what_is_no_world_is_a_clear_error(demo_world: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        leakage.pooled([tmp_path])
    world = tmp_path / "world"
    shutil.copytree(demo_world / "truth", world / "truth")
    with pytest.raises(UsageError, match="no such file"):
        leakage.pooled([world])
    with pytest.raises(UsageError, match="no such file"):
        leakage.shuffled_truth(tmp_path, tmp_path / "out", 1)
    with pytest.raises(UsageError, match="0 of 0"):
        leakage.pooled([])
