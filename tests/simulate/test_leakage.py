"""Law: no single per-account field separates campaigns from benign accounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.simulate import stump

LIMIT = 0.75


def test_no_single_field_separates(demo_world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = pq.read_table(demo_world / "truth" / "accounts.parquet").to_pylist()
    campaign = {row["account_id"] for row in truth if row["role"]}
    found = stump.accuracies(demo_world / "traffic", campaign)
    with capsys.disabled():
        print(f"\nbest single split, campaigns pooled, {len(found)} features:")
        for name, accuracy in list(found.items())[:12]:
            print(f"  {accuracy:.3f}  {name}")
    assert len(found) > 60
    assert {name: accuracy for name, accuracy in found.items() if accuracy > LIMIT} == {}


def test_the_stump_finds_a_field_that_does_separate() -> None:
    positive = np.arange(100) < 40
    assert stump.best_split(np.where(positive, 1.0, np.nan), positive) == 1.0
    assert stump.best_split(np.zeros(100), positive) == 0.5
    assert stump.best_split(stump.oracle(list("ab" * 50), positive), positive) == pytest.approx(0.5)


def test_the_stump_equals_brute_force() -> None:
    draw = np.random.Generator(np.random.Philox(key=5))
    values, positive = draw.integers(0, 9, 60).astype(float), draw.random(60) < 0.4
    splits = [((values > cut)[positive].mean() + (values <= cut)[~positive].mean()) / 2 for cut in range(-1, 9)]
    assert stump.best_split(values, positive) == pytest.approx(max(max(split, 1 - split) for split in splits))
