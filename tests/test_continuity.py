"""Groups keep the ids of those that they have most in common with, and it is said what became of each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hydrometer.continuity import Earlier, told, with_kept_ids
from hydrometer.prove.verdict import Verdict


def earlier(groups: dict[str, str]) -> Earlier:
    """Groups of one letter an account; a capital one is listed."""
    return Earlier(
        {name: frozenset(accounts) for name, accounts in groups.items()},
        {name: f"o-{name}-before" for name in groups},
        frozenset(name for name in groups if name.isupper()),
    )


def verdicts(groups: dict[str, str]) -> list[Verdict]:
    """The same groups as verdicts over units that are letters."""
    found = []
    for name, accounts in groups.items():
        judged = cast(
            "Any", SimpleNamespace(membership=SimpleNamespace(units=np.array([ord(one) for one in accounts])))
        )
        level = "suspected" if name.isupper() else "insufficient"
        found.append(Verdict(judged, level, "distillation", None, 0, name, f"o-{name}"))
    return found


LETTERS = [[chr(number)] for number in range(128)]
CASES: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "grown under another founder": ({"A": "bcd"}, {"X": "abcde"}, ["A"]),
    "new": ({"A": "abc"}, {"X": "abc", "Y": "xyz"}, ["A", "Y"]),
    "the most similar keeps the name": ({"A": "abcdef"}, {"X": "ab", "Y": "cdef"}, ["X", "A"]),
    "a name that an earlier group has": ({"A": "abc", "B": "def"}, {"B": "abc", "A": "xyz"}, ["A", "A-2"]),
    "listed for the first time": ({"a": "abc"}, {"X": "abcd"}, ["a"]),
}


@pytest.mark.parametrize("case", CASES)
def test_ids_are_kept_by_what_groups_have_in_common(case: str) -> None:
    before, now, expected = CASES[case]
    found = with_kept_ids(verdicts(now), LETTERS, earlier(before))
    assert [one.campaign_id for one in found] == expected
    assert len({one.operator_id for one in found}) == len(found)
    assert all(one.operator_id == f"o-{one.campaign_id}-before" for one in found if one.campaign_id in before)


def test_it_is_said_what_became_of_each_listed_group() -> None:
    before = earlier({"A": "abcd", "B": "efgh", "C": "ijkl", "D": "mnop", "E": "qr", "F": "st", "g": "uvw"})
    now = earlier(
        {"A": "abcde", "B": "fgh", "C": "ij", "C2": "kl", "D": "mnop", "E": "qrst", "g": "uvw", "Z": "xyz"}
    )  # fmt: skip
    listed = Earlier(now.groups, now.operators, now.listed | {"g"})
    rows = {row["campaign_id"]: row for row in told(before, listed)["campaigns"]}
    assert {name: row["change"] for name, row in rows.items()} == {
        "A": "grown", "B": "shrunk", "C": "split", "C2": "split", "D": "unchanged", "E": "merged", "g": "new",
        "Z": "new",
    }  # fmt: skip
    assert rows["E"]["was"] == ["E", "F"] and rows["C2"]["was"] == ["C"] and rows["g"]["was"] == ["g"]
    assert rows["Z"]["was"] == [] and (rows["A"]["gained"], rows["A"]["lost"]) == (1, 0)
    assert told(before, listed)["ended"] == []
    assert told(before, earlier({"A": "abcd"}))["ended"] == ["B", "C", "D", "E", "F"]
