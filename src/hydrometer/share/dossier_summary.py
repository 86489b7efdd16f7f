"""The first page: what was found, how sure, how large, since when, what speaks against it, who was asked.

Fifteen sentences at most, so that it stays one page; each is said again with its reasons further on.
"""

from __future__ import annotations

from hydrometer.share import timeline_chart, wording
from hydrometer.share.dossier_actors import UNATTRIBUTED
from hydrometer.share.dossier_answer import NOT_ASKED
from hydrometer.share.dossier_document import ALLEGED, INFERRED, OBSERVED, Section, Sentence, row, said, whole
from hydrometer.share.dossier_material import Material
from hydrometer.share.waterfall import title

CAPABILITIES_NAMED = 4
CAMPAIGN = (row("campaign", 0),)


def summary(of: Material) -> Section:
    """The section."""
    return Section(
        "summary",
        "Summary",
        (
            said((_what(of), _level(of), _strength(of), _posterior(of)), "What was found, and how sure it is"),
            said((_size(of), _members(of), *_aims(of), _when(of)), "How large, what it goes after, since when"),
            said((*_against(of), _innocent(of)), "What speaks against it"),
            said((_who(of), _heard(of)), "Who is behind it, and whether they were heard"),
        ),
    )


def _what(of: Material) -> Sentence:
    """The run's own sentence about the group."""
    text = of.campaign["summary"] or "The run lists this group and gives no summary of it."
    return Sentence(text, INFERRED, CAMPAIGN)


def _level(of: Material) -> Sentence:
    """The level with what its error is."""
    level, q_value = of.campaign["level"], of.campaign["q_value"]
    highest = (
        "" if of.facts.can_confirm else "; suspected is the highest level without enough benign operators of one's own"
    )
    return Sentence(
        f"Its level is {level}: {wording.error(level, q_value)}, if the model of ordinary customers holds{highest}.",
        INFERRED,
        (*CAMPAIGN, *of.reference("false_discovery_level")),
    )


def _strength(of: Material) -> Sentence:
    """The bits of the two hypotheses, apart."""
    one, two = (wording.bits(of.campaign[name], signed=False) for name in ("operator_bits", "extraction_bits"))
    return Sentence(
        f"That one operator runs the accounts (H1) has {one} bits of evidence, that it builds a data set (H2) {two}; "
        "it is listed by the smaller of the two, and they are never added.",
        INFERRED,
        CAMPAIGN,
    )


def _posterior(of: Material) -> Sentence:
    """The posterior at the prior and at two others."""
    value, prior = of.campaign["posterior"], of.facts.prior
    at = "at the prior of the run" if prior is None else f"at a prior of {wording.one_in(prior)}"
    rarer, commoner = (wording.fraction(wording.at_prior_odds_times(factor, value)) for factor in (0.1, 10.0))
    return Sentence(
        f"The probability that it is a campaign is {wording.fraction(value)} {at}, {rarer} if campaigns are ten times "
        f"rarer, {commoner} if they are ten times commoner.",
        INFERRED,
        (*CAMPAIGN, *of.reference("prior")),
    )


def _size(of: Material) -> Sentence:
    """Volumes over the exchanges attributed."""
    one = of.campaign
    return Sentence(
        f"{wording.count(one['exchanges'])} exchanges with {wording.count(one['input_tokens'])} input and "
        f"{wording.count(one['output_tokens'])} output tokens, {wording.usd(one['usd'])} at list price, are attributed "
        f"to it, each counted by the probability that it belongs, from {wording.moment(one['first_seen'])} to "
        f"{wording.moment(one['last_seen'])} UTC.",
        OBSERVED,
        CAMPAIGN,
    )


def _members(of: Material) -> Sentence:
    """Members by role, and how many of them are unclear."""
    counts = of.tables["member_counts"]
    roles = sorted({one["role"] for one in counts})
    by_role = ", ".join(
        wording.plural(sum(one["accounts"] for one in counts if one["role"] == role), role) for role in roles
    )
    unclear = sum(one["accounts"] for one in counts if one["probability_from"] < 0.9)
    return Sentence(
        f"Its members are {by_role or 'not listed'}; {wording.count(unclear)} of them with a probability below 0.90.",
        INFERRED,
        (whole("member_counts"),),
    )


def _aims(of: Material) -> list[Sentence]:
    """What it goes after and by which techniques."""
    capabilities, techniques = (
        [wording.words(one) for one in of.campaign[name]] for name in ("capabilities", "techniques")
    )
    after = ", ".join(capabilities[:CAPABILITIES_NAMED]) or "nothing that stands out"
    by = ", ".join(techniques[:CAPABILITIES_NAMED]) or "none of the known techniques"
    return [Sentence(f"It goes after {after}, by {by}.", INFERRED, CAMPAIGN)]


def _when(of: Material) -> Sentence:
    """From when it could have been found, and what had passed by then."""
    detectable, passed = of.campaign["detectable_at"], timeline_chart.leaked(of.case)
    if detectable is None:
        return Sentence("Only hindsight over the whole log shows it.", INFERRED, CAMPAIGN)
    already = "" if passed is None else f"; {wording.count(passed)} of its exchanges had passed by then"
    return Sentence(
        f"It could have been found from {wording.moment(detectable)} UTC on{already}.",
        INFERRED,
        (*CAMPAIGN, whole("timeline")),
    )


def _against(of: Material) -> list[Sentence]:
    """The row of evidence that speaks loudest against the finding."""
    rows = [
        (one["bits"], number)
        for number, one in enumerate(of.tables["evidence"])
        if one["account_id"] is None and one["hypothesis"] in ("H1", "H2") and (one["bits"] or 0.0) < 0
    ]
    if not rows:
        return [Sentence("No test of H1 or H2 speaks against it.", INFERRED, (whole("evidence"),))]
    bits, number = min(rows)
    one = of.tables["evidence"][number]
    return [
        Sentence(
            f"Against it speaks most: {title(one['signal'])} ({wording.bits(bits)} bits on {one['hypothesis']}).",
            INFERRED,
            (row("evidence", number),),
        )
    ]


def _innocent(of: Material) -> Sentence:
    """The innocent explanation that fits best, and whether it is excluded."""
    closest, p_value = of.campaign["innocent_explanation"], of.campaign["benign_p"]
    named = f"The innocent explanation that fits best is: {closest}" if closest else "No innocent explanation was named"
    if p_value is None:
        return Sentence(
            f"{named}; that it is an ordinary operator of an unusual kind is not excluded, since no p-value against "
            "the "
            "provider's own operators could be taken.",
            INFERRED,
            (*CAMPAIGN, *of.reference("own_past_gate")),
        )
    return Sentence(
        f"{named}; of benign operators of the provider itself a share of {wording.fraction(p_value)} looks as much "
        "like one.",
        INFERRED,
        (*CAMPAIGN, *of.reference("own_past_gate")),
    )


def _who(of: Material) -> Sentence:
    """What is said of who is behind it."""
    attribution = of.attribution
    if attribution is None:
        return Sentence(
            "Who is behind the operator is not said: unattributed, and no hypotheses were given.", INFERRED,
            (row("hypotheses", 0),),
        )  # fmt: skip
    if attribution.first.name == UNATTRIBUTED:
        why = attribution.abstains[0] if attribution.abstains else "no hypothesis is probable enough"
        return Sentence(f"Who is behind the operator is not said: unattributed, because {why}.", INFERRED,
                        (whole("hypotheses"),))  # fmt: skip
    return Sentence(
        f"An analyst's hypothesis about who is behind it is weighed further on, with {attribution.confidence} "
        "confidence "
        "in its basis; hydrometer names nobody by itself.",
        ALLEGED,
        (whole("hypotheses"),),
    )


def _heard(of: Material) -> Sentence:
    """Whether the party concerned was asked and answered."""
    rows = of.tables["answer"]
    if not rows:
        return Sentence(NOT_ASKED, OBSERVED)
    asked = [one["day"] for one in rows if one["what"] == "asked"]
    answered = [one["day"] for one in rows if one["what"] == "answered"]
    first = f"was asked on {asked[0]}" if asked else "was not asked"
    then = f"answered on {answered[-1]}" if answered else "no answer is known"
    return Sentence(f"The party concerned {first}; {then}.", OBSERVED, (whole("answer"),))
