"""The tables of a dossier: what every sentence points to, worked out once from the sealed inputs.

All values are JSON values with six significant digits, so that the same run gives the same bytes on another engine.
Each list has an order of its own; a pointer to a row is its place in that order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hydrometer.share.dossier_actors import UNATTRIBUTED, Actors, Attribution, likelihood_words, weigh
from hydrometer.share.dossier_answer import answer_rows
from hydrometer.share.dossier_recount import recount
from hydrometer.share.dossier_redaction import left_out
from hydrometer.share.dossier_sealed import Sealed
from hydrometer.share.manifest_facts import ManifestFacts, manifest_facts
from hydrometer.share.report_json import rounded
from hydrometer.share.run_tables import Case, Row

LINKS_MAX = 50
ACCOUNT_FACTS_MAX = 200
"""Facts about single accounts that are given in full; all are counted."""


@dataclass(frozen=True, slots=True)
class Material:
    """What sections are written from.

    Attributes:
        sealed: the sealed inputs.
        case: the group's rows, at full precision.
        facts: what the run's manifest says.
        attribution: the weighed hypotheses; None where no actors were given.
        tables: name → rows of the dossier.
    """

    sealed: Sealed
    case: Case
    facts: ManifestFacts
    attribution: Attribution | None
    tables: Mapping[str, list[Row]]

    @property
    def campaign(self) -> Row:
        """The campaign's row at full precision."""
        return self.case.campaign

    def places(self, table: str, **wanted: Any) -> tuple[str, ...]:
        """Pointers to the rows of a table whose columns have the values wanted."""
        return tuple(
            f"/tables/{table}/{number}"
            for number, one in enumerate(self.tables[table])
            if all(one[column] == value for column, value in wanted.items())
        )

    def reference(self, name: str) -> tuple[str, ...]:
        """Pointer to a row of `reference`."""
        return self.places("reference", name=name)


def material(sealed: Sealed) -> Material:
    """Work the tables out."""
    case, facts = sealed.case, manifest_facts(sealed.documents["run"])
    given = sealed.documents.get("actors")
    actors = None if given is None else Actors.model_validate(given)
    attribution = None if actors is None else weigh(actors)
    tables = {
        "campaign": [dict(case.campaign)],
        "evidence": _bare(case.evidence),
        "members": _bare(case.members),
        "member_counts": list(sealed.documents["reference"]["members"]),
        "links": _bare(case.links[:LINKS_MAX]),
        "timeline": _bare(case.timeline),
        "templates": _bare(case.templates),
        "facts": fact_rows(case.facts),
        "fact_counts": fact_counts(case.facts),
        "refutations": [
            {"statement": one.statement, "question": one.question, "ask": one.ask} for one in case.refutations
        ],
        "hypotheses": _hypotheses(attribution),
        **_indicators(actors),
        "answer": answer_rows(sealed.documents.get("answer")),
        "reference": reference_rows(sealed, facts),
        "coordination": list(sealed.documents["reference"]["coordination"]),
        "recount": [one.to_json() for one in recount(sealed)],
        "inputs": [dict(one) for one in sealed.documents["run"]["inputs"]],
        "abstentions": [{"detector": name, "why": why} for name, why in facts.abstained],
        "left_out": left_out(sealed.level),
    }
    return Material(sealed, case, facts, attribution, rounded(tables))


def _bare(rows: Iterable[Row]) -> list[Row]:
    """Rows without the campaign's id, which the dossier says once."""
    return [{column: value for column, value in one.items() if column != "campaign_id"} for one in rows]


def fact_rows(facts: list[Row]) -> list[Row]:
    """Facts about the group, and the first of those about single accounts."""
    group = [one for one in facts if one["account_id"] is None]
    single = [one for one in facts if one["account_id"] is not None]
    return _bare([*group, *single[:ACCOUNT_FACTS_MAX]])


def fact_counts(facts: list[Row]) -> list[Row]:
    """How many accounts have which state of which fact."""
    counted = Counter(
        (one["section"], one["fact"], one["clause"] or "", one["state"] or "")
        for one in facts
        if one["account_id"] is not None
    )
    return [
        {"section": section, "fact": fact, "clause": clause or None, "state": state or None, "accounts": number}
        for (section, fact, clause, state), number in sorted(counted.items())
    ]


def _hypotheses(attribution: Attribution | None) -> list[Row]:
    """The ranked hypotheses; `unattributed` alone where no actors were given."""
    if attribution is None:
        return [
            {"hypothesis": UNATTRIBUTED, "prior": None, "bits": None, "posterior": None, "words": None, "band": None}
        ]
    found = []
    for one in attribution.hypotheses:
        words, band = (None, None) if one.posterior is None else likelihood_words(one.posterior)
        found.append({
            "hypothesis": one.name, "prior": one.prior, "bits": one.bits, "posterior": one.posterior, "words": words,
            "band": band,
        })  # fmt: skip
    return found


def _indicators(actors: Actors | None) -> dict[str, list[Row]]:
    """Indicators, profiles and corroboration with their provenance, in the order of the file."""
    if actors is None:
        return {"indicators": [], "corroboration": [], "profiles": []}
    indicators = [
        {
            "statement": one.statement, "family": one.family, "plantable": one.plantable,
            "ratios": [f"{name}: {ratio:g}" for name, ratio in sorted(one.ratios.items())],
            **one.provenance.model_dump(mode="json"),
        }
        for one in actors.indicators
    ]  # fmt: skip
    corroboration = [
        {"actor": one.actor, "by": one.by, "statement": one.statement, **one.provenance.model_dump(mode="json")}
        for one in actors.corroboration
    ]
    profiles = [
        {"name": one.name, "prior": one.prior, **one.provenance.model_dump(mode="json")} for one in actors.actors
    ]
    return {"indicators": indicators, "corroboration": corroboration, "profiles": profiles}


def reference_rows(sealed: Sealed, facts: ManifestFacts) -> list[Row]:
    """Figures of the run that one group's numbers rest on."""
    reference = sealed.documents["reference"]
    levels = reference["groups_by_level"]
    pairs = (
        ("exchanges_read", facts.exchanges, "exchanges of the run"),
        ("accounts_seen", facts.accounts, "accounts of the run"),
        ("rows_read", facts.rows("rows_read"), "rows of the inputs"),
        ("rows_kept", facts.rows("rows_kept"), "rows that became an exchange"),
        ("rows_rejected", facts.rows("rows_rejected"), "rows that could not be used"),
        ("rows_duplicate", facts.rows("rows_duplicate"), "rows that repeat another"),
        ("candidate_groups", reference["candidates"], "groups that formation returned, all of which count for q"),
        ("groups_reported", sum(levels.values()), "groups with a verdict; the rest was part of one of them"),
        ("groups_listed", levels.get("confirmed", 0) + levels.get("suspected", 0), "confirmed or suspected"),
        ("false_discovery_level", reference["q_level"], "largest q-value of a listed group"),
        ("prior", facts.prior, "probability of a campaign before any evidence"),
        ("benign_library", facts.benign_library, "benign operators compared with"),
        ("benign_library_own", facts.own_library, "of these the provider's own; the others are simulated"),
        ("own_past_gate", facts.own_past_gate, "own operators among which benign_p is taken"),
        ("seed", facts.seed, "of every random draw"),
    )
    return [{"name": name, "value": value, "meaning": meaning} for name, value, meaning in pairs]
