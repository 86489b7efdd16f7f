"""Many people behind few accounts: each way in which they show, and the look-alikes that are one person or a job."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests import law_worlds
from tests.prove.made import case, counts

from hydrometer.base.cases import Finding
from hydrometer.base.workspace import Workspace
from hydrometer.prove.counts import group_counts
from hydrometer.prove.tests import many_hands
from hydrometer.simulate import run as simulator

HOUR_US = 3_600_000_000
COLUMNS = {
    "account_id": pa.string(), "sent_us": pa.int64(), "language": pa.string(), "client_stack": pa.int64(),
    "system_prompt": pa.int64(), "end_user": pa.int64(), "turn": pa.int64(), "conversation": pa.int64(),
}  # fmt: skip
Row = dict[str, Any]


def talks(account: str, voices: list[Row], *, each: int = 4, turns: int = 2, at_once: bool = False) -> list[Row]:
    """Conversations of an account: `each` of every voice, one after the other, or all of a round at the same time."""
    rows: list[Row] = []
    for round_ in range(each):
        for place, voice in enumerate(voices):
            start = round_ * 10 * HOUR_US + (0 if at_once else place * HOUR_US)
            rows += [
                {"account_id": account, "turn": turn + 1, "conversation": place * 1000 + round_ + 1,
                 "sent_us": start + turn * HOUR_US // 4, "language": "en", **voice}
                for turn in range(turns)
            ]  # fmt: skip
    return rows


def judged(workspace: Workspace, rows: list[Row], filled: float = 1.0) -> Finding:
    names = sorted({row["account_id"] for row in rows})
    table = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in COLUMNS.items()}
    workspace.write("fingerprints", pa.table(table))
    workspace.write("units", pa.table({"account_id": names, "unit": range(len(names))}))
    said = counts([40], [0.0], filled=np.array([filled]))
    return many_hands.judge(case(workspace, list(range(len(names))), group=said, last_epoch=10_000))


def group(accounts: int, *voices: Row, **how: Any) -> list[Row]:
    """Accounts that all talk like this."""
    return [row for n in range(accounts) for row in talks(f"a{n}", list(voices), **how)]


MANY = {
    "named end users": group(8, *({"end_user": n} for n in range(6)), turns=1),
    "languages": group(8, *({"language": one} for one in ("en", "de", "zh", "es"))),
    "client stacks": group(8, *({"client_stack": n} for n in range(4))),
    "system prompts": group(8, *({"system_prompt": n} for n in range(1, 9))),
    "conversations at once": group(8, *({} for _ in range(6)), at_once=True),
}


@pytest.mark.parametrize("how", MANY)
def test_many_people_are_resale_however_they_show(workspace: Workspace, how: str) -> None:
    finding = judged(workspace, MANY[how])
    (row,) = finding.evidence
    assert finding.kind == "resale" and finding.log_e is None and row.model_bits is None
    assert row.signal == ("end_user_mix" if how == "named end users" else "many_voices")
    assert row.unit is not None and how.rsplit(maxsplit=1)[-1] in row.unit


def test_the_relay_of_six_accounts_is_resale_and_no_pool(workspace: Workspace) -> None:
    finding = judged(workspace, group(6, *({"language": one} for one in ("en", "de", "zh", "es", "ru"))))
    assert finding.kind == "resale"
    assert judged(workspace, group(4, *({"language": one} for one in ("en", "de", "zh", "es")))).kind == "resale"


@pytest.mark.parametrize("accounts", [2, 5])
def test_a_handful_of_accounts_is_a_few_people(workspace: Workspace, accounts: int) -> None:
    finding = judged(workspace, group(accounts, {}))
    assert finding.kind == "pool" and finding.evidence[0].signal == "small_pool"


def test_a_handful_of_devices_on_every_account_is_a_few_people(workspace: Workspace) -> None:
    rows = [row for n in range(8) for row in talks(f"a{n}", [{"client_stack": n % 4}, {"client_stack": (n + 1) % 4}])]
    finding = judged(workspace, rows)
    assert finding.kind == "pool" and finding.evidence[0].signal == "shared_clients"
    assert finding.evidence[0].value == 4.0


TWINS = {
    "one bilingual person": group(8, {"language": "en"}, {"language": "de"}),
    "staff with a device each": [row for n in range(8) for row in talks(f"a{n}", [{"client_stack": n}])],
    "staff with two devices each": [
        row for n in range(8) for row in talks(f"a{n}", [{"client_stack": 2 * n}, {"client_stack": 2 * n + 1}])
    ],
    "a translation job": group(8, *({"language": one} for one in ("en", "de", "zh", "es")), turns=1),
    "a script": group(8, {}, turns=1),
    "once in another language": [
        *group(8, {}),
        *group(8, *({"language": one} for one in ("de", "zh", "es", "ru")), each=1),
    ],
    "a few prompts of one's own": group(8, *({"system_prompt": n} for n in range(1, 6))),
}


@pytest.mark.parametrize("twin", TWINS)
def test_one_person_or_a_job_is_not_many(workspace: Workspace, twin: str) -> None:
    assert judged(workspace, TWINS[twin]) == Finding()


def test_strangers_whose_questions_come_singly_are_known_by_following_no_form(workspace: Workspace) -> None:
    rows = TWINS["a translation job"]
    assert judged(workspace, rows, filled=0.3).kind == "resale" and judged(workspace, rows, filled=0.8) == Finding()


def test_names_and_order_do_not_matter(workspace: Workspace) -> None:
    rows = MANY["languages"]
    names = {f"a{n}": f"z{7 - n}" for n in range(8)}
    again = [row | {"account_id": names[row["account_id"]]} for row in reversed(rows)]
    assert judged(workspace, rows) == judged(workspace, again)


def test_a_conversation_id_of_two_accounts_is_two_conversations(workspace: Workspace) -> None:
    ids = count(1)
    rows = [row | {"conversation": next(ids) % 3} for row in group(8, {}, turns=2)]
    assert judged(workspace, rows) == Finding()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[law_worlds.ReadWorld]:
    """A small world of people who share accounts and of firms that do not."""
    folder = tmp_path_factory.mktemp("flat_share")
    simulator.simulate("flat_share", folder / "world", seed=11, scale=0.3, jobs=1)
    read = law_worlds.read_world(folder / "world", folder / "world" / "traffic", folder / "read")
    yield read
    read.workspace.close()


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        ("relay_desk", "resale"),
        ("authorised_reseller", "resale"),
        ("shared_flat", "pool"),
        ("company_card", None),
        ("quota_stretcher", None),
        ("chat_user", None),
    ],
)
def test_populations_of_a_world_are_what_they_are(world: law_worlds.ReadWorld, people: str, kind: str | None) -> None:
    units = world.units_by_archetype[people]
    pooled = group_counts(world.workspace, [units], world.last_epoch, 1)
    found = many_hands.judge(case(world.workspace, units.tolist(), group=pooled, last_epoch=world.last_epoch))
    assert found.kind == kind
