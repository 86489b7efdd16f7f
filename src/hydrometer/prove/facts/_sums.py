"""Volume of a group's exchanges: how many, with how many tokens, weighted by the probability that each belongs.

Sums are taken over integers, so that they do not depend on the order of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from hydrometer.prove.subject import Subject

VOLUMES = (
    ("exchanges", "exchanges"),
    ("input_tokens", "input tokens"),
    ("output_tokens", "output tokens"),
    ("reasoning_tokens", "reasoning tokens"),
)
"""Facts of volume, with the noun of each."""
SUMS = """
select sum(p.millionths)::double / 1e6 as exchanges,
       sum(p.millionths::hugeint * x.input_tokens)::double / 1e6 as input_tokens,
       sum(p.millionths::hugeint * x.output_tokens)::double / 1e6 as output_tokens,
       sum(p.millionths::hugeint * x.reasoning_tokens)::double / 1e6 as reasoning_tokens,
       count(*) as n_exchanges, count(x.input_tokens) as n_input_tokens, count(x.output_tokens) as n_output_tokens,
       count(x.reasoning_tokens) as n_reasoning_tokens
from part p join {requests} x using (exchange_id)
"""


@dataclass(frozen=True, slots=True)
class Volume:
    """One sum.

    Attributes:
        value: the sum, by probability.
        known: exchanges that say the number.
    """

    value: float
    known: int


def volumes(subject: Subject) -> dict[str, Volume]:
    """Each of `VOLUMES` over the subject's exchanges; worked out once."""
    if "volumes" not in subject.notes:
        part = subject.part.select(["exchange_id", "millionths"])
        row = subject.workspace.query(SUMS, part=part).to_pylist()[0]
        subject.notes["volumes"] = {name: Volume(float(row[name] or 0.0), int(row[f"n_{name}"])) for name, _ in VOLUMES}
    found: dict[str, Volume] = subject.notes["volumes"]
    return found
