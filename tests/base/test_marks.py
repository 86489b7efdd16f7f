"""What a group holds is the same whether it is sorted or counted entity by entity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from hydrometer.base import marks


@pytest.mark.parametrize("least", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
def test_what_members_hold_is_what_plain_counting_finds(share: float, least: int) -> None:
    draw = np.random.default_rng(5)
    held = sparse.random_array((400, 900), density=0.01, format="csr", rng=draw).astype(np.bool_)
    inside = draw.random(400) < share
    rows = (held.indptr.astype(np.int32), held.indices.astype(np.int32))
    found, count = marks.held_within(rows, inside, 900, least)
    wanted = np.asarray(held[inside].astype(np.int64).sum(axis=0)).ravel()
    total = int(wanted.sum())
    assert (total * marks.SORTED_MAX < 900) == (share < 0.1)
    assert found.tolist() == np.flatnonzero(wanted >= least).tolist()
    assert count.tolist() == wanted[wanted >= least].tolist()
