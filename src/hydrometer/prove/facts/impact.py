"""What the exchanges of a group took: volume, price, usable examples, and the training that so many tokens could feed.

Sums are those of `campaigns`, weighted by probability; their range is that of the members' shares. Beside them stands
an estimate of what was taken in all, with what accounts that are not listed send. Everything about
training is a range of stated assumptions (`training.yaml`, or `training` of the policy) with its formula, and the
section ends with what a take does not show.
Source: mission table, rows 46 to 48; compute of training as 6·N·D: Kaplan et al. 2020 (arXiv 2001.08361).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from hydrometer.prove.fact import INFERRED, OBSERVED, UNKNOWN, Fact, percent, plural, unknown
from hydrometer.prove.facts import _unlisted
from hydrometer.prove.facts._pricing import Priced, priced
from hydrometer.prove.facts._sums import VOLUMES, volumes
from hydrometer.prove.subject import Subject

Z95 = 1.959964
FLOPS_PER_PARAMETER_TOKEN = 6.0
"""Operations of training for each parameter and token, forward and backward pass."""
SECONDS_PER_HOUR = 3600.0
USABLE = """
with answered as (
  select p.millionths, f.item, f.skeleton, f.opening, coalesce(x.output_tokens, 0) as output,
         coalesce(x.input_tokens, 0) as input, coalesce(x.choices, 1) as choices
  from part p join {traffic} f using (exchange_id) join {requests} x using (exchange_id)
  where coalesce(x.status, 200) between 200 and 299 and coalesce(x.finish_reason, '') <> 'refusal'
), items as (
  select item, max(millionths) as millionths, any_value(skeleton order by millionths desc, skeleton) as skeleton,
         max(output) as output, max(input) as input
  from answered where item <> 0 group by 1
), skeletons as (select skeleton, max(millionths) as millionths from items where skeleton <> 0 group by 1)
select (select sum(millionths)::double / 1e6 from answered) as answered,
       (select sum(millionths::hugeint * choices)::double / 1e6 from answered) as samples,
       (select sum(millionths)::double / 1e6 from items) as items,
       (select sum(millionths)::double / 1e6 from skeletons) as skeletons,
       (select sum(millionths::hugeint * output)::double / 1e6 from items) as output,
       (select sum(millionths::hugeint * (output + input))::double / 1e6 from items) as both,
       (select count(*) from answered where item <> 0) as with_text
"""
FORMS = """
select sum(p.millionths)::double as n from part p join {traffic} f using (exchange_id) where f.skeleton <> 0
group by f.skeleton order by f.skeleton
"""
NOT_SHOWN = (
    ("not_shown_use", "What was done with the answers: no request log shows that a model was trained on them."),
    ("not_shown_chips", "Who held accelerators, which and where: tokens say how much they could feed, not on what."),
    (
        "not_shown_cluster",
        "Whether a large cluster was needed: fine-tuning on so many tokens can be spread over months on few chips, and "
        "what a student needed beside these tokens is not in the log.",
    ),
    ("not_shown_elsewhere", "What was taken from other providers or by accounts that were not found."),
    ("not_shown_quality", "How good the answers are as examples: only refusals, failures and repetition are left out."),
)  # fmt: skip
"""What the take does not show, printed whatever was found."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed about training.

    Attributes:
        students: (name, parameters) of each.
        epochs: fewest and most passes.
        utilisation: lowest and highest share of peak.
        chips: (name, operations a second at peak, source) of each.
        source: where the assumptions are from.
    """

    students: tuple[tuple[str, float], ...]
    epochs: tuple[float, float]
    utilisation: tuple[float, float]
    chips: tuple[tuple[str, float, str], ...]
    source: str


@cache
def _shipped() -> dict[str, Any]:
    text = files("hydrometer.prove.facts").joinpath("training.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def assumptions(policy: Any) -> Assumptions:
    """The shipped assumptions, with those of the policy's `training` in their place, key by key."""
    given = policy.get("training") or {}
    found = _shipped() | given
    return Assumptions(
        tuple((str(one["name"]), float(one["parameters"])) for one in found["students"]),
        (float(min(found["epochs"])), float(max(found["epochs"]))),
        (float(min(found["utilisation"])), float(max(found["utilisation"]))),
        tuple(
            (str(one["name"]), float(one["operations_per_second"]), str(one.get("source", "policy.yaml")))
            for one in found["chips"]
        ),
        "policy.yaml, training; the rest as shipped" if given else "assumptions as shipped (training.yaml)",
    )


@dataclass(frozen=True, slots=True)
class Take:
    """What the group took.

    Attributes:
        examples: fewest, likely and most usable examples.
        tokens: of the likely examples: answers alone, answers and requests.
        with_text: whether repetition could be seen.
    """

    examples: tuple[float, float, float]
    tokens: tuple[float, float]
    with_text: bool


def volume_spread(subject: Subject) -> float | None:
    """Standard deviation of the group's exchanges, from the intervals of the members' shares; None = unknown."""
    if "share_low" not in subject.members.column_names:
        return None
    counted = subject.workspace.query(
        "select m.share_low, m.share_high, count(*)::double as n from {traffic} f "
        "join members m using (account_id) group by m.account_id, m.share_low, m.share_high order by m.account_id",
        members=subject.members,
    )
    low, high, n = (counted[name].to_numpy() for name in ("share_low", "share_high", "n"))
    return float(np.sqrt((((high - low) / (2.0 * Z95) * n) ** 2).sum()))


def take(subject: Subject) -> Take:
    """Usable examples: answered requests, repetition left out; by skeleton at least, as prompts likely, all at most."""
    part = subject.part.select(["exchange_id", "millionths"])
    row = subject.workspace.query(USABLE, part=part).to_pylist()[0]
    answered, samples = float(row["answered"] or 0.0), float(row["samples"] or 0.0)
    if not row["with_text"]:
        return Take((0.0, answered, max(samples, answered)), (0.0, 0.0), False)
    items, skeletons = float(row["items"] or 0.0), float(row["skeletons"] or 0.0)
    tokens = float(row["output"] or 0.0), float(row["both"] or 0.0)
    return Take((min(skeletons or items, items), items, max(samples, answered)), tokens, True)


def training_compute(parameters: float, tokens: float, epochs: float) -> float:
    """Operations of training: 6·N·D, D = tokens of all passes.

    >>> f"{training_compute(8e9, 1e9, 2):.2e}"
    '9.60e+19'
    """
    return FLOPS_PER_PARAMETER_TOKEN * parameters * tokens * epochs


def accelerator_hours(operations: float, peak: float, utilisation: float) -> float:
    """Hours of one chip for so many operations.

    >>> round(accelerator_hours(9.6e19, 9.89e14, 0.4), 1)
    67.4
    """
    return operations / (peak * utilisation) / SECONDS_PER_HOUR


def facts(subject: Subject) -> list[Fact]:
    """Rows of the section `impact`."""
    rows, price = _volumes(subject), priced(subject)
    rows.append(_price(subject, price))
    ranges = {row.fact: None if row.low is None or row.high is None else (row.low, row.high) for row in rows}
    rows += _unlisted.facts(subject, ranges, price)
    found = take(subject)
    rows += _examples(subject, found)
    if found.with_text and found.tokens[0] > 0.0:
        rows += _training(subject, found)
    else:
        rows.append(unknown("training_compute", "Without texts and numbers of tokens nothing is said about training."))
    rows += [Fact(fact=name, status=OBSERVED, statement=text) for name, text in NOT_SHOWN]
    return rows


def _volumes(subject: Subject) -> list[Fact]:
    """Exchanges and tokens."""
    sums, spread = volumes(subject), volume_spread(subject)
    total, count = sums["exchanges"].value, sums["exchanges"].known
    half = None if spread is None or not total else Z95 * spread / total
    found = []
    for name, noun in VOLUMES:
        value, known = sums[name].value, sums[name].known
        if not known:
            found.append(unknown(name, f"The log does not say how many {noun} the group's exchanges had.", source=name))
            continue
        low, high = (None, None) if half is None else (value * max(0.0, 1.0 - half), value * (1.0 + half))
        between = "" if low is None or high is None else f" ({low:,.0f} to {high:,.0f})"
        gap = "" if known == count else f", counted over the {percent(known / count)} of exchanges that say so"
        found.append(
            Fact(
                fact=name, status=INFERRED, value=value, low=low, high=high, unit=noun, n=known,
                method="sum over attributed exchanges by probability; the range is that of the members' shares",
                source=f"attributed, {name}" if name != "exchanges" else "attributed", rows_table="attributed",
                limits="The range is that of the shares of the accounts found; what other accounts took is not in it.",
                rows=count, statement=f"The group's part of the log is {value:,.0f} {noun}{between}{gap}.",
            )
        )  # fmt: skip
    return found


def _price(subject: Subject, found: Priced) -> Fact:
    """List price of the take."""
    named = ", ".join(found.unknown_models[:3]) + (" and others" if len(found.unknown_models) > 3 else "")
    if found.priced <= 0.0:
        return unknown("list_price", f"Price unknown: the log charges nothing, and no list knows {named}.")
    left = f"; {plural(found.unpriced, 'exchange')} have no known price ({named})" if found.unpriced > 0.0 else ""
    return Fact(
        fact="list_price", status=OBSERVED, value=found.usd, unit="USD", n=round(found.priced),
        method="as charged in the log, else tokens times the price list, weighted by probability",
        source="; ".join(found.sources), rows_table="attributed", rows=len(subject.part),
        state=None if found.unpriced <= 0.0 else UNKNOWN,
        limits="A list price is not what was paid, nor what the provider lost.",
        statement=f"At list price that is {found.usd:,.2f} USD{left}.",
    )  # fmt: skip


def _examples(subject: Subject, found: Take) -> list[Fact]:
    """Usable examples and how different they are."""
    low, value, high = found.examples
    rows = [
        Fact(
            fact="usable_examples", status=INFERRED, value=value if found.with_text else None, low=low, high=high,
            unit="examples", n=len(subject.part), state=None if found.with_text else UNKNOWN,
            method="answered requests that were not refused: distinct prompts; at least distinct prompts with numbers "
            "masked, at most all answers with their samples",
            source="prompt, status, finish_reason, choices", rows_table="attributed", rows=len(subject.part),
            limits="Whether an answer is right or any good is not looked at.",
            statement=f"They yield {value:,.0f} usable examples without repetitions ({low:,.0f} to {high:,.0f})."
            if found.with_text
            else f"At most {high:,.0f} examples; without texts repetitions cannot be left out.",
        )
    ]  # fmt: skip
    if not found.with_text:
        return rows
    counts = subject.workspace.query(FORMS, part=subject.part.select(["exchange_id", "millionths"]))["n"].to_numpy()
    share = counts / max(float(counts.sum()), 1e-9)
    effective = float(np.exp(-(share * np.log(share)).sum())) if len(share) else 0.0
    total = max(float(counts.sum()) / 1e6, 1e-9)
    rows.append(
        Fact(
            fact="diversity", status=INFERRED, value=effective, high=total, low=1.0, unit="effective number of prompts",
            n=len(counts), method="exponential of the entropy over prompts with numbers masked; 1 = one prompt all "
            "along, the number of exchanges = all different",
            source="prompt", rows_table="attributed", rows=len(subject.part),
            statement=f"In effect {effective:,.0f} different prompts among {total:,.0f} exchanges "
            f"({percent(min(1.0, effective / total))}).",
        )
    )  # fmt: skip
    return rows


def _training(subject: Subject, found: Take) -> list[Fact]:
    """Compute of training students on the take, and hours of chips."""
    given = assumptions(subject.around.policy)
    answers, both = found.tokens
    few, many = given.epochs
    rows = []
    spans = []
    for name, parameters in given.students:
        low, high = training_compute(parameters, answers, few), training_compute(parameters, both, many)
        spans.append((low, high))
        rows.append(
            Fact(
                fact="training_compute", subject=name, status=INFERRED, low=low, high=high, unit="operations",
                n=round(found.examples[1]),
                method=f"6·N·D; D from {answers:,.0f} tokens of answers in {few:g} epochs to {both:,.0f} tokens of "
                f"requests and answers in {many:g}",
                source=f"Kaplan et al. 2020 (arXiv 2001.08361); {given.source}",
                limits="What the tokens could feed, not what was trained.",
                statement=f"Training a student of {name} on them takes {low:.1e} to {high:.1e} operations.",
            )
        )  # fmt: skip
    least, most = min(one for one, _ in spans), max(one for _, one in spans)
    slow, fast = given.utilisation
    for name, peak, source in given.chips:
        low, high = accelerator_hours(least, peak, fast), accelerator_hours(most, peak, slow)
        rows.append(
            Fact(
                fact="accelerator_hours", subject=name, status=INFERRED, low=low, high=high, unit="hours of one chip",
                n=round(found.examples[1]),
                method=f"operations / (peak {peak:.3g} a second × utilisation {slow:g} to {fast:g}), from the smallest "
                "student and fewest tokens to the largest and most",
                source=f"{source}; {given.source}", limits="Says nothing about which chips anybody had.",
                statement=f"On {name} that is {low:,.2g} to {high:,.0f} hours of one chip, over all stated students.",
            )
        )  # fmt: skip
    return rows
