"""How a comparison of two runs looks on a terminal: what differs between them, then each listed verdict that changed.

Verdicts on groups that neither run lists are counted. Nothing from a log is read as markup or as a control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from hydrometer.share import wording
from hydrometer.share.diff_manifests import INPUT_WORDS
from hydrometer.share.explanation_lines import line, pairs

EVIDENCE_SHOWN, NAMES_SHOWN = 8, 8
WORDS = {
    "new": "new", "gone": "gone", "level": "another level", "kind": "another kind", "grown": "grown",
    "shrunk": "shrunk", "members": "other members", "roles": "other roles", "campaign_id": "another id",
    "innocent_explanation": "another innocent explanation", "detectable_at": "another first moment",
    "benign_p": "another benign_p", "split": "split", "merged": "merged",
}  # fmt: skip


def render(told: Mapping[str, Any], old: str, new: str) -> RenderableType:
    """The comparison that `diff` made, of two runs with these names."""
    shown = [one for one in told["verdicts"] if any(one["listed"])]
    hidden = len(told["verdicts"]) - len(shown)
    same = told["unchanged"]
    parts: list[RenderableType] = [
        line(f"{wording.plural(len(shown), 'listed verdict')} changed from {old} to {new}", "bold")
    ]
    parts.append(
        line(
            f"{wording.plural(hidden, 'verdict')} on groups that neither lists changed as well (--json has them); "
            f"{wording.plural(same['groups'], 'verdict')} did not, {wording.count(same['with_other_evidence'])} of "
            "them on other evidence",
            "dim",
        )
    )
    if told["follows"]:
        parts.append(line(followed(told["follows"])))
    differences = list(difference_lines(told["differences"]))
    parts += [Text(), line("What differs between the runs"), pairs(differences or [("nothing", "but what follows")])]
    for one in shown:
        parts += [Text(), line(_head(one), "bold"), pairs(verdict_lines(one))]
    return Group(*parts)


def followed(told: Mapping[str, Any]) -> str:
    """What a run that went on from the other says became of its groups, in one sentence.

    >>> followed({"exchanges_new": 9, "campaigns": [{"change": "grown"}, {"change": "new"}], "ended": ["c-1"]})
    'goes on from it with 9 exchanges: listed groups 1 grown, 1 new, 1 listed no more'
    """
    counted = Counter(str(one["change"]) for one in told["campaigns"])
    words = [f"{wording.count(number)} {word}" for word, number in sorted(counted.items())]
    words += [f"{wording.count(len(told['ended']))} listed no more"] if told["ended"] else []
    new = wording.plural(told["exchanges_new"], "exchange")
    return f"goes on from it with {new}: listed groups {', '.join(words) or 'none'}"


def _head(one: Mapping[str, Any]) -> str:
    name = one["new"] or one["old"]
    return f"{name}: {', '.join(WORDS[word] for word in one['changes'])}"


def difference_lines(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what, old → new) of everything that differs between two manifests."""
    for name, values in found.items():
        if name == "inputs":
            for word in INPUT_WORDS:
                if values[word]:
                    listed = shortened([f"{one['name']} ({_rows(one['rows_kept'])} rows)" for one in values[word]])
                    yield f"inputs {word.replace('_', ' ')}", listed
            yield "inputs same", wording.count(values["same"])
        elif name == "columns":
            for word in ("new", "gone"):
                if values[word]:
                    yield f"columns {word}", ", ".join(values[word])
        elif isinstance(values, Mapping):
            for inner, both in values.items():
                yield f"{name} {inner}", became(*both)
        else:
            yield name, became(*values)


def verdict_lines(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what, words) of one verdict that changed."""
    if one["old"] and one["new"] and one["old"] != one["new"]:
        yield "id", became(one["old"], one["new"])
    for name in ("level", "kind"):
        if one[name][0] != one[name][1]:
            yield name, became(*one[name])
    if one["accounts"][0] != one["accounts"][1]:
        yield "accounts", became(*one["accounts"])
    for name in ("joined", "left"):
        if one[name] and one["old"] and one["new"]:
            yield name, shortened(one[name])
    for word in ("split", "merged"):
        for name, others in one.get(word, {}).items():
            yield word, f"{name} into {', '.join(others)}" if word == "split" else f"{', '.join(others)} into {name}"
    for account, roles in list(one["roles"].items())[:NAMES_SHOWN]:
        yield "role", f"{account}: {became(*roles)}"
    if one["detectable_at"][0] != one["detectable_at"][1]:
        yield "detectable", became(*one["detectable_at"])
    for sentence in one["why"]:
        yield "why", sentence
    for row in one["evidence"][:EVIDENCE_SHOWN]:
        whose = f" of {row['account_id']}" if row["account_id"] else ""
        bits = " → ".join(wording.bits(value) for value in row["bits"])
        yield row["hypothesis"], f"{row['signal']}{whose}: {wording.bits(row['change_bits'])} bits ({bits})"
    more = len(one["evidence"]) - EVIDENCE_SHOWN
    if more > 0:
        yield "", f"and {wording.plural(more, 'further row')} of evidence (--json has all)"


def became(old: object, new: object) -> str:
    """Two values with an arrow; what is not known is a dash.

    >>> became(None, 0.01), became("suspected", "confirmed")
    ('– → 0.01', 'suspected → confirmed')
    """
    return " → ".join(wording.NOTHING if value is None else str(value) for value in (old, new))


def shortened(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {wording.count(more)} more" if more > 0 else "")


def _rows(value: int | list[int]) -> str:
    return " → ".join(map(wording.count, value)) if isinstance(value, list) else wording.count(value)
