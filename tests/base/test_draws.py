"""Random numbers depend on seed, stage and content, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydrometer.base.draws import generator


def sample(seed: int, stage: str, content: bytes) -> list[int]:
    return generator(seed, stage, content).integers(2**62, size=4).tolist()


@given(st.integers(0, 2**63 - 1), st.text(max_size=20), st.binary(max_size=50))
def test_the_same_purpose_draws_the_same(seed: int, stage: str, content: bytes) -> None:
    assert sample(seed, stage, content) == sample(seed, stage, content)


def test_each_part_of_the_purpose_matters() -> None:
    base = sample(1, "urn", b"x")
    assert base not in (sample(2, "urn", b"x"), sample(1, "intent", b"x"), sample(1, "urn", b"y"))


def test_stage_and_content_do_not_run_together() -> None:
    assert sample(1, "ur", b"nx") != sample(1, "urn", b"x")


def test_streams_of_different_contents_are_not_correlated() -> None:
    draws = np.array([generator(0, "urn", bytes([k])).normal(size=200) for k in range(50)])
    between = np.corrcoef(draws)[np.triu_indices(50, 1)]
    assert abs(between.mean()) < 0.02
    assert between.std() == pytest.approx(1 / np.sqrt(200), rel=0.2)
