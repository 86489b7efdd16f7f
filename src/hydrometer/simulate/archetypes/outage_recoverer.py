"""People whose service was down: all come back in the same minutes and work off what had piled up.

A twin of coordination: a burst of unrelated accounts with one cause that lies outside them.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("ask", "code_fix", "write", "summarise", "table_row", "support", "translate")
_MEANS = [2.0, 1.2, 1.0, 1.0, 1.0, 0.8, 0.7]
_FIRST_HOUR, _HOURS = 20, 110
_RETRY_MINUTES = (1.2, 2.5)
_IMPATIENT_SHARE = 0.7
_BACKLOG_US = 25 * 60 * clock.SECOND_US


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Most finish in half an hour after the outage, the others come back then and stay for hours."""
    accounts = people.ordinary(size, identity.SDK, 12.0, draw)
    over = clock.START_US + _FIRST_HOUR * clock.HOUR_US + int(draw.integers(0, _HOURS)) * clock.HOUR_US
    minutes = draw.gamma(*_RETRY_MINUTES, size)
    accounts["opened"] = over + (minutes * 60.0 * clock.SECOND_US).astype(np.int64)
    patient_us = (draw.gamma(2.0, 5.0, size) * clock.HOUR_US).astype(np.int64)
    stays = np.where(draw.random(size) < _IMPATIENT_SHARE, _BACKLOG_US, _BACKLOG_US + patient_us)
    accounts["closed"] = np.minimum(accounts["opened"] + stays, clock.END_US)
    accounts["rhythm"] = np.full(size, clock.WINDOW)
    machine = draw.random(size) < 0.4
    accounts["machine"], accounts["turns"] = machine, np.where(machine, 1.0, accounts["turns"])
    accounts["reacts"] = ~machine
    hosted = machine & (draw.random(size) < 0.7)
    accounts["address"] = np.where(hosted, networks.hosts(size, draw), accounts["address"])
    people.tinker(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.4, draw))


ARCHETYPE = Archetype("outage_recoverer", "strangers who all come back after an outage", _settle)
