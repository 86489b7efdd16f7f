"""What would refute a finding, and the question to ask: one answer per piece of evidence, never an empty list.

A finding about people must say how it could be wrong before anything is done about them. Each row of evidence rests on
something that an outsider can check (who owns a payment instrument, what software sends this configuration), so each
signal names the fact that would take its weight away and who can know it. Three questions are asked of every group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refutation:
    """A fact that would take weight from a finding.

    Attributes:
        statement: the fact.
        question: what to ask in order to learn it.
        ask: who can know.
    """

    statement: str
    question: str
    ask: str


ALWAYS = (
    Refutation(
        "A contract, register entry or programme that covers this use by these accounts.",
        "Is this operator known to sales, partnerships or research, and may it use answers for training?",
        "sales, legal, the register",
    ),
    Refutation(
        "Many independent people behind the accounts, with conversations of their own.",
        "Can the account holders show end-user ids or a product in which their own users type these prompts?",
        "the account holders",
    ),
    Refutation(
        "A widely used tool, course or public prompt that sends the same traffic from unrelated accounts.",
        "Does the same template occur in public software, teaching material or a benchmark?",
        "a reviewer, by searching for the masked template",
    ),
)
UNDECIDED = Refutation(
    "Ordinary groups that reach the same strength of evidence as often as this one.",
    "How many groups that were reviewed and cleared have reached these bits?",
    "the reviewers of past cases",
)
BY_SIGNAL = {
    "urn_payment": Refutation(
        "Proof that the shared payment instruments belong to unrelated holders.",
        "Are the shared instruments a prepaid batch, a reseller of cards, or one company's cards?",
        "the payment processor",
    ),
    "urn_network": Refutation(
        "A carrier gateway, campus, office network or public VPN behind the shared addresses.",
        "Who runs the shared address ranges, and how many unrelated accounts use them?",
        "the network operator, the address register",
    ),
    "urn_mail": Refutation(
        "A mail provider or employer that gives unrelated people addresses of this domain and form.",
        "Whose mail domain is it, and does it assign such addresses itself?",
        "the holder of the mail domain",
    ),
    "urn_signup": Refutation(
        "A promotion, course or event that made unrelated people sign up on the same days.",
        "What happened on the days on which these accounts were opened?",
        "marketing, education programmes",
    ),
    "urn_text": Refutation(
        "A public prompt, tutorial or product that makes unrelated users begin or end in the same words.",
        "Where else do these opening and closing phrases occur?",
        "a reviewer, by searching for the masked template",
    ),
    "urn_configuration": Refutation(
        "Software that sends this request configuration by default.",
        "Which client or library sets exactly these parameters?",
        "developer relations",
    ),
    "urn_client": Refutation(
        "A common release of a client or library with this fingerprint.",
        "Which client has this handshake, header order and name, and who uses it?",
        "developer relations",
    ),
    "urn_tools": Refutation(
        "A public agent framework that defines the same set of tools.",
        "Which framework ships this set of tools?",
        "developer relations",
    ),
    "urn_signature": Refutation(
        "A product that hands signed reasoning from one account to another on its users' behalf.",
        "Which client carries reasoning over between accounts, and do the account holders know?",
        "the account holders, developer relations",
    ),
    "intent": Refutation(
        "A product whose ordinary users need the written-out reasoning, ratings or forms asked for here.",
        "What does the operator do with the reasoning and labels that it asks for?",
        "the account holders",
    ),
    "template_focus": Refutation(
        "One product feature, fixed by its maker, that explains why so few templates carry the traffic.",
        "Is there an application in which each request is one press of the same button?",
        "the account holders",
    ),
    "disjointness": Refutation(
        "The accounts asking for the same items as often as unrelated users of the same volume do.",
        "Is the list a customer's own table (documents, tickets, products) that is worked through once?",
        "the account holders; the count of repeated items in later traffic",
    ),
    "two_hands": Refutation(
        "The owner's word that the requests from the other places are his own.",
        "Did the account holder send these requests, or give the key away?",
        "the account holder, by a way that the thief cannot answer",
    ),
    "answer_dependence": Refutation(
        "Next prompts that follow from the answers given.",
        "Do conversations of a second turn and more react to what was answered?",
        "a reviewer with access to a sealed sample",
    ),
}
BY_HYPOTHESIS = {
    "H1": Refutation(
        "Unrelated holders of what these accounts share.",
        "Who else has the shared values, and why would strangers have them?",
        "whoever issued the shared values",
    ),
    "H2": Refutation(
        "An ordinary use that has the same form.",
        "Which ordinary product or habit produces this pattern?",
        "the account holders",
    ),
}


def refutations(evidence: Iterable[tuple[str, str, float | None]]) -> list[Refutation]:
    """What would refute a finding that rests on `evidence`: strongest first, then what is asked of every group.

    Args:
        evidence: (hypothesis, signal, bits) per row; rows that speak against the finding ask nothing.

    >>> [one.ask for one in refutations([("H1", "urn_mail", 3.0), ("H1", "urn_mail", 1.0)])][0]
    'the holder of the mail domain'
    """
    found: list[Refutation] = []
    for hypothesis, signal, bits in sorted(evidence, key=lambda row: (-(row[2] or 0.0), row[0], row[1])):
        one = BY_SIGNAL.get(signal) or BY_SIGNAL.get(signal.split("_")[0]) or BY_HYPOTHESIS.get(hypothesis)
        if one is not None and (bits or 0.0) > 0 and one not in found:
            found.append(one)
    return [*found, *ALWAYS, UNDECIDED]
