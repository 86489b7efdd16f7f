"""Rows of a case sorted under the headings of bills, advisories and catalogues: packs are data, headings neutral.

A pack (`prove/factors/*.yaml`) has a status and a date that are printed with every row, since a bill is no law and an
advisory no proof. Under each factor stand the rows of facts and evidence that speak to it; whether the factor is
present is for others. Where a pack names a flag, the row says how often the group's accounts and other operators in
this log show it. Beside it stands the flag's likelihood ratio on the simulated range, said to be that, where one was
measured (`prove/factors/range_ratios.yaml`, written by `python -m bench.indicators`); nothing is decided with it.
Source: mission table, rows 68 to 70; mission, section 1.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray
from scipy.special import betaincinv

from hydrometer.prove.fact import INFERRED, OBSERVED, UNKNOWN, Fact, percent, plural
from hydrometer.prove.subject import Subject, Surroundings

PACKS = ("hr8283", "aa26_251a", "atlas")
"""Packs in the order in which they are printed."""
KEYS = {"name", "title", "status", "as_of", "source", "limits", "ratios", "factors"}
RATIOS = "range_ratios.yaml"
TAIL = 0.0125
"""Each tail of an exact interval of a share, so that both shares of a ratio lie in theirs with 95 %."""
NOT_MEASURED = "its likelihood ratio on the range is not measured"
EXCHANGES_MIN = 20
"""Exchanges from which a unit is looked at for flags."""
HOURS_MIN, HOURS = 48, 20
"""Exchanges, and different hours of the day, from which a unit works round the clock."""
MANY_PREFIXES, MANY_STACKS = 5, 4
CACHED_SHARE = 0.5
FLAGS = """
with used as (
  select u.unit, count(*) as n, count(distinct (f.sent_us // 3600000000) % 24) as hours,
         count(distinct f.prefix) filter (f.prefix <> 0) as prefixes,
         count(distinct f.client_stack) filter (f.client_stack <> 0) as stacks,
         count(*) filter (f.techniques & $identity <> 0) as overrides,
         count(*) filter (f.techniques & $feigned <> 0) as feigned
  from {fingerprints} f join {units} u using (account_id) group by 1
), tokens as (
  select u.unit, sum(x.cached_tokens) as cached, sum(x.input_tokens) as input
  from {exchanges} x join {units} u using (account_id) group by 1
), cards as (
  select payment_fingerprint, count(distinct u.unit) as holders from {accounts} join {units} u using (account_id)
  where payment_fingerprint is not null group by 1
), paid as (
  select u.unit, max(c.holders) as holders from {accounts} a join {units} u using (account_id)
  join cards c using (payment_fingerprint) group by 1
)
select unit, n, p.holders > 1 as shared_payment, hours >= $hours and n >= $hours_min as round_the_clock,
       prefixes >= $prefixes as many_addresses, stacks >= $stacks as many_clients, overrides > 0 as identity_override,
       feigned > 0 as feigned_session, cached >= $cached_share * input as cache_use
from used left join tokens using (unit) left join paid p using (unit) where n >= $least order by unit
"""
NEEDS = {
    "shared_payment": (), "round_the_clock": (), "many_addresses": ("client_ip",),
    "many_clients": ("ja4", "user_agent", "header_shape"), "identity_override": ("prompt", "system_instructions"),
    "feigned_session": ("prompt", "system_instructions"), "cache_use": ("cached_tokens",),
}  # fmt: skip
"""Flag → columns of exchanges, all of which are absent where it cannot be seen."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of a pack; see `prove/factors/*.yaml`.

    Attributes:
        id: letter, name or number in its source.
        heading: what it is about, in neutral words.
        benign: innocent accounts that show it too.
        facts: names of facts that speak to it.
        evidence: beginnings of names of signals that do.
        hypothesis: hypothesis that the evidence must be of; None = any.
        flag: name of a flag of `NEEDS`; None = none.
    """

    id: str
    heading: str
    benign: str
    facts: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    hypothesis: str | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack: where it is from, what it is worth, whether ratios of the range are said, and its factors."""

    name: str
    title: str
    status: str
    as_of: str
    source: str
    limits: str
    ratios: bool
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """How many operators of the simulated range show a flag.

    Attributes:
        campaign_shown, campaign: data-set builders that show it, and all of them.
        benign_shown, benign: benign operators that show it, and all of them.
    """

    campaign_shown: int
    campaign: int
    benign_shown: int
    benign: int

    @property
    def ratio(self) -> tuple[float | None, float, float | None]:
        """(likelihood ratio, low, high); None where no benign operator shows it, or none at all is excluded.

        The interval holds with 95 %: each share has an exact one of 97.5 %.

        >>> [round(one or 0.0, 1) for one in Measured(3, 7, 71, 2374).ratio]
        [14.3, 2.0, 37.5]
        >>> Measured(0, 7, 0, 2374).ratio
        (None, 0.0, None)
        """
        own, others = exact(self.campaign_shown, self.campaign), exact(self.benign_shown, self.benign)
        share = self.campaign_shown / max(self.campaign, 1)
        low, high = own[0] / others[1], own[1] / others[0] if others[0] else None
        return (share / (self.benign_shown / self.benign) if self.benign_shown else None), low, high

    @property
    def said(self) -> str:
        """The likelihood ratio with its 95 % interval and what it rests on, in words."""
        shown = (
            f"on the simulated range {self.campaign_shown:,} of {plural(self.campaign, 'campaign operator')} and "
            f"{self.benign_shown:,} of {plural(self.benign, 'benign operator')} show it: "
        )
        ratio, low, high = self.ratio
        if not self.campaign_shown and not self.benign_shown:
            return f"{shown}there is no likelihood ratio"
        if ratio is None or high is None:
            return f"{shown}likelihood ratio at least {low:.2g}, measured there and not in this log"
        return f"{shown}likelihood ratio {ratio:.2g} ({low:.2g} to {high:.2g}), measured there and not in this log"


def exact(shown: int, n: int) -> tuple[float, float]:
    """Clopper-Pearson interval of a share that holds with 97.5 %.

    >>> [round(one, 3) for one in exact(0, 7)]
    [0.0, 0.465]
    """
    low = float(betaincinv(shown, n - shown + 1, TAIL)) if shown else 0.0
    return low, float(betaincinv(shown + 1, n - shown, 1.0 - TAIL)) if shown < n else 1.0


def parse(text: str) -> Pack:
    """A pack from YAML text.

    Raises:
        ValueError: a key is missing or unknown, a factor has no benign cause, or names a flag that does not exist.
    """
    found: dict[str, Any] = yaml.safe_load(text)
    if set(found) != KEYS:
        raise ValueError(f"keys {sorted(set(found) ^ KEYS)} are missing or unknown")
    factors = tuple(_factor_of(one) for one in found["factors"])
    for one in factors:
        if not one.benign or (one.flag is not None and one.flag not in NEEDS):
            raise ValueError(f"factor {one.id}: no benign cause, or a flag that does not exist")
    return Pack(**{key: found[key] for key in KEYS - {"factors"}}, factors=factors)


def _factor_of(given: dict[str, Any]) -> Factor:
    """A factor from its mapping, with lists made unchangeable."""
    lists: dict[str, Any] = {key: tuple(given[key]) for key in ("facts", "evidence") if key in given}
    return Factor(**(given | lists))


@cache
def packs() -> tuple[Pack, ...]:
    """The shipped packs."""
    folder = files("hydrometer.prove").joinpath("factors")
    return tuple(parse(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")) for name in PACKS)


@cache
def measured() -> dict[str, Measured]:
    """Flag → what was measured on the range; a flag that is not there was not."""
    text = files("hydrometer.prove").joinpath("factors").joinpath(RATIOS).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return {flag: Measured(**counts) for flag, counts in found["flags"].items()}


def flags(around: Surroundings) -> pa.Table:
    """Flags of each unit with enough exchanges, by unit; worked out once."""
    if "flags" not in around.kept:
        known = around.words.techniques
        masks: dict[str, object] = {
            "identity": sum(1 << known.index(name) for name in ("identity_override",) if name in known),
            "feigned": sum(1 << known.index(name) for name in ("fake_debug",) if name in known),
        }
        limits: dict[str, object] = {
            "hours": HOURS, "hours_min": HOURS_MIN, "prefixes": MANY_PREFIXES, "stacks": MANY_STACKS,
            "cached_share": CACHED_SHARE, "least": EXCHANGES_MIN,
        }  # fmt: skip
        around.kept["flags"] = around.workspace.query(FLAGS, masks | limits)
    found: pa.Table = around.kept["flags"]
    return found


def facts(subject: Subject, earlier: pa.Table) -> list[Fact]:
    """Rows of the section `factors`, pack by pack.

    Args:
        subject: the group.
        earlier: its rows of `facts` of all other sections.
    """
    names = earlier.filter(pa.compute.is_null(earlier["account_id"])).select(["fact", "state"]).to_pylist()
    evidence = subject.verdict.judged.evidence if subject.verdict else ()
    signals = [(row.signal, row.hypothesis) for row in evidence]
    return [_factor(subject, pack, factor, names, signals) for pack in packs() for factor in pack.factors]


def _factor(
    subject: Subject, pack: Pack, factor: Factor, names: list[dict[str, Any]], signals: list[tuple[str, str]]
) -> Fact:
    silent = ("unknown", "not met")
    spoken = [row["fact"] for row in names if row["fact"] in factor.facts and row["state"] not in silent]
    heard = [
        signal
        for signal, hypothesis in signals
        if signal.startswith(factor.evidence or ("\0",)) and factor.hypothesis in (None, hypothesis)
    ]
    seen = _seen(subject, factor.flag) if factor.flag else None
    parts = []
    if spoken:
        parts.append(f"{plural(len(spoken), 'fact')} ({', '.join(sorted(set(spoken)))})")
    if heard:
        parts.append(f"{plural(len(heard), 'row')} of evidence ({', '.join(sorted(set(heard)))})")
    speak = "speaks" if len(spoken) + len(heard) == 1 else "speak"
    said = [f"{' and '.join(parts)} {speak} to it"] if parts else []
    said += [] if seen is None else [seen.said]
    said += [] if said else ["no row of this case speaks to it"]
    said += [_on_the_range(factor.flag)] if pack.ratios else []
    return Fact(
        fact=f"factor_{pack.name}", clause=factor.id, subject=factor.heading, status=INFERRED if seen else OBSERVED,
        state=None if parts or seen is not None else UNKNOWN, n=len(spoken) + len(heard),
        value=seen.ratio if seen else None, low=seen.low if seen else None, high=seen.high if seen else None,
        unit="times as often as other operators of this log" if seen and seen.ratio is not None else None,
        method="rows of this case that speak to it", source=f"{pack.source}; as of {pack.as_of}",
        limits=f"{pack.title}: {pack.status}. {pack.limits} Innocent accounts show it too: {factor.benign}.",
        rows_table="facts, evidence", rows=len(spoken) + len(heard),
        statement=f"{factor.heading[0].upper()}{factor.heading[1:]}: {'; '.join(said)}.",
    )  # fmt: skip


def _on_the_range(flag: str | None) -> str:
    """What the range says of a factor, in words."""
    found = None if flag is None else measured().get(flag)
    return NOT_MEASURED if found is None else found.said


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a flag is seen, in words; ratio to other operators with a 95 % interval, None if nobody shows it."""

    said: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


def _seen(subject: Subject, flag: str) -> Seen | None:
    """How often the group's units and other units of this log show a flag; None where it cannot be seen."""
    around = subject.around
    if NEEDS[flag] and set(NEEDS[flag]) <= around.absent:
        return None
    table = flags(around)
    unit = table["unit"].to_numpy()
    shown = table[flag].fill_null(False).to_numpy(zero_copy_only=False)
    if flag == "shared_payment" and not shown.any():
        return None
    own, others = shown[np.isin(unit, subject.units)], shown[~np.isin(unit, around.listed)]
    if not len(own) or not len(others):
        return None
    if not own.any() and not others.any():
        return Seen("no account of this log shows it")
    ratio, low, high = risk_ratio(own, others)
    said = (
        f"{int(own.sum()):,} of {plural(len(own), 'account')} of the group and {percent(float(others.mean()))} of "
        f"{plural(len(others), 'other operator')} in this log show it ({ratio:.1f} times, {low:.1f} to {high:.1f})"
    )
    return Seen(said, ratio, low, high)


def risk_ratio(own: NDArray[np.bool_], others: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Ratio of two shares with half a count added to each cell, and its 95 % interval (log normal).

    >>> own, others = np.repeat([True, False], [30, 10]), np.repeat([True, False], [10, 90])
    >>> [round(one, 2) for one in risk_ratio(own, others)]
    [7.16, 3.93, 13.04]
    """
    a, n, c, m = float(own.sum()), float(len(own)), float(others.sum()), float(len(others))
    ratio = ((a + 0.5) / (n + 1.0)) / ((c + 0.5) / (m + 1.0))
    spread = np.sqrt(1.0 / (a + 0.5) - 1.0 / (n + 1.0) + 1.0 / (c + 0.5) - 1.0 / (m + 1.0))
    return ratio, float(ratio * np.exp(-1.959964 * spread)), float(ratio * np.exp(1.959964 * spread))
