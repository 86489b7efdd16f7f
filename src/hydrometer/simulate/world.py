"""The nouns of the range: archetype, campaign, evasion, world, and the cohort of accounts that a plug-in settles.

A plug-in only says who its accounts are and what they talk about; times, addresses, words and tables are made by shared
parts, so that a new archetype or campaign is one short file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Columns = dict[str, Array]
"""One array per trait; all have the same first dimension (accounts, or exchanges)."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Accounts of one plug-in and what they talk about.

    Args:
        accounts: traits of each account (`people.TRAITS` lists them).
        kinds: kinds of prompt that these accounts write.
        weights: shape (accounts, kinds), not negative; how often each account opens with each kind.
        harvest: kinds that belong to a campaign; all else is cover traffic.
        worklists: kinds whose every item is asked once over the whole cohort.
        shared_items: kinds whose items come from a small common set, with the size of that set.
        builder: kinds of the harvest that belong to another builder than the first, with that builder's number.
    """

    accounts: Columns
    kinds: tuple[str, ...]
    weights: Array
    harvest: frozenset[str] = frozenset()
    worklists: frozenset[str] = frozenset()
    shared_items: tuple[tuple[str, int], ...] = ()
    builder: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """Number of accounts."""
        return len(self.weights)

    def take(self, chosen: Array) -> Cohort:
        """The same cohort with only the accounts of these positions."""
        accounts = {trait: values[chosen] for trait, values in self.accounts.items()}
        return replace(self, accounts=accounts, weights=self.weights[chosen])


ROLES = ("operator", "victim", "customer")
OPERATOR, VICTIM, CUSTOMER = range(3)
"""Roles of accounts in a campaign: run by it, abused by it, or an ordinary customer of a reseller that carries it."""

Settle = Callable[[int, np.random.Generator], Cohort]
"""Makes the cohort of a number of accounts."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An entry of `register.yaml` for each operator of an archetype."""

    purpose: str
    scope: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class Archetype:
    """A benign population.

    Args:
        name: stem of its file.
        summary: one line for `simulate --list --json`.
        settle: makes its accounts.
        authorisation: what the register says about it, None where it says nothing.
    """

    name: str
    summary: str
    settle: Settle
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """One that builds a data set with a campaign's accounts.

    Args:
        capabilities: what it goes after, most targeted first (vocabulary of the contract).
        pivots: whether it moves to the new model at its release.
        actor: alleged actor of a disclosure, or a neutral name; only ever written to the truth.
        kind: kind of the campaign (vocabulary of the contract).
    """

    capabilities: tuple[str, ...]
    pivots: bool = False
    actor: str | None = None
    kind: str = "distillation"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A distillation campaign: the accounts of one operator, and one or more builders that use them.

    Args:
        name: stem of its file; the preset in the truth.
        summary: one line for `simulate --list --json`.
        settle: makes its accounts.
        builders: who builds what with them; `Cohort.builder` says which kinds of prompt are whose.
        source: where its shape is disclosed (rows of the mission table).
    """

    name: str
    summary: str
    settle: Settle
    builders: tuple[Builder, ...]
    source: str


Evade = Callable[[Cohort, float, np.random.Generator], Cohort]
"""Makes a campaign's cohort harder to see, by a strength."""


@dataclass(frozen=True, slots=True)
class Evasion:
    """A knob that makes campaigns harder to see.

    Args:
        name: stem of its file.
        summary: one line for `simulate --list --json`.
        apply: changes a campaign's cohort.
        low: value at which the knob does nothing, or least.
        high: strongest value.
        steps: values for a robustness curve, from weak to strong.
        unit: what the value means.
        cost: what evading in this way costs the operator.
        accounts: how many accounts (number now, their mean exchanges, value) a campaign needs; None keeps its number.
    """

    name: str
    summary: str
    apply: Evade
    low: float
    high: float
    steps: tuple[float, ...]
    unit: str
    cost: str
    accounts: Callable[[int, float, float], int] | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """How many accounts of an archetype or campaign live in a world at scale 1."""

    plugin: str
    accounts: int


DEVELOPMENT, HELD_OUT = "development", "held_out"
MIXED, NULL, HARD_BENIGN, OUT_OF_DISTRIBUTION = "mixed", "null", "hard_benign", "out_of_distribution"


@dataclass(frozen=True, slots=True)
class World:
    """A named world.

    Args:
        name: stem of its file.
        summary: one line for `simulate --list`.
        benign: archetypes and their accounts.
        campaigns: campaigns and their accounts.
        exchanges: exchanges at scale 1; volumes of benign accounts are stretched to meet it.
        split: whether thresholds and weights may be fitted on it (`DEVELOPMENT`) or never (`HELD_OUT`).
        kind: what it is for.
        week: weeks after the range's first Monday in which it plays.
        bank: bank of wordings that its campaigns and users draw from (`grammar.BANKS`).
        usual_scale: scale where none is asked for; full-size worlds of a disclosure are large.
        evasions: knobs that its campaigns turn, and how far.
    """

    name: str
    summary: str
    benign: tuple[Placement, ...]
    campaigns: tuple[Placement, ...]
    exchanges: int
    split: str = DEVELOPMENT
    kind: str = MIXED
    week: int = 0
    bank: str = "first"
    usual_scale: float = 1.0
    evasions: Mapping[str, float] = field(default_factory=dict)
