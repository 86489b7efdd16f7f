"""How the bench of kinds and roles scores: on a hand-made case whose every figure can be counted on fingers."""

from __future__ import annotations

from typing import Any

from bench.kinds import others, pooled
from bench.table import kinds

Row = dict[str, Any]
TRUTH = [
    {"account_id": f"{archetype}-{n}", "archetype": archetype}
    for archetype in ("desk", "flat", "chat_user")
    for n in range(6)
]


def members(group: str, **people: int) -> list[Row]:
    """A group with so many accounts of each population."""
    return [
        {"campaign_id": group, "account_id": f"{archetype}-{n}"}
        for archetype, many in people.items()
        for n in range(many)
    ]


def group(name: str, level: str, kind: str) -> Row:
    return {"campaign_id": name, "level": level, "kind": kind}


def test_a_group_is_called_after_the_population_that_holds_more_than_half_of_it() -> None:
    groups = [group("a", "benign", "resale"), group("b", "insufficient", "pool"), group("c", "benign", "unexplained")]
    inside = members("a", desk=4, chat_user=1) + members("b", flat=3, desk=2) + members("c", desk=2, flat=2)
    assert others(groups, inside, TRUTH) == [
        {"people": "desk", "kind": "resale", "level": "benign", "accounts": 5},
        {"people": "flat", "kind": "pool", "level": "insufficient", "accounts": 5},
    ]


def test_what_is_listed_is_scored_as_a_campaign_and_not_here() -> None:
    groups = [group("a", "suspected", "distillation"), group("b", "confirmed", "stolen_keys")]
    assert others(groups, members("a", desk=4) + members("b", flat=4), TRUTH) == []


def role(true: int, listed: int, right: int) -> Row:
    return {"true": true, "listed": listed, "precision": right / listed if listed else None, "recall": None}


def world(name: str, *, hit: bool, right: bool, customer: Row, called: list[Row]) -> Row:
    campaign = {
        "preset": "p",
        "kind": "distillation",
        "hit": hit,
        "kind_right": right if hit else None,
        "share_error": 0,
    }
    roles = {"operator": role(10, 9, 9), "victim": role(0, 0, 0), "customer": customer}
    return {
        "world": name, "campaigns": [campaign], "roles": roles, "others": called, "victims_flagged_as_operators": 1,
        "customers_flagged": 0, "benign_flagged": 2,
    }  # fmt: skip


def two_worlds() -> Row:
    desk = {"people": "desk", "kind": "resale", "level": "benign", "accounts": 5}
    return pooled(
        [
            world("one", hit=True, right=True, customer=role(8, 4, 3), called=[desk, desk | {"accounts": 9}]),
            world("two", hit=False, right=False, customer=role(2, 0, 0), called=[desk | {"kind": "pool"}]),
        ]
    )


def test_roles_are_pooled_over_accounts_and_kinds_over_found_campaigns() -> None:
    found = two_worlds()
    assert (found["campaigns"], found["found"], found["kinds_right"]) == (2, 1, 1)
    assert found["roles"]["customer"] == {"true": 10, "listed": 4, "right": 3}
    assert found["roles"]["operator"] == {"true": 20, "listed": 18, "right": 18}
    assert found["roles"]["victim"] == {"true": 0, "listed": 0, "right": 0}
    assert (found["victims_flagged_as_operators"], found["benign_flagged"]) == (2, 4)
    assert [(row["kind"], row["groups"]) for row in found["called"]] == [("pool", 1), ("resale", 2)]


def test_a_role_that_is_never_given_has_no_precision_in_the_table() -> None:
    said = kinds({"summary": two_worlds(), "seeds": []})
    (customer,) = (line for line in said if line.startswith("| customer"))
    (victim,) = (line for line in said if line.startswith("| victim"))
    assert "0.750" in customer and "0.300" in customer
    assert "–" in victim
