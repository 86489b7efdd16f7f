"""A table of accounts and of what they hold → the population that a scan forms and judges groups in.

Each generic family takes the place of one of the product's families, and with it that family's clumping rate, strata
and side. Nothing of the engine is changed or tuned for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.families import FAMILY_OF, LEARNING_STRATUM, TESTING_STRATUM
from hydrometer.base.population import Layer, Population, pooled_strata
from hydrometer.base.pseudonyms import pseudonym

KEY = b"outside evidence, a fixed key"
"""Entities are hashed with it; only equality matters here."""
Holdings = Mapping[str, tuple[NDArray[np.int64], Sequence[str]]]
"""Layer of the product → (account number, entity) of every holding."""


@dataclass(frozen=True, slots=True)
class Strata:
    """Names of the accounts' strata at ever finer levels, coarse first; each level has one name for each account.

    Attributes:
        infrastructure: in the place of country × plan.
        behaviour: in the place of client type × plan.
        cohorts: in the place of month and week of sign-up.
    """

    infrastructure: Sequence[Sequence[str]]
    behaviour: Sequence[Sequence[str]]
    cohorts: Sequence[Sequence[str]]


def population(accounts: int, holdings: Holdings, strata: Strata) -> Population:
    """The population of a table of accounts; all are active, and nobody is declared.

    Args:
        accounts: number of accounts.
        holdings: who holds what; an account that holds nothing of a layer does not show it.
        strata: see `Strata`; small ones are pooled as a scan pools them.
    """
    everybody = np.ones(accounts, np.bool_)
    return Population(
        units=accounts,
        active=everybody,
        declared=~everybody,
        exchanges=np.ones(accounts, np.int64),
        regions=pooled_strata(strata.infrastructure, everybody, LEARNING_STRATUM),
        clients=pooled_strata(strata.behaviour, everybody, LEARNING_STRATUM),
        fine_regions=pooled_strata(strata.infrastructure, everybody, TESTING_STRATUM),
        languages=np.zeros(accounts, np.int64),
        cohorts=pooled_strata(strata.cohorts, everybody, TESTING_STRATUM),
        layers={name: layer(name, accounts, *held) for name, held in holdings.items()},
    )


def layer(name: str, accounts: int, account: NDArray[np.int64], entity: Sequence[str]) -> Layer:
    """One layer: entities that two or more accounts hold."""
    texts, number = np.unique(np.array(entity, dtype=str), return_inverse=True)
    hashes = np.array([pseudonym(KEY, name, text) for text in texts.tolist()], np.int64)
    order = np.argsort(hashes)
    place = np.argsort(order)[number]
    held = sparse.csr_array((np.ones(len(account), np.int64), (account, place)), shape=(accounts, len(hashes)))
    held.sum_duplicates()
    shared = np.bincount(held.indices, minlength=len(hashes)) >= 2
    observed = np.zeros(accounts, np.bool_)
    observed[account] = True
    return Layer(name, FAMILY_OF[name], hashes[order][shared], held[:, shared].astype(np.bool_).tocsr(), observed)
