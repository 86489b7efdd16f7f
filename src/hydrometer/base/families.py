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
        half: the side of the split that it is on; groups formed on one half are tested on the other.
        layers: its layers.
        clumping: η, the benign clumping rate: how often unrelated benign accounts of one stratum share an entity beyond
            the urn's own probability (households, campuses, one IDE's phrases). A group that clumps more is one hand.
        behavioural: whether the stratum must hold the client type (else users of one IDE look like one hand).
    """

    name: str
    half: str
    layers: tuple[str, ...]
    clumping: float
    behavioural: bool


FAMILIES: tuple[Family, ...] = (
    Family("payment", "infrastructure", ("payment_fingerprint",), 0.05, False),
    Family("network", "infrastructure", ("client_ip", "prefix", "signup_ip"), 0.05, False),
    Family("mail", "infrastructure", ("mail_shape",), 0.05, False),
    Family("signup", "infrastructure", ("signup_day",), 0.05, False),
    Family("text", "behaviour", ("system_prompt", "opening", "closing", "skeleton", "sketch"), 0.15, True),
    Family("configuration", "behaviour", ("configuration",), 0.10, True),
    Family("client", "behaviour", ("client_stack",), 0.10, True),
    Family("tools", "behaviour", ("tool_set",), 0.10, True),
    Family("signature", "behaviour", ("reasoning_signature",), 0.05, True),
)
"""Clumping: .05 is the design's default; the text family's is larger: users of one client reached 9 bits at .05."""

HALVES: tuple[str, str] = ("infrastructure", "behaviour")
FAMILY_OF: dict[str, str] = {layer: family.name for family in FAMILIES for layer in family.layers}
FAMILY: dict[str, Family] = {family.name: family for family in FAMILIES}

SMALLEST_STRATUM = 200
"""Accounts below which a stratum is joined with its neighbours: finer ones make expected counts noisy."""
UNKNOWN = "?"


def other_half(half: str) -> str:
    """The half that tests what `half` formed.

    >>> other_half("behaviour")
    'infrastructure'
    """
    return HALVES[1 - HALVES.index(half)]


def families_of(half: str) -> tuple[Family, ...]:
    """Families of one half, in their fixed order."""
    return tuple(family for family in FAMILIES if family.half == half)
