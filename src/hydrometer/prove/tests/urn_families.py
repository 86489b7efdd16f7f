"""H1: the urn on each family that did not form the group; the mean over families is one e-value.

Families are tested apart, each with its own clumping rate and strata, and averaged: a mean of e-values is an e-value
under any dependence, a product is not. Where a family has two stratifications (client, language) the smaller e-value
counts, which is valid if either explains what strangers share. Of cards those of other candidates count as seen before
the first member is drawn, if no candidate was formed by infrastructure: an operator's pool often comes in pieces, by
language or by template, that share little within and pay with the same cards.
Source: `statistics.md` sections 2.1, 2.3 and 2.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hydrometer.base.cases import Case, Evidence, Finding, Test
from hydrometer.base.families import FAMILY, Family
from hydrometer.base.population import Layer
from hydrometer.base.units import DECISION_DIGITS, bits
from hydrometer.prove.background import log_mean
from hydrometer.prove.urn import group_log_e, looked_at

OBSERVED_MIN = 5
"""Members that must show a family before it is tested."""


def judge(case: Case) -> Finding:
    """The urn on each observed family, and a row of evidence for each."""
    rows = [
        row for row in (one_family(case, FAMILY[name], layers) for name, layers in case.testing.families.items()) if row
    ]
    if not rows:
        return Finding()
    return Finding(log_mean([log_e for log_e, _ in rows]), tuple(evidence for _, evidence in rows))


def both_ways(layers: tuple[Layer, ...]) -> tuple[sparse.csr_array, NDArray[np.int64], sparse.csr_array]:
    """(units × entities), the entities' hashes, and (entities × units) of a family."""
    held, entities = looked_at(layers)
    return held, entities, held.T.tocsr()


def one_family(case: Case, family: Family, layers: tuple[Layer, ...]) -> tuple[float, Evidence] | None:
    """ln e and evidence of one family; None where too few members show it."""
    population = case.population
    beside = case.beside if family.across else case.beside[:0]
    eligible = np.logical_or.reduce([layer.observed for layer in layers]) & population.active
    eligible[beside] = False
    present = case.group.members[eligible[case.group.members]]
    if len(present) < OBSERVED_MIN:
        return None
    held, entities, holders = case.once(f"{TEST.name} {family.name}", case.last_epoch, lambda: both_ways(layers))
    known = np.bincount(held[beside].indices, minlength=held.shape[1]) > 0
    values = {
        number: group_log_e(
            case.group.members,
            held,
            entities,
            strata,
            eligible,
            clumping=family.clumping,
            seed=case.seed,
            stage=f"urn {family.name}",
            known=known,
            holders=holders,
        )
        for number, strata in enumerate(population.testing_strata(family))
    }
    weakest = min(values, key=lambda number: (round(values[number], DECISION_DIGITS), number))
    value, strata = values[weakest], population.testing_strata(family)[weakest]
    sharing = known | np.asarray(held[present].astype(np.int64).sum(axis=0) >= 2).ravel()
    linked = int((held[present][:, sharing].astype(np.int64).sum(axis=1) > 0).sum())
    others = " or with a group of another wording" if known.any() else ""
    statement = (
        f"{linked} of {len(present)} members share {family.noun} with another member{others}; unrelated accounts of "
        f"the same strata, clumping up to {family.clumping:.0%}, explain this "
        f"{'worse' if value > 0 else 'better'} than one hand."
    )
    evidence = Evidence(
        "H1",
        f"urn_{family.name}",
        family.name,
        linked / len(present),
        "share of members",
        len(present),
        f"urn on a held-out family, benign clumping {family.clumping:g}",
        f"{len(np.unique(strata[present]))} of {int(strata.max()) + 1} strata",
        min(bits(value), float(np.log2(int(eligible.sum()) + 1))),
        bits(value),
        statement,
    )
    return value, evidence


TEST = Test(
    name="urn_families",
    hypothesis="H1",
    role="evidence",
    judge=judge,
    source="statistics cookbook, section 2.1",
    benign_twins=("ide_users", "carrier_nat", "households"),
)
