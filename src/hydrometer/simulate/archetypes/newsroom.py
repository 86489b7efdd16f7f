"""Editorial desks: agency items rewritten neutrally all week, by people in shifts and by a feed on the full hour.

A twin of rewriting sensitive questions: the subjects are as hard, the answers are published and asked about.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("news_rewrite", "summarise", "translate", "rewrite", "write", "ask")
_MEANS = [4.5, 1.6, 1.0, 1.2, 0.8, 0.9]
_ACCOUNTS, _MEDIAN = 14.0, 30.0
_SPREAD = (7.0, 18.0)
_FEED_SHARE = 0.2


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Editors behind one egress and at home, day and weekend; a fifth of the accounts are scheduled feeds."""
    accounts, desk = _operators.firms(size, _ACCOUNTS, identity.BROWSER, _MEDIAN, draw)
    feed = draw.random(size) < _FEED_SHARE
    accounts["client"] = np.where(feed, identity.clients(identity.SERVER, size, draw), accounts["client"])
    accounts["pathway"] = np.where(feed, identity.API, identity.SUBSCRIPTION)
    shift = draw.choice([clock.WAKING, clock.OFFICE, clock.EVENING], size, p=[0.5, 0.25, 0.25])
    accounts["rhythm"] = np.where(feed, clock.CRON, shift)
    accounts["machine"], accounts["reacts"] = feed, ~feed
    accounts["turns"] = np.where(feed, 1.0, accounts["turns"])
    accounts["volume"] = np.where(feed, 2 * accounts["volume"], accounts["volume"])
    house_style = people.one_each(desk, speech.system(speech.COMPANY, people.codes(size, draw)))
    accounts["system"] = np.where(feed | (draw.random(size) < 0.3), house_style, people.NOTHING)
    return Cohort(accounts, _KINDS, _operators.tastes(desk, _MEANS, _SPREAD, draw))


ARCHETYPE = Archetype("newsroom", "editorial desks that rewrite agency items", _settle)
