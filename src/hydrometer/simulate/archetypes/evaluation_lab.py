"""Evaluation labs: a few accounts of one organisation put known items and rubrics to every model, each several times.

Look-alike 5 of the detection table, section 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.simulate import clock, identity, networks, people, speech
from hydrometer.simulate.archetypes import _operators
from hydrometer.simulate.world import Archetype, Cohort

_KINDS = ("eval_item", "rubric", "rate", "steps")
_MEANS = [3.0, 2.4, 0.3, 0.3]
_SPREAD = (6.0, 18.0)
_ACCOUNTS, _ITEMS = 4, 160
_MODELS = 4


def _settle(size: int, draw: np.random.Generator) -> Cohort:
    """Four accounts a lab; each account measures one model, all ask the same items."""
    accounts = people.ordinary(size, identity.SDK, 120.0, draw)
    lab = people.grouped(size, _ACCOUNTS)
    for trait in ("card", "owner", "organization"):
        accounts[trait] = people.one_each(lab, people.codes(size, draw))
    for trait in ("country", "issuer", "client", "volume"):
        accounts[trait] = people.one_each(lab, accounts[trait])
    accounts["operator"] = people.one_each(lab, np.arange(size))
    rack = people.one_each(lab, networks.hosts(size, draw))
    for trait in ("address", "second_address"):
        accounts[trait] = rack
    accounts["language"] = np.zeros(size, dtype=np.int64)
    accounts["mail_domain"] = people.one_each(lab, draw.choice([identity.CAMPUS, *identity.COMPANY], size))
    accounts["verification"] = np.full(size, identity.BUSINESS)
    accounts["programme"], accounts["pathway"] = np.full(size, identity.RESEARCH), np.full(size, identity.STUDY)
    accounts["plan"] = np.full(size, identity.PAYG)
    accounts["system"] = people.one_each(lab, speech.system(speech.JUDGE, people.codes(size, draw)))
    accounts["model"] = np.arange(size) % _MODELS % identity.NEW
    accounts["turns"], accounts["reacts"] = np.ones(size), np.full(size, False)
    accounts["length"] = np.zeros(size)
    accounts["rhythm"] = draw.choice([clock.FLAT, clock.OFFICE], size)
    accounts["machine"] = np.full(size, True)
    accounts["temperature"] = np.zeros(size)
    accounts["thinking"] = np.where(draw.random(size) < 0.6, identity.THINKING_BUDGETS[-1], people.NOTHING)
    return Cohort(
        accounts,
        _KINDS,
        _operators.tastes(lab, _MEANS, _SPREAD, draw),
        shared_items=(("eval_item", _ITEMS), ("rubric", _ITEMS)),
    )


ARCHETYPE = Archetype("evaluation_lab", "labs that put known items and rubrics to every model", _settle)
