"""Who may be behind an operator: an analyst's hypotheses, weighed beside "unattributed", and when to say nothing.

hydrometer names nobody. An analyst may enter actors with priors, and indicators with likelihood ratios against the
population, each with its provenance. Then P(actor | indicators) ∝ prior · Π LR^τ, where

* "unattributed" is always there with a prior of at least one half; ratios are against the population, so its own is 1;
* indicators of one family count once (their mean in bits), and at most `CAP_BITS` for an actor;
* what a rival can plant (`plantable`: language, strings, time zone) counts nothing for an actor and in full against
  it;
* families are correlated as well: τ = 1/(1 + (k − 1)ρ̄) for k families that say anything, ρ̄ as the file states;
* indicators that contradict each other, or families that are too few, make it abstain, and then no probability is
  given.

Source: `statistics.md` section 11; words of likelihood: ICD 203 (2015), section D.6.e.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pydantic import Field, field_validator, model_validator

from hydrometer.base.units import DECISION_DIGITS
from hydrometer.share.dossier_given import Given, Provenance, Text
from hydrometer.share.dossier_redaction import Level, Scrubber

UNATTRIBUTED = "unattributed"
PRIOR_MIN = 0.5
"""Least prior of "unattributed": half of past cases were by actors whom nobody had listed."""
CAP_BITS = 6.0
MEAN_CORRELATION = 0.5
"""ρ̄ where the file names none; with features this correlated and no tempering only 56 % of names at ≥ .8 are right."""
SUPPORT_BITS = 1.0
"""Bits from which a family speaks for an actor."""
CONTRADICTION_BITS = 2.0
"""Bits by which a family may favour another actor, or speak against the first one, before the whole abstains."""
FAMILIES_MIN = 2
HIGH_POSTERIOR, MODERATE_POSTERIOR = 0.95, 0.8
ENTRIES_MAX = 500
ICD_203 = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (0.99, "almost certain"),
)
"""Upper ends of the bands and their words."""
ALMOST_NONE = 0.01
"""Where the first band begins; below it and beyond the last one the standard has no band, and that is said."""


class Actor(Given):
    """A hypothesis: the analyst's label, its prior, and where the profile is from."""

    name: Text
    prior: float = Field(gt=0, lt=1)
    provenance: Provenance


class Indicator(Given):
    """Something seen, and how much likelier it is of each actor than of the population.

    Attributes:
        family: what it depends on; indicators of one family count once.
        plantable: whether a rival could have planted it.
        ratios: actor → likelihood ratio; an actor that is not named has 1.
    """

    statement: Text
    family: Text
    plantable: bool = False
    ratios: dict[str, float] = Field(min_length=1)
    provenance: Provenance

    @field_validator("ratios")
    @classmethod
    def _positive(cls, ratios: dict[str, float]) -> dict[str, float]:
        for name, ratio in ratios.items():
            if not (math.isfinite(ratio) and ratio > 0):
                raise ValueError(f"the ratio of {name!r} is {ratio}; it must be above 0 and finite")
        return ratios


class Corroboration(Given):
    """A statement of somebody else that supports one hypothesis; it never enters the probability."""

    actor: Text
    by: Text
    statement: Text
    provenance: Provenance


class Actors(Given):
    """The file given by `--actors`."""

    actors: list[Actor] = Field(min_length=1, max_length=ENTRIES_MAX)
    indicators: list[Indicator] = Field(default_factory=list, max_length=ENTRIES_MAX)
    corroboration: list[Corroboration] = Field(default_factory=list, max_length=ENTRIES_MAX)
    mean_correlation: float = Field(default=MEAN_CORRELATION, ge=0, le=1)

    @model_validator(mode="after")
    def _consistent(self) -> Actors:
        names = [one.name for one in self.actors]
        if len(set(names)) < len(names) or UNATTRIBUTED in {name.lower() for name in names}:
            raise ValueError(f"actors: each needs a name of its own, other than {UNATTRIBUTED!r}")
        if sum(one.prior for one in self.actors) > 1 - PRIOR_MIN + 1e-9:
            raise ValueError(f"actors: the priors leave less than {PRIOR_MIN} for {UNATTRIBUTED!r}")
        named = [name for one in self.indicators for name in one.ratios] + [one.actor for one in self.corroboration]
        strangers = sorted(set(named) - set(names))
        if strangers:
            raise ValueError(f"indicators or corroboration name actors that are not listed: {', '.join(strangers)}")
        return self


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One actor, or `UNATTRIBUTED`: its prior, its tempered bits, its posterior (null where all abstain)."""

    name: str
    prior: float
    bits: float
    posterior: float | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The ranked hypotheses and what may be said of the first.

    Attributes:
        hypotheses: most probable first; `UNATTRIBUTED` is among them.
        tempering: τ.
        families: number of families that say anything.
        abstains: why no name is stated; empty where one is.
        confidence: `high`, `moderate`, `low`, or `none` where it abstains.
    """

    hypotheses: tuple[Hypothesis, ...]
    tempering: float
    families: int
    abstains: tuple[str, ...]
    confidence: str

    @property
    def first(self) -> Hypothesis:
        """The hypothesis stated: the most probable, or `UNATTRIBUTED` where it abstains."""
        if self.abstains:
            return next(one for one in self.hypotheses if one.name == UNATTRIBUTED)
        return self.hypotheses[0]


def weigh(given: Actors) -> Attribution:
    """Posterior of every hypothesis, and whether one may be stated."""
    names = [one.name for one in given.actors]
    bits = {family: family_bits(given, family, names, planted=False) for family in families(given)}
    speaking = [
        family for family, said in bits.items() if any(round(value, DECISION_DIGITS) for value in said.values())
    ]
    tempering = 1.0 / (1.0 + max(0, len(speaking) - 1) * given.mean_correlation)
    total = {name: tempering * math.fsum(bits[family][name] for family in sorted(bits)) for name in names}
    priors = {one.name: one.prior for one in given.actors}
    unlisted = 1.0 - math.fsum(sorted(priors.values()))
    logs = {name: math.log2(priors[name]) + total[name] for name in names} | {UNATTRIBUTED: math.log2(unlisted)}
    top = max(logs.values())
    mass = {name: 2.0 ** max(value - top, -1000.0) for name, value in logs.items()}
    whole = math.fsum(sorted(mass.values()))
    found = [Hypothesis(name, priors.get(name, unlisted), total.get(name, 0.0), mass[name] / whole) for name in logs]
    found.sort(key=lambda one: (-round(one.posterior or 0.0, DECISION_DIGITS), one.name != UNATTRIBUTED, one.name))
    leader = next((one for one in found if one.name != UNATTRIBUTED), found[0])
    why = _reasons(given, leader.name, bits, names)
    if why:
        found = [Hypothesis(one.name, one.prior, one.bits, None) for one in sorted(found, key=_unattributed_first)]
    elif found[0].name == UNATTRIBUTED:
        why = ["no actor is more probable than that none of them is behind it"]
    return Attribution(tuple(found), tempering, len(speaking), tuple(why), _confidence(given, found[0], why))


def _unattributed_first(one: Hypothesis) -> tuple[bool, str]:
    """Orders hypotheses of which no probability is stated."""
    return one.name != UNATTRIBUTED, one.name


def families(given: Actors) -> list[str]:
    """Names of the families, in order."""
    return sorted({one.family for one in given.indicators})


def family_bits(given: Actors, family: str, names: list[str], *, planted: bool) -> dict[str, float]:
    """What one family says of each actor: the mean over its indicators, in bits, at most `CAP_BITS`.

    Args:
        given: the file.
        family: its name.
        names: the actors.
        planted: whether what a rival could have planted counts for an actor.
    """
    indicators = [one for one in given.indicators if one.family == family]
    found = {}
    for name in names:
        said = [math.log2(one.ratios.get(name, 1.0)) for one in indicators]
        counted = [
            value if planted or not one.plantable else min(value, 0.0)
            for value, one in zip(said, indicators, strict=True)
        ]
        found[name] = min(math.fsum(sorted(counted)) / len(counted), CAP_BITS)
    return found


def _reasons(given: Actors, leader: str, bits: dict[str, dict[str, float]], names: list[str]) -> list[str]:
    """Why no actor may be stated: too little, contradictions, a possible decoy."""
    found = []
    supporting = [family for family, said in bits.items() if said[leader] >= SUPPORT_BITS]
    if len(supporting) < FAMILIES_MIN:
        found.append(
            "fewer than two independent families of indicators that nobody could have planted point to one actor"
        )
    for family in sorted(bits):
        said = family_bits(given, family, names, planted=True)
        best = max(said.values())
        if said[leader] <= -CONTRADICTION_BITS:
            found.append(f"the indicators of {family} speak against the actor to whom the others point")
        elif best >= SUPPORT_BITS and best - said[leader] >= CONTRADICTION_BITS:
            found.append(f"the indicators of {family} point to another actor: one of the two may have been planted")
    return found


def _confidence(given: Actors, first: Hypothesis, why: list[str]) -> str:
    """The grade of confidence, which is about the basis and not about the probability."""
    if why or first.posterior is None:
        return "none"
    posterior = round(first.posterior, DECISION_DIGITS)
    if posterior >= HIGH_POSTERIOR and any(one.actor == first.name for one in given.corroboration):
        return "high"
    return "moderate" if posterior >= MODERATE_POSTERIOR else "low"


def likelihood_words(probability: float) -> tuple[str, str]:
    """The words of ICD 203 for a probability, and their band.

    >>> likelihood_words(0.87)
    ('very likely', '80–95 %')
    """
    exact = round(probability, DECISION_DIGITS)
    if exact < ALMOST_NONE:
        return ICD_203[0][1], "below 1 %"
    low = ALMOST_NONE
    for high, words in ICD_203:
        if exact < high:
            return words, f"{low * 100:g}–{high * 100:g} %"
        low = high
    return ICD_203[-1][1], "above 99 %"


def sealed_form(given: Actors, level: Level, scrub: Scrubber) -> dict[str, Any]:
    """The file as it is sealed: at `public` actors are lettered and all words are left out."""
    whole = given.model_dump(mode="json")
    if level is Level.INTERNAL:
        return whole
    if level is Level.PARTNER:
        for one in (*whole["indicators"], *whole["corroboration"]):
            one["statement"] = scrub(one["statement"])
        return whole
    letters = {one["name"]: f"hypothesis {letter(number)}" for number, one in enumerate(whole["actors"])}
    kinds = {name: f"family {number}" for number, name in enumerate(families(given), start=1)}

    def bare(provenance: dict[str, Any]) -> dict[str, Any]:
        return {"source": "left out", "entered_by": "left out", "status": provenance["status"]}

    return {
        "actors": [
            {"name": letters[one["name"]], "prior": one["prior"], "provenance": bare(one["provenance"])}
            for one in whole["actors"]
        ],
        "indicators": [
            {
                "statement": "left out", "family": kinds[one["family"]], "plantable": one["plantable"],
                "ratios": {letters[name]: ratio for name, ratio in one["ratios"].items()},
                "provenance": bare(one["provenance"]),
            }
            for one in whole["indicators"]
        ],
        "corroboration": [
            {
                "actor": letters[one["actor"]], "by": "left out", "statement": "left out",
                "provenance": bare(one["provenance"]),
            }
            for one in whole["corroboration"]
        ],
        "mean_correlation": whole["mean_correlation"],
    }  # fmt: skip


def letter(number: int) -> str:
    """A, B, …, Z, A2, ….

    >>> letter(0), letter(26)
    ('A', 'A2')
    """
    round_ = number // 26
    return chr(ord("A") + number % 26) + (str(round_ + 1) if round_ else "")
