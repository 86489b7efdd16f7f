"""Labels: every word of the contract, and bad files refused with all their lines at once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hydrometer.base.errors import UsageError
from hydrometer.collect.labels import Label, read_labels

HEAD = "account_id,label,case_id,known_from,decided_by,basis\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_every_word_of_the_contract_is_read(tmp_path: Path) -> None:
    text = (
        "\ufeff" + HEAD + "a,campaign:grey heron,case-1,2026-03-01T12:00:00+02:00,me,note\n"
        "b,cleared,case-2,2026-03-01,,\nc,reseller,,,,\n d , victim ,,,,\ne,unsure,,,,\n"
    )
    found = read_labels(written(tmp_path, text))
    assert found[0] == Label("a", "campaign", "case-1", datetime(2026, 3, 1, 10, tzinfo=UTC))
    assert found[1] == Label("b", "cleared", "case-2", datetime(2026, 3, 1, tzinfo=UTC))
    assert [(one.account_id, one.label, one.case_id) for one in found[2:]] == [
        ("c", "reseller", None), ("d", "victim", None), ("e", "unsure", None),
    ]  # fmt: skip


def test_two_columns_are_enough_and_their_order_does_not_matter(tmp_path: Path) -> None:
    assert read_labels(written(tmp_path, "label,account_id\ncleared,a\n")) == (Label("a", "cleared", None, None),)
    assert read_labels(written(tmp_path, HEAD)) == ()


def test_all_wrong_lines_are_named_at_once(tmp_path: Path) -> None:
    text = HEAD + "a,benign,,,,\nb,campaign,,,,\nc,cleared:x,,,,\n,cleared,,,,\ne,cleared,,soon,,\nf,cleared,,,,\n"
    with pytest.raises(UsageError) as problem:
        read_labels(written(tmp_path, text))
    for words in (
        "line 2: label 'benign'", "line 3: label 'campaign'", "line 4: label 'cleared:x'", "line 5: no account_id",
        "line 6: known_from 'soon'",
    ):  # fmt: skip
        assert words in problem.value.found
    assert "line 7" not in problem.value.found


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="and 90 more"):
        read_labels(written(tmp_path, HEAD + "a,b,,,,\n" * 100))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no column account_id, label"),
        ("account_id\na\n", "no column label"),
        (b"account_id,label\n\xff\xfe,cleared\n", "not readable"),
        (HEAD.encode() + b'"a' + b"x" * 200_000, "not readable"),
    ],
)
def test_what_is_no_table_of_labels_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(UsageError) as problem:
        read_labels(written(tmp_path, content))
    assert words in problem.value.found


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(UsageError, match="not readable"):
            read_labels(path)
