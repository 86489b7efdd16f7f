"""Units: bits and nats, epochs of event time, money in whole micro-dollars, values rounded before they decide.

Sums are taken over integers (counts, tokens, micro-USD) so that their order does not matter, and a decision is taken
on a value rounded to 1e-9, so that the last bit of a float never decides. Source: the contract, section 2.
"""

from __future__ import annotations

import math
from datetime import timedelta

NATS_PER_BIT = math.log(2.0)
EPOCH = timedelta(hours=6)
"""Default length of an epoch of event time (contract, `detectable_at`)."""
EPOCH_US = int(EPOCH.total_seconds()) * 1_000_000
WEEK_US = 7 * 86_400 * 1_000_000
MICRO_USD = 1_000_000
DECISION_DIGITS = 9
REPORT_DIGITS = 6
FILL_MIN = 5
"""Distinct prompts of one wording from which it counts as a filled-in form."""


def bits(nats: float) -> float:
    """Nats to bits.

    >>> round(bits(11.038158), 4)
    15.9247
    """
    return nats / NATS_PER_BIT


def decide(value: float) -> float:
    """A value as it enters a decision: rounded to 1e-9.

    >>> decide(0.1 + 0.2) == decide(0.3)
    True
    """
    return round(value, DECISION_DIGITS)
