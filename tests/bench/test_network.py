"""The population of `bench.link_scale` is what it says, and its measurement counts what it found."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bench import link_scale, steering
from bench.made_network import TEMPLATES, made
from numpy.typing import NDArray

ACCOUNTS, NETWORK = 2_000, 300


def shared_among(held: NDArray[np.bool_], planted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Holders of the entities that two planted units or more hold."""
    inside = held[planted].sum(axis=0)
    return np.asarray(held[:, inside >= 2].sum(axis=0))


def test_each_account_of_the_network_shares_a_card_or_a_line_with_three_others_at_most() -> None:
    found = made(ACCOUNTS, NETWORK, wordings=False, seed=1)
    assert found.planted.sum() == NETWORK
    assert found.partners.max() == 3
    assert found.partners.mean() > 2.9
    card = found.population.layers["payment_fingerprint"].held.toarray()
    assert (shared_among(card, found.planted) == 2).all()
    assert (card[found.planted].sum(axis=1) == 1).all()
    assert found.edges == sum(layer.held.nnz for layer in found.population.layers.values())


def test_its_templates_are_its_own() -> None:
    plain, worded = (made(ACCOUNTS, NETWORK, wordings=wordings, seed=1).population for wordings in (False, True))
    more = worded.layers["opening"].held.shape[1] - plain.layers["opening"].held.shape[1]
    assert more == TEMPLATES
    assert (worded.layers["payment_fingerprint"].held != plain.layers["payment_fingerprint"].held).nnz == 0


def test_the_measurement_counts_members(capsys: pytest.CaptureFixture[str]) -> None:
    link_scale.inside(ACCOUNTS, NETWORK, 0, 1)
    figures = json.loads(capsys.readouterr().out)
    assert figures["accounts"] == ACCOUNTS
    assert set(figures["seconds"]) == {
        "formation, infrastructure", "formation, behaviour", "formation, wording", "H1 and membership",
    }  # fmt: skip
    hits = round(figures["recall"] * NETWORK)
    assert figures["candidates_of_the_network"] >= 1
    assert (figures["precision"] is None) == (figures["members"] == 0)
    assert figures["members"] == 0 or abs(figures["precision"] - hits / figures["members"]) < 1e-12


def test_a_way_of_steering_is_measured_on_parts_of_development_worlds() -> None:
    for way in steering.WAYS:
        world, more = steering.world(way, 30)
        assert world.campaigns[0].plugin in more
        assert world.kind == "mixed"
    assert steering.shorth(np.array([1.0, 2.0, 2.5, 9.0, 30.0])) == 1.5
