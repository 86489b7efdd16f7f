"""The same harvest spread over more accounts, down to four exchanges each.

It takes twelve accounts at least; where these with very many exchanges each would be most of a world, that world grows
(`volumes.py`).
Source: detection table, section 9, evasion 2; mission table, section 1.1 (4 to 9,000 exchanges an account).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Cohort, Evasion

_FEWEST_ACCOUNTS, _MOST_ACCOUNTS = 12, 400_000
_SPREAD = 0.3


def _accounts(accounts: int, mean_exchanges: float, value: float) -> int:
    """Accounts that share the same number of exchanges at `value` each."""
    return int(np.clip(round(accounts * mean_exchanges / value), _FEWEST_ACCOUNTS, _MOST_ACCOUNTS))


def _apply(cohort: Cohort, value: float, draw: np.random.Generator) -> Cohort:
    """Every account sends about `value` exchanges."""
    factor = np.exp(_SPREAD * draw.standard_normal(cohort.size) - _SPREAD**2 / 2)
    cohort.accounts["volume"] = np.maximum(1, np.round(value * factor)).astype(np.int64)
    return cohort


EVASION = Evasion(
    "sharding",
    "exchanges of an account; the fewer, the more accounts",
    _apply,
    low=10_000.0,
    high=4.0,
    steps=(1_000.0, 300.0, 100.0, 30.0, 10.0, 4.0),
    unit="exchanges an account in the week",
    cost="more accounts for the same data",
    accounts=_accounts,
)
