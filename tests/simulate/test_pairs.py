"""Pairs of views: a rule of two fields that are useless alone is found, chance finds none, views are the accounts'."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from bench import leakage, table
from bench.trials import rounded

from hydrometer.base.errors import UsageError
from hydrometer.simulate import account_views, pairs
from hydrometer.simulate.account_views import Views
from hydrometer.simulate.run import simulate

ACCOUNTS = 4_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo world."""
    folder = tmp_path_factory.mktemp("pairs") / "small"
    simulate("demo", folder, seed=2, scale=0.1)
    return folder


def coins() -> Views:
    """Views that toss for each account, half of which are of campaigns."""
    draw = np.random.Generator(np.random.Philox(key=7))
    views = {f"coin_{number}": draw.integers(0, 2, ACCOUNTS) for number in range(5)}
    words = {view: ["side 0", "side 1"] for view in views}
    positive, half = draw.random((2, ACCOUNTS)) < 0.5
    return Views(words, views, positive, half, np.arange(ACCOUNTS) % 3)


def planted() -> Views:
    """Campaign accounts are those whose first two coins differ: neither coin says anything."""
    views = coins()
    return replace(views, positive=views.codes["coin_0"] != views.codes["coin_1"])


def test_two_fields_that_are_useless_alone_are_found() -> None:
    report = pairs.rules_of(planted(), ["a", "b", "c"])
    assert {(cell.views, cell.values) for cell in report.cells} == {
        (("coin_0", "coin_1"), ("side 0", "side 1")),
        (("coin_0", "coin_1"), ("side 1", "side 0")),
    }
    assert all(0.45 < share < 0.55 for cell in report.cells for share in cell.alone)
    assert report.held_out == report.in_sample == pairs.Caught(1.0, 0.0, (1.0, 1.0, 1.0))
    assert sum(cell.campaign for cell in report.cells) == report.campaign == sum(cell.new for cell in report.cover)
    assert "100.0% of" in str(report) and "coin_0=side 0 & coin_1=side 1" in str(report)


def test_shuffled_labels_give_no_cell() -> None:
    views = planted()
    shuffled = np.random.Generator(np.random.Philox(key=8)).permutation(views.positive)
    report = pairs.rules_of(replace(views, positive=shuffled), ["a", "b", "c"])
    assert report.cells == report.cover == ()
    assert report.held_out == report.in_sample == pairs.Caught(0.0, 0.0, (0.0, 0.0, 0.0))


def test_shuffled_labels_of_a_world_give_no_cell(world: Path) -> None:
    views = account_views.views_of([world])
    shuffled = np.random.Generator(np.random.Philox(key=9)).permutation(views.positive)
    assert pairs.rules_of(replace(views, positive=shuffled), ["small"]).cells == ()


def test_what_is_true_of_one_half_only_is_not_held_out() -> None:
    views = coins()
    inside = (views.codes["coin_2"] == 1) & (views.codes["coin_3"] == 1)
    report = pairs.rules_of(replace(views, positive=inside & views.half), ["a", "b", "c"])
    assert report.held_out.share == 0.0
    assert report.held_out.false_alarms == pytest.approx(
        pairs.PER * (inside & ~views.half).sum() / (~(inside & views.half)).sum()
    )


@pytest.mark.parametrize(("size", "guilty", "counts"), [(30, 27, True), (30, 26, False), (29, 29, False)])
def test_a_cell_counts_from_thirty_accounts_and_nine_in_ten(size: int, guilty: int, counts: bool) -> None:
    inside = (np.arange(ACCOUNTS) < size).astype(np.int64)
    positive = (np.arange(ACCOUNTS) < guilty) | (np.arange(ACCOUNTS) % 10 == 9) & (inside == 0)
    codes = {"left": inside, "right": np.zeros(ACCOUNTS, dtype=np.int64)}
    nothing = np.zeros(ACCOUNTS, dtype=bool)
    views = Views({"left": ["out", "in"], "right": ["all"]}, codes, positive, nothing, np.zeros(ACCOUNTS, dtype=int))
    report = pairs.rules_of(views, ["one"])
    assert [(cell.values, cell.accounts, cell.campaign) for cell in report.cells] == (
        [(("in", "all"), size, guilty)] if counts else []
    )
    assert report.in_sample.share == pytest.approx(guilty * counts / positive.sum())


def test_the_cover_leaves_out_what_is_covered() -> None:
    views = planted()
    words = dict(views.words) | {"copy": views.words["coin_0"]}
    doubled = replace(views, words=words, codes=dict(views.codes) | {"copy": views.codes["coin_0"]})
    report = pairs.rules_of(doubled, ["a", "b", "c"])
    assert (len(report.cells), len(report.cover)) == (4, 2)
    assert [cell.new == cell.campaign for cell in report.cover] == [True, True]


def test_a_planted_pair_of_a_world_is_found(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "world"
    shutil.copytree(world, copy)
    path = copy / "traffic" / "accounts.parquet"
    table, truth = pq.read_table(path), pq.read_table(copy / "truth" / "accounts.parquet")
    guilty = pc.is_in(table["account_id"], truth.filter(pc.is_valid(truth["role"]))["account_id"].combine_chunks())
    draw = np.random.Generator(np.random.Philox(key=3))
    first = draw.random(len(table)) < 0.5
    second = first ^ guilty.to_numpy(zero_copy_only=False)
    for column, side in (("plan", first), ("verification", second)):
        values = pa.array(np.where(side, f"{column} a", f"{column} b"))
        table = table.set_column(table.schema.get_field_index(column), column, values)
    pq.write_table(table, path)
    before, after = pairs.rules([world]), pairs.rules([copy])
    assert before.held_out.share < 0.9
    assert after.held_out.share == 1.0
    assert {cell.views for cell in after.cover} == {("plan", "verification")}
    assert {cell.values for cell in after.cover} == {
        ("plan a", "verification b"),
        ("plan b", "verification a"),
    }


def test_views_are_those_of_the_accounts(world: Path) -> None:
    views = account_views.views_of([world])
    said = {view: np.array(views.words[view])[codes] for view, codes in views.codes.items()}
    exchanges = pq.read_table(world / "traffic/exchanges.parquet")
    rows = {row["account_id"]: row for row in pq.read_table(world / "traffic/accounts.parquet").to_pylist()}
    role = {row["account_id"]: row["role"] for row in pq.read_table(world / "truth/accounts.parquet").to_pylist()}
    ids = [one for one in sorted(set(exchanges["account_id"].to_pylist())) if role[one] != "customer"]
    assert views.positive.tolist() == [role[one] is not None for one in ids]
    began = pc.min(exchanges["sent_at"]).as_py()
    for number in np.random.Generator(np.random.Philox(key=4)).choice(len(ids), 25, replace=False):
        one, sent = rows[ids[number]], exchanges.filter(pc.equal(exchanges["account_id"], ids[number])).to_pylist()
        assert said["plan"][number] == (one["plan"] or "none")
        assert said["has_card"][number] == str(one["payment_fingerprint"] is not None)
        assert said["new"][number] == str(one["created_at"] >= began)
        assert said["has_system"][number] == str(any(row["system_instructions"] is not None for row in sent))
        assert said["has_tools"][number] == str(any(row["tools"] for row in sent))
        assert said["one_turn"][number] == str(max(row["turn"] for row in sent) == 1)
        pathways = [row["pathway"] for row in sent]
        assert pathways.count(said["pathway"][number]) == max(map(pathways.count, pathways))
        text = "".join(row["prompt"][:400] for row in sent)
        han = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
        assert (said["script"][number] == "Han") == (
            han > sum(letter.isascii() and letter.isalpha() for letter in text)
        )


def test_published_cells_name_no_wording_and_fit_a_table() -> None:
    views = planted()
    texts = {"coin_0": ["[pipe|line] \u202e`x`", "side 1"], "coin_1": ["You are a", "You must not"]}
    names = {"coin_0": "mail_shape", "coin_1": "system_start"}
    marked = replace(
        views,
        words={names.get(view, view): texts.get(view, words) for view, words in views.words.items()},
        codes={names.get(view, view): codes for view, codes in views.codes.items()},
    )
    report = pairs.rules_of(marked, ["a", "b", "c"])
    published = json.loads(json.dumps(rounded(leakage.pairs_entry(report)), allow_nan=False))
    values = [row["values"] for row in published["largest"]]
    assert sorted(shape for shape, _ in values) == ["?pipe?line? ?x?", "side 1"]
    assert [wording for _, wording in values] == ["wording 1", "wording 2"]
    text = "\n".join(table.pairs(published))
    assert "You" not in text
    assert "catch 100.0 % of" in text and "with 0 false alarms per 100,000" in text
    assert {line.count("|") for line in text.splitlines() if "`mail_shape`" in line} == {6}


def test_parts_are_of_about_equal_size_and_keep_equals_together() -> None:
    parts = account_views._part(np.arange(99.0), 3)
    assert np.unique(parts, return_counts=True)[1].tolist() == [33, 33, 33]
    assert len(np.unique(account_views._part(np.ones(50), 4))) == 1


def test_a_tiny_world_runs_and_worlds_are_named(world: Path, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    simulate("demo", tiny, seed=3, scale=0.02)
    report = pairs.rules([tiny, world])
    assert report.worlds == ("tiny", "small")
    assert report.accounts > report.campaign > 0
    assert len(report.held_out.by_world) == 2


def test_what_is_no_world_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        pairs.rules([tmp_path])
    with pytest.raises(UsageError, match="0 of 0"):
        pairs.rules([])
