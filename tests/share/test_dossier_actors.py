"""Attribution: the worked example, abstention before decoys, the words of ICD 203, how often a name is right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hydrometer.base.errors import UsageError
from hydrometer.share import dossier_given
from hydrometer.share.dossier_actors import (
    CAP_BITS,
    ICD_203,
    MEAN_CORRELATION,
    UNATTRIBUTED,
    Actors,
    Attribution,
    likelihood_words,
    weigh,
)

PROVENANCE = {"source": "s", "entered_by": "e"}


def actors(priors: dict[str, float], indicators: list[dict[str, Any]], **more: Any) -> Actors:
    return Actors.model_validate({
        "actors": [{"name": name, "prior": prior, "provenance": PROVENANCE} for name, prior in priors.items()],
        "indicators": [{"statement": "seen", "provenance": PROVENANCE} | one for one in indicators], **more,
    })  # fmt: skip


def posteriors(found: Attribution) -> dict[str, float | None]:
    return {one.name: one.posterior for one in found.hypotheses}


PRIORS = {"a": 0.2, "b": 0.2, "c": 0.1}


def test_the_cookbooks_example() -> None:
    """LR (1, 2^6, 2, 1/4) over two families of half the bits each: raw, and with tau = 0.5."""
    half = [{"family": name, "ratios": {"a": 8.0, "b": math.sqrt(2), "c": 0.5}} for name in ("x", "y")]
    raw = posteriors(weigh(actors(PRIORS, half, mean_correlation=0.0)))
    assert raw == pytest.approx({UNATTRIBUTED: 0.0364, "a": 0.9326, "b": 0.0291, "c": 0.0018}, abs=1e-4)
    tempered = weigh(actors(PRIORS, half, mean_correlation=1.0))
    assert tempered.tempering == 0.5
    assert posteriors(tempered) == pytest.approx(
        {UNATTRIBUTED: 0.2055, "a": 0.6577, "b": 0.1163, "c": 0.0206}, abs=1e-4
    )


def test_indicators_of_one_family_count_once_and_are_capped() -> None:
    many = [{"family": "x", "ratios": {"a": 2.0**20}} for _ in range(9)] + [{"family": "y", "ratios": {"a": 4.0}}]
    found = weigh(actors(PRIORS, many, mean_correlation=0.0))
    first = next(one for one in found.hypotheses if one.name == "a")
    assert first.bits == pytest.approx(CAP_BITS + 2.0) and found.families == 2


def test_unattributed_is_always_there_with_at_least_half() -> None:
    for indicators in ([], [{"family": "x", "ratios": {"a": 64.0}}, {"family": "y", "ratios": {"a": 64.0}}]):
        found = weigh(actors(PRIORS, indicators))
        assert next(one.prior for one in found.hypotheses if one.name == UNATTRIBUTED) == pytest.approx(0.5)
    assert weigh(actors(PRIORS, [])).first.name == UNATTRIBUTED


def test_what_could_be_planted_counts_nothing_for_an_actor_and_in_full_against_it() -> None:
    planted = [{"family": name, "plantable": True, "ratios": {"a": 64.0}} for name in ("language", "zone")]
    assert all(one.bits == 0.0 for one in weigh(actors(PRIORS, planted)).hypotheses)
    real = [{"family": name, "ratios": {"a": 64.0}} for name in ("payment", "network")]
    against = [{"family": "zone", "plantable": True, "ratios": {"a": 2.0**-9}}]
    found = weigh(actors(PRIORS, real + against))
    assert found.first.name == UNATTRIBUTED and "speak against the actor" in found.abstains[0]


def test_a_decoy_makes_it_abstain_and_then_no_probability_is_given() -> None:
    real = [{"family": name, "ratios": {"a": 64.0}} for name in ("payment", "network")]
    assert weigh(actors(PRIORS, real)).first.name == "a"
    for planted in (True, False):
        decoy = [{"family": "strings", "plantable": planted, "ratios": {"b": 64.0}}]
        found = weigh(actors(PRIORS, real + decoy))
        assert found.first.name == UNATTRIBUTED and found.confidence == "none"
        assert "may have been planted" in found.abstains[0]
        assert all(one.posterior is None for one in found.hypotheses)


def test_one_family_alone_names_nobody() -> None:
    found = weigh(actors(PRIORS, [{"family": "x", "ratios": {"a": 64.0}}]))
    assert "fewer than two independent families" in found.abstains[0]


def test_high_confidence_needs_somebody_else() -> None:
    strong = [{"family": name, "ratios": {"a": 64.0}} for name in ("payment", "network", "calendar")]
    backed = [{"actor": "a", "by": "partner", "statement": "the same", "provenance": PROVENANCE}]
    alone, together = weigh(actors(PRIORS, strong)), weigh(actors(PRIORS, strong, corroboration=backed))
    assert (alone.confidence, together.confidence) == ("moderate", "high")
    assert posteriors(alone) == posteriors(together), "corroboration never enters the probability"


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.005, "almost no chance"), (0.05, "very unlikely"), (0.3, "unlikely"), (0.5, "roughly even chance"),
     (0.55, "likely"),
     (0.8, "very likely"), (0.95, "almost certain"), (0.999, "almost certain")],
)  # fmt: skip
def test_words_of_likelihood(probability: float, words: str) -> None:
    assert likelihood_words(probability)[0] == words
    assert [high for high, _ in ICD_203] == sorted(high for high, _ in ICD_203)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("actors: []", "actors"),
        ("actors: [{name: a, prior: 0.6, provenance: {source: s, entered_by: e}}]", "less than 0.5"),
        ("actors: [{name: Unattributed, prior: 0.1, provenance: {source: s, entered_by: e}}]", "a name of its own"),
        ("actors: [{name: a, prior: 0.1}]", "actors.0.provenance"),
        (
            "actors: [{name: a, prior: 0.1, provenance: {source: s, entered_by: e}}]\n"
            "indicators: [{statement: x, family: f, ratios: {b: 2}, provenance: {source: s, entered_by: e}}]",
            "not listed: b",
        ),
        (
            "actors: [{name: a, prior: 0.1, provenance: {source: s, entered_by: e}}]\n"
            "indicators: [{statement: x, family: f, ratios: {a: 0}, provenance: {source: s, entered_by: e}}]",
            "above 0",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "actors.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=found):
        dossier_given.read(path, "--actors", Actors)


# --- how often a name is right ----------------------------------------------------------------------------------------

LISTED, FAMILIES, EACH, CASES = ("a", "b", "c"), 6, 4, 400
WEAK, STRONG = 1.5, 12.0
"""Spread of actors' profiles around the population, in units of an indicator's noise: ratios of about 1 and 4 bits."""


def simulated(draw: np.random.Generator, spread: float, decoy: bool) -> tuple[Actors, str]:
    """A case, half of them by an actor whom nobody listed; indicators equicorrelated at 0.5.

    Profiles of listed actors and the population's spread are known, so that each ratio is right by itself; that they
    are correlated is what the analyst does not see.
    """
    profiles = {name: draw.normal(0.0, spread, (FAMILIES, EACH)) for name in LISTED}
    truth = str(draw.choice(LISTED)) if draw.random() < 0.5 else "somebody else"
    centre = profiles.get(truth, draw.normal(0.0, spread, (FAMILIES, EACH)))
    shared = draw.normal(0.0, math.sqrt(MEAN_CORRELATION))
    seen = centre + shared + draw.normal(0.0, math.sqrt(1 - MEAN_CORRELATION), (FAMILIES, EACH))
    ratios = {name: _ratio(seen, profile, spread) for name, profile in profiles.items()}
    indicators: list[dict[str, Any]] = [
        {"family": f"f{family}", "ratios": {name: float(ratios[name][family, n]) for name in LISTED}}
        for family in range(FAMILIES) for n in range(EACH)
    ]  # fmt: skip
    if decoy:
        victim = str(draw.choice([name for name in LISTED if name != truth]))
        indicators.append({"family": "planted", "plantable": True, "ratios": {victim: 64.0}})
    prior = 0.5 / len(LISTED)
    backed = [{"actor": name, "by": "p", "statement": "s", "provenance": PROVENANCE} for name in LISTED]
    return actors(dict.fromkeys(LISTED, prior), indicators, corroboration=backed), truth


def _ratio(seen: Any, centre: Any, spread: float) -> Any:
    """Density at the profile over that of the population, per indicator."""
    broad = 1.0 + spread**2
    return np.exp(np.maximum(-0.5 * (seen - centre) ** 2 + 0.5 * seen**2 / broad + 0.5 * math.log(broad), -50.0))


def stated(spread: float, decoy: bool, cases: int = CASES) -> list[tuple[str, str, str]]:
    """(confidence, what is stated, truth) of many cases."""
    draw = np.random.default_rng(11)
    found = []
    for _ in range(cases):
        given, truth = simulated(draw, spread, decoy)
        said = weigh(given)
        found.append((said.confidence, said.first.name, truth))
    return found


def test_of_names_stated_with_high_confidence_at_least_95_in_100_are_right() -> None:
    found = stated(STRONG, decoy=False)
    high = [name == truth for confidence, name, truth in found if confidence == "high"]
    assert len(high) >= 100
    assert sum(high) / len(high) >= 0.95, (sum(high), len(high))


def test_weak_correlated_indicators_are_never_called_high_and_names_are_right() -> None:
    found = stated(WEAK, decoy=False)
    assert not [one for one in found if one[0] == "high"]
    named = [name == truth for _, name, truth in found if name != UNATTRIBUTED]
    assert len(named) >= 50 and sum(named) / len(named) >= 0.95


@pytest.mark.parametrize("spread", [WEAK, STRONG])
def test_a_planted_decoy_makes_it_abstain(spread: float) -> None:
    assert {confidence for confidence, _, _ in stated(spread, decoy=True)} == {"none"}
