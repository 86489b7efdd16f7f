"""Answers "why?" for one campaign, account or exchange: evidence for and against, what would refute it, and the tour.

An account may be in several groups or in none; being in none is an answer. Only an id that the run has never seen is an
error, and it names the ids that look like it. Source: the contract, section 4.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.dataset as ds
from rich.console import Group, RenderableType
from rich.text import Text

from hydrometer.base.errors import RunError
from hydrometer.base.safe_text import printable
from hydrometer.share import wording
from hydrometer.share.explanation_lines import bullets, group_lines, line, pairs
from hydrometer.share.manifest_facts import ManifestFacts, manifest_facts
from hydrometer.share.report_json import case_json, rounded
from hydrometer.share.run_tables import Case, Row, campaigns, cases, rows, table
from hydrometer.share.tour import STATE, Hop, example, first_exchange, kept, tour

NEAREST, CANDIDATES, PREFIX = 3, 20_000, 2
NOT_IN_A_GROUP = "not in any judged group"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why, for one thing.

    Attributes:
        identifier: what was asked about.
        thing: `campaign`, `account` or `exchange`.
        cases: the groups that it belongs to, narrowed to what concerns it.
        attributed: for an exchange, (campaign, probability) of each group that it is attributed to.
        hops: the tour.
        caveats: what to know before believing it.
        account: for an exchange, who sent it, where the run keeps that.
    """

    identifier: str
    thing: str
    cases: list[Case]
    attributed: list[tuple[str, float]]
    hops: list[Hop]
    caveats: list[str]
    account: str | None = None

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.thing == "exchange":
            return self._of_exchange()
        if not self.cases:
            return f"Account {self.identifier} is {NOT_IN_A_GROUP}."
        groups = ", ".join(f"{case.campaign['campaign_id']} ({case.campaign['level']})" for case in self.cases)
        if self.thing == "campaign":
            return str(self.cases[0].campaign["summary"] or f"Group {groups} is not listed as a finding.")
        roles = {member["role"] for case in self.cases for member in case.members}
        advice = "".join(f" It is {text}." for role, text in wording.ROLE_ADVICE.items() if role in roles)
        if roles and roles <= set(wording.ROLE_RELATIONS):
            relation = " and ".join(wording.ROLE_RELATIONS[role] for role in sorted(roles))
            return f"Account {self.identifier} is {relation} {groups}, and no part of it.{advice}"
        return (
            f"Account {self.identifier} belongs to {wording.plural(len(self.cases), 'judged group')}: {groups}.{advice}"
        )

    def _of_exchange(self) -> str:
        """The answer about an exchange: what it is attributed to, or what its account belongs to."""
        if self.attributed:
            said = ", ".join(f"{one} with probability {wording.fraction(chance)}" for one, chance in self.attributed)
            return f"Exchange {self.identifier} is attributed to {said}."
        sender = f"Its account {self.account}" if self.account else "Its account"
        groups = ", ".join(f"{case.campaign['campaign_id']} ({case.campaign['level']})" for case in self.cases)
        belongs = f"belongs to {groups}, whose listed traffic it is not part of" if groups else f"is {NOT_IN_A_GROUP}"
        return f"Exchange {self.identifier} is attributed to no campaign. {sender} {belongs}."

    def to_json(self) -> dict[str, Any]:
        """The whole explanation as JSON values."""
        return dict(
            rounded(
                {
                    "identifier": self.identifier,
                    "thing": self.thing,
                    "answer": self.sentence,
                    "groups": [case_json(case) for case in self.cases],
                    "attributed": [{"campaign_id": one, "probability": p} for one, p in self.attributed],
                    "tour": [asdict(hop) for hop in self.hops],
                    "caveats": self.caveats,
                }
            )
        )

    def render(self) -> RenderableType:
        """The explanation for a terminal; every string is stripped and none is read as markup."""
        parts: list[RenderableType] = [line(self.sentence, "bold")]
        for case in self.cases:
            parts += [Text(), *group_lines(case)]
        steps = ((f"{number} {hop.step}", hop.text) for number, hop in enumerate(self.hops, start=1))
        parts += [Text(), line("The tour", "bold"), pairs(steps)]
        parts += [Text(), line("Limits", "bold"), bullets(self.caveats)]
        return Group(*parts)


def explain(run: Path, identifier: str) -> Explanation:
    """Why the run says what it says about `identifier`.

    Args:
        run: a run folder.
        identifier: a campaign_id, account_id or exchange_id, looked for in this order.

    Raises:
        RunError: the run knows no such id, or is damaged.
    """
    groups, facts = campaigns(run), manifest_facts(_manifest(run))
    if any(group["campaign_id"] == identifier for group in groups):
        return _campaign(run, identifier, groups, facts)
    memberships = [row for row in rows(run, "members") if row["account_id"] == identifier]
    if memberships or _knows(run, "account_id", identifier):
        return _account(run, identifier, groups, facts)
    attributed = _attributed(run, identifier)
    if attributed or _knows(run, "exchange_id", identifier):
        return _exchange(run, (identifier, attributed), groups, facts)
    raise RunError(
        str(run),
        f"no campaign, account or exchange {printable(identifier, 80)!r}",
        "an id that occurs in this run",
        _remedy(run, identifier, groups),
    )


def _manifest(run: Path) -> Mapping[str, Any]:
    """The run's manifest."""
    path = run / "manifest.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise RunError(
            path.name, type(problem).__name__, "the manifest of a run", "check the folder, or scan again"
        ) from problem
    return said if isinstance(said, dict) else {}


def _campaign(run: Path, identifier: str, groups: list[Row], facts: ManifestFacts) -> Explanation:
    """Why a group was judged so, shown on its likeliest exchange, or on one of its first member's."""
    found = cases(run, [group for group in groups if group["campaign_id"] == identifier])
    members = [row["account_id"] for case in found for row in case.members]
    exchange = example(run, identifier) or (first_exchange(run, members[0]) if members else None)
    known = kept(run, "exchange_id", exchange) if exchange else None
    return Explanation(identifier, "campaign", found, [], tour(exchange, known, found, facts.packs), facts.caveats)


def _account(run: Path, identifier: str, groups: list[Row], facts: ManifestFacts) -> Explanation:
    """Why an account is in the groups that it is in, shown on an exchange of its own."""
    found = _groups_of(run, identifier, groups)
    exchange = next((one for case in found if (one := example(run, case.campaign["campaign_id"], identifier))), None)
    exchange = exchange or first_exchange(run, identifier)
    known = kept(run, "exchange_id", exchange) if exchange else kept(run, "account_id", identifier)
    return Explanation(identifier, "account", found, [], tour(exchange, known, found, facts.packs), facts.caveats)


def _exchange(
    run: Path, asked: tuple[str, list[tuple[str, float]]], groups: list[Row], facts: ManifestFacts
) -> Explanation:
    """Why an exchange is attributed, or is not although its account is in a group."""
    identifier, attributed = asked
    ids, known = {campaign_id for campaign_id, _ in attributed}, kept(run, "exchange_id", identifier)
    account = (known or {}).get("account_id")
    found = cases(run, [group for group in groups if group["campaign_id"] in ids])
    if account is not None:
        found = [_narrowed(case, account) for case in found] or _groups_of(run, account, groups)
    hops = tour(identifier, known, found, facts.packs)
    return Explanation(identifier, "exchange", found, attributed, hops, facts.caveats, account)


def _groups_of(run: Path, account: str, groups: list[Row]) -> list[Case]:
    """The groups of an account, narrowed to what concerns it."""
    ids = {row["campaign_id"] for row in rows(run, "members") if row["account_id"] == account}
    return [_narrowed(case, account) for case in cases(run, [one for one in groups if one["campaign_id"] in ids])]


def _narrowed(case: Case, account: str) -> Case:
    """What of a group concerns one account: its membership and links, and the evidence about it or the whole group."""
    return Case(
        campaign=case.campaign,
        members=[row for row in case.members if row["account_id"] == account],
        evidence=[row for row in case.evidence if row["account_id"] in (None, account)],
        links=[row for row in case.links if account in (row["account_a"], row["account_b"])],
        timeline=case.timeline,
        templates=case.templates,
        facts=[row for row in case.facts if row["account_id"] in (None, account)],
    )


def _attributed(run: Path, exchange_id: str) -> list[tuple[str, float]]:
    """(campaign, probability) of one exchange."""
    attributed = table(run, "attributed")
    found = attributed.filter(pc.equal(attributed["exchange_id"], exchange_id)).to_pylist()
    return sorted((row["campaign_id"], row["probability"]) for row in found)


def _knows(run: Path, column: str, identifier: str) -> bool:
    """Whether the run has seen this account or exchange at all."""
    if column == "account_id" and pc.any(pc.equal(table(run, "operators")[column], identifier)).as_py():
        return True
    return kept(run, column, identifier) is not None


def _remedy(run: Path, identifier: str, groups: list[Row]) -> str:
    """Ids that look like the one that was not found."""
    candidates = list(dict.fromkeys(_candidates(run, identifier, groups)))
    nearest = difflib.get_close_matches(identifier, candidates, NEAREST, 0.5)
    if not nearest:
        return "take an id from campaigns.parquet, members.parquet or attributed.parquet"
    return f"did you mean {', '.join(printable(one, 80) for one in nearest)}?"


def _candidates(run: Path, identifier: str, groups: list[Row]) -> Iterator[str]:
    """Ids to compare with: all groups, members, and some exchanges and accounts that begin alike."""
    yield from (group["campaign_id"] for group in groups)
    yield from sorted(set(table(run, "members")["account_id"].to_pylist()))[:CANDIDATES]
    alike = pc.starts_with(pc.field("exchange_id"), identifier[:PREFIX])
    yield from (
        ds.dataset(run / "attributed.parquet")
        .scanner(columns=["exchange_id"], filter=alike)
        .head(CANDIDATES)["exchange_id"]
        .to_pylist()
    )
    accounts = run / STATE / "accounts.parquet"
    if accounts.exists():
        alike = pc.starts_with(pc.field("account_id"), identifier[:PREFIX])
        yield from (
            ds.dataset(accounts)
            .scanner(columns=["account_id"], filter=alike)
            .head(CANDIDATES)["account_id"]
            .to_pylist()
        )
