"""Who is what in a listed campaign: operators, victims whose key it uses, ordinary customers of its house.

Membership says who shares much with the campaign. Here that is parted: a genuine owner is no operator, an account that
sends nothing of what the campaign sends is none either, and whoever is only on the same books is a customer. Victims
and customers are looked for beside the members, too. All of it comes after the tests, so that no test's choice of
group rests on it. Source: the contract, section 2 (`role`, `kind`); mission table, rows 37 and 40.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.base.workspace import Workspace
from hydrometer.prove import customers, victims
from hydrometer.prove.attribution import Shares, by_cell, held_in_cells, shares
from hydrometer.prove.customers import Customers
from hydrometer.prove.membership import LISTED, Membership
from hydrometer.prove.verdict import Verdict
from hydrometer.prove.victims import Victims

PAPERS = ("payment_fingerprint", "signup_ip")
"""Layers by which an account is the campaign's own: a stolen key does not change them."""
STOLEN_SHARE = 0.5
"""Victims among operators and victims from which a campaign's kind is `stolen_keys` (contract)."""


@dataclass(frozen=True, slots=True)
class Roles:
    """A listed campaign, parted by role.

    Attributes:
        verdict: with the kind that follows from the roles; its membership holds the operators alone.
        shares: of the operators.
        victims: accounts whose key is used.
        customers: ordinary customers of the same house.
        counts: shape (units, cells), exchanges of every unit in each cell of the campaign's attribution.
    """

    verdict: Verdict
    shares: Shares
    victims: Victims
    customers: Customers
    counts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Others:
    """What a campaign's roles must leave alone.

    Attributes:
        accounts: accounts of each unit.
        elsewhere: accounts that stand in another listed campaign.
        q: the run's false-discovery level.
    """

    accounts: Sequence[Sequence[str]]
    elsewhere: Set[str]
    q: float

    def of(self, units: NDArray[np.int64]) -> set[str]:
        """Accounts of some units."""
        return {account for unit in units.tolist() for account in self.accounts[unit]}


def assign(workspace: Workspace, population: Population, verdict: Verdict, marked: pa.Table, others: Others) -> Roles:
    """The roles of one listed campaign.

    Args:
        workspace: tables of the run.
        population: all units.
        verdict: the campaign, with all its members.
        marked: its `attribution.marks`.
        others: other campaigns, and whose accounts are whose.
    """
    members = verdict.judged.membership
    asked = victims.Asked(
        others.of(members.units), others.elsewhere, others.of(own_papers(population, members)), others.q
    )
    with held_in_cells(workspace, marked):
        counts = by_cell(workspace, population.units)
        found = shares(counts, members)
        abused = victims.find(workspace, found, asked)
    names = set(abused.accounts)
    owners = np.array([not names >= set(others.accounts[unit]) for unit in members.units.tolist()], np.bool_)
    verdict, found = acting(_with(verdict, members.of(owners)), found.of(owners))
    operators = verdict.judged.membership.units
    taken = np.array([bool(names & set(some)) or bool(others.elsewhere & set(some)) for some in others.accounts])
    taken[operators] = True
    guests = customers.find(workspace, population, (operators, found), counts, taken)
    return Roles(replace(verdict, kind=kind(len(others.of(operators)), len(names))), found, abused, guests, counts)


def kind(operators: int, stolen: int) -> str:
    """Kind of a listed campaign by the accounts of its operator and those whose keys it uses.

    >>> kind(3, 3), kind(4, 3), kind(5, 0)
    ('stolen_keys', 'distillation', 'distillation')
    """
    return "stolen_keys" if stolen and stolen >= STOLEN_SHARE * (operators + stolen) else "distillation"


def own_papers(population: Population, membership: Membership) -> NDArray[np.int64]:
    """Units that hold a card or a sign-up address which marks the campaign."""
    held = np.zeros(population.units, np.bool_)
    for name in PAPERS:
        marks = membership.enriched.get(name)
        if marks is None or not len(marks):
            continue
        layer = population.layers[name]
        chosen = layer.held[:, np.searchsorted(layer.entities, marks)].astype(np.int64)
        held |= np.asarray(chosen.sum(axis=1)).ravel() > 0
    return np.flatnonzero(held)


def acting(verdict: Verdict, found: Shares) -> tuple[Verdict, Shares]:
    """The group without those who share much with it but do nothing of what it does.

    Who belongs was worked out without a look at what is asked for, and the tests are done; only now does each member's
    own traffic count, so that an innocent account is not listed for its neighbours.
    """
    membership = verdict.judged.membership
    odds = np.log(np.maximum(membership.probability, 1e-9)) - np.log(np.maximum(1.0 - membership.probability, 1e-9))
    probability = np.round(1.0 / (1.0 + np.exp(-np.clip(odds + found.conduct, -50.0, 50.0))), DECISION_DIGITS)
    kept = probability >= LISTED
    if int(kept.sum()) < 2:
        return verdict, found
    return _with(verdict, replace(membership, probability=probability).of(kept)), found.of(kept)


def _with(verdict: Verdict, membership: Membership) -> Verdict:
    """The verdict with another membership."""
    return replace(verdict, judged=replace(verdict.judged, membership=membership))
