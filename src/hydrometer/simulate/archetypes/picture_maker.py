"""People who make and discuss pictures: posters, avatars, product shots, and questions about photographs.

A twin of collecting pictures: tastes are their own, and what comes back is varied and asked for again.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, people
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("picture_ask", "vision_ask", "write", "ask", "rewrite")
_MEANS = [4.0, 2.2, 0.8, 0.9, 0.4]
_SHOP_SHARE = 0.2


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Mostly people in a browser; a fifth are small shops with a script for their catalogue."""
    accounts = people.ordinary(size, identity.BROWSER, 12.0, draw)
    shop = draw.random(size) < _SHOP_SHARE
    accounts["client"] = np.where(shop, identity.clients(identity.SDK, size, draw), accounts["client"])
    accounts["pathway"] = np.where(shop, identity.API, identity.SUBSCRIPTION)
    accounts["volume"] = np.where(shop, 4 * accounts["volume"], accounts["volume"])
    accounts["scripted"] = shop & (draw.random(size) < 0.6)
    accounts["turns"] = np.where(shop, 1.0, accounts["turns"] + 1.0)
    accounts["reacts"] = ~shop
    accounts["choices"] = draw.choice([1, 2, 4], size, p=[0.7, 0.15, 0.15])
    accounts["thinking"] = np.where(draw.random(size) < 0.8, people.NOTHING, accounts["thinking"])
    accounts["rhythm"] = np.where(shop, clock.OFFICE, accounts["rhythm"])
    _operators.churn(accounts, draw)
    return Cohort(accounts, _KINDS, people.tastes(size, _MEANS, 0.4, draw))


ARCHETYPE = Archetype("picture_maker", "people and shops that make pictures", _settle)
