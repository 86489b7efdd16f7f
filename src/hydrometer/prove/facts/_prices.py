"""Whether a cheaper price explains a change of model: firms that save move nearly everything, and to what costs less.

Prices are those that the log charges, per token of input and output together, as everybody in it paid; without prices
the question stays open.
Source: mission table, row 42 (its twin: cost-minded firms).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hydrometer.base.units import decide
from hydrometer.prove.fact import DAY_US, INFERRED, MET, NOT_MET, UNKNOWN, Fact, percent
from hydrometer.prove.facts._releases import BEFORE_US
from hydrometer.prove.subject import Subject, Surroundings

CHEAPER = 0.9
"""A model is cheaper where a token costs at most so much of what it cost before."""
NEARLY_ALL = 0.85
"""Share moved from which a switch is as complete as a firm's."""
PRICES = """
select request_model as model, sum(micro_usd)::double / sum(tokens) as p
from (select request_model, micro_usd, coalesce(input_tokens, 0) + coalesce(output_tokens, 0) as tokens
      from {fingerprints} where micro_usd > 0)
group by 1 having sum(tokens) > 0 order by 1
"""
USED = """
select f.request_model as model, sum(p.millionths)::double as n from part p join {traffic} f using (exchange_id)
where p.sent_us >= $from and p.sent_us < $to group by 1 order by 1
"""


SINCE = """
with own as (
  select p.account_id, p.sent_us, p.millionths, coalesce(f.request_model in (select model from fresh), false) as fresh
  from part p join {traffic} f using (exchange_id) where p.sent_us >= $from and p.sent_us < $to
), begun as (select account_id, min(sent_us) as since from own where fresh group by 1)
select sum(millionths) filter (fresh)::double / sum(millionths) as moved
from own join begun using (account_id) where sent_us >= since
"""
"""Of what accounts send from their first use of some models on, the share that goes to those."""


@dataclass(frozen=True, slots=True)
class Change:
    """Prices before and after a change of model.

    Attributes:
        before, after: USD a million tokens of the models used before, and of the new one; None where unknown.
        moved: how complete the switch is: share of the exchanges that moved, of those that could.
    """

    before: float | None
    after: float | None
    moved: float

    @property
    def cheaper(self) -> bool | None:
        """Whether the new model is cheaper; None where a price is unknown."""
        if self.before is None or self.after is None:
            return None
        return decide(self.after) <= decide(CHEAPER * self.before)

    @property
    def explains(self) -> bool:
        """Whether a cheaper price explains the change."""
        return bool(self.cheaper) and decide(self.moved) >= NEARLY_ALL


def prices(around: Surroundings) -> dict[str | None, float]:
    """Model → USD a million tokens, as the log charges; worked out once."""
    if "prices" not in around.kept:
        rows = around.workspace.query(PRICES).to_pylist()
        around.kept["prices"] = {row["model"]: float(row["p"]) for row in rows}
    found: dict[str | None, float] = around.kept["prices"]
    return found


def change(subject: Subject, at_us: int, names: tuple[str, ...], moved: float) -> Change:
    """Price of the models that the group used in the days before, beside that of the models `names`."""
    part = subject.part.select(["exchange_id", "sent_us", "millionths"])
    return Change(
        _mean(subject, part, (at_us - BEFORE_US, at_us), ()),
        _mean(subject, part, (at_us, at_us + DAY_US), names),
        moved,
    )


def moved_since(subject: Subject, span: tuple[int, int], names: tuple[str, ...]) -> float:
    """How complete the switch to the models `names` is within a span, of accounts that switched; 0 where none did."""
    part = subject.part.select(["exchange_id", "account_id", "sent_us", "millionths"])
    fresh = pa.table({"model": pa.array(names, pa.string())})
    found = subject.workspace.query(SINCE, {"from": span[0], "to": span[1]}, part=part, fresh=fresh)
    return float(found["moved"][0].as_py() or 0.0)


def _mean(subject: Subject, part: pa.Table, span: tuple[int, int], only: tuple[str, ...]) -> float | None:
    """Mean price of the models used in a span, of some models alone where `only` names them."""
    known = prices(subject.around)
    used = subject.workspace.query(USED, {"from": span[0], "to": span[1]}, part=part).to_pylist()
    rows = [row for row in used if row["model"] in known and (not only or row["model"] in only)]
    total = sum(row["n"] for row in rows)
    return sum(row["n"] * known[row["model"]] for row in rows) / total if total else None


def fact(found: Change, model: str) -> Fact:
    """The alternative that the price explains a change of model."""
    state = UNKNOWN if found.cheaper is None else MET if found.explains else NOT_MET
    if found.before is None or found.after is None:
        said = "The log charges no prices, so that a switch for the price cannot be excluded."
    else:
        than = "less" if found.cheaper else "no less"
        said = (
            f"A million tokens cost {found.after:.2f} USD on {model}, {than} than the {found.before:.2f} USD before, "
            f"and whoever switched sent {percent(found.moved)} there from then on: "
            + ("the price explains the switch." if state == MET else "the price does not explain the switch.")
        )
    return Fact(
        fact="alternative_price", subject=model, status=INFERRED, state=state, value=found.after,
        unit="USD a million tokens",
        method=f"met where the new model costs at most {percent(CHEAPER)} of the mix before and at least "
        f" {percent(NEARLY_ALL)} of the exchanges moved",
        source="cost_usd, tokens", statement=said,
        limits="A cheaper model may be taken for other reasons too.",
    )  # fmt: skip
