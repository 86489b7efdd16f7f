"""Why: for a campaign, an account in several groups or in none, an exchange, and an id that nobody knows."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from tests.share.invented_run import HOSTILE, everything, store

from hydrometer.base.errors import RunError
from hydrometer.share.explain import Explanation, explain
from hydrometer.share.tour import HOPS


def drawn(explanation: Explanation) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(explanation.render())
    written = console.file
    assert isinstance(written, io.StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


@pytest.fixture
def with_state(run: Path) -> Path:
    """The run with a state that knows where three exchanges came from, and one account that is in no group."""
    state = run / "state"
    state.mkdir()
    pq.write_table(
        pa.table({"account_id": ["quiet_1", "acc_0002"], "plan": ["pro", "pro"]}), state / "accounts.parquet"
    )
    pq.write_table(
        pa.table(
            {
                "exchange_id": ["ex_00001", "ex_00002", "quiet_ex", "ex_other"],
                "account_id": ["acc_0002", "acc_0003", "quiet_1", "acc_0002"],
                "sent_at": [datetime(2026, 3, 2, 4, 5, tzinfo=UTC)] * 4,
                "template_id": ["tf_19c"] * 4,
                "skeleton": [-(2**60)] * 4,
                "prompt": ["a secret"] * 4,
            }
        ),
        state / "fingerprints.parquet",
    )
    lines = [("ex_00002", "acc_0003", "a.jsonl", 7, "two_logs"), ("ex_00002", "acc_0003", "b.jsonl", 12, "two_logs")]
    columns = ("exchange_id", "account_id", "source", "position", "pack")
    origins = [
        dict(zip(columns, one, strict=True)) for one in [*lines, ("ex_00001", "acc_0002", "a.jsonl", 8, "gateway")]
    ]
    pq.write_table(pa.Table.from_pylist(origins), state / "origins.parquet")
    return run


def test_golden(run: Path, golden: Callable[[str, str], None]) -> None:
    golden("explain_campaign.txt", drawn(explain(run, "cmp-7d20e4")))


def test_campaign_has_evidence_for_and_against_and_the_tour(run: Path) -> None:
    found = explain(run, "cmp-7d20e4")
    text = drawn(found)
    assert found.thing == "campaign" and [hop.step for hop in found.hops] == list(HOPS)
    assert "+74.2" in text and "−2.6" in text and "What would refute it" in text and "exchange ex_00000" in text


def test_account_sees_its_own_membership_links_and_exchange(with_state: Path) -> None:
    found = explain(with_state, "acc_0002")
    (case,) = found.cases
    assert found.thing == "account" and [m["account_id"] for m in case.members] == ["acc_0002"]
    assert len(case.links) == 2 and all("acc_0002" in (one["account_a"], one["account_b"]) for one in case.links)
    assert not [row for row in case.evidence if row["account_id"] == "acc_0001"]
    assert found.hops[0].text == "exchange ex_00001; a.jsonl, line or row 8; read as gateway"


def test_a_victim_and_a_customer_are_no_part_of_the_group(run: Path) -> None:
    victim, customer, operator = (explain(run, f"acc_{n:04d}").sentence for n in (3, 7, 2))
    assert victim.startswith("Account acc_0003 is a victim of cmp-7d20e4 (suspected), and no part of it.")
    assert "rotate the key, tell the owner, leave the account open" in victim
    assert customer.startswith("Account acc_0007 is a bystander of cmp-7d20e4 (suspected), and no part of it.")
    assert operator == "Account acc_0002 belongs to 1 judged group: cmp-7d20e4 (suspected)."


def test_account_in_several_groups(run: Path, tmp_path: Path, manifest: dict[str, Any]) -> None:
    tables = everything()
    shared = {"campaign_id": "cmp-02b9f1<b>", "account_id": "acc_0002", "role": "operator"}
    tables["members"].append(shared | {"probability": 0.7, "because": "same rubric"})
    found = explain(store(tmp_path / "several", tables, manifest), "acc_0002")
    assert [case.campaign["campaign_id"] for case in found.cases] == ["cmp-7d20e4", "cmp-02b9f1<b>"]


def test_known_account_in_no_group_is_an_answer(with_state: Path) -> None:
    found = explain(with_state, "quiet_1")
    assert found.cases == [] and "not in any judged group" in drawn(found)
    assert found.hops[0].text == "exchange quiet_ex"
    assert "not in any judged group" in found.to_json()["answer"]


def test_exchange_names_line_account_and_verdict(with_state: Path) -> None:
    found = explain(with_state, "ex_00002")
    steps = {hop.step: hop.text for hop in found.hops}
    assert found.thing == "exchange" and found.attributed == [("cmp-7d20e4", 1.0)]
    joined = "a.jsonl, line or row 7 joined with b.jsonl, line or row 12"
    assert steps["log line"] == f"exchange ex_00002; {joined}; read as two_logs"
    assert steps["collect"] == "sent 2 Mar 2026 04:05 UTC, account acc_0003"
    assert "template tf_19c, form of the prompt f000000000000000" in steps["fingerprint"]
    assert "op-cmp-7d20e4" in steps["link"] and "61.3" in steps["prove"] and "suspected" in steps["verdict"]
    assert found.sentence == "Exchange ex_00002 is attributed to cmp-7d20e4 with probability 1.00."


def test_exchange_that_is_not_attributed_says_where_its_account_is(with_state: Path) -> None:
    found = explain(with_state, "quiet_ex")
    assert found.cases == []
    assert found.sentence.endswith("attributed to no campaign. Its account quiet_1 is not in any judged group.")
    assert found.hops[1].text.startswith("read as canonical; sent")
    found = explain(with_state, "ex_other")
    assert [case.campaign["campaign_id"] for case in found.cases] == ["cmp-7d20e4"]
    assert "Its account acc_0002 belongs to cmp-7d20e4 (suspected), whose listed traffic" in found.sentence


def test_group_without_attributed_exchanges_is_shown_on_one_of_a_member(
    with_state: Path, tmp_path: Path, manifest: dict[str, Any]
) -> None:
    tables = everything()
    tables["attributed"] = []
    bare = store(tmp_path / "bare", tables, manifest)
    assert "keeps nothing" in explain(bare, "cmp-7d20e4").hops[0].text
    first = explain(bare, "cmp-7d20e4").cases[0].members[0]["account_id"]
    (bare / "state").mkdir()
    pq.write_table(pa.table({"exchange_id": ["m2", "m1"], "account_id": [first] * 2}), bare / "state" / "x.parquet")
    assert explain(bare, "cmp-7d20e4").hops[0].text == "exchange m1"


def test_content_is_never_read_from_the_state(with_state: Path) -> None:
    found = explain(with_state, "ex_00002")
    assert "secret" not in drawn(found) and "secret" not in json.dumps(found.to_json())


def test_hostile_id_is_stripped_on_screen_and_whole_in_json(run: Path) -> None:
    found = explain(run, HOSTILE)
    assert not {"\x1b", "\u202e"} & set(drawn(found)) and "[bold]" in drawn(found)
    assert found.to_json()["identifier"] == HOSTILE


def test_unknown_id_names_the_nearest(run: Path) -> None:
    with pytest.raises(RunError) as caught:
        explain(run, "cmp-7d20e5")
    assert "cmp-7d20e4" in caught.value.remedy


def test_an_id_like_no_other_says_where_ids_are(run: Path) -> None:
    with pytest.raises(RunError) as caught:
        explain(run, "\x1b[2J%%%%")
    assert "members.parquet" in caught.value.remedy and "\x1b" not in str(caught.value)
