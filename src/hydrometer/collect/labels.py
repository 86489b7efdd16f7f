"""Reads the provider's own past cases: who was cleared, who was a campaign, who nobody knows.

Labels calibrate and evaluate; they never flag anybody. A word that nobody knows is refused, since a case that is taken
for another spoils what is learned; an account that the traffic does not show is no fault: cases go further back than
any log. Of several labels of one account all are kept. Source: the contract, section 1 (`labels`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hydrometer.base.errors import UsageError

CAMPAIGN, CLEARED, RESELLER, VICTIM, UNSURE = "campaign", "cleared", "reseller", "victim", "unsure"
WORDS = (CLEARED, RESELLER, VICTIM, UNSURE)
"""Labels that stand by themselves; `campaign:<name>` names a campaign."""
NEEDED = ("account_id", "label")
EXPECTED = f"a CSV file with columns {', '.join(NEEDED)} (case_id, known_from, decided_by, basis may be empty)"
PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Label:
    """One row.

    Attributes:
        account_id: the account.
        label: `campaign`, `cleared`, `reseller`, `victim` or `unsure`; a campaign's name is dropped.
        case_id: the case it was decided in; None where the row names none.
        known_from: since when that is known, UTC; None where the row does not say.
    """

    account_id: str
    label: str
    case_id: str | None
    known_from: datetime | None


def read_labels(path: Path) -> tuple[Label, ...]:
    """Rows of labels, in the order of the file.

    Raises:
        UsageError: the file cannot be read, lacks a column, or has rows that break the form; all of them at once.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lacking = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if lacking:
                raise UsageError(str(path), f"no column {', '.join(lacking)}", EXPECTED, "add it")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UsageError(str(path), f"not readable ({reason})", EXPECTED, "mend the file") from problem
    problems: list[str] = []
    found = [_label(row, line, problems) for line, row in rows]
    if problems:
        more = f"; and {len(problems) - PROBLEMS_SHOWN} more" if len(problems) > PROBLEMS_SHOWN else ""
        raise UsageError(
            str(path),
            "; ".join(problems[:PROBLEMS_SHOWN]) + more,
            f"labels among campaign:<name>, {', '.join(WORDS)}, and known_from in ISO 8601",
            "mend the lines named",
        )
    return tuple(label for label in found if label is not None)


def _label(row: dict[str, str | None], line: int, problems: list[str]) -> Label | None:
    """One row; what is wrong with it is added to `problems`."""
    account, text = ((row.get(name) or "").strip() for name in NEEDED)
    word, colon, name = text.partition(":")
    if not account:
        problems.append(f"line {line}: no account_id")
    if not (word in WORDS and not colon) and not (word == CAMPAIGN and name.strip()):
        problems.append(f"line {line}: label {text!r}")
    known, said = None, (row.get("known_from") or "").strip()
    if said:
        try:
            parsed = datetime.fromisoformat(said)
            known = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            problems.append(f"line {line}: known_from {said!r}")
    return Label(account, word, (row.get("case_id") or "").strip() or None, known) if account else None
