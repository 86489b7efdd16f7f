"""Layers, families and strata as data, in one place, so that formation and test never disagree on what is dependent.

A *layer* is one kind of shared thing (a card, a /24, an opening phrase). Layers that depend on each other by
construction form one *family* and always stay on the same side of the split between formation and test; that split is
what makes the test of a group valid after the group was chosen. Source: `statistics.md`, sections 1 and 2 of the design
(urn on held-out families, clumping rate, behavioural families); decision record 0006.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Layers that are dependent by construction.

    Attributes:
        name: the family.
        noun: what its entities are, in the plural, for sentences.
        layers: its layers; none of habits, which nobody shares and many have alike (`prove/habits.py`).
        clumping: η, the benign clumping rate: how often unrelated benign accounts of one stratum share an entity beyond
            the urn's own probability (households, campuses, one IDE's phrases). A group that clumps more is one hand.
        behavioural: whether the stratum must hold the client type (else users of one IDE look like one hand).
        across: whether what members share with other candidates is evidence, too. Cards alone: two builders may rent
            one proxy network, but nobody pays with a stranger's card.
    """

    name: str
    noun: str
    layers: tuple[str, ...]
    clumping: float
    behavioural: bool
    across: bool = False


FAMILIES: tuple[Family, ...] = (
    Family("payment", "payment instruments", ("payment_fingerprint",), 0.02, False, across=True),
    Family("network", "addresses", ("client_ip", "prefix", "signup_ip"), 0.05, False),
    Family("mail", "mail shapes", ("mail_shape",), 0.05, False),
    Family("signup", "sign-up days", ("signup_day",), 0.05, False),
    Family("text", "wordings", ("system_prompt", "opening", "closing", "skeleton", "sketch"), 0.15, True),
    Family("configuration", "request configurations", ("configuration",), 0.10, True),
    Family("client", "client stacks", ("client_stack",), 0.10, True),
    Family("tools", "tool sets", ("tool_set",), 0.10, True),
    Family("signature", "signed reasoning or sessions", ("reasoning_signature", "conversation"), 0.05, True),
    Family("habits", "ways of working", (), 0.0, True),
)
"""Clumping: .05 is the design's default. Text: users of one client reached 9 bits at .05. Sign-up days: people who
came for one release reached 12 bits at .05, since they sign up in its week (development worlds)."""

SIDES: dict[str, tuple[str, ...]] = {
    "infrastructure": ("payment", "network", "mail", "signup", "signature"),
    "behaviour": ("text", "configuration", "client", "tools"),
    "wording": ("text",),
    "cards": ("payment",),
    "all but cards": tuple(family.name for family in FAMILIES if family.layers and family.name != "payment"),
}
"""Families of each side. One program decides a scaffold, its tools, its defaults and its client at once, so that these
are never on two sides: the users of one agent framework, found by its wording, reached 34 bits on its defaults."""
FORMED_ON = ("infrastructure", "behaviour", "wording")
"""Sides on which candidates are formed. On all but cards a group is parted that several hands may have in common."""
SPLITS: tuple[tuple[str, str], ...] = (
    ("infrastructure", "behaviour"),
    ("infrastructure", "wording"),
    ("cards", "all but cards"),
)
"""Ways to part the families: a group formed on one side of a split is tested on the other, never on its own."""
FAMILY_OF: dict[str, str] = {layer: family.name for family in FAMILIES for layer in family.layers}
FAMILY: dict[str, Family] = {family.name: family for family in FAMILIES}

LEARNING_STRATUM = 200
"""Accounts below which a stratum is joined with its neighbours when weights are learned: finer ones are noisy."""
TESTING_STRATUM = 60
"""The same for the urn on infrastructure, whose chances are exact in a stratum of any size: the mail providers and
carriers of one language in one country must not look like one hand."""
UNKNOWN = "?"


def other_side(side: str) -> str:
    """The side of a split that tests what `side` formed.

    >>> other_side("infrastructure"), other_side("wording"), other_side("all but cards")
    ('behaviour', 'infrastructure', 'cards')
    """
    return next(pair[1 - pair.index(side)] for pair in SPLITS if side in pair)


def families_of(side: str) -> tuple[Family, ...]:
    """Families of one side, in their fixed order."""
    return tuple(family for family in FAMILIES if family.name in SIDES[side])
