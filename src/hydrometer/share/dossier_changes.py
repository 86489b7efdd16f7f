"""What a dossier changes against the one that it replaces: sentences that came and went, rows that differ.

A correction that does not say what it corrects is a second claim beside the first. Rows are matched by what they are
about, so that a new order is no change; long lists are counted beyond the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hydrometer.share.run_tables import Row

KEYS = {
    "campaign": (),
    "evidence": ("hypothesis", "signal", "family", "account_id", "stratum"),
    "members": ("account_id",),
    "member_counts": ("role", "probability_from"),
    "templates": ("template_id",),
    "facts": ("section", "account_id", "fact", "subject", "clause"),
    "fact_counts": ("section", "fact", "clause", "state"),
    "hypotheses": ("hypothesis",),
    "indicators": ("statement", "family"),
    "corroboration": ("actor", "by", "statement"),
    "answer": ("day", "what", "text"),
    "inputs": ("name", "sha256"),
    "reference": ("name",),
}
"""Tables that are compared, each with the columns by which a row is known."""
ROWS_MAX, SENTENCES_MAX = 40, 100
"""Differences of one table, and sentences in all, that are given one by one."""
NOT_COMPARED = ("corrections",)
MISSING = "–"


def changes(
    earlier: Mapping[str, Any], tables: Mapping[str, list[Row]], sections: list[Mapping[str, Any]]
) -> list[Row]:
    """The dossier's table `changes`.

    Args:
        earlier: content of the dossier that is replaced.
        tables: tables of the new one.
        sections: its sections, as JSON values.
    """
    found: list[Row] = []
    for name, columns in KEYS.items():
        parts = list(_rows(earlier.get("tables", {}).get(name, []), tables.get(name, []), columns))
        found += [{"where": name, **one} for one in parts[:ROWS_MAX]]
        if len(parts) > ROWS_MAX:
            more = f"{len(parts) - ROWS_MAX} more differences"
            found.append({"where": name, "what": more, "before": MISSING, "after": MISSING})
    return found + _sentences(earlier.get("sections", []), sections)


def _rows(before: list[Row], after: list[Row], columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows that went, came, or have another value in some column."""
    old, new = ({_key(one, columns): one for one in rows} for rows in (before, after))
    for key in sorted(old.keys() | new.keys(), key=str):
        name = " / ".join(str(part) for part in key if part is not None) or "row"
        if key not in new:
            yield {"what": f"{name}: row", "before": "there", "after": MISSING}
        elif key not in old:
            yield {"what": f"{name}: row", "before": MISSING, "after": "there"}
        else:
            for column in sorted(old[key].keys() | new[key].keys()):
                one, other = old[key].get(column), new[key].get(column)
                if one != other:
                    yield {"what": f"{name}: {column}", "before": _text(one), "after": _text(other)}


def _key(one: Row, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(one.get(column) for column in columns)


def _text(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or MISSING
    return MISSING if value is None else str(value)


def _sentences(before: list[Mapping[str, Any]], after: list[Mapping[str, Any]]) -> list[Row]:
    """Sentences that went and came, by section."""
    old, new = _said(before), _said(after)
    found = [
        {"where": section, "what": "sentence", "before": text, "after": MISSING}
        for section, text in old
        if (section, text) not in set(new)
    ]
    found += [
        {"where": section, "what": "sentence", "before": MISSING, "after": text}
        for section, text in new
        if (section, text) not in set(old)
    ]
    more = len(found) - SENTENCES_MAX
    rest = [{"where": "all sections", "what": f"{more} more sentences", "before": MISSING, "after": MISSING}]
    return found[:SENTENCES_MAX] + (rest if more > 0 else [])


def _said(sections: list[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(section, sentence) of all sections that are compared."""
    return [
        (section["id"], sentence["text"])
        for section in sections
        if section["id"] not in NOT_COMPARED
        for block in section["blocks"]
        for sentence in block.get("sentences", ())
    ]
