"""A comparison of two runs: who is who by their accounts, what became of each verdict, and why."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.invented_run import HOSTILE, MANIFEST, everything, group, piece, store

from hydrometer.base.groups import OVERLAP
from hydrometer.base.tables import OUTPUTS
from hydrometer.cli import main
from hydrometer.share.diff import diff
from hydrometer.share.diff_groups import matched, shared
from hydrometer.share.diff_manifests import differences

Tables = dict[str, list[dict[str, Any]]]
GROUPS = st.dictionaries(st.sampled_from("ABCDEF"), st.frozensets(st.integers(0, 12).map(str)), max_size=5)


def world(groups: dict[str, str], **more: list[dict[str, Any]]) -> Tables:
    """Tables of a run whose groups have one letter for each account; a capital one is listed."""
    tables: Tables = {name: [] for name in OUTPUTS}
    for rank, (name, accounts) in enumerate(groups.items(), 1):
        level = "suspected" if name.isupper() else "insufficient"
        tables["campaigns"].append(group(name, rank, level, "distillation", accounts=len(accounts)))
        tables["members"] += [
            {"campaign_id": name, "account_id": letter, "role": "operator", "probability": 0.9, "because": "same ip"}
            for letter in accounts
        ]
    return tables | more


def compared(folder: Path, old: Tables, new: Tables, **manifest: Any) -> dict[str, Any]:
    """What the command prints as JSON of two runs with these tables; `manifest` is what the later one says."""
    store(folder / "old", old, MANIFEST)
    store(folder / "new", new, MANIFEST | manifest)
    return diff(folder / "old", folder / "new")


def told(found: dict[str, Any]) -> dict[tuple[str | None, str | None], list[str]]:
    return {(one["old"], one["new"]): one["changes"] for one in found["verdicts"]}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"A": "abcd"}, {"A": "abcd"}, {}),
        ({"A": "abcd"}, {"A": "abcdef"}, {("A", "A"): ["grown"]}),
        ({"A": "abcd"}, {"A": "abc"}, {("A", "A"): ["shrunk"]}),
        ({"A": "abcd"}, {"A": "abce"}, {("A", "A"): ["members"]}),
        ({"A": "abcd"}, {"B": "abcd"}, {("A", "B"): ["campaign_id"]}),
        ({"A": "abcd"}, {"a": "abcd"}, {("A", "a"): ["level", "campaign_id"]}),
        ({"A": "abcd"}, {"A": "efgh"}, {(None, "A"): ["new"], ("A", None): ["gone"]}),
        ({"A": "abcd"}, {}, {("A", None): ["gone"]}),
        ({}, {"A": "abcd"}, {(None, "A"): ["new"]}),
        (
            {"A": "abcdefgh"},
            {"A": "abcde", "B": "fgh"},
            {("A", "A"): ["shrunk", "split"], (None, "B"): ["new", "split"]},
        ),
        (
            {"A": "abcde", "B": "fgh"},
            {"A": "abcdefgh"},
            {("A", "A"): ["grown", "merged"], ("B", None): ["gone", "merged"]},
        ),
        ({"A": "abcde", "b": "fgh"}, {"A": "abcdefgh"}, {("A", "A"): ["grown"], ("b", None): ["gone"]}),
        (
            {"A": "abc", "B": "def"},
            {"A": "def", "B": "abc"},
            {("B", "A"): ["campaign_id"], ("A", "B"): ["campaign_id"]},
        ),
    ],
)  # fmt: skip
def test_what_became_of_each_group(
    tmp_path: Path, old: dict[str, str], new: dict[str, str], changes: dict[tuple[str | None, str | None], list[str]]
) -> None:
    found = compared(tmp_path, world(old), world(new))
    assert told(found) == changes
    assert found["unchanged"]["groups"] == len([pair for pair in [*old, *new] if not changes]) // 2
    assert found["differences"] == {}


def test_a_merger_and_a_split_say_of_whom(tmp_path: Path) -> None:
    old, new = {"A": "abcde", "B": "fgh", "C": "klmn"}, {"A": "abcdefgh", "C": "kl", "D": "mn"}
    by_id = {one["new"] or one["old"]: one for one in compared(tmp_path, world(old), world(new))["verdicts"]}
    assert by_id["A"]["merged"] == by_id["B"]["merged"] == {"A": ["A", "B"]}
    assert by_id["C"]["split"] == by_id["D"]["split"] == {"C": ["C", "D"]}
    assert (by_id["A"]["joined"], by_id["C"]["left"]) == (["f", "g", "h"], ["m", "n"])


@given(GROUPS, GROUPS)
def test_every_group_is_told_once_and_the_same_backwards(
    old: dict[str, frozenset[str]], new: dict[str, frozenset[str]]
) -> None:
    both = {(one, other): len(old[one] & new[other]) for one, other in product(old, new) if old[one] & new[other]}
    assert dict(shared(old, new)) == both
    forth, back = matched(old, new, set(old), set(new)), matched(new, old, set(new), set(old))
    assert sorted(filter(None, (one for one, _ in forth.pairs))) == sorted(old)
    assert sorted(filter(None, (other for _, other in forth.pairs))) == sorted(new)
    assert {(one, other) for other, one in back.pairs} == set(forth.pairs)
    assert (back.split, back.merged) == (forth.merged, forth.split)
    for one, other in forth.pairs:
        if one is not None and other is not None and old[one] | new[other]:
            assert both[one, other] >= OVERLAP * min(len(old[one]), len(new[other]))


@given(GROUPS)
def test_a_run_beside_itself_is_the_same(groups: dict[str, frozenset[str]]) -> None:
    apart = {name: frozenset(f"{name}{account}" for account in accounts) for name, accounts in groups.items()}
    assert set(matched(apart, apart, set(apart), set(apart)).pairs) == {(name, name) for name in apart}


# --- why -------------------------------------------------------------------------------------------------------------


def stronger(tables: Tables) -> None:
    """The third group is listed now: H2 gained through one row that weighs more and one that is new."""
    row = tables["campaigns"][2]
    row |= {"level": "suspected", "kind": "distillation", "q_value": 0.002, "extraction_bits": 11.2,
            "innocent_explanation": None}  # fmt: skip
    tables["evidence"].append(piece(row["campaign_id"], "H2", "intent", 9.0, "They ask for it."))
    tables["members"].append(tables["members"][-1] | {"account_id": "und_99"})


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """The invented run, and a later one in which a group became listed and an input came."""
    later, manifest = everything(), copy.deepcopy(MANIFEST)
    stronger(later)
    manifest |= {"version": "0.2.0", "config": {"q": 0.005}, "columns_absent": ["reasoning_signature_in"]}
    manifest["inputs"][0] |= {"rows_kept": 8, "rows_rejected": 1}
    manifest["inputs"][1] |= {"sha256": "e" * 64}
    manifest["inputs"].append({**manifest["inputs"][1], "name": "logs/c.parquet"})
    runs = store(tmp_path / "old", everything(), MANIFEST), store(tmp_path / "new", later, manifest)
    for run, names in zip(runs, (["und_1"], ["und_1", "und_99"]), strict=True):
        (run / "state").mkdir()
        pq.write_table(pa.table({"account_id": names}), run / "state" / "accounts.parquet")
    return runs


def test_why_a_group_became_listed(two: tuple[Path, Path]) -> None:
    found = diff(*two)
    (one,) = found["verdicts"]
    assert one["changes"] == ["level", "kind", "innocent_explanation", "grown"]
    assert (one["level"], one["q_value"]) == (["insufficient", "suspected"], [0.06, 0.002])
    assert (one["joined"], one["joined_first_seen"], one["left"]) == (["und_99"], 1, [])
    (row,) = one["evidence"]
    assert (row["signal"], row["became"], row["bits"], row["change_bits"]) == ("intent", "new", [None, 9.0], 9.0)
    assert one["why"] == [
        "q_value went from 0.06 to 0.002.",
        "H2 (they build a data set) went from +2.2 to +11.2 bits, most through intent +9.0.",
        "Closest innocent explanation: Batch job over one table before, none now.",
        "Of the 1 account that joined, 0 sent something before.",
    ]
    assert found["unchanged"] == {"groups": 5, "with_other_evidence": 0}


def test_other_evidence_alone_is_counted_and_several_rows_of_a_kind_are_told_apart(tmp_path: Path) -> None:
    def rows(*bits: float) -> list[dict[str, Any]]:
        return [piece("A", "H1", "synchrony", one, f"of {one}", stratum=str(one)) for one in bits]

    old = world({"A": "abc"}, evidence=rows(3.0, 1.0))
    found = compared(tmp_path, old, world({"A": "abc"}, evidence=rows(1.0, 3.0 + 1e-9)))
    assert found["verdicts"] == [] and found["unchanged"] == {"groups": 1, "with_other_evidence": 0}
    found = compared(tmp_path, old, world({"A": "abc"}, evidence=rows(5.0)))
    assert found["verdicts"] == [] and found["unchanged"] == {"groups": 1, "with_other_evidence": 1}
    found = compared(tmp_path, old, world({"A": "abcd"}, evidence=rows(5.0)))
    assert [(row["bits"], row["became"]) for row in found["verdicts"][0]["evidence"]] == [
        ([3.0, 5.0], "other"), ([1.0, None], "gone"),
    ]  # fmt: skip


def test_what_differs_between_the_runs_themselves(two: tuple[Path, Path]) -> None:
    assert diff(*two)["differences"] == {
        "version": ["0.1.0", "0.2.0"],
        "config": {"q": [None, 0.005]},
        "inputs": {
            "new": [{"name": "logs/c.parquet", "rows_kept": 61227}],
            "gone": [],
            "changed": [{"name": "logs/a.parquet", "rows_kept": [61227, 61227]}],
            "read_otherwise": [{"name": "/home/someone/logs/b.jsonl", "rows_kept": [7, 8]}],
            "same": 0,
        },
        "columns": {"new": ["tools"], "gone": []},
    }


def test_what_the_machine_did_is_no_difference() -> None:
    machine = {"stage_seconds": {}, "peak_rss_bytes": 1, "engine": {"threads": 9}, "resumed": [{"after_stage": "x"}]}
    assert differences(MANIFEST, MANIFEST | machine) == {}


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_terminal_says_it_for_a_person(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *map(str, two)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith("1 listed verdict changed from ")
    for words in ("cmp-c35a08: another level, another kind", "insufficient → suspected", "inputs new logs/c.parquet",
                  "version 0.1.0 → 0.2.0", "intent: +9.0 bits (– → +9.0)", "5 verdicts did not"):  # fmt: skip
        assert words in said, words


def test_nothing_of_a_log_steers_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = world({"A": "abc"}), world({"A": "abc"})
    new["members"].append(new["members"][0] | {"account_id": HOSTILE})
    store(tmp_path / "old", old, MANIFEST)
    store(tmp_path / "new", new, MANIFEST)
    for words in ([], ["--json"]):
        assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new"), *words]) == 0
        said = capsys.readouterr().out
        assert "\x1b" not in said and "\u202e" not in said and "alert(1)" in said


def test_json_is_what_diff_says(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *map(str, two), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == diff(*two)


def removed(run: Path) -> None:
    (run / "manifest.json").unlink()


def said(text: str) -> Callable[[Path], object]:
    return lambda run: (run / "manifest.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (removed, "a folder without manifest.json"),
        (said("{"), "cannot be read (JSONDecodeError)"),
        (said("[]"), "cannot be read (TypeError)"),
        (said("{}"), "cannot be read (KeyError)"),
        (said('{"schema_version": "7", "version": "9.1"}'), "schema_version '7', written by hydrometer 9.1"),
    ],
)
@pytest.mark.parametrize("command", [["explain"], ["diff"]])
def test_a_run_of_another_form_is_one_clear_error(
    two: tuple[Path, Path], capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], words: str,
    command: list[str],
) -> None:  # fmt: skip
    spoil(two[0])
    assert main([*command, *map(str, two)]) == 2
    assert words in capsys.readouterr().err
