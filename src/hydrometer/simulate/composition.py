"""Composes a campaign from a plan: how much each account sends, which techniques, how the accounts hang together.

A preset is a plan with its sources. Techniques become kinds of prompt and request settings, coordination changes
identities and hours, the rest of an account's traffic is cover that looks like anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from hydrometer.base.errors import BugError
from hydrometer.simulate import clock, identity, networks, people
from hydrometer.simulate.coordination import COORDINATIONS, involved
from hydrometer.simulate.techniques import TECHNIQUES, Settings
from hydrometer.simulate.world import CUSTOMER, OPERATOR, Array, Cohort, Columns, Settle

_COVER = {"ask": 1.0, "write": 0.8, "translate": 0.7, "code_fix": 0.7, "summarise": 0.5}
_TASTE_CONCENTRATION = 9.0
_API_SHARE = 0.66
_BROWSER_SHARE = 0.3
_MACHINE_SHARE = 0.6
_SHORT_TALKS = 0.55
_FEWEST = 2
_CUSTOMER_KINDS = ("ask", "explain", "write", "translate", "code_fix", "code_write", "steps", "summarise", "exam")
_CUSTOMER_MEANS = [3.0, 1.5, 1.3, 0.9, 1.1, 0.7, 0.5, 0.7, 0.5]
_MEAN_OF_MEDIAN = 1.8
"""Mean of people's volumes as a multiple of their median."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is composed of.

    Args:
        exchanges: mean exchanges of an account in the week.
        techniques: technique → weight, for the first builder.
        coordination: coordination → share of the accounts.
        others: the same for each further builder on these accounts: technique → weight.
        spread: standard deviation of the logarithm of an account's exchanges.
        cover: largest share of an account's traffic that is none of a builder's.
        languages: language → weight.
        countries: countries that `focus` of the accounts claim; the others live anywhere.
        focus: share of the accounts in those countries.
        customers: share of the accounts that are ordinary customers of the reseller whose accounts these are.
    """

    exchanges: float
    techniques: Mapping[str, float]
    coordination: Mapping[str, float]
    others: tuple[Mapping[str, float], ...] = ()
    spread: float = 1.0
    cover: float = 0.15
    languages: Mapping[str, float] = field(default_factory=lambda: {"en": 0.6, "zh": 0.4})
    countries: tuple[str, ...] = ("US", "SG", "HK", "JP", "DE", "TW", "GB")
    focus: float = 0.45
    customers: float = 0.0


def composed(plan: Plan) -> Settle:
    """Makes the accounts of a campaign by a plan."""

    def settle(size: int, draw: np.random.Generator) -> Cohort:
        accounts = _pool(plan, size, draw)
        cohort = _with_techniques(plan, accounts, draw)
        for name, coordination in COORDINATIONS.items():
            if name in plan.coordination:
                cohort = coordination.change(cohort, plan.coordination[name], draw)
        return _with_customers(plan, cohort, draw) if plan.customers else cohort

    return settle


def _pool(plan: Plan, size: int, draw: np.random.Generator) -> Columns:
    """Accounts that look like people but for their volume, their languages and their indifference to answers."""
    accounts = people.ordinary(size, identity.SDK, plan.exchanges, draw)
    places = np.array([networks.COUNTRIES.index(name) for name in plan.countries])
    accounts["country"] = np.where(draw.random(size) < plan.focus, draw.choice(places, size), accounts["country"])
    tongues = np.array([networks.LANGUAGES.index(name) for name in plan.languages])
    weights = np.array(list(plan.languages.values()))
    accounts["language"] = draw.choice(tongues, size, p=weights / weights.sum())
    accounts["issuer"] = identity.issuers(accounts["country"], draw)
    for trait in ("address", "second_address"):
        accounts[trait] = people.addresses(accounts["country"], draw)
    accounts["sign_up"] = np.where(draw.random(size) < 0.5, accounts["address"], accounts["sign_up"])
    browser = draw.random(size) < _BROWSER_SHARE
    accounts["client"] = np.where(browser, identity.clients(identity.BROWSER, size, draw), accounts["client"])
    accounts["pathway"] = np.where(draw.random(size) < _API_SHARE, identity.API, identity.SUBSCRIPTION)
    volume = plan.exchanges * np.exp(plan.spread * draw.standard_normal(size) - plan.spread**2 / 2)
    accounts["volume"] = np.maximum(_FEWEST, np.round(volume)).astype(np.int64)
    accounts["machine"] = draw.random(size) < _MACHINE_SHARE
    accounts["rhythm"] = draw.choice([clock.FLAT, clock.WAKING, clock.EVENING], size, p=[0.4, 0.4, 0.2])
    accounts["turns"] = np.where(draw.random(size) < _SHORT_TALKS, 1.0, 1.0 + draw.random(size))
    accounts["reacts"] = np.full(size, False)
    return accounts


def _set_some(settings: Settings, accounts: Columns, share: float, draw: np.random.Generator) -> None:
    """Gives the settings of a technique to a share of the accounts: about as many as it is used by."""
    size = len(accounts["volume"])
    before, uses = dict(accounts), draw.random(size) < share
    settings(accounts, draw)
    for trait, values in accounts.items():
        kept = before.get(trait, np.full(size, people.EXTRAS.get(trait, people.NOTHING)))
        accounts[trait] = np.where(uses, values, kept)


def _with_techniques(plan: Plan, accounts: Columns, draw: np.random.Generator) -> Cohort:
    """The cohort that uses the techniques of all builders, and some cover."""
    size = len(accounts["volume"])
    cover = plan.cover * draw.random(size)
    harvest: dict[str, Array] = {}
    builder: dict[str, int] = {}
    items: dict[str, int] = {}
    plans = [plan.techniques, *plan.others]
    for number, techniques in enumerate(plans):
        tastes = people.tastes(size, list(techniques.values()), _TASTE_CONCENTRATION, draw)
        for column, name in enumerate(techniques):
            technique = TECHNIQUES[name]
            if technique.settings is not None:
                _set_some(
                    technique.settings, accounts, min(1.0, 2.0 * techniques[name] / sum(techniques.values())), draw
                )
                if "injected" in accounts and len(plans) > 1:
                    accounts.setdefault("injects_for", np.full(size, number))
            total = sum(technique.kinds.values())
            for kind, weight in technique.kinds.items():
                if builder.get(kind, number) != number:
                    raise BugError(
                        "composition", f"{kind} of two builders", "kinds of its own for each", "change the plan"
                    )
                part = tastes[:, column] * weight / total * (1.0 - cover) / len(plans)
                harvest[kind] = harvest.get(kind, np.zeros(size)) + part
                builder.setdefault(kind, number)
                items[kind] = technique.items
    rest = {kind: weight for kind, weight in _COVER.items() if kind not in harvest}
    tastes = people.tastes(size, list(rest.values()), 0.5, draw) * cover[:, None]
    return Cohort(
        accounts,
        (*harvest, *rest),
        np.column_stack([*harvest.values(), tastes]),
        harvest=frozenset(harvest),
        worklists=frozenset(kind for kind in harvest if not items[kind]),
        shared_items=tuple((kind, count) for kind, count in items.items() if count),
        builder=tuple((kind, number) for kind, number in builder.items() if number),
    )


def _with_customers(plan: Plan, cohort: Cohort, draw: np.random.Generator) -> Cohort:
    """The cohort with a share of its accounts turned into ordinary customers of the same reseller."""
    size = cohort.size
    # Who was banned, or took over, is the operator's; the others are customers so much the more often.
    free = ~involved(cohort)
    customer = free & (draw.random(size) < plan.customers / max(float(free.mean()), plan.customers))
    usual = people.ordinary(size, identity.SDK, plan.exchanges / _MEAN_OF_MEDIAN, draw)
    for trait in ("language", "volume", "rhythm", "turns", "reacts", "machine", "thinking", "system", "tools", "model"):
        cohort.accounts[trait] = np.where(customer, usual[trait], cohort.accounts[trait])
    cohort.accounts["role"] = np.where(customer, CUSTOMER, OPERATOR)
    for trait in ("injected", "replays", "hands_over", "fake_follow", "choices"):
        if trait in cohort.accounts:
            cohort.accounts[trait] = np.where(customer, people.EXTRAS[trait], cohort.accounts[trait])
    tastes = people.tastes(size, _CUSTOMER_MEANS, 2.0, draw)
    kinds = tuple(dict.fromkeys([*cohort.kinds, *_CUSTOMER_KINDS]))
    weights = np.zeros((size, len(kinds)))
    weights[:, : len(cohort.kinds)] = np.where(customer[:, None], 0.0, cohort.weights)
    allowed = [kind for kind in _CUSTOMER_KINDS if kind not in cohort.harvest]
    for kind in allowed:
        weights[:, kinds.index(kind)] += customer * tastes[:, _CUSTOMER_KINDS.index(kind)]
    return Cohort(
        cohort.accounts, kinds, weights, cohort.harvest, cohort.worklists, cohort.shared_items, cohort.builder
    )
