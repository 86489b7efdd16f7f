"""What each level of redaction leaves out, as one table; it is applied before anything is sealed.

A dossier is worked out from its sealed inputs alone, so what is not sealed cannot appear in any of its files. The
table below is the only place where levels are decided; `docs/dossier.md` prints it and a test compares the two. Free
text of a run is written by hydrometer and holds counts, but a country, an owner or an id may stand in it: at `partner`
and `public` every identifier that the run knows, every address and every mail address in a text is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

Row = dict[str, Any]


class Level(StrEnum):
    """For whom a dossier is."""

    INTERNAL = "internal"
    PARTNER = "partner"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing and what becomes of it at the two levels that leave something out."""

    what: str
    partner: str
    public: str


RULES = (
    Rule("account ids", "numbered: M0001 …", "left out; members are counted by role and probability"),
    Rule("exchange ids, positions in the log, names of log files", "left out", "left out"),
    Rule("fingerprints of exchanges", "volumes, models, techniques and the hour, by numbered account", "left out"),
    Rule("keyed hashes: addresses, cards, clients, prompts, end users", "left out", "left out"),
    Rule("pairs of accounts (links)", "between numbered accounts", "left out"),
    Rule("evidence and facts about single accounts", "by numbered account", "left out"),
    Rule("facts on region, ownership and roadmap", "kept", "left out"),
    Rule("masked templates", "kept", "left out; how many, how often, by which technique"),
    Rule("ids of campaign, operator and templates", "campaign kept, operator left out", "left out"),
    Rule("moments", "to the hour", "to the hour"),
    Rule("identifiers, addresses and mail addresses within sentences", "replaced", "replaced"),
    Rule("names that an analyst entered, what is said of them, and by whom", "kept, with provenance", "left out"),
    Rule("the party concerned: its name, who asked, what was asked", "name and person left out", "left out"),
    Rule("its answer, and decisions", "kept", "dates alone"),
    Rule("reason for a correction", "kept", "left out"),
)
"""What `internal` holds and what the others leave out. Raw prompts, system prompts, answers, addresses and keys are at
no level: a run does not keep them."""

PUBLIC_FACTS = ("capabilities", "pivot", "lifecycle", "impact", "terms", "factors")
"""Sections of facts that are shown to anybody; the others may name a company, an owner or a country."""
WITHHELD = "withheld"
OTHER = "other account"
FREE_TEXT = {
    "campaigns": ("summary", "innocent_explanation"),
    "members": ("because",),
    "evidence": ("statement", "null_model", "stratum"),
    "links": ("statement",),
    "timeline": ("event",),
    "templates": ("masked",),
    "facts": ("subject", "clause", "source", "statement", "limits", "method", "null_model"),
}
"""Columns of a run's tables in which sentences stand."""
MOMENTS = {
    "campaigns": ("first_seen", "last_seen", "detectable_at", "pivot_at"),
    "facts": ("starts_at", "ends_at"),
}
ACCOUNTS = {
    "members": ("account_id",),
    "operators": ("account_id",),
    "evidence": ("account_id",),
    "links": ("account_a", "account_b"),
    "facts": ("account_id",),
}
LEFT_OUT_AT_PUBLIC = ("members", "operators", "links")
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\w.])"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?(?![\w:])"
)
_MAIL = re.compile(r"[^\s@<>()\[\]\"',;]+@[\w-]+(?:\.[\w-]+)+")
_PLAIN_ID = re.compile(r"[\w.\-:@]+")
_WORDS = re.compile(r"[\w.\-:@]+")


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Replaces identifiers within sentences.

    Attributes:
        labels: identifier → what stands for it.
        odd: those that are no plain word and are looked for one by one.
    """

    labels: Mapping[str, str]
    odd: tuple[str, ...]

    def __call__(self, text: str | None) -> str | None:
        """`text` without identifiers, addresses and mail addresses.

        >>> scrubber({"a-1": "M0001"})("a-1 came from 192.0.2.7, a.b@example.org")
        'M0001 came from [address], [mail address]'
        """
        if text is None:
            return None
        for one in self.odd:
            text = text.replace(one, self.labels[one])
        text = _MAIL.sub("[mail address]", text)
        text = _WORDS.sub(self._word, text)
        return _ADDRESS.sub("[address]", text)

    def _word(self, found: re.Match[str]) -> str:
        """A word, or what stands for it; punctuation at its end is no part of an id."""
        word = found.group()
        bare = word.rstrip(".:-")
        label = self.labels.get(word) or self.labels.get(bare)
        return word if label is None else label + word[len(bare) :]


def scrubber(labels: Mapping[str, str]) -> Scrubber:
    """A scrubber for some identifiers; the longest of those that are no plain word is replaced first."""
    odd = sorted((one for one in labels if one and not _PLAIN_ID.fullmatch(one)), key=lambda one: (-len(one), one))
    return Scrubber(labels, tuple(odd))


def member_labels(accounts: Iterable[str]) -> dict[str, str]:
    """account → number, in the order given.

    >>> member_labels(["x", "y"])
    {'x': 'M0001', 'y': 'M0002'}
    """
    return {account: f"M{number:04d}" for number, account in enumerate(accounts, start=1)}


def redacted(name: str, rows: list[Row], level: Level, labels: Mapping[str, str], scrub: Scrubber) -> list[Row]:
    """Rows of one table of the run as the level lets them be sealed.

    Args:
        name: of the table.
        rows: as the run has them.
        level: for whom.
        labels: member → number.
        scrub: for sentences.
    """
    if level is Level.INTERNAL:
        return rows
    if level is Level.PUBLIC and name in LEFT_OUT_AT_PUBLIC:
        return []
    return [changed for one in rows if (changed := _redacted(name, one, level, labels, scrub)) is not None]


def _redacted(name: str, one: Row, level: Level, labels: Mapping[str, str], scrub: Scrubber) -> Row | None:
    """One row, or None where it is left out whole."""
    public = level is Level.PUBLIC
    about = [column for column in ACCOUNTS.get(name, ()) if one[column] is not None]
    if public and (about or (name == "facts" and one["section"] not in PUBLIC_FACTS)):
        return None
    result = dict(one)
    for column in about:
        result[column] = labels.get(one[column], OTHER)
    for column in FREE_TEXT.get(name, ()):
        result[column] = scrub(one[column])
    for column in MOMENTS.get(name, ()):
        result[column] = to_the_hour(one[column])
    return _without_ids(name, result, public)


def _without_ids(name: str, result: Row, public: bool) -> Row:
    """A row without the ids that are withheld."""
    if "operator_id" in result:
        result["operator_id"] = WITHHELD
    if public and "campaign_id" in result:
        result["campaign_id"] = WITHHELD
    if public and name == "templates":
        result |= {"template_id": WITHHELD, "masked": None}
    return result


def to_the_hour(moment: datetime | None) -> datetime | None:
    """A moment without minutes.

    >>> to_the_hour(datetime(2026, 3, 2, 16, 5)).isoformat()
    '2026-03-02T16:00:00'
    """
    return None if moment is None else moment.replace(minute=0, second=0, microsecond=0)


LEVEL_RULES: Mapping[Level, Callable[[Rule], str] | None] = {
    Level.INTERNAL: None,
    Level.PARTNER: lambda rule: rule.partner,
    Level.PUBLIC: lambda rule: rule.public,
}


def left_out(level: Level) -> list[Row]:
    """What a dossier of this level says about what it leaves out; empty for `internal`."""
    said = LEVEL_RULES[level]
    return [] if said is None else [{"what": rule.what, "here": said(rule)} for rule in RULES]
