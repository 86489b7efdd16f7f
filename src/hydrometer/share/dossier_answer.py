"""What the party concerned was asked and answered, and what was decided since: given by an analyst, never guessed.

Whoever is accused in a document should be heard in it. Without such a file the dossier says "not asked". A question is
observed (it was put), an answer is what the party says, a decision is adjudicated.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field, model_validator

from hydrometer.share.dossier_document import ADJUDICATED, ALLEGED, OBSERVED, Sentence, row
from hydrometer.share.dossier_given import Given, Text
from hydrometer.share.dossier_redaction import Level, Scrubber

NOT_ASKED = "The party concerned was not asked, or nothing of it was given to this dossier."
ENTRIES_MAX = 200


class Asked(Given):
    """A question that was put."""

    day: date
    by: Text
    question: Text


class Answered(Given):
    """What was answered."""

    day: date
    answer: Text
    source: Text


class Decided(Given):
    """What a court, an authority or the provider's own review decided."""

    day: date
    by: Text
    decision: Text
    source: Text


class Answer(Given):
    """The file given by `--answer`."""

    party: Text
    asked: list[Asked] = Field(default_factory=list, max_length=ENTRIES_MAX)
    answered: list[Answered] = Field(default_factory=list, max_length=ENTRIES_MAX)
    decided: list[Decided] = Field(default_factory=list, max_length=ENTRIES_MAX)

    @model_validator(mode="after")
    def _in_order(self) -> Answer:
        """An answer needs a question before it."""
        first = min((one.day for one in self.asked), default=None)
        for number, one in enumerate(self.answered):
            if first is None or one.day < first:
                raise ValueError(f"answered.{number}: an answer of {one.day} before any question was asked")
        return self


def sealed_form(answer: Answer, level: Level, scrub: Scrubber) -> dict[str, Any]:
    """The file as it is sealed: at `partner` without names of party and person, at `public` its dates alone."""
    whole = answer.model_dump(mode="json")
    if level is Level.INTERNAL:
        return whole
    asked = [{"day": one["day"]} for one in whole["asked"]]
    if level is Level.PUBLIC:
        dates = {name: [{"day": one["day"]} for one in whole[name]] for name in ("answered", "decided")}
        return {"party": None, "asked": asked, **dates}
    kept = {
        name: [{key: scrub(_without(value, answer.party)) for key, value in one.items()} for one in whole[name]]
        for name in ("answered", "decided")
    }
    return {"party": None, "asked": asked, **kept}


def _without(text: str, party: str) -> str:
    """`text` without the name of the party."""
    return text.replace(party, "[the party]")


def answer_rows(answer: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The rows of the dossier's table `answer`, in order of their days."""
    if answer is None:
        return []
    found = [
        *({"day": one["day"], "what": "asked", "by": one.get("by"), "text": one.get("question"), "source": None}
          for one in answer["asked"]),
        *({"day": one["day"], "what": "answered", "by": answer["party"], "text": one.get("answer"),
           "source": one.get("source")} for one in answer["answered"]),
        *({"day": one["day"], "what": "decided", "by": one.get("by"), "text": one.get("decision"),
           "source": one.get("source")} for one in answer["decided"]),
    ]  # fmt: skip
    order = ("asked", "answered", "decided")
    return sorted(found, key=lambda one: (one["day"], order.index(one["what"]), one["text"] or ""))


def answer_sentences(rows: list[dict[str, Any]]) -> list[Sentence]:
    """What the section says, one sentence per row."""
    if not rows:
        return [Sentence(NOT_ASKED, OBSERVED)]
    status = {"asked": OBSERVED, "answered": ALLEGED, "decided": ADJUDICATED}
    found = []
    for number, one in enumerate(rows):
        who = f" by {one['by']}" if one["by"] else ""
        text = f": “{one['text']}”" if one["text"] else "; the words are left out at this level"
        source = f" (source: {one['source']})" if one["source"] else ""
        verb = {"asked": "Asked", "answered": "Answered", "decided": "Decided"}[one["what"]]
        found.append(
            Sentence(f"{verb} on {one['day']}{who}{text}{source}.", status[one["what"]], (row("answer", number),))
        )
    if all(one["what"] == "asked" for one in rows):
        found.append(Sentence("No answer is known.", OBSERVED, ("/tables/answer",)))
    return found
