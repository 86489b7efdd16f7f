"""Whether a group left one model for another on one day without a release, and what could explain that.

Leaving a model with stronger safeguards for a weaker one is what was disclosed; leaving a dear one for a cheap one is
what firms do. Which model has the weaker safeguards is the provider's to say (`policy.yaml`, `safeguards`); without
that the group's own refusals on either are compared. The day with the largest change is chosen, and its p-value pays
for all days that could have been chosen. Models released inside the log are left to the pivots.
Source: mission table, row 42 and its twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hydrometer.base.units import decide
from hydrometer.prove.assembly import moment
from hydrometer.prove.fact import (
    DAY_US,
    HOUR_US,
    INFERRED,
    MET,
    NOT_MET,
    UNKNOWN,
    Fact,
    percent,
    plural,
    said_time,
    unknown,
)
from hydrometer.prove.facts import _prices
from hydrometer.prove.facts._matched import matched, mean_p
from hydrometer.prove.facts._releases import releases
from hydrometer.prove.subject import Subject

STEP_US = 6 * HOUR_US
EXCHANGES_MIN, ACCOUNTS_MIN = 20, 5
DROP_MIN = 0.4
"""Share of the traffic that leaves a model within a day, from which that is called a switch."""
SWITCH_P = 0.001
REFUSALS_P = 0.01
SOURCE = "request_model, sent_at, finish_reason"
COUNTS = """
select u.unit, f.request_model as model, (f.sent_us - $first) // $step as step, sum({weight})::double as n,
       coalesce(sum({weight}) filter (f.finish_reason = 'refusal'), 0)::double as refused
from {source} join {units} u using (account_id) where f.request_model is not null group by 1, 2, 3 order by 1, 2, 3
"""
GROUP = COUNTS.replace("{weight}", "p.millionths / 1e6").replace(
    "{source}", "(select exchange_id, millionths from part) p join {traffic} f using (exchange_id)"
)
EVERYBODY = COUNTS.replace("{weight}", "1").replace("{source}", "{fingerprints} f")


@dataclass(frozen=True, slots=True)
class Switch:
    """The largest change of model within a day.

    Attributes:
        left, taken: models.
        step: six hours of the log at whose beginning it happened.
        drop: share of the group's exchanges that left.
        candidates: moments that could have been chosen.
    """

    left: str
    taken: str
    step: int
    drop: float
    candidates: int


def facts(subject: Subject) -> list[Fact]:
    """Rows about a change of model without a release; one that says so where there is none."""
    if "request_model" in subject.around.absent:
        return []
    first = subject.around.span_us[0]
    part = subject.part.select(["exchange_id", "millionths"])
    own = subject.workspace.query(GROUP, {"first": first, "step": STEP_US}, part=part)
    found = largest(own.filter(pc.invert(pc.is_in(own["model"], value_set=_new_models(subject)))))
    if found is None:
        return [unknown("model_switch", "The group used one model, or for too short a time, to see it leave one.")]
    if found.drop < DROP_MIN:
        return [
            Fact(
                fact="model_switch", state=NOT_MET, value=found.drop, unit="share of exchanges", source=SOURCE,
                method=f"largest drop of a model's share from one day to the next; met from {percent(DROP_MIN)}",
                statement=f"The group left no model within a day: at most {percent(max(found.drop, 0.0))} did.",
            )
        ]  # fmt: skip
    return _said(subject, found, own)


def _new_models(subject: Subject) -> pa.Array:
    """Names of models that were released inside the log."""
    known = releases(subject.around) if subject.workspace.has("releases") else []
    return pa.array([name for release in known for name in release.names], pa.string())


def largest(own: pa.Table) -> Switch | None:
    """The model and moment with the largest drop from one day to the next; None without enough on both sides.

    Args:
        own: columns `model`, `step`, `n` of the group.
    """
    models = sorted(set(own["model"].to_pylist()))
    steps = int(max(own["step"].to_pylist(), default=0)) + 1
    if len(models) < 2:
        return None
    counts = np.zeros((len(models), steps))
    place = {model: number for number, model in enumerate(models)}
    rows = np.array([place[one] for one in own["model"].to_pylist()])
    np.add.at(counts, (rows, own["step"].to_numpy()), own["n"].to_numpy())
    day = DAY_US // STEP_US
    best: Switch | None = None
    moments = [step for step in range(day, steps - day + 1) if _both(counts, step, day)]
    for step in moments:
        before, after = _mix(counts[:, step - day : step]), _mix(counts[:, step : step + day])
        change = before - after
        left = int(np.argmax(np.round(change, 9)))
        if best is None or decide(float(change[left])) > decide(best.drop):
            taken = int(np.argmin(np.round(change, 9)))
            best = Switch(models[left], models[taken], step, float(change[left]), len(moments))
    return best


def _both(counts: NDArray[np.float64], step: int, day: int) -> bool:
    sides = counts[:, step - day : step].sum(), counts[:, step : step + day].sum()
    return bool(min(sides) >= EXCHANGES_MIN)


def _mix(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = counts.sum(axis=1)
    return total / max(float(total.sum()), 1e-9)


def _drops(table: pa.Table, found: Switch) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(units, drop of the left model's share in each) for units with two exchanges on both days."""
    day = DAY_US // STEP_US
    unit, step = table["unit"].to_numpy(), table["step"].to_numpy()
    is_left = np.array([one == found.left for one in table["model"].to_pylist()])
    n = table["n"].to_numpy()
    size = int(unit.max(initial=-1)) + 1
    sides = []
    for low, high in ((found.step - day, found.step), (found.step, found.step + day)):
        inside = (step >= low) & (step < high)
        whole = np.bincount(unit[inside], n[inside], size)
        sides.append((np.bincount(unit[inside & is_left], n[inside & is_left], size), whole))
    units = np.flatnonzero((sides[0][1] >= 2.0) & (sides[1][1] >= 2.0))
    before, after = (left[units] / whole[units] for left, whole in sides)
    return units, before - after


def _said(subject: Subject, found: Switch, own: pa.Table) -> list[Fact]:
    around = subject.around
    if "switches" not in around.kept:
        around.kept["switches"] = around.workspace.query(EVERYBODY, {"first": around.span_us[0], "step": STEP_US})
    units, drops = _drops(own, found)
    others, theirs = _drops(around.kept["switches"], found)
    outside = ~np.isin(others, around.listed)
    pairs = matched(drops, around.clients_of(units), theirs[outside], around.clients_of(others[outside]))
    known = len(pairs.values) >= ACCOUNTS_MIN
    p_value = (
        min(1.0, found.candidates * mean_p(pairs, around.seed, f"switch {found.left} {found.step}")) if known else None
    )
    at_us = around.span_us[0] + found.step * STEP_US
    least = max(SWITCH_P, found.candidates * pairs.floor) if known else 0.0
    state = UNKNOWN if p_value is None else MET if decide(p_value) <= decide(least) and least <= 0.05 else NOT_MET
    floor = min(1.0, found.candidates * pairs.floor) if known else None
    rows = [
        Fact(
            fact="model_switch", subject=f"{found.left} to {found.taken}", status=INFERRED, state=state,
            value=found.drop, unit="share of exchanges", n=len(pairs.values), p_value=p_value, p_floor=floor,
            starts_at=moment(at_us), null_model="as many strangers with the same kinds of client on the same days",
            method=f"largest drop of a model's share from one day to the next; p of as large a mean drop, times the "
            f"{found.candidates} moments that could have been chosen",
            source=SOURCE, rows_table="attributed", rows=len(subject.part),
            limits="A firm that switches all its accounts looks the same; see the explanations.",
            statement=f"From {said_time(at_us)} on {percent(found.drop)} of the exchanges left {found.left}, mostly "
            f"for {found.taken}.",
        )
    ]  # fmt: skip
    price = _prices.change(subject, at_us, (found.taken,), found.drop)
    return [*rows, _safeguards(subject, found, own, price), _prices.fact(price, found.taken)]


def _safeguards(subject: Subject, found: Switch, own: pa.Table, price: _prices.Change) -> Fact:
    """Whether the model taken is guarded less than the one left: by the policy, else by the group's own refusals."""
    strength: dict[str, Any] = subject.around.policy.get("safeguards") or {}
    said_by = "policy.yaml, safeguards"
    value: float | None = None
    p_value: float | None = None
    if found.left in strength and found.taken in strength:
        weaker: bool | None = float(strength[found.taken]) < float(strength[found.left])
        value = float(strength[found.taken]) - float(strength[found.left])
        sentence = f"By the provider's own ranking {found.taken} is guarded {'less' if weaker else 'no less'}."
    else:
        left, taken = (_refusals(own, model) for model in (found.left, found.taken))
        said_by = "finish_reason"
        if min(left[1], taken[1]) < EXCHANGES_MIN or "finish_reason" in subject.around.absent:
            weaker, sentence = None, "No ranking of safeguards was given, and too few answers tell of refusals."
        else:
            from scipy import stats  # takes a second to import, in every process, and few groups get here

            table = [[left[0], left[1] - left[0]], [taken[0], taken[1] - taken[0]]]
            p_value = float(stats.fisher_exact(table, alternative="greater")[1])
            weaker = decide(p_value) <= REFUSALS_P
            value = taken[0] / taken[1] - left[0] / left[1]
            sentence = (
                f"Of the group's own requests {found.left} refused {plural(left[0], 'request')} of {left[1]:,}, "
                f"{found.taken} {taken[0]:,} of {taken[1]:,}."
            )
    state = UNKNOWN if weaker is None else MET if weaker and not price.explains else NOT_MET
    if weaker and price.explains:
        sentence += " The move is nearly complete and to a cheaper model, so that the price explains it."
    return Fact(
        fact="safeguard_arbitrage", subject=f"{found.left} to {found.taken}", status=INFERRED, state=state, value=value,
        p_value=p_value, unit="difference in strength or in refusal rate", source=said_by,
        method="met where the model taken ranks lower in the policy's `safeguards`, or refused the group less "
        f"(Fisher's exact test, p ≤ {REFUSALS_P:g}), and no price explains the move",
        limits="Why a model was left cannot be read off a log.", statement=sentence,
    )  # fmt: skip


def _refusals(own: pa.Table, model: str) -> tuple[int, int]:
    """(refusals, exchanges) of the group on a model, in whole exchanges."""
    rows = np.array([one == model for one in own["model"].to_pylist()])
    n, refused = own["n"].to_numpy()[rows].sum(), own["refused"].to_numpy()[rows].sum()
    return round(float(refused)), round(float(n))
