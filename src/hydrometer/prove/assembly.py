"""Verdicts → the run's tables of groups: campaigns, members, operators, attributed exchanges, evidence, links.

All sums are taken over integers (millionths of a probability times whole tokens or micro-dollars), so that they do not
depend on the order of rows. Source: the contract, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hydrometer.base.cases import Evidence
from hydrometer.base.families import FAMILIES
from hydrometer.base.population import Population
from hydrometer.base.tables import LISTED_LEVELS, OUTPUTS, from_rows
from hydrometer.base.units import MICRO_USD, bits
from hydrometer.base.workspace import Workspace
from hydrometer.prove.attribution import CELL, CELLS, Shares, Wordings, marks
from hydrometer.prove.customers import NOBODY as NO_CUSTOMERS
from hydrometer.prove.customers import Customers
from hydrometer.prove.membership import strongest_links
from hydrometer.prove.multiplicity import posterior
from hydrometer.prove.roles import Others, assign
from hydrometer.prove.verdict import Verdict
from hydrometer.prove.victims import NOBODY as NO_VICTIMS
from hydrometer.prove.victims import Victims

MILLION = 1_000_000
LEAST = 0.01
"""Exchanges that belong with less probability are not attributed."""
LINKS_MAX = 400
NOUNS = {
    "payment_fingerprint": "a payment instrument", "client_ip": "an address", "prefix": "a network prefix",
    "signup_ip": "a sign-up address", "mail_shape": "a mail shape", "signup_day": "a sign-up day",
    "system_prompt": "a system prompt", "opening": "an opening phrase", "closing": "a closing phrase",
    "skeleton": "a prompt skeleton", "sketch": "a wording", "configuration": "a request configuration",
    "client_stack": "a client stack", "tool_set": "a tool set", "reasoning_signature": "a reasoning signature",
    "conversation": "a conversation",
}  # fmt: skip
COLUMNS = f"""
select f.exchange_id, f.account_id, f.sent_us, coalesce(f.input_tokens, 0) as input_tokens,
       coalesce(f.output_tokens, 0) as output_tokens, f.micro_usd, f.techniques, f.capabilities, f.opening, f.closing,
       f.item, cast(round(p.probability * {MILLION}) as bigint) as millionths
"""
ATTRIBUTED = f"""
with theirs as materialized (
  select f.* from {{fingerprints}} f
  semi join (select account_id from {{units}} semi join chances using (unit)) using (account_id)
) {COLUMNS}
from (select *, {CELL} as cell from theirs) f join {{units}} u using (account_id)
join chances p on p.unit = u.unit and p.cell = f.cell where p.probability >= {LEAST}
"""
STOLEN = f"{COLUMNS} from {{fingerprints}} f semi join sent using (exchange_id) join chances p using (account_id)"
"""Of a victim's exchanges those that came from the campaign's places, and no others, whatever they ask for."""
TOTALS = """
select sum(millionths)::bigint as exchanges, sum(millionths::hugeint * input_tokens)::double as input_tokens,
       sum(millionths::hugeint * output_tokens)::double as output_tokens,
       sum(millionths::hugeint * micro_usd)::double as micro_usd,
       min(sent_us) as first_us, max(sent_us) as last_us
from part
"""


WHOLE = """
select m.grp, count(*) as exchanges, sum(coalesce(f.input_tokens, 0)) as input_tokens,
       sum(coalesce(f.output_tokens, 0)) as output_tokens, sum(f.micro_usd) as micro_usd,
       min(f.sent_us) as first_us, max(f.sent_us) as last_us
from {fingerprints} f join {units} u using (account_id) join members m using (unit) group by 1
"""
"""Sums over all that some groups sent."""
TIMES = ("first_us", "last_us")
NONE_ATTRIBUTED = pa.table({})


@dataclass(frozen=True, slots=True)
class Reported:
    """One verdict with everything that was worked out for it.

    Attributes:
        verdict: level, kind, ids.
        shares: shares and cell probabilities of its members; None for a group that is not listed.
        attributed: its exchanges (see `ATTRIBUTED`), with probabilities in millionths; none of a group that is not
            listed.
        totals: sums over them; over all that its members sent where it is not listed.
        victims: accounts whose key it uses; they are not in the verdict's membership.
        customers: ordinary customers of the house that it is in; neither are they.
        wordings: what it words, and who sends it; None of a group that is not listed.
    """

    verdict: Verdict
    shares: Shares | None
    attributed: pa.Table
    totals: dict[str, float]
    victims: Victims = NO_VICTIMS
    customers: Customers = NO_CUSTOMERS
    wordings: Wordings | None = None

    @property
    def listed(self) -> bool:
        """Whether the group is confirmed or suspected."""
        return self.verdict.level in LISTED_LEVELS


def work_out(workspace: Workspace, population: Population, verdict: Verdict, others: Others) -> Reported:
    """Roles, shares, exchanges and totals of one listed group.

    Args:
        workspace: tables of the run.
        population: all units.
        verdict: the group.
        others: whose accounts are whose, and which stand in other listed campaigns.
    """
    marked = marks(workspace, population, verdict.judged.membership)
    found = assign(workspace, population, verdict, marked, others)
    operators = found.verdict.judged.membership
    cells = found.shares.cell_probability * operators.probability[:, None]
    part = attributed(workspace, marked, operators.units, cells)
    if found.victims.accounts:
        chances = pa.table(
            {
                "account_id": pa.array(found.victims.accounts, pa.string()),
                "probability": np.round(found.victims.probability, 6),
            }
        )
        stolen = workspace.query(STOLEN, sent=found.victims.sent, chances=chances)
        part = pa.concat_tables([part, stolen.cast(part.schema)])
    wordings = Wordings(marked, found.counts)
    totals = _totals(workspace, part)
    return Reported(found.verdict, found.shares, part, totals, found.victims, found.customers, wordings)


def sum_up(workspace: Workspace, unlisted: Sequence[Verdict]) -> list[Reported]:
    """Groups that are not listed: all members, and the sums over all that they sent, asked of the log once."""
    members = [verdict.judged.membership.units for verdict in unlisted]
    numbers = np.repeat(np.arange(len(members)), [len(units) for units in members])
    table = pa.table({"grp": numbers, "unit": np.concatenate([np.zeros(0, np.int64), *members])})
    totals = {row.pop("grp"): _whole(row) for row in workspace.query(WHOLE, members=table).to_pylist()}
    return [Reported(verdict, None, NONE_ATTRIBUTED, totals[number]) for number, verdict in enumerate(unlisted)]


def _whole(sums: dict[str, int | None]) -> dict[str, float]:
    """Sums over exchanges that belong for certain, as `TOTALS` gives them."""
    return {name: float((value or 0) * (1 if name in TIMES else MILLION)) for name, value in sums.items()}


def attributed(
    workspace: Workspace, marked: pa.Table, units: NDArray[np.int64], cells: NDArray[np.float64]
) -> pa.Table:
    """Exchanges of some units with the probability of their cell; `cells` has shape (units, cells)."""
    chances = pa.table(
        {
            "unit": np.repeat(units, CELLS),
            "cell": np.tile(np.arange(CELLS), len(units)),
            "probability": np.round(np.clip(cells, 0.0, 1.0).ravel(), 6),
        }
    )
    return workspace.query(ATTRIBUTED, marks=marked, chances=chances)


def _totals(workspace: Workspace, part: pa.Table) -> dict[str, float]:
    """Sums over some exchanges."""
    totals = workspace.query(TOTALS, part=part).to_pylist()[0]
    return {name: float(value or 0) for name, value in totals.items()}


def moment(microseconds: float) -> datetime:
    """A UTC time from microseconds since 1970."""
    return datetime.fromtimestamp(int(microseconds) // 1_000_000, UTC).replace(
        microsecond=int(microseconds) % 1_000_000
    )


def campaign_row(
    reported: Reported, accounts: int, prior: float, words: dict[str, object], detectable: datetime | None
) -> dict[str, object]:
    """The row of `campaigns`, without its rank.

    Args:
        reported: the group.
        accounts: its operators and victims.
        prior: probability that a judged group is a campaign.
        words: capabilities, techniques and summary.
        detectable: end of the first epoch in which the group was at least suspected.
    """
    verdict, totals, judged = reported.verdict, reported.totals, reported.verdict.judged
    return {
        "campaign_id": verdict.campaign_id, "operator_id": verdict.operator_id, "kind": verdict.kind,
        "level": verdict.level, "q_value": min(judged.q_value, 1.0),
        "operator_bits": None if judged.operator_log_e is None else bits(judged.operator_log_e),
        "extraction_bits": None if judged.extraction_log_e is None else bits(judged.extraction_log_e),
        "benign_p": judged.standing.benign_p if judged.standing else None,
        "posterior": posterior(judged.log_e, prior), "accounts": accounts,
        "exchanges": totals["exchanges"] / MILLION, "input_tokens": totals["input_tokens"] / MILLION,
        "output_tokens": totals["output_tokens"] / MILLION, "usd": totals["micro_usd"] / MILLION / MICRO_USD,
        "first_seen": moment(totals["first_us"]), "last_seen": moment(totals["last_us"]), "detectable_at": detectable,
        "pivot_at": None, "innocent_explanation": verdict.explanation, **words,
    }  # fmt: skip


def ranked(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows by expected loss × posterior, ties by id, with their rank from 1; listed groups come first."""
    order = sorted(
        rows,
        key=lambda row: (
            row["level"] not in LISTED_LEVELS,
            -round(float(str(row["usd"])) * float(str(row["posterior"])), 9),
            str(row["campaign_id"]),
        ),
    )
    return [row | {"rank": number} for number, row in enumerate(order, 1)]


def member_rows(reported: Reported, accounts: list[list[str]]) -> list[dict[str, object]]:
    """Rows of `members`: one per account, with the two families that say most."""
    membership, found = reported.verdict.judged.membership, reported.shares
    rows: list[dict[str, object]] = []
    for place, unit in enumerate(membership.units):
        nats = membership.nats[place]
        best = [number for number in np.argsort(-np.round(nats, 9), kind="stable")[:2] if nats[number] > 0]
        reasons = [
            f"shows the group's {FAMILIES[number].noun} ({bits(float(nats[number])):.1f} bits)" for number in best
        ]
        for account in accounts[int(unit)]:
            rows.append({
                "campaign_id": reported.verdict.campaign_id, "account_id": account, "role": "operator",
                "probability": float(membership.probability[place]),
                "share": float(found.share[place]) if found else None,
                "share_low": float(found.low[place]) if found else None,
                "share_high": float(found.high[place]) if found else None,
                "because": "; ".join(reasons) or "founded the group; nothing held out speaks for it",
            })  # fmt: skip
    return rows


def evidence_rows(reported: Reported) -> list[dict[str, object]]:
    """Rows of `evidence` of one group."""
    return [_evidence(reported.verdict.campaign_id, row) for row in reported.verdict.judged.evidence]


def _evidence(campaign_id: str, row: Evidence) -> dict[str, object]:
    said = {field.name: getattr(row, field.name) for field in fields(Evidence)}
    return {"campaign_id": campaign_id, "account_id": None, "bits": row.model_bits} | said


def operator_table(reports: list[Reported], accounts: list[list[str]]) -> pa.Table:
    """`operators`: groups that are one hand; an account goes to the first of them, so that operators do not overlap."""
    taken: set[str] = set()
    rows: list[dict[str, object]] = []
    for reported in reports:
        if reported.verdict.operator_id is None:
            continue
        for place, unit in enumerate(reported.verdict.judged.membership.units):
            for account in accounts[int(unit)]:
                if account not in taken:
                    taken.add(account)
                    probability = float(reported.verdict.judged.membership.probability[place])
                    rows.append(
                        {"operator_id": reported.verdict.operator_id, "account_id": account, "probability": probability}
                    )
    return from_rows(rows, OUTPUTS["operators"])


def link_rows(population: Population, reported: Reported, accounts: list[list[str]]) -> list[dict[str, object]]:
    """Rows of `links`: the rarest things that pairs of members share, and how common such a coincidence is."""
    membership, units = reported.verdict.judged.membership, int(population.active.sum())
    family = {layer: family.name for family in FAMILIES for layer in family.layers}
    return [
        {
            "campaign_id": reported.verdict.campaign_id, "account_a": accounts[a][0], "account_b": accounts[b][0],
            "layer": layer, "family": family[layer], "bits": bits(nats),
            "statement":
                f"Both show {NOUNS[layer]} that {holders} of {units} operators show, {members} of them in this group.",
        }
        for a, b, layer, nats, members, holders in strongest_links(population, membership, LINKS_MAX)
    ]  # fmt: skip


def attributed_table(reports: list[Reported]) -> pa.Table:
    """`attributed`: exchanges of the listed groups with the probability that they belong; one row a campaign."""
    listed = [reported for reported in reports if reported.listed]
    if not listed:
        return from_rows([], OUTPUTS["attributed"])
    parts = [
        pa.table(
            {
                "exchange_id": reported.attributed["exchange_id"],
                "campaign_id": pa.array([reported.verdict.campaign_id] * len(reported.attributed), pa.string()),
                "probability": pa.array(reported.attributed["millionths"].to_numpy() / MILLION),
            }
        )
        for reported in listed
    ]
    return (
        pa.concat_tables(parts)
        .cast(OUTPUTS["attributed"])
        .sort_by([("campaign_id", "ascending"), ("exchange_id", "ascending")])
    )
