"""Genuine accounts whose key a campaign uses beside their owners: two hands in one account, told apart by where from.

A thief sends from his own machines, through many keys. Whether an account's requests of the campaign's kind come from
the campaign's places (`foreign.py`) and the rest does not is asked of each account alone (`contrast.py`), day by day: a
customer who travels, changes client or lets a job run elsewhere shows no contrast, nor does an operator who mixes cover
into accounts of his. An owner must show a life of his own: at several hours, before the first foreign request (by his
sign-up or his own requests), beside them, and with papers that are not the campaign's.
Source: mission table, row 37; `statistics.md` section 9 (victims: g is the account's own history).
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.units import DECISION_DIGITS, decide
from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import Z95, Shares
from hydrometer.prove.background import log_mean
from hydrometer.prove.contrast import log_e
from hydrometer.prove.foreign import DAYS, LIMITS, PLACES, SENT, USUAL, alike_cells, foreign_places
from hydrometer.prove.membership import LISTED, STRANGER_PROBABILITY
from hydrometer.prove.multiplicity import posterior

OWN_HOURS = 3
"""Hours of the log in which the owner must be seen at places of his own."""
PLACE_NATS = float(np.log(20.0))
"""ln of the mean e-value of a place's accounts from which some of them are said to be two-handed."""
SHARES_TRIED = np.linspace(0.01, 0.99, 99)
"""Shares of two-handed accounts at a place that are tried."""

CREATED = "select account_id, epoch_us(created_at) as us from {accounts} semi join away using (account_id)"


@dataclass(frozen=True, slots=True)
class Victims:
    """Accounts whose key a campaign uses.

    Attributes:
        accounts: their ids, in order.
        log_e: shape (k,), ln e of two hands.
        probability: shape (k,), that the account is a victim of this campaign.
        share: shape (k,), share of the account's exchanges that came from foreign places.
        low, high: shape (k,), its 95 % interval (Wilson).
        exchanges: shape (k,), all exchanges of the account.
        away: their foreign places: account_id, layer (number in `PLACE_LAYERS`), place.
        sent: exchanges that came from there: exchange_id, account_id.
        candidates: accounts that were asked about.
    """

    accounts: tuple[str, ...]
    log_e: NDArray[np.float64]
    probability: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    exchanges: NDArray[np.int64]
    away: pa.Table
    sent: pa.Table
    candidates: int


NONE, NO_AWAY = np.zeros(0), pa.schema([("account_id", pa.string()), ("layer", pa.int64()), ("place", pa.int64())])
NO_SENT = pa.schema([("exchange_id", pa.string()), ("account_id", pa.string())]).empty_table()
NOBODY = Victims((), NONE, NONE, NONE, NONE, NONE, np.zeros(0, np.int64), NO_AWAY.empty_table(), NO_SENT, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a listed campaign's victims may be.

    Attributes:
        members: accounts of its members.
        elsewhere: accounts that stand in another listed campaign.
        bound: accounts whose papers are those of the campaign's accounts: none of them is a victim.
        q: level at which that there is none is rejected.
    """

    members: Set[str]
    elsewhere: Set[str]
    bound: Set[str]
    q: float


@dataclass(frozen=True, slots=True)
class Life:
    """One account that is seen at foreign places, and elsewhere.

    Attributes:
        account: its id.
        days: shape (d, 4), as `contrast.log_e` takes them, in hours: what happens within one counts once.
        away: requests from foreign places.
        exchanges: all requests.
        own_hours: hours in which it is seen elsewhere.
        begins_first: whether it is known before its first foreign request, by its sign-up or by its own requests.
        goes_on: whether requests of its own follow the first foreign one.
    """

    account: str
    days: NDArray[np.int64]
    away: int
    exchanges: int
    own_hours: int
    begins_first: bool
    goes_on: bool

    @property
    def own(self) -> bool:
        """Whether the account has a life of its own, before and beside the foreign requests."""
        return self.own_hours >= OWN_HOURS and self.begins_first and self.goes_on

    @property
    def abused(self) -> bool:
        """Whether any request from a foreign place looks like the campaign's."""
        return bool(self.days[:, 0].any())


def lives(days: pa.Table, created: pa.Table) -> list[Life]:
    """Accounts that are seen both at foreign places and elsewhere, in order of their ids.

    Args:
        days: result of `DAYS`.
        created: account_id, us: when each was made; null where that is not known.
    """
    made = dict(zip(created["account_id"].to_pylist(), created["us"].to_pylist(), strict=True))
    by_account: dict[str, list[dict[str, int]]] = {}
    for row in days.to_pylist():
        by_account.setdefault(row["account_id"], []).append(row)
    found = [_life(account, rows, made.get(account)) for account, rows in sorted(by_account.items())]
    return [life for life in found if 0 < life.away < life.exchanges]


def _life(account: str, rows: list[dict[str, int]], created_us: int | None) -> Life:
    """One account from its days."""
    away = [row["first_away"] for row in rows if row["first_away"] is not None]
    own = [(row["first_own"], row["last_own"]) for row in rows if row["first_own"] is not None]
    first = min(away, default=0)
    known = [us for us in (created_us, min((begin for begin, _ in own), default=None)) if us is not None]
    return Life(
        account,
        np.array([[row[name] for name in ("both", "there", "alike", "neither")] for row in rows], np.int64),
        sum(row["away"] for row in rows),
        sum(row["exchanges"] for row in rows),
        sum(row["own_hours"] for row in rows),
        bool(known) and min(known) < first,
        any(end > first for _, end in own),
    )


def find(workspace: Workspace, shares: Shares, asked: Asked) -> Victims:
    """The victims of one listed campaign, among its members and outside them, within `attribution.held_in_cells`.

    Args:
        workspace: holds `fingerprints` and `accounts`.
        shares: shares of its members, for what its requests look like.
        asked: who may be a victim.
    """
    alike = alike_cells(shares)
    members = pa.table({"account_id": pa.array(sorted(asked.members), pa.string())})
    counted = workspace.query(USUAL, alike=alike, members=members).to_pylist()[0]
    away = foreign_places(workspace.query(PLACES, LIMITS, alike=alike), counted["k"] / max(counted["n"], 1))
    if not len(away):
        return NOBODY
    found = lives(workspace.query(DAYS, LIMITS, alike=alike, away=away), workspace.query(CREATED, away=away))
    result = chosen(found, away, asked)
    if not result.accounts:
        return result
    return replace(result, sent=workspace.query(SENT, LIMITS, alike=alike, away=result.away))


def chosen(found: list[Life], away: pa.Table, asked: Asked) -> Victims:
    """The victims among accounts that live at two kinds of places.

    That no account is anybody else's is one hypothesis, tested by the mean of all e-values. Where it falls, how many of
    the accounts at a place are two-handed is fitted to their e-values, since one thief uses many keys from one place;
    each account's probability follows from that share and from its own e-value, which must speak for it: of an account
    in which nothing can be told nothing is said.
    """
    strengths = np.array([log_e(life.days) for life in found])
    prior = priors(found, strengths, away, asked.q)
    barred = asked.bound | asked.elsewhere
    able = np.array([life.own and life.abused and life.account not in barred for life in found], np.bool_)
    able &= np.round(strengths, DECISION_DIGITS) > 0.0
    chance = [posterior(value, part) if part else 0.0 for value, part in zip(strengths, prior, strict=True)]
    probability = np.round(np.array(chance), DECISION_DIGITS)
    least = [LISTED if life.account in asked.members else STRANGER_PROBABILITY for life in found]
    kept = np.flatnonzero(able & (probability >= np.array(least)))
    some = [found[place] for place in kept]
    exchanges = np.array([life.exchanges for life in some], np.int64)
    share = np.array([life.away for life in some]) / np.maximum(exchanges, 1)
    low, high = wilson(share, exchanges)
    names = tuple(life.account for life in some)
    theirs = away.filter(pc.is_in(away["account_id"], pa.array(names, pa.string())))
    return Victims(
        names, strengths[kept], probability[kept], share, low, high, exchanges, theirs, NO_SENT, len(found)
    )  # fmt: skip


def priors(found: list[Life], strengths: NDArray[np.float64], away: pa.Table, q: float) -> NDArray[np.float64]:
    """Share of two-handed accounts at that place of each account which has most of them.

    Args:
        found: accounts.
        strengths: shape (k,), ln e of each.
        away: their foreign places.
        q: level of the campaign's one test: that no account is two-handed.

    Returns:
        shape (k,); 0 where the campaign's test or the place's mean e-value says nothing.
    """
    result = np.zeros(len(found))
    if not found or decide(log_mean(strengths.tolist())) < decide(-float(np.log(q))):
        return result
    number = {life.account: place for place, life in enumerate(found)}
    at: dict[tuple[int, int], list[int]] = {}
    for row in away.to_pylist():
        if row["account_id"] in number:
            at.setdefault((row["layer"], row["place"]), []).append(number[row["account_id"]])
    for some in at.values():
        if decide(log_mean(strengths[some].tolist())) >= decide(PLACE_NATS):
            result[some] = np.maximum(result[some], share_of_two_hands(strengths[some]))
    return result


def share_of_two_hands(strengths: NDArray[np.float64]) -> float:
    """Likeliest share of two-handed accounts among some, as if two more had been seen that are of one hand.

    Args:
        strengths: shape (k,), ln e of each.

    >>> share_of_two_hands(np.array([9.0, 9.0, 9.0, 9.0, 9.0, 9.0, -3.0])), share_of_two_hands(np.array([0.0, -1.0]))
    (0.68, 0.01)
    """
    fit = np.logaddexp(np.log1p(-SHARES_TRIED), np.log(SHARES_TRIED) + strengths[:, None]).sum(axis=0)
    return float(SHARES_TRIED[int(np.argmax(np.round(fit + 2 * np.log1p(-SHARES_TRIED), DECISION_DIGITS)))])


def wilson(share: NDArray[np.float64], total: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % interval of a share (Wilson 1927); shapes (k,).

    >>> low, high = wilson(np.array([0.5]), np.array([100]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.404], [0.596])
    """
    size = np.maximum(total, 1)
    centre = (share + Z95**2 / (2 * size)) / (1 + Z95**2 / size)
    half = Z95 * np.sqrt(share * (1 - share) / size + Z95**2 / (4 * size**2)) / (1 + Z95**2 / size)
    return np.minimum(np.maximum(centre - half, 0.0), share), np.maximum(np.minimum(centre + half, 1.0), share)
