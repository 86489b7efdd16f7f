"""Works the content of a dossier out of its sealed inputs: all of `dossier.json`, from which page and print are made.

A function of the sealed files and nothing else: no clock, no machine, no order of threads. Whoever has the sealed
inputs and this version gets the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hydrometer
from hydrometer.share import dossier_closing as closing
from hydrometer.share import dossier_evidence as proof
from hydrometer.share.dossier_attribution import attribution
from hydrometer.share.dossier_changes import changes
from hydrometer.share.dossier_document import STATUS_WORDS, Section
from hydrometer.share.dossier_facts import fact_sections
from hydrometer.share.dossier_material import Material, material
from hydrometer.share.dossier_sealed import Sealed
from hydrometer.share.dossier_summary import summary

SCHEMA_VERSION = 1


def content(sealed: Sealed) -> dict[str, Any]:
    """The content as JSON values.

    Args:
        sealed: the sealed inputs.

    Raises:
        BugError: a sentence without status, a number without rows, a section without a word.
    """
    first = material(sealed)
    of = _with(first, alternatives=proof.alternative_rows(first), changes=[])
    earlier = sealed.documents.get("superseded")
    if earlier is not None:
        of = _with(of, changes=changes(earlier, of.tables, [one.to_json() for one in sections(of)]))
    issue, group = sealed.documents["issue"], of.campaign
    return {
        "schema_version": SCHEMA_VERSION,
        "hydrometer_version": hydrometer.__version__,
        "campaign_id": group["campaign_id"],
        "operator_id": group["operator_id"],
        "level": group["level"],
        "kind": group["kind"],
        "redaction": issue["redaction"],
        "issue": issue["issue"],
        "issued_on": issue["issued_on"],
        "supersedes": issue["supersedes"],
        "statuses": STATUS_WORDS,
        "sections": [one.to_json() for one in sections(of)],
        "tables": dict(of.tables),
    }


def _with(of: Material, **tables: list[dict[str, Any]]) -> Material:
    """The material with more tables."""
    return replace(of, tables={**of.tables, **tables})


def sections(of: Material) -> list[Section]:
    """All sections in the order in which they are read."""
    return [
        summary(of),
        closing.method(of),
        closing.timeline(of),
        proof.evidence(of),
        proof.counter_evidence(of),
        proof.alternatives(of),
        proof.refutation(of),
        *fact_sections(of),
        attribution(of),
        closing.members(of),
        closing.templates(of),
        closing.limits(of),
        closing.does_not_show(of),
        closing.party(of),
        closing.corrections(of),
        closing.provenance(of),
    ]
