"""How an account works, beside what it words: a second indicator for accounts of a listed group, never the first.

A member that shares nothing but wordings with the others is not listed: a stranger may have copied a prompt. But a
stranger works like a stranger: he asks on, sleeps, and gets answers of all lengths. Each unit's figures are read off
metadata and distinct prompts; no wording, no place and no price is among them. One direction is fitted that tells the
members who are sure over two families from strangers (linear discriminant), the score of a unit by figures of others
alone (five folds, by content); how much a score says is counted among members and among strangers of the unit's client,
like any family (`base/likeness.py`). It is asked of listed groups alone, after both hypotheses: membership decides what
H2 looks at, so that no figure of H2 may decide who is a member before.
Source: `statistics.md` sections 3.4 (members after both gates) and 4 (what tells harvest from talk); Fisher 1936.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hydrometer.base.likeness import cell_nats
from hydrometer.base.population import Population
from hydrometer.base.units import DECISION_DIGITS
from hydrometer.base.workspace import Workspace
from hydrometer.prove.profile import (
    DAY_HOURS,
    by_group,
    evenness_of_hours,
    follow_ups,
    lengths,
    share,
)

HABITS = "habits"
"""The family's name."""
HABIT_FIGURES: dict[str, str] = {
    "follow_ups": "share of exchanges that are not the first of their conversation",
    "answer_length": "mean logarithm of output tokens",
    "answer_spread": "standard deviation of the logarithm of output tokens",
    "question_length": "mean logarithm of the words of a prompt",
    "question_spread": "standard deviation of the logarithm of the words of a prompt",
    "tools": "share of exchanges that offer tools",
    "freshness": "logarithm of distinct prompts per exchange",
    "hours": "evenness of the hours of the day (entropy over its maximum)",
}
"""Figures in the order of their columns, and what each is."""
EXCHANGES_MIN = 5
"""Exchanges of a unit from which its figures mean anything."""
MEMBERS_MIN = 30
"""Sure members from which a direction is fitted; four for each figure."""
FOLDS = 5
RIDGE = 0.1
"""Added to each figure's variance within the classes, of which a stranger's is about one."""
FAR = 4.0
"""Figures are cut at four standard deviations of strangers."""
STRANGERS_FOR_ONE = 3.0
"""Strangers count for the spread within classes as three times the members at most, however many there are."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Edges of the cells of a score, as quantiles of strangers."""
NATS_MOST = 4.0
"""One family can neither convict nor acquit a unit; habits less than any."""
SUMS = f"""
with theirs as (
  select u.unit as grp, f.sent_us, f.sent_us // 3600000000 % 24 as hour, f.turn, coalesce(f.turn, 1) > 1 as later,
         coalesce(f.tool_set, 0) <> 0 as tools, (1000 * ln(1 + f.output_tokens))::bigint as answer,
         (1000 * ln(1 + f.words))::bigint as question
  from {{fingerprints}} f join {{units}} u using (account_id) where f.sent_us // {{epoch_us}} <= $last
)
select grp, count(*) as exchanges, count(*) filter (later) as later, count(turn) as turns,
       max(sent_us) - min(sent_us) as span, count(answer) as answers, coalesce(sum(answer), 0)::bigint as answer,
       coalesce(sum(answer * answer), 0)::double as squares, count(question) as questions,
       coalesce(sum(question), 0)::bigint as question,
       coalesce(sum(question * question), 0)::double as question_squares, count(*) filter (tools) as tools,
       {", ".join(f"count(*) filter (hour = {hour}) as h{hour}" for hour in range(DAY_HOURS))}
from theirs group by 1 order by 1
"""
"""Sums over what each unit sent, each an integer."""
ITEMS = "select unit as grp, sum(items)::bigint as items from {unit_epochs} where epoch <= $last group by 1 order by 1"


@dataclass(frozen=True, slots=True)
class Habits:
    """How every unit works.

    Attributes:
        figures: shape (units, figures), in the order of `HABIT_FIGURES`; not a number where the log cannot tell.
        shown: shape (units,), units that have sent enough.
        fold: shape (units,), numbers below `FOLDS`, by what the unit sent and not by its name.
    """

    figures: NDArray[np.float64]
    shown: NDArray[np.bool_]
    fold: NDArray[np.int64]


def habits(workspace: Workspace, population: Population, last_epoch: int) -> Habits:
    """How every unit worked up to an epoch.

    Args:
        workspace: holds `fingerprints`, `units` and `unit_epochs`.
        population: all units.
        last_epoch: last epoch that counts.
    """
    limit: dict[str, object] = {"last": last_epoch}
    counted = by_group(workspace.query(SUMS, limit), population.units)
    counted |= by_group(workspace.query(ITEMS, limit), population.units)
    exchanges = np.maximum(counted["exchanges"], 1.0)
    answer, answer_spread = lengths(counted)
    question, question_spread = lengths(
        {"answers": counted["questions"], "answer": counted["question"], "squares": counted["question_squares"]}
    )
    named = {
        "follow_ups": follow_ups(counted, exchanges),
        "answer_length": answer,
        "answer_spread": answer_spread,
        "question_length": question,
        "question_spread": question_spread,
        "tools": share(counted["tools"], exchanges),
        "freshness": np.log((counted["items"] + 0.5) / (exchanges + 0.5)),
        "hours": evenness_of_hours(counted, exchanges),
    }
    figures = np.stack([named[name] for name in HABIT_FIGURES], axis=1)
    content = counted["exchanges"] + counted["answer"] + counted["question"] + counted["span"]
    shown = (counted["exchanges"] >= EXCHANGES_MIN) & population.active
    return Habits(figures, shown, content.astype(np.int64) % FOLDS)


def habit_nats(
    habits: Habits, population: Population, members: NDArray[np.bool_], strangers: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Log ratio of each unit's habits among members and among strangers of its client; 0 where they say nothing.

    Args:
        habits: of all units.
        population: all units.
        members: shape (units,), those who are sure.
        strangers: shape (units,), those who surely are none; they and the members are what is fitted to.
    """
    nats = np.zeros(population.units)
    known, others = members & habits.shown, strangers & habits.shown
    if int(known.sum()) < MEMBERS_MIN or int(others.sum()) < MEMBERS_MIN:
        return nats
    score = np.round(scores(habits, known, others), DECISION_DIGITS)
    cell = 1 + np.searchsorted(np.quantile(score[others], QUANTILES), score)
    strata = population.clients
    cell_nats(cell, (strata, habits.shown, int(strata.max()) + 1), members, 0.0, nats)
    return np.asarray(np.clip(nats, -NATS_MOST, NATS_MOST))


def scores(habits: Habits, members: NDArray[np.bool_], strangers: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far each unit stands on the side of the members, by a direction that was fitted without its fold.

    Args:
        habits: of all units.
        members: shape (units,), of whom enough is known.
        strangers: shape (units,), likewise.

    Returns:
        shape (units,), the linear discriminant's log ratio, uncalibrated; higher = more like the members.
    """
    told = np.isnan(habits.figures[strangers]).sum(axis=0) < int(strangers.sum())
    usual = np.zeros(habits.figures.shape[1])
    usual[told] = np.nanmedian(habits.figures[strangers][:, told], axis=0)
    filled = np.where(np.isnan(habits.figures), usual, habits.figures)
    spread = filled[strangers].std(axis=0)
    scaled = np.clip((filled - usual) / np.where(spread > 0, spread, 1.0), -FAR, FAR)
    result = np.zeros(len(scaled))
    for fold in range(FOLDS):
        own, others = (scaled[chosen & (habits.fold != fold)] for chosen in (members, strangers))
        weights = np.array([len(own), min(float(len(others)), STRANGERS_FOR_ONE * len(own))])
        within = (weights[0] * np.cov(own.T) + weights[1] * np.cov(others.T)) / weights.sum()
        middle = (own.mean(axis=0) + others.mean(axis=0)) / 2.0
        towards = np.linalg.solve(within + RIDGE * np.eye(len(within)), own.mean(axis=0) - others.mean(axis=0))
        left_out = habits.fold == fold
        result[left_out] = (scaled[left_out] - middle) @ towards
    return result
