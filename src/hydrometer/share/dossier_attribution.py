"""The section on who may be behind an operator: ranked hypotheses, graded words, provenance, or why nothing is said.

Likelihood and confidence are said in two sentences and never in one: the first is about the world, the second about
the basis of the judgement. Source: ICD 203 (2015), section D.6.e; `statistics.md` section 11.
"""

from __future__ import annotations

from hydrometer.share import wording
from hydrometer.share.dossier_actors import CAP_BITS, PRIOR_MIN, UNATTRIBUTED, Attribution
from hydrometer.share.dossier_document import (
    INFERRED,
    OBSERVED,
    Block,
    Column,
    Section,
    Sentence,
    row,
    said,
    shown,
    whole,
)
from hydrometer.share.dossier_material import Material

NOBODY = "hydrometer names nobody: an operator is a hand and not a person or a company."


def attribution(of: Material) -> Section:
    """The section; `unattributed` stands in its table whatever was given."""
    columns = (
        Column("hypothesis", "Hypothesis"), Column("prior", "Prior", "fraction"),
        Column("bits", "Bits of the indicators", "bits"), Column("posterior", "Posterior", "fraction"),
        Column("words", "In words"), Column("band", "Band of these words"),
    )  # fmt: skip
    found = of.attribution
    if found is None:
        text = "No hypotheses were given to this dossier, so the operator is unattributed."
        blocks: list[Block] = [
            said([Sentence(NOBODY, OBSERVED), Sentence(text, OBSERVED, (row("hypotheses", 0),))]),
            shown("hypotheses", columns),
        ]
        return Section("attribution", "Who may be behind it", tuple(blocks))
    given = tuple(Column(name, heading) for name, heading in (
        ("status", "Status"), ("source", "Source"), ("entered_by", "Entered by"), ("entered_on", "On"),
    ))  # fmt: skip
    blocks = [
        said([Sentence(NOBODY, OBSERVED), *_method(of, found), *_conclusion(of, found)]),
        shown("hypotheses", columns, "Hypotheses, ranked"),
        said(_entered(of), "What was entered, and by whom"),
        shown("profiles", (Column("name", "Profile"), Column("prior", "Prior", "fraction"), *given), "Profiles"),
        shown("indicators", (
            Column("statement", "Indicator"), Column("family", "Family"), Column("plantable", "Could be planted"),
            Column("ratios", "Likelihood ratios", "list"), *given,
        ), "Indicators"),
        shown("corroboration", (
            Column("actor", "Hypothesis"), Column("by", "By"), Column("statement", "Statement"), *given,
        ), "Corroboration"),
    ]  # fmt: skip
    return Section("attribution", "Who may be behind it", tuple(blocks))


def _method(of: Material, found: Attribution) -> list[Sentence]:
    """How the hypotheses were weighed."""
    return [
        Sentence(
            f"An analyst entered the hypotheses, their priors and the likelihood ratios; {UNATTRIBUTED} always has a "
            "prior "
            f"of at least {PRIOR_MIN:g}, indicators of one family count once and at most {CAP_BITS:g} bits for an "
            "actor, and "
            "what a rival could plant counts nothing for one.",
            OBSERVED,
            (whole("profiles"), whole("indicators")),
        ),
        Sentence(
            f"{wording.plural(found.families, 'family').replace('familys', 'families')} of indicators say anything; "
            "since "
            f"families are correlated as well, their bits are multiplied by {found.tempering:.2f}.",
            INFERRED,
            (whole("indicators"), whole("hypotheses")),
        ),
    ]


def _conclusion(of: Material, found: Attribution) -> list[Sentence]:
    """What is said of the first hypothesis, or why nothing is."""
    pointers = (whole("hypotheses"), whole("indicators"))
    if found.abstains:
        return [
            Sentence(f"No actor is stated: {'; '.join(found.abstains)}.", INFERRED, pointers),
            Sentence("The operator is unattributed.", INFERRED, pointers),
        ]
    first = of.tables["hypotheses"][0]
    backed = [one["by"] for one in of.tables["corroboration"] if one["actor"] == first["hypothesis"]]
    by = f"corroborated by {', '.join(backed)}" if backed else "corroborated by nobody"
    return [
        Sentence(
            f"By the analyst's indicators it is {first['words']} ({first['band']}) that the hypothesis "
            f"“{first['hypothesis']}” holds.",
            INFERRED,
            (row("hypotheses", 0), whole("indicators")),
        ),
        Sentence(
            f"Confidence in the basis of this judgement is {found.confidence}: {by}.",
            INFERRED,
            (row("hypotheses", 0), whole("corroboration")),
        ),
    ]


def _entered(of: Material) -> list[Sentence]:
    """Each indicator and corroboration as a sentence with the status that its source has."""
    found = [
        Sentence(f"{one['statement']} (entered by {one['entered_by']}, source: {one['source']})", one["status"],
                 (row("indicators", number),))
        for number, one in enumerate(of.tables["indicators"])
    ]  # fmt: skip
    found += [
        Sentence(f"{one['by']}: {one['statement']} (entered by {one['entered_by']}, source: {one['source']})",
                 one["status"], (row("corroboration", number),))
        for number, one in enumerate(of.tables["corroboration"])
    ]  # fmt: skip
    return found or [Sentence("No indicator was entered.", OBSERVED, (whole("indicators"),))]
