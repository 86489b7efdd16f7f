"""Figures over accounts: precision and recall, false alarms per 100,000, and what a flag is worth at each prevalence.

Accounts of one operator are flagged together, so bounds count benign operators, which are independent: with operators
of some twenty accounts, a bound over accounts covers a third of the time. Source: statistics cookbook, section 12;
detection table, section 6.1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from hydrometer.base.draws import generator
from hydrometer.simulate import metrics
from hydrometer.simulate.hard import difficulty
from hydrometer.simulate.score_tables import Row, Truth

PER = 100_000
PREVALENCES = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4, "1e-5": 1e-5}
"""Shares of campaign accounts among all at which a flag's worth is stated."""
_RESAMPLES = 2_000
_LEAST_CLUSTERS = 10
"""Flagged benign operators from which a resampled bound over accounts may be stated."""


def figures(known: Truth, flagged: set[str]) -> Row:
    """Precision, recall, false alarms and predictive values of a set of flagged accounts.

    Precision counts a flagged customer of a campaign's reseller as wrong; rates of false alarms are over benign
    accounts alone, those without a role in any campaign.
    """
    right, false = flagged & known.guilty, flagged & set(known.benign)
    precision, recall = metrics.ratio(len(right), len(flagged)), metrics.ratio(len(right), len(known.guilty))
    alarms = alarm_rates(known, known.benign, flagged)
    return {
        "precision": precision,
        "recall": recall,
        "f1": metrics.f1(precision, recall),
        "flagged": len(flagged),
        "guilty": len(known.guilty),
        "right": len(right),
        "benign": len(known.benign),
        "benign_operators": alarms["operators"],
        "false_accounts": len(false),
        "false_operators": alarms["flagged_operators"],
        "false_accounts_per_100k": alarms["flagged_accounts_per_100k"],
        "false_accounts_per_100k_upper_95": _account_bound(known, false),
        "false_operators_per_100k": alarms["flagged_operators_per_100k"],
        "false_operators_per_100k_upper_95": alarms["flagged_operators_per_100k_upper_95"],
        "unknown_accounts": len(flagged - set(known.accounts)),
        "predictive_value": predictive_values(recall, alarms["flagged_operators"], alarms["operators"]),
    }


def alarm_rates(known: Truth, accounts: Iterable[str], flagged: set[str]) -> Row:
    """How many of some benign accounts and of their operators are flagged; the bound counts operators."""
    everyone = set(accounts)
    false = flagged & everyone
    operators, struck = ({known.benign[one]["operator_id"] for one in some} for some in (everyone, false))
    return counted_alarms(len(everyone), len(operators), len(false), len(struck))


def counted_alarms(accounts: int, operators: int, flagged_accounts: int, flagged_operators: int) -> Row:
    """Counts of a benign population with their rates per 100,000 and the Clopper-Pearson bound over operators.

    >>> counted_alarms(300_000, 15_000, 0, 0)["flagged_operators_per_100k_upper_95"]  # doctest: +ELLIPSIS
    19.96...
    """
    bound = metrics.upper_bound(flagged_operators, operators)
    return {
        "accounts": accounts,
        "operators": operators,
        "flagged_accounts": flagged_accounts,
        "flagged_operators": flagged_operators,
        "flagged_accounts_per_100k": _per_100k(metrics.ratio(flagged_accounts, accounts)),
        "flagged_operators_per_100k": _per_100k(metrics.ratio(flagged_operators, operators)),
        "flagged_operators_per_100k_upper_95": _per_100k(bound),
    }


def by_archetype(known: Truth, flagged: set[str]) -> dict[str, Row]:
    """False alarms of each benign archetype."""
    groups: dict[str, list[str]] = defaultdict(list)
    for one, row in known.benign.items():
        groups[row["archetype"]].append(one)
    return {archetype: alarm_rates(known, members, flagged) for archetype, members in sorted(groups.items())}


def by_difficulty(known: Truth, flagged: set[str]) -> dict[str, Row]:
    """False alarms of the pristine and of the hard benign populations."""
    sides: dict[str, list[str]] = {"pristine": [], "hard": []}
    for one, row in known.benign.items():
        sides[difficulty(row["archetype"])].append(one)
    return {side: alarm_rates(known, members, flagged) for side, members in sides.items()}


def predictive_values(recall: float | None, false_operators: int, operators: int) -> Row:
    """What a flag is worth at each prevalence: from the rate over benign operators, and from its upper bound."""
    rate, bound = metrics.ratio(false_operators, operators), metrics.upper_bound(false_operators, operators)
    return {
        name: {
            "value": metrics.predictive_value(recall, rate, share),
            "lower_95": metrics.predictive_value(recall, bound, share),
        }
        for name, share in PREVALENCES.items()
    }


def _per_100k(rate: float | None) -> float | None:
    """A share as a number in 100,000."""
    return None if rate is None else rate * PER


def _account_bound(known: Truth, false: set[str]) -> float | None:
    """Upper 95 % bound of false accounts per 100,000 by resampling whole benign operators; None where few are flagged.

    Operators of one size and one number of flagged accounts are drawn together, as one multinomial class.
    """
    sizes = Counter(row["operator_id"] for row in known.benign.values())
    struck = Counter(known.benign[one]["operator_id"] for one in false)
    if len(struck) < _LEAST_CLUSTERS:
        return None
    classes = Counter((size, struck[operator]) for operator, size in sizes.items())
    ordered = sorted(classes)
    counts = np.array([classes[one] for one in ordered])
    draws = generator(0, "score_accounts").multinomial(counts.sum(), counts / counts.sum(), _RESAMPLES)
    size, hit = np.array(ordered, dtype=np.float64).T
    return float(np.quantile((draws @ hit) / (draws @ size), metrics.CONFIDENCE)) * PER
