"""The nouns of the range: archetype, campaign, world, and the cohort of accounts that a plug-in settles.

A plug-in only says who its accounts are and what they talk about; times, addresses, words and tables are made by shared
parts, so that a new archetype or campaign is one short file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
        harvest: kinds that belong to the campaign; all else is cover traffic.
        worklists: kinds whose every item is asked once over the whole cohort.
        shared_items: kinds whose items come from a small common set, with the size of that set.
    """

    accounts: Columns
    kinds: tuple[str, ...]
    weights: Array
    harvest: frozenset[str] = frozenset()
    worklists: frozenset[str] = frozenset()
    shared_items: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """Number of accounts."""
        return len(self.weights)


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
        summary: one line for `simulate --list`.
        settle: makes its accounts.
        authorisation: what the register says about it, None where it says nothing.
    """

    name: str
    summary: str
    settle: Settle
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A distillation campaign.

    Args:
        name: stem of its file; the preset in the truth.
        summary: one line for `simulate --list`.
        settle: makes its accounts.
        capabilities: what it goes after, most targeted first (vocabulary of the contract).
        pivots: whether it moves to the new model at its release.
    """

    name: str
    summary: str
    settle: Settle
    capabilities: tuple[str, ...]
    pivots: bool = False
    kind: str = "distillation"


@dataclass(frozen=True, slots=True)
class Placement:
    """How many accounts of an archetype or campaign live in a world at scale 1."""

    plugin: str
    accounts: int


@dataclass(frozen=True, slots=True)
class World:
    """A named world.

    Args:
        name: stem of its file.
        summary: one line for `simulate --list`.
        benign: archetypes and their accounts.
        campaigns: campaigns and their accounts.
        exchanges: exchanges at scale 1; volumes of benign accounts are stretched to meet it.
    """

    name: str
    summary: str
    benign: tuple[Placement, ...]
    campaigns: tuple[Placement, ...]
    exchanges: int
