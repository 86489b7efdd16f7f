"""What exchanges cost at list price: as the log charges, else by the policy's price list, else by a public one.

The public list is the package `genai-prices` (extra `prices`), read as it is installed and never fetched; it is used
only where the policy says `public_prices: true`, so that the same configuration gives the same sums everywhere. What no
list knows has no price: it is counted and said, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hydrometer.base.errors import UsageError
from hydrometer.prove.assembly import moment
from hydrometer.prove.subject import Subject

MILLION = 1_000_000
PROBE_TOKENS = 1_000
"""Tokens for which the public list is asked: few, so that no surcharge for long contexts enters."""
SUMS = """
select coalesce(x.response_model, x.request_model) as model,
       x.cost_usd is not null or coalesce(x.status, 200) >= 400 as charged,
       sum(p.millionths)::double / 1e6 as exchanges,
       sum(p.millionths::hugeint * f.micro_usd)::double / 1e12 as usd,
       sum(p.millionths::hugeint * (coalesce(x.input_tokens, 0) - least(coalesce(x.cached_tokens, 0),
         coalesce(x.input_tokens, 0))))::double / 1e6 as fresh,
       sum(p.millionths::hugeint * least(coalesce(x.cached_tokens, 0), coalesce(x.input_tokens, 0)))::double / 1e6
         as cached,
       sum(p.millionths::hugeint * coalesce(x.output_tokens, 0))::double / 1e6 as output
from part p join {traffic} f using (exchange_id) join {requests} x using (exchange_id) group by 1, 2 order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """USD a million tokens, and where that is from."""

    input_usd: float
    cached_usd: float
    output_usd: float
    source: str


@dataclass(frozen=True, slots=True)
class Priced:
    """Price of a group's exchanges.

    Attributes:
        usd: sum over the exchanges with a price.
        priced: exchanges with a price.
        unpriced: exchanges without.
        unknown_models: models that no list knows, most used first.
        sources: where prices are from, in alphabetical order.
    """

    usd: float
    priced: float
    unpriced: float
    unknown_models: tuple[str, ...]
    sources: tuple[str, ...]


def priced(subject: Subject) -> Priced:
    """List price of the group's attributed exchanges."""
    part = subject.part.select(["exchange_id", "millionths"])
    rows = subject.workspace.query(SUMS, part=part).to_pylist()
    at = moment(int(subject.part["sent_us"].to_numpy().max(initial=0)))
    usd = known = 0.0
    missing: list[tuple[float, str]] = []
    sources = set()
    for row in rows:
        rates = None if row["charged"] else rates_of(subject.around.policy, row["model"], at)
        if row["charged"]:
            usd, known = usd + row["usd"], known + row["exchanges"]
            sources.add("cost_usd")
        elif rates is None:
            missing.append((row["exchanges"], row["model"] or "a model that the log does not name"))
        else:
            spent = row["fresh"] * rates.input_usd + row["cached"] * rates.cached_usd + row["output"] * rates.output_usd
            usd, known = usd + spent / MILLION, known + row["exchanges"]
            sources.add(rates.source)
    missing.sort(key=lambda one: (-round(one[0], 6), one[1]))
    return Priced(
        usd, known, sum(one[0] for one in missing), tuple(name for _, name in missing), tuple(sorted(sources))
    )


def rates_of(policy: Mapping[str, Any], model: str | None, at: datetime) -> Rates | None:
    """Rates of a model by the policy's list, else by the public one if the policy allows it; None = unknown.

    >>> rates_of({"prices": {"m": {"input_usd": 3, "output_usd": 15}}}, "m", datetime(2026, 1, 1)).cached_usd
    3.0
    """
    if model is None:
        return None
    listed = (policy.get("prices") or {}).get(model)
    if listed is not None:
        fresh = float(listed["input_usd"])
        return Rates(fresh, float(listed.get("cached_usd", fresh)), float(listed["output_usd"]), "policy.yaml, prices")
    return _public(model, at) if policy.get("public_prices") else None


def _public(model: str, at: datetime) -> Rates | None:
    """Rates of the public list as installed; None where it does not know the model.

    Raises:
        UsageError: the policy wants the list and it is not installed.
    """
    try:
        import genai_prices
    except ImportError:
        raise UsageError(
            "policy.yaml: public_prices", "the package genai-prices is not installed", "the extra `prices`",
            "install hydrometer[prices], or give a price list under `prices`",
        ) from None  # fmt: skip

    def usd(**tokens: int) -> float:
        usage = genai_prices.Usage(**tokens)
        return float(genai_prices.calc_price(usage, model, genai_request_timestamp=at).total_price)

    try:
        fresh = usd(input_tokens=PROBE_TOKENS)
        cached = usd(input_tokens=PROBE_TOKENS, cache_read_tokens=PROBE_TOKENS)
        output = usd(output_tokens=PROBE_TOKENS)
    except (LookupError, ValueError):
        return None
    scale = MILLION / PROBE_TOKENS
    return Rates(fresh * scale, cached * scale, output * scale, f"genai-prices {genai_prices.__version__}")
