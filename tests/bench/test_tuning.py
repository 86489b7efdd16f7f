"""Thresholds come from development worlds alone: a held-out world is refused wherever it is offered."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bench.range.cells import Place, WorldKey, read_document, write_document
from bench.range.plan import known_worlds
from bench.range.tuning import (
    GENEROUS,
    MATCHED,
    PUBLISHED,
    BenignScores,
    flagged,
    freeze,
    own_alarms,
    thawed,
    tuned,
)
from bench.trials import RESULTS
from tests.bench import made

from hydrometer.base.errors import UsageError

FROZEN = RESULTS / "range_thresholds.json"


def scores(values: list[float], split: str = "development", key: WorldKey | None = None) -> BenignScores:
    return BenignScores(key or WorldKey("w", 0), split, np.array(values))


@pytest.mark.parametrize("target", [0.0, 0.01, 0.1, 0.25, 0.5, 0.99])
def test_a_threshold_keeps_the_target_and_no_smaller_one_does(target: float) -> None:
    values = np.random.default_rng(1).integers(0, 12, 200).astype(float)
    threshold = tuned([scores(values[:90].tolist()), scores(values[90:].tolist())], target)
    assert threshold is not None
    assert (values >= threshold).mean() <= target
    assert (values >= np.nextafter(threshold, -np.inf)).mean() > target


def test_worlds_are_pooled_by_accounts_not_by_worlds() -> None:
    quiet, loud = scores([0.0] * 99), scores([5.0])
    assert flagged({"a": 5.0, "b": 1.0}, tuned([quiet, loud], 0.01)) == {"a", "b"}
    assert flagged({"a": 5.0, "b": 1.0}, tuned([quiet, loud], 0.0)) == set()


def test_an_infinite_benign_score_leaves_no_threshold_below_it() -> None:
    assert tuned([scores([np.inf, 0.0])], 0.0) is None
    assert flagged({"a": np.inf}, None) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        scores([1.0], split="held_out"),
        scores([1.0], split="unknown"),
        scores([1.0], key=WorldKey("curves", 0, None, (("jitter", 1.0),))),
    ],
)
def test_a_world_that_is_not_a_development_world_as_it_is_cannot_be_tuned_on(wrong: BenignScores) -> None:
    with pytest.raises(UsageError, match="development"):
        tuned([scores([1.0]), wrong], 0.5)


def test_held_out_worlds_are_refused_before_their_files_are_opened(tmp_path: Path) -> None:
    nowhere = Place(tmp_path, WorldKey("secret", 0))
    with pytest.raises(UsageError, match="secret"):
        own_alarms([(nowhere, "held_out")])
    with pytest.raises(UsageError, match="secret"):
        freeze(tmp_path / "frozen.json", [(nowhere, "held_out")], {"velocity": None}, full=False)
    assert not (tmp_path / "frozen.json").exists()


def test_thresholds_are_frozen_from_development_worlds(tmp_path: Path) -> None:
    one, two = made.world(tmp_path, "one"), made.world(tmp_path, "two", guilty=0)
    made.scanned(one, {"g0": "c", "b00": "c", "b01": "c"})
    made.scanned(two, {})
    for place in (one, two):
        made.scored(place, "velocity", {f"b{number:02d}": float(number) for number in range(94)})
    path = tmp_path / "frozen.json"
    worlds = [(one, "development"), (two, "development")]
    document = freeze(path, worlds, {"velocity": 50.0, "never_run": None}, full=False)
    assert document["targets"] == {MATCHED: 2 / 188, GENEROUS: 0.01}
    assert document["thresholds"]["velocity"][PUBLISHED] == 50.0
    assert document["development_rates"]["velocity"][MATCHED] == 2 / 188
    assert "never_run" not in document["thresholds"]
    assert thawed(path, {"one": "development", "two": "development"}) == document
    with pytest.raises(UsageError, match="two"):
        thawed(path, {"one": "development", "two": "held_out"})


def test_without_any_own_false_alarm_one_account_is_the_target(tmp_path: Path) -> None:
    one = made.world(tmp_path, "one")
    made.scanned(one, {"g0": "c"})
    made.scored(one, "velocity", {f"b{number:02d}": float(number) for number in range(94)})
    document = freeze(tmp_path / "frozen.json", [(one, "development")], {"velocity": None}, full=False)
    assert document["targets"][MATCHED] == 1 / 94


def test_a_file_that_names_a_held_out_world_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "frozen.json"
    write_document(path, {"worlds": [{"world": "hidden", "seed": 0, "scale": None}], "thresholds": {}})
    with pytest.raises(UsageError, match="hidden"):
        thawed(path, {"hidden": "held_out"})
    with pytest.raises(UsageError, match="run the worlds"):
        thawed(tmp_path / "missing.json", {})


@pytest.mark.skipif(not FROZEN.exists(), reason="no full run has frozen thresholds yet")
def test_the_published_thresholds_name_only_development_worlds() -> None:
    splits = {name: one.split for name, one in known_worlds().items()}
    document = thawed(FROZEN, splits)
    assert document["worlds"]
    assert {splits[row["world"]] for row in document["worlds"]} == {"development"}
    assert read_document(FROZEN) == json.loads(FROZEN.read_text(encoding="utf-8"))
