"""When a group turned to a newly released model, and whether its clients, the public or the price explain that.

A pivot is said where the group's accounts moved more of their work to the new model than as many strangers with the
same kinds of client did in the same release, the work went on there, and no cheaper price explains it. Which of the
pieces holds is printed one by one: they look at the same accounts, so that their p-values are never multiplied. The
rank among single operators, the spread of the switches and the floors stand beside it.
Source: mission table, row 41; `statistics.md` section 8.
"""

from __future__ import annotations

import numpy as np

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import (
    HOUR_US,
    INFERRED,
    MET,
    NOT_MET,
    OBSERVED,
    UNKNOWN,
    Fact,
    percent,
    plural,
    said_time,
    unknown,
)
from hydrometer.prove.facts import _continuation, _model_switch, _prices
from hydrometer.prove.facts._matched import SAMPLE_MAX, matched, shorth, shorth_p
from hydrometer.prove.facts._moves import (
    ACCOUNTS_MIN,
    EACH_MIN,
    EXCESS_MIN,
    MOVED_MIN,
    PEERS_MIN,
    PIVOT_P,
    RELEASES_MAX,
    Look,
    Pivot,
    pivots,
    switch_hours,
)
from hydrometer.prove.facts._releases import ADOPTION_US, LOOKS_H, peers, releases, use_of_everybody
from hydrometer.prove.subject import Subject

PEER_EXCHANGES = 20
"""Exchanges after a release that an operator must have to be ranked."""
DEFAULT_MOVED = 0.5
"""A client whose other users moved that much has switched them all."""
SOURCE = "releases, request_model, sent_at, user_agent"


def facts(subject: Subject) -> list[Fact]:
    """Rows of the section `pivot`: release by release, then a change of model that no release explains."""
    return [*_of_releases(subject), *_model_switch.facts(subject)]


def _of_releases(subject: Subject) -> list[Fact]:
    around = subject.around
    if not around.workspace.has("releases"):
        return [unknown("release_pivot", "No table of releases was given, so that no pivot could be looked for.")]
    if "request_model" in around.absent:
        return [unknown("release_pivot", "The log does not name models, so that no pivot could be looked for.")]
    inside = releases(around)[-RELEASES_MAX:]
    if not inside:
        return [
            unknown(
                "release_pivot",
                f"No release lies in the log with {LOOKS_H[0]} hours before and after it, so that no pivot could be "
                "looked for.",
                source="releases",
            )
        ]
    rows = [
        unknown(
            "release_pivot", f"No exchange of the log names the released model {release.model}.", subject=release.model,
            source=SOURCE,
        )
        for release in inside
        if not release.names
    ]  # fmt: skip
    for pivot in pivots(subject):
        rows += _rows(subject, pivot)
    return rows


def _rows(subject: Subject, pivot: Pivot) -> list[Fact]:
    last = pivot.looks[-1]
    rows = [_verdict(subject, pivot)]
    if not last.enough:
        return rows
    rows += [_share(last), *_difference(last), _rank(subject, last)]
    rows += _times(subject, last)
    rows.append(_continuation.fact(pivot.work, last.release.model))
    rows += [_default(last), _prices.fact(pivot.price, last.release.model)]
    return rows


def _verdict(subject: Subject, pivot: Pivot) -> Fact:
    last, release = pivot.looks[-1], pivot.looks[-1].release
    p_value = last.p_value if last.enough else None
    floor = last.found.floor if last.found else None
    when = ""
    if pivot.onset_us is not None:
        hours = (pivot.onset_us - release.at_us) / HOUR_US
        when = (
            f"{hours:.1f} hours after the release of {release.model} the group began to move to it, and within "
            f"{LOOKS_H[last.look]} hours {percent(last.share[0])} of its exchanges were there"
        )
    shown = f"; recognisable from {said_time(pivot.recognised_us)}" if pivot.recognised_us is not None else ""
    sentence = {
        MET: f"{when}{shown}.",
        NOT_MET: f"No pivot to {release.model}: {pivot.why}.",
        UNKNOWN: f"Whether the group turned to {release.model} cannot be said: {pivot.why}.",
    }[pivot.switched]
    return Fact(
        fact="release_pivot", subject=release.model, status=INFERRED, state=pivot.switched,
        value=None if pivot.onset_us is None else (pivot.onset_us - release.at_us) / HOUR_US, unit="hours",
        n=len(last.use.unit), p_value=p_value, p_floor=floor,
        starts_at=None if pivot.onset_us is None else moment(pivot.onset_us),
        ends_at=None if pivot.recognised_us is None else moment(pivot.recognised_us),
        null_model="as many strangers with the same kinds of client in the same release",
        method=f"at one look of {len(LOOKS_H)} p ≤ {PIVOT_P:g} (paid for all looks, before the floor; "
        f"{PEERS_MIN} peers or more), {percent(MOVED_MIN)} moved and {percent(EXCESS_MIN)} more than peers in a day "
        "(a look needs the part of it that its hours are of a day), the work goes on, the price does not explain it; "
        "begins when a twentieth of the accounts that switch have done so",
        source=SOURCE, rows_table="attributed", rows=len(subject.part),
        limits="One owner of many accounts who decides to switch moves them together too: a pivot tells when, not why. "
        + (f"With {plural(last.found.peers, 'peer')} the smallest p is {last.found.floor:.2g}." if last.found else ""),
        statement=sentence,
    )  # fmt: skip


def _share(last: Look) -> Fact:
    share, low, high = last.share
    return Fact(
        fact="share_moved", subject=last.release.model, value=share, low=low, high=high, unit="share of exchanges",
        n=len(last.use.unit), starts_at=moment(last.release.at_us),
        ends_at=moment(last.release.at_us + LOOKS_H[last.look] * HOUR_US),
        method=f"exchanges on the new model over all, in the {LOOKS_H[last.look]} hours after the release; interval "
        "over accounts",
        source=SOURCE, rows_table="attributed", rows=round(float(last.use.after[last.look].sum())),
        statement=f"Within {LOOKS_H[last.look]} hours of the release of {last.release.model} {percent(share)} of the "
        f"exchanges ({percent(low)} to {percent(high)}) went to it, after {percent(last.before)} before.",
    )  # fmt: skip


def log_odds_change(after: tuple[float, float], before: tuple[float, float]) -> float:
    """Change of a share in log odds, from (new, all) before to (new, all) after, with half a count added to each cell.

    >>> round(log_odds_change((260, 500), (20, 500)), 6)
    3.234285
    """
    return float(
        np.log((after[0] + 0.5) / (after[1] - after[0] + 0.5))
        - np.log((before[0] + 0.5) / (before[1] - before[0] + 0.5))
    )


def _difference(last: Look) -> list[Fact]:
    """Difference in differences against strangers with the same clients."""
    if last.found is None:
        return []
    own, expected = last.found.values, last.found.expected()
    spread = float(own.std(ddof=1) / np.sqrt(len(own))) if len(own) > 1 else 1.0
    excess = float(own.mean()) - expected
    use = last.use
    after = float(use.new[last.look].sum()), float(use.after[last.look].sum())
    change = log_odds_change(after, (float(use.before_new.sum()), float(use.before.sum())))
    left_out = plural(last.found.alone, "account")
    alone = f" {left_out} whose client nobody else uses: left out." if last.found.alone else ""
    return [
        Fact(
            fact="difference_in_differences", subject=last.release.model, status=INFERRED, value=excess,
            low=excess - 1.96 * spread, high=excess + 1.96 * spread, unit="share of exchanges", n=last.found.peers,
            p_value=last.p_value, p_floor=last.found.floor,
            null_model="as many strangers with the same kinds of client",
            method="mean over accounts of the change of the new model's share, less that of peers of the same kinds of "
            f"client; the group's own change in log odds is {change:.2f}",
            source=SOURCE,
            limits=f"Peers are units that were there a day before the release, and before and after it.{alone}",
            statement=f"The group's accounts moved {percent(float(own.mean()))} of their work in the mean, strangers "
            f"with the same kinds of client {percent(max(expected, 0.0))}.",
        )
    ]  # fmt: skip


def _rank(subject: Subject, last: Look) -> Fact:
    """The group as one operator among benign operators of its kinds of client."""
    others = peers(subject.around, use_of_everybody(subject.around, last.release))
    usual = np.isin(others.client, np.unique(last.use.client.astype(str)))
    others = others.of(others.there(last.look, PEER_EXCHANGES) & usual)
    share = last.share[0]
    above = int((np.round(others.new[last.look] / others.after[last.look], 9) >= round(share, 9)).sum())
    count = len(others.unit)
    p_value = (1 + above) / (count + 1)
    return Fact(
        fact="operator_rank", subject=last.release.model, status=INFERRED, value=share, unit="share of exchanges",
        n=count, p_value=p_value if count else None, p_floor=1.0 / (count + 1) if count else None,
        state=None if count else UNKNOWN,
        null_model="a benign operator of the same kinds of client in the same release",
        method=f"rank of the share moved among benign operators with at least {PEER_EXCHANGES} exchanges after it",
        source=SOURCE,
        limits="A share of a half is unusual only where benign operators agree with each other; where they do not, "
        "this rank has no power, whatever the group did.",
        statement=f"Among {plural(count, 'benign operator')} with the same kinds of client {above} moved as large a "
        f"share or a larger one; with so many the smallest p is {1.0 / (count + 1):.2g}.",
    )  # fmt: skip


def _times(subject: Subject, last: Look) -> list[Fact]:
    """When the accounts switched, and how closely together beside strangers of the same clients."""
    use, release = last.use, last.release
    hours = switch_hours(use, release)
    if len(hours) < ACCOUNTS_MIN:
        return []
    others = peers(subject.around, use_of_everybody(subject.around, release))
    others = others.of(others.there(last.look, EACH_MIN))
    switched = use.of((use.first_new_us >= 0) & (use.first_new_us - release.at_us <= ADOPTION_US))
    theirs = others.of((others.first_new_us >= 0) & (others.first_new_us - release.at_us <= ADOPTION_US))
    pairs = matched(switch_hours(switched, release), switched.client, switch_hours(theirs, release), theirs.client)
    comparable = len(pairs.values) >= ACCOUNTS_MIN
    own = float(shorth(hours))
    beside = "No stranger with these kinds of client switched, so that nothing is there to compare with."
    if comparable:
        size = min(len(pairs.values), SAMPLE_MAX)
        usual = float(np.median(shorth(pairs.draws(subject.around.seed, f"shorth {release.model}", size))))
        beside = f"As many strangers with the same kinds of client need {usual:.1f}."
    return [
        Fact(
            fact="hours_to_switch", subject=release.model, value=float(np.median(hours)),
            low=float(np.quantile(hours, 0.1)), high=float(np.quantile(hours, 0.9)), unit="hours", n=len(hours),
            method="median over accounts of the time from the release to the first use of the new model; the range "
            "holds the middle 80 %",
            source=SOURCE, rows_table="attributed", rows=len(subject.part),
            statement=f"{plural(len(hours), 'account')} took {float(np.median(hours)):.1f} hours in the median to use "
            f"{release.model} for the first time.",
        ),
        Fact(
            fact="coherence", subject=release.model, status=INFERRED, value=own, unit="hours", n=len(hours),
            p_value=shorth_p(pairs, subject.around.seed, f"shorth {release.model}") if comparable else None,
            p_floor=pairs.floor if comparable else None, state=None if comparable else UNKNOWN,
            null_model="switch times of strangers with the same kinds of client",
            method="length of the shortest interval that holds half of the accounts' switch times; p from below",
            source=SOURCE,
            limits="A client's maker who switches everybody on a server makes its users coherent; only users of the "
            "same clients are compared.",
            statement=f"Half of the accounts that switched did so within {own:.1f} hours. {beside}",
        ),
    ]  # fmt: skip


def _default(last: Look) -> Fact:
    """The alternative that a client's maker switched its users."""
    expected = None if last.found is None else last.found.expected()
    state = UNKNOWN if expected is None else MET if decide(expected) >= DEFAULT_MOVED else NOT_MET
    said = (
        "Nobody else uses the group's kinds of client, so that a switch by their maker cannot be told from its own."
        if expected is None
        else f"Other users of the same kinds of client moved {percent(max(expected, 0.0))}: "
        + ("their maker has switched them." if state == MET else "no maker has switched them all.")
    )
    return Fact(
        fact="alternative_client_default", subject=last.release.model, status=OBSERVED, state=state, value=expected,
        unit="share of exchanges", n=last.found.peers if last.found else 0,
        method=f"mean move of benign operators with the group's mix of clients; met from {percent(DEFAULT_MOVED)}",
        source=SOURCE, statement=said,
    )  # fmt: skip
