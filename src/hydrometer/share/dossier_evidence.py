"""What speaks for the finding, what against it, what else could be behind it, and what would refute it.

Evidence and counter-evidence come from one table and are shown with the same care: a row goes to the side to which its
bits point. Alternatives are a fixed list, so that none is left out because it does not come to mind; each says whether
it was looked at, what was found, and what that weighs.
"""

from __future__ import annotations

from collections.abc import Callable

from hydrometer.share import wording
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
from hydrometer.share.dossier_material import Material
from hydrometer.share.run_tables import Row
from hydrometer.share.waterfall import title

EVIDENCE_COLUMNS = (
    Column("hypothesis", "H", "words"),
    Column("signal", "What was looked at", "signal"),
    Column("value", "Value", "figure"),
    Column("unit", "Unit"),
    Column("n", "Of", "count"),
    Column("empirical_bits", "Bits counted", "bits"),
    Column("model_bits", "Bits of model", "bits"),
    Column("null_model", "Compared with"),
    Column("stratum", "Strata"),
    Column("account_id", "Account", "code"),
)
COORDINATION_COLUMNS = (
    Column("kind", "What is shared"),
    Column("group", "Share of its accounts", "fraction"),
    Column("median", "Of others, median", "fraction"),
    Column("low", "5th percentile", "fraction"),
    Column("high", "95th percentile", "fraction"),
    Column("accounts", "Accounts in a set", "count"),
    Column("draws", "Sets", "count"),
)
COORDINATION_CAPTION = Sentence(
    "Points are the share of its accounts that have something in common with another of them, lines the range of "
    "equally "
    "many accounts in no listed group, of the same client types. The group was formed from such things, so this "
    "describes it "
    "and is no test; H1 is tested on families that did not form it.",
    OBSERVED,
    (whole("coordination"),),
)
ALTERNATIVES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("use that the register authorises", ("register",), "no entry of the register covers half of the accounts"),
    (
        "one verified organisation that holds them openly",
        ("declared_owner",),
        "no verified organisation holds 95 % of them",
    ),
    ("a class or a course", ("education_network",), "fewer than 80 % of the accounts are in an education programme"),
    (
        "a product or a reseller that passes on many people's requests",
        ("end_user_mix",),
        "fewer than five end users per account",
    ),
    ("people who hold conversations", ("interactive_use",), "fewer than 40 % of the exchanges continue a conversation"),
    ("a few people who share accounts", ("small_pool",), "there are more than five accounts"),
    (
        "an unusual one of the provider's own customers",
        ("own_library",),
        "no library of the provider's own operators was there",
    ),
)
"""Innocent explanations, the rows of H4 that look at each, and what their absence means where the test could look."""
UNTESTED = (
    (
        "a public prompt, tutorial or benchmark that unrelated people use alike",
        "no statistic of its own; H1 is tested on families other than those that formed the group",
    ),
    (
        "keys stolen from their owners",
        "not told apart from an operator's own accounts in this version; no owner is accused by being listed",
    ),
)


def evidence(of: Material) -> Section:
    """Evidence for H1 and H2, with the drawings."""
    rows = of.tables["evidence"]
    blocks: list[Block] = []
    for hypothesis, column in (("H1", "operator_bits"), ("H2", "extraction_bits")):
        total = wording.bits(of.campaign[column], signed=False)
        head = Sentence(
            f"{wording.HYPOTHESIS_TITLES[hypothesis]}: {total} bits; where that is not so, as much is reached at most "
            "once "
            f"in 2 to the power of {total}.",
            INFERRED,
            (row("campaign", 0),),
        )
        blocks.append(said((head, *_sentences(rows, hypothesis, _for)), f"{hypothesis}: evidence for it"))
    single = sum(one["account_id"] is not None for one in rows)
    if of.tables["coordination"]:
        blocks += [
            drawn("coordination", COORDINATION_CAPTION, "Coordination beside equally many other accounts"),
            said(_coordinated(of)),
            shown("coordination", COORDINATION_COLUMNS),
        ]
    blocks += [
        drawn("waterfall", waterfall_caption(of), "All evidence, in bits"),
        shown("evidence", EVIDENCE_COLUMNS, "Every row of evidence"),
    ]
    if single:
        blocks.append(said([Sentence(f"{wording.plural(single, 'row')} of it concern single accounts.", OBSERVED,
                                     (whole("evidence"),))]))  # fmt: skip
    return Section("evidence", "Evidence", tuple(blocks))


def _coordinated(of: Material) -> list[Sentence]:
    """Each kind of thing in words."""
    return [
        Sentence(
            f"{one['group']:.0%} of its accounts share {one['kind']} with another member; of "
            f"{wording.count(one['accounts'])} other accounts at random {one['median']:.0%} do "
            f"({one['low']:.0%} to {one['high']:.0%} in nine of ten draws).",
            OBSERVED,
            (row("coordination", number),),
        )
        for number, one in enumerate(of.tables["coordination"])
    ]


def waterfall_caption(of: Material) -> Sentence:
    """What the drawing of all evidence says."""
    return Sentence(
        "Filled is what counted cases support, outlined what the model adds, dashed what speaks against the finding; "
        "rows "
        "overlap and are not added up, and hypotheses are never added.",
        INFERRED,
        (whole("evidence"),),
    )


def _for(bits: float | None) -> bool:
    """Whether a row speaks for its hypothesis."""
    return bits is not None and bits > 0


def _against(bits: float | None) -> bool:
    """Whether a row speaks against its hypothesis, or for neither side."""
    return not _for(bits)


def _sentences(rows: list[Row], hypothesis: str, side: Callable[[float | None], bool]) -> list[Sentence]:
    """The statements of one side's rows about the group, strongest first."""
    found = []
    for number, one in enumerate(rows):
        if one["hypothesis"] == hypothesis and one["account_id"] is None and side(one["bits"]):
            strength = f" ({wording.bits(one['bits'])} bits)" if one["bits"] is not None else ""
            found.append(
                Sentence(
                    f"{title(one['signal'])}: {one['statement'] or 'no statement'}{strength}",
                    INFERRED,
                    (row("evidence", number),),
                )
            )
    return found


def counter_evidence(of: Material) -> Section:
    """What speaks against H1 and H2, what H4 found, and what fits better."""
    rows = of.tables["evidence"]
    against = [one for hypothesis in ("H1", "H2") for one in _sentences(rows, hypothesis, _against)]
    innocent = _sentences(rows, "H4", lambda bits: True)
    none = Sentence("No row of H1 or H2 speaks against the finding.", OBSERVED, (whole("evidence"),))
    silent = Sentence("No test of H4 describes this group; the alternatives below say what each looked for.", OBSERVED,
                      (whole("evidence"),))  # fmt: skip
    return Section(
        "counter_evidence",
        "Counter-evidence",
        (
            said(against or [none], "Rows that speak against it"),
            said(innocent or [silent], "Innocent explanations (H4)"),
            said([_fits_better(of)], "What fits better"),
        ),
    )


def _fits_better(of: Material) -> Sentence:
    """The verdict between the finding and its closest innocent explanation."""
    closest, p_value = of.campaign["innocent_explanation"], of.campaign["benign_p"]
    rows = (row("campaign", 0),)
    weighed = "the finding fits the evidence better than coincidence and than the benign operators compared with"
    if closest is None:
        text = f"Weighed against each other, {weighed}; no innocent explanation describes the group."
    else:
        text = f"Weighed against each other, {weighed}; an innocent reading remains: {closest}."
    if p_value is None:
        text += " That reading is not excluded by a p-value, so a person must ask before anything is done."
    return Sentence(text, INFERRED, (*rows, *of.reference("own_past_gate")))


def alternative_rows(of: Material) -> list[Row]:
    """The dossier's table `alternatives`."""
    group, tests = of.campaign, of.tables["evidence"]
    one_hand, builds = (wording.bits(group[name], signed=False) for name in ("operator_bits", "extraction_bits"))
    found: list[Row] = [
        {
            "alternative": "unrelated people who look alike by coincidence",
            "looked_at": "yes",
            "found": f"H1 has {one_hand} bits against it",
            "weighs": "does not fit" if (group["operator_bits"] or 0) > 0 else "fits",
        },
        {
            "alternative": "one ordinary operator who asks as others do",
            "looked_at": "yes",
            "found": f"H2 has {builds} bits against it",
            "weighs": "does not fit" if (group["extraction_bits"] or 0) > 0 else "fits",
        },
    ]
    for name, signals, absent in ALTERNATIVES:
        rows = [one for one in tests if one["hypothesis"] == "H4" and one["signal"] in signals]
        found.append({
            "alternative": name,
            "looked_at": "yes" if rows else "where its columns were there",
            "found": "; ".join(one["statement"] or "no statement" for one in rows) or f"no row: {absent}",
            "weighs": "remains possible" if rows and not (rows[0]["bits"] or 0) < 0 else "does not describe the group",
        })  # fmt: skip
    found += [
        {"alternative": name, "looked_at": "no", "found": why, "weighs": "remains possible"} for name, why in UNTESTED
    ]
    return found


def alternatives(of: Material) -> Section:
    """Every alternative with what was found."""
    rows = of.tables["alternatives"]
    possible = sum(one["weighs"] in ("remains possible", "fits") for one in rows)
    return Section(
        "alternatives",
        "Alternatives considered",
        (
            said([
                Sentence(
                    f"{wording.plural(len(rows), 'alternative')} were considered; {wording.count(possible)} remain "
                    "possible "
                    "or were not tested.", INFERRED, (whole("alternatives"),),
                ),
            ]),
            shown("alternatives", (
                Column("alternative", "What else it could be"), Column("looked_at", "Looked at"),
                Column("found", "What was found"), Column("weighs", "What that weighs"),
            )),
        ),
    )  # fmt: skip


def refutation(of: Material) -> Section:
    """What would refute the finding, and whom to ask."""
    return Section(
        "refutation",
        "What would refute it",
        (
            said([
                Sentence("Each of these facts would take weight from the finding; none was excluded by this dossier.",
                         INFERRED, (whole("refutations"),)),
            ]),
            shown("refutations", (
                Column("statement", "What would refute it"), Column("question", "What to ask"),
                Column("ask", "Who can know"),
            )),
        ),
    )  # fmt: skip
