"""Method, members, templates, limits, what is not shown, the party's answer, corrections, and from what it was made.

"What this does not show" is never empty: a group of accounts says nothing about who runs them, a log nothing about
what became of the answers, and a dossier that keeps silent about that would be read as saying it.
"""

from __future__ import annotations

from hydrometer.share import wording
from hydrometer.share.dossier_answer import answer_sentences
from hydrometer.share.dossier_document import (
    INFERRED,
    OBSERVED,
    Block,
    Column,
    Section,
    Sentence,
    drawn,
    row,
    said,
    shown,
    whole,
)
from hydrometer.share.dossier_facts import not_shown
from hydrometer.share.dossier_material import Material
from hydrometer.share.dossier_redaction import Level
from hydrometer.share.timeline_chart import caption, chart

NEVER_SHOWN = (
    "Who runs the accounts: a group run by one hand says nothing about whose hand it is, nor about a nationality, a "
    "country "
    "or a company.",
    "What became of the answers: a log shows what was asked, not that a model was trained on it.",
    "That any named model was distilled, or would be worse without these answers.",
    "What the holder of a single account knew or intended; a member is a probability and not a finding of guilt.",
    "What was sent to other providers, or through accounts that share nothing with these.",
    "That a law or a contract was broken: facts about terms are listed for those who may decide it.",
)
NOT_COUNTED_AGAIN = (
    "The e-values of H1 and H2 were not computed again here: the cards, addresses and wordings that they rest on are "
    "kept "
    "by no run. Their rows of evidence are sealed as the run wrote them."
)


def method(of: Material) -> Section:
    """How the finding came about, with the figures of the run."""

    def value(name: str) -> str:
        found = next(one["value"] for one in of.tables["reference"] if one["name"] == name)
        return wording.NOTHING if found is None else wording.count(found) if isinstance(found, int) else f"{found:g}"

    steps = (
        (f"{value('exchanges_read')} exchanges of {value('accounts_seen')} accounts were read.",
         ("exchanges_read", "accounts_seen")),
        (f"Accounts that share rare things were grouped: {value('candidate_groups')} candidate groups were formed, "
         "and all "
         "of them count for the rate of false findings.", ("candidate_groups",)),
        ("H1, one operator, was tested on families of shared things that did not form the group, against unrelated "
         "accounts of the same strata with the clumping that benign people show.", ()),
        ("H2, building a data set, was tested against benign operators: those of the run and a library of "
         f"{value('benign_library')}, of which {value('benign_library_own')} are the provider's own.",
         ("benign_library", "benign_library_own")),
        ("H4, an innocent explanation or an authorisation, was looked for by plain facts and may only take away.", ()),
        (f"A group is listed when its q-value is at most {value('false_discovery_level')}, by {_procedure(of)}.",
         ("false_discovery_level", "candidate_groups")),
        ("Nationality, the country of an address, a data centre and a shared system prompt are evidence for "
         "nothing.", ()),
    )  # fmt: skip
    sentences = [
        Sentence(text, OBSERVED, tuple(one for name in names for one in of.reference(name))) for text, names in steps
    ]
    return Section("method", "Method", (
        said(sentences),
        shown("reference", (
            Column("name", "Figure of the run", "words"), Column("value", "Value", "figure"),
            Column("meaning", "Meaning"),
        )),
    ))  # fmt: skip


def _procedure(of: Material) -> str:
    """How false discoveries are bounded, in words."""
    said_ = of.sealed.documents["run"].get("false_discovery")
    named = said_.get("procedure") if isinstance(said_, dict) else said_
    return str(named or "a procedure that the run does not state")


def timeline(of: Material) -> Section:
    """The campaign over time, with its events."""
    drawing = chart(of.case)
    if drawing is None:
        return Section("timeline", "Timeline", (said([Sentence("The run has no hours of it.", OBSERVED)]),))
    events = [(number, one) for number, one in enumerate(of.tables["timeline"]) if one["event"]]
    sentences = [
        Sentence(f"{wording.moment(of.case.timeline[number]['hour'])} UTC: {one['event']}.", OBSERVED,
                 (row("timeline", number),))
        for number, one in events
    ] or [Sentence("No ban of a member and no release of a model is known in its time.", OBSERVED)]  # fmt: skip
    return Section("timeline", "Timeline", (
        drawn("timeline", Sentence(caption(drawing), OBSERVED, (whole("timeline"),))),
        said(sentences, "Events"),
    ))  # fmt: skip


def members(of: Material) -> Section:
    """Members with probability, role and share; at `public` their counts alone."""
    blocks: list[Block] = [
        said([
            Sentence(
                f"{wording.plural(sum(one['accounts'] for one in of.tables['member_counts']), 'account')} are members "
                "with a "
                "probability of 0.50 or more; those below 0.90 are unclear and belong in no step that cannot be "
                "undone.",
                INFERRED, (whole("member_counts"),),
            ),
        ]),
        shown("member_counts", (
            Column("role", "Role"), Column("probability_from", "Probability from", "fraction"),
            Column("accounts", "Accounts", "count"),
        ), "Counted by role and probability"),
    ]  # fmt: skip
    if of.tables["members"]:
        blocks.append(shown("members", (
            Column("account_id", "Account", "code"), Column("role", "Role"),
            Column("probability", "Probability", "fraction"),
            Column("share", "Share of its traffic", "share"), Column("because", "Because"),
        ), "Members"))  # fmt: skip
    if of.tables["links"]:
        blocks.append(shown("links", (
            Column("account_a", "Account", "code"), Column("account_b", "Account", "code"),
            Column("layer", "Layer", "words"),
            Column("bits", "Bits", "bits"), Column("statement", "What is shared"),
        ), "Strongest pairs; pairs formed the group, the verdict is the group's"))  # fmt: skip
    return Section("members", "Members", tuple(blocks))


def templates(of: Material) -> Section:
    """Masked templates; at `public` without their words."""
    rows = of.tables["templates"]
    sentences = [
        Sentence(
            f"{wording.count(one['exchanges'])} exchanges of {wording.plural(one['accounts'], 'account')} are "
            "filled-in "
            f"forms of one template ({wording.fraction(one['share'])} of its exchanges, "
            f"{wording.plural(one['distinct_items'], 'distinct prompt')}).",
            OBSERVED, (row("templates", number),),
        )
        for number, one in enumerate(rows)
    ]  # fmt: skip
    if not rows:
        return Section("templates", "Templates, masked", (
            said([Sentence("No form repeats, or the text was not read.", OBSERVED)]),
        ))  # fmt: skip
    return Section("templates", "Templates, masked", (
        said(sentences),
        shown("templates", (
            Column("template_id", "Template", "code"), Column("masked", "Words in common, the rest masked", "masked"),
            Column("exchanges", "Exchanges", "count"), Column("accounts", "Accounts", "count"),
            Column("distinct_items", "Distinct prompts", "count"), Column("techniques", "Techniques", "list"),
        )),
    ))  # fmt: skip


def limits(of: Material) -> Section:
    """What to know before believing it, what did not look, and what this level leaves out."""
    pointers = (*of.reference("benign_library"), *of.reference("own_past_gate"))
    sentences = [Sentence(one, OBSERVED, pointers) for one in of.facts.caveats]
    sentences.append(Sentence(NOT_COUNTED_AGAIN, OBSERVED))
    if not of.sealed.documents["run"].get("outputs"):
        sentences.append(Sentence("The run holds no hashes of its own tables: that they are as the scan wrote them is "
                                  "not "
                                  "shown.", OBSERVED))  # fmt: skip
    if of.sealed.documents["run"].get("keyed") is False and of.sealed.level is Level.INTERNAL:
        sentences.append(Sentence("The run has no deployment key: the pseudonyms in its fingerprints could be "
                                  "guessed, so "
                                  "its sealed inputs deserve the care of a log.", OBSERVED))  # fmt: skip
    blocks: list[Block] = [said(sentences)]
    if of.tables["abstentions"]:
        blocks.append(
            shown("abstentions", (Column("detector", "Did not look"), Column("why", "Why")), "Detectors that abstained")
        )
    if of.tables["left_out"]:
        blocks.append(
            shown(
                "left_out", (Column("what", "What"), Column("here", f"At {of.sealed.level}")), "Left out at this level"
            )
        )
    return Section("limits", "Limits", tuple(blocks))


def does_not_show(of: Material) -> Section:
    """What this does not show; never empty."""
    fixed = [Sentence(one, OBSERVED) for one in NEVER_SHOWN]
    return Section("not_shown", "What this does not show", (said([*fixed, *not_shown(of)]),))


def party(of: Material) -> Section:
    """The answer of the party concerned."""
    blocks: list[Block] = [said(answer_sentences(of.tables["answer"]))]
    if of.tables["answer"]:
        blocks.append(shown("answer", ANSWER_COLUMNS))
    return Section("answer", "The party concerned", tuple(blocks))


def corrections(of: Material) -> Section:
    """Which dossier this one replaces, why, and what changed."""
    issue = of.sealed.documents["issue"]
    earlier = issue.get("supersedes")
    if earlier is None:
        return Section("corrections", "Corrections", (
            said([Sentence("This is the first issue; it corrects no earlier one.", OBSERVED)]),
        ))  # fmt: skip
    changes = of.tables["changes"]
    sentences = [
        Sentence(f"This is issue {issue['issue']}; it replaces issue {earlier['issue']}, whose manifest has "
                 f"the SHA-256 {earlier['manifest_sha256']}.", OBSERVED, (whole("changes"),)),
        Sentence(f"Reason given: {issue['reason']}" if issue.get("reason") else "No reason was given.", OBSERVED,
                 (whole("changes"),)),
        Sentence(f"{wording.plural(len(changes), 'difference')} from it: see the table." if changes
                 else "Nothing in its content differs from the earlier one.", OBSERVED, (whole("changes"),)),
    ]  # fmt: skip
    columns = (Column("where", "Where"), Column("what", "What"), Column("before", "Before"), Column("after", "Now"))
    return Section("corrections", "Corrections", (said(sentences), shown("changes", columns, "What changed")))


CAMPAIGN_COLUMNS = (
    Column("level", "Level"),
    Column("accounts", "Accounts", "count"),
    Column("exchanges", "Exchanges", "count"),
    Column("usd", "List price", "usd"),
    Column("operator_bits", "H1 bits", "bits"),
    Column("extraction_bits", "H2 bits", "bits"),
    Column("q_value", "q", "p"),
    Column("benign_p", "benign p", "p"),
    Column("posterior", "Posterior", "fraction"),
    Column("detectable_at", "Detectable", "moment"),
)
HOUR_COLUMNS = (
    Column("hour", "Hour", "moment"),
    Column("exchanges", "Exchanges", "count"),
    Column("accounts", "Accounts", "count"),
    Column("new_accounts", "New", "count"),
    Column("event", "Event"),
)
ANSWER_COLUMNS = (
    Column("day", "Day"),
    Column("what", "What"),
    Column("by", "By"),
    Column("text", "Words"),
    Column("source", "Source"),
)


def provenance(of: Material) -> Section:
    """Inputs with hashes, configuration, versions, and what was counted again."""
    run, recounted = of.sealed.documents["run"], of.tables["recount"]
    config = ", ".join(f"{name} {value}" for name, value in sorted((run.get("config") or {}).items()))
    agreeing = sum(one["agrees"] for one in recounted)
    sentences = [
        Sentence(f"The run was made by hydrometer {run.get('version')} with the configuration {config or 'not stated'} "
                 f"(SHA-256 {run.get('config_sha256')}).", OBSERVED, (whole("reference"),)),
        Sentence(f"It read {wording.plural(len(of.tables['inputs']), 'input')}, with the hashes below.", OBSERVED,
                 (whole("inputs"),)),
        Sentence(f"{wording.count(agreeing)} of {wording.count(len(recounted))} figures that can be counted again "
                 "from the "
                 "sealed inputs agree with the run's tables.", OBSERVED, (whole("recount"),)),
    ]  # fmt: skip
    if of.sealed.exchanges is None:
        sentences.append(
            Sentence("No fingerprints of exchanges are sealed here, so volumes were not counted again.", OBSERVED)
        )
    return Section("provenance", "From what it was made", (
        said(sentences),
        shown("campaign", CAMPAIGN_COLUMNS, "The campaign's row"),
        shown("timeline", HOUR_COLUMNS, "Hours"),
        shown("recount", (
            Column("what", "Figure", "words"), Column("said", "In the run's tables", "figure"),
            Column("counted", "Counted again", "figure"), Column("agrees", "Agrees"),
        ), "Counted again from the sealed inputs"),
        shown("inputs", (
            Column("name", "Input", "code"), Column("format", "Read as"), Column("rows_read", "Rows", "count"),
            Column("rows_kept", "Kept", "count"), Column("rows_rejected", "Rejected", "count"),
            Column("rows_duplicate", "Duplicate", "count"), Column("sha256", "SHA-256", "code"),
        ), "Inputs of the run"),
    ))  # fmt: skip
