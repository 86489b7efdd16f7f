"""Ordinary customers of a reseller on whose accounts a campaign runs, too: on its books, and nothing of the campaign's.

Whoever pays with cards that several of a listed campaign's accounts pay with, and no stranger does, belongs to the same
house. One of them whose requests are an ordinary account's is a customer, if several are, and if all of them together
do not work as the campaign does: a pool's fragment in another language reads a list out like the rest of it, and has no
customers. How unlike a builder they are is measured against the house's own builder, since customers of one shop are no
random strangers and many a benign operator works a little like one; a tie is theirs. They are named so that nobody acts
upon them, and being named is no suspicion.
Source: mission table, rows 24 and 40; the contract, section 2 (`role`); decision 0023.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.families import FAMILY
from hydrometer.base.likeness import FamilyColumns, likeness, posterior
from hydrometer.base.population import LAST_OF_ALL, Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import Shares, conduct
from hydrometer.prove.membership import LISTED
from hydrometer.prove.profile import profiles
from hydrometer.prove.reference import EVERY, reference, soft_rank

BOOKS = FAMILY["payment"]
"""Family that shows on whose books an account is."""
CUSTOMERS_MIN, CUSTOMERS_SHARE = 4, 0.04
"""Customers, and customers for each of the campaign's accounts, from which its house is said to have any."""
ALIKE = 0.5
"""Part of the campaign's own evidence of reading a list out beyond which others of its house do so as well: halfway
between it and a benign operator of the library."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Ordinary customers of the house that a campaign's accounts belong to.

    Attributes:
        units: shape (k,), ascending.
        probability: shape (k,), that the account is a customer.
    """

    units: NDArray[np.int64]
    probability: NDArray[np.float64]


NOBODY = Customers(np.zeros(0, np.int64), np.zeros(0))


def on_the_books(population: Population, campaign: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probability that each unit is of the campaign's house, by its cards alone; shape (units,), 0 without a mark.

    Args:
        population: all units.
        campaign: units of the campaign.
    """
    layers = tuple(population.layers[name] for name in BOOKS.layers if name in population.layers)
    if not layers or not len(campaign):
        return np.zeros(population.units)
    inside = np.zeros(population.units, np.bool_)
    inside[campaign] = True
    strata, alone = population.likeness_strata(BOOKS), np.arange(population.units)
    like = likeness({BOOKS.name: FamilyColumns.of(layers, population.active, strata, alone)}, inside)
    chance = posterior(like.nats, inside, population.active, population.regions)
    return np.where(like.nats[:, 0] > 0.0, chance, 0.0)


def find(
    workspace: Workspace,
    population: Population,
    campaign: tuple[NDArray[np.int64], Shares],
    counts: NDArray[np.float64],
    taken: NDArray[np.bool_],
) -> Customers:
    """Customers of the house of one listed campaign.

    Args:
        workspace: holds `fingerprints` and `units`.
        population: all units.
        campaign: its units, and what its requests look like.
        counts: shape (units, cells), exchanges of every unit (`attribution.by_cell`).
        taken: shape (units,), units that have a role in a listed campaign already.
    """
    units, shares = campaign
    acts = 1.0 / (1.0 + np.exp(conduct(counts, shares.ratio, shares.typical)))
    chance = np.round(on_the_books(population, units) * acts, DECISION_DIGITS)
    found = np.flatnonzero(population.active & ~taken & (chance >= LISTED))
    if len(found) < max(CUSTOMERS_MIN, CUSTOMERS_SHARE * len(units)) or reads_out(workspace, found, units):
        return NOBODY
    return Customers(found, chance[found])


def reads_out(workspace: Workspace, units: NDArray[np.int64], campaign: NDArray[np.int64]) -> bool:
    """Whether some accounts, taken as one, read a list out as the campaign does, more than a benign operator would.

    Both are ranked among the library's operators by the figures that the log can tell of them.

    Args:
        workspace: holds `fingerprints` and `units`.
        units: the accounts.
        campaign: units of the campaign.
    """
    library, nats = reference(), []
    for worked in profiles(workspace, [units, campaign], LAST_OF_ALL).values:
        score = float(library.profile.score(worked[None, :])[0])
        nats.append(soft_rank(score, library.scores(EVERY & ~np.isnan(worked))))
    theirs, own = np.round(nats, DECISION_DIGITS).tolist()
    return bool(theirs > ALIKE * max(own, 0.0))
