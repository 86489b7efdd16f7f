"""How many exchanges each benign account of a world has: natural volumes stretched to the size that the world states.

Campaigns keep what their sources disclose. Where they would be most of a world (a knob or a small scale makes them so)
the world grows instead of leaving people one question each. No account stands further above those of its kind than
people do (`people.volumes`).
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate.world import Array, Columns

MOST_OF_A_WORLD = 0.6
"""Share of a world's exchanges above which its campaigns make it grow."""
_LEAST_OF_NATURAL = 0.5
"""Benign accounts of a world that grows keep at least this part of their natural volumes."""
MOST_OF_THE_MEDIAN = 60
"""No benign account has more than so many times the median of its cohort."""


def of_a_grown_world(left: float, natural: int) -> int:
    """Exchanges of the benign accounts of a world that grows.

    Args:
        left: what its campaigns would leave of it without knobs, and without a least number of accounts.
        natural: exchanges of its benign accounts before they are stretched.
    """
    return round(max(left, _LEAST_OF_NATURAL * natural))


def stretch(cohorts: list[Columns], share: int) -> None:
    """Scales `volume` of all accounts in place so that they add up to `share`; each keeps at least one exchange.

    What lies above `MOST_OF_THE_MEDIAN` is cut and handed to the other accounts in proportion: before they are scaled,
    and once again after it, for small medians grow less than large volumes do.
    """
    edges = np.cumsum([len(accounts["volume"]) for accounts in cohorts])[:-1]
    wanted = np.concatenate([accounts["volume"] for accounts in cohorts])
    wanted = np.minimum(wanted, _most(wanted, edges))
    volume = 1 + _dealt(wanted - 1.0, max(share - len(wanted), 0))
    most = _most(volume, edges)
    cut = np.maximum(volume - most, 0)
    volume += _dealt(np.where(cut > 0, 0.0, volume - 1.0), int(cut.sum())) - cut
    for accounts, part in zip(cohorts, np.split(volume, edges), strict=True):
        accounts["volume"] = part


def _most(volume: Array, edges: Array) -> Array:
    """The most exchanges of each account, by the median of its cohort; cohorts begin at `edges`."""
    medians = [np.full(len(part), np.median(part)) for part in np.split(volume, edges)]
    return (MOST_OF_THE_MEDIAN * np.concatenate(medians)).astype(np.int64)


def _dealt(weights: Array, total: int) -> Array:
    """Whole numbers in proportion to weights; they add up to `total` where any weight is positive."""
    reach = np.floor(np.cumsum(weights) / max(weights.sum(), 1.0) * total + 1e-6).astype(np.int64)
    return np.diff(reach, prepend=0)
