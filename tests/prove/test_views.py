"""What is drawn: no masked template shows a word that a sample lacks; hours add up; hostile texts stay plain."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.prove.stories import reported

from hydrometer.base.workspace import Workspace
from hydrometer.prove import views
from hydrometer.prove.views import MASK, WORD, WORDS_MAX, masked

WORDS = st.sampled_from(
    ["explain", "tides", "in", "full", "now", "user_17", "ann@example.org", "4711", "?", "<b>", "é", "解"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=5)


def shown(template: str) -> list[str]:
    """The words that a masked template shows."""
    return [piece for piece in template.split(" ") if piece != MASK]


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(word in rest for word in part)


@settings(max_examples=300)
@given(TEXTS)
def test_no_word_is_shown_that_a_sample_lacks(texts: list[str]) -> None:
    for text in texts:
        assert is_subsequence(shown(masked(texts)), WORD.findall(text))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="⟨…⟩ "), max_size=60),
        min_size=2,
        max_size=4,
    )
)
def test_no_word_of_any_text_is_shown_that_a_sample_lacks(texts: list[str]) -> None:
    for text in texts:
        assert is_subsequence(shown(masked(texts)), WORD.findall(text))


@given(TEXTS)
def test_gaps_are_marked(texts: list[str]) -> None:
    """What is shown without a mask in between stands side by side in every sample."""
    template = masked(texts)
    for piece in template.split(MASK):
        words = piece.split()
        for text in texts if words else []:
            found = WORD.findall(text)
            assert any(found[n : n + len(words)] == words for n in range(len(found) - len(words) + 1))


def test_one_sample_shows_nothing() -> None:
    assert masked(["my name is Ann and my card is 4711"]) == MASK


def test_too_few_common_words_show_nothing() -> None:
    assert masked(["write a poem", "write the code"]) == MASK


def test_slots_in_front_in_between_and_behind() -> None:
    texts = ["Ann asks: list all moons of Mars please", "Bob asks: list all moons of Jupiter and Saturn please"]
    assert masked(texts) == "⟨…⟩ asks : list all moons of ⟨…⟩ please"
    assert masked(["list all moons of Mars", "list all moons of Venus"]) == "list all moons of ⟨…⟩"


def test_what_lies_beyond_the_words_looked_at_is_masked() -> None:
    start = " ".join(f"word{n}" for n in range(WORDS_MAX))
    for texts in ([f"{start} secret one", f"{start} secret two"], [f"{start} same end", f"{start} same end"]):
        assert masked(texts).endswith(MASK)
        assert "secret" not in masked(texts) and "end" not in masked(texts)


# --- tables ----------------------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script> explain topic {n} step by step",
    "\x1b[2J\x1b]8;owned\x07 explain topic {n} step by step",
    "'; drop table exchanges; -- explain topic {n} step by step",
    "{{exchanges}} {{fingerprints}} $last explain topic {n} step by step",
    "../../../../etc/passwd explain topic {n} step by step",
    "\u202eexplain\u202c topic {n} step by step now",
    "=HYPERLINK(\"http://x\") explain topic {n} step by step",
)  # fmt: skip


def attributed(count: int, **columns: object) -> pa.Table:
    plain: dict[str, object] = {
        "exchange_id": [f"e{n:03}" for n in range(count)], "account_id": [f"a{n % 4}" for n in range(count)],
        "sent_us": np.arange(count) * 1_800_000_000, "input_tokens": [10] * count, "output_tokens": [20] * count,
        "micro_usd": [5] * count, "techniques": [1] * count, "capabilities": [1] * count, "opening": [77] * count,
        "closing": [0] * count, "item": np.arange(count), "millionths": [1_000_000] * count,
    }  # fmt: skip
    return pa.table(plain | columns)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_prompts_stay_plain_text(workspace: Workspace, text: str) -> None:
    prompts = [text.format(n=n) for n in range(8)]
    workspace.write("exchanges", pa.table({"exchange_id": [f"e{n:03}" for n in range(8)], "prompt": prompts}))
    (row,) = views.wording_rows(workspace, reported(attributed(8)), ("forced_tags",))
    assert shown(str(row["masked"])) == WORD.findall(text.replace(" {n} ", " ").format())
    assert row["exchanges"] == 8 and row["accounts"] == 4 and row["distinct_items"] == 8
    assert row["techniques"] == ["forced_tags"]


def test_a_log_without_text_gives_templates_without_words(workspace: Workspace) -> None:
    none = pa.array([None] * 8, pa.string())
    workspace.write("exchanges", pa.table({"exchange_id": [f"e{n:03}" for n in range(8)], "prompt": none}))
    (row,) = views.wording_rows(workspace, reported(attributed(8)), ("forced_tags",))
    assert row["masked"] is None and row["share"] == 1.0


def test_without_its_text_a_template_is_shown_as_an_earlier_run_masked_it(workspace: Workspace) -> None:
    """Texts of earlier logs are gone; that the log as a whole has prompts is known."""
    names, prompts = [f"e{n:03}" for n in range(9)], [*[None] * 8, "somebody else's"]
    workspace.write("exchanges", pa.table({"exchange_id": names, "prompt": pa.array(prompts, pa.string())}))
    (row,) = views.wording_rows(workspace, reported(attributed(8)), ("forced_tags",))
    assert row["masked"] == MASK
    workspace.write("earlier_wordings", pa.table({"template_id": [row["template_id"]], "masked": ["Explain ⟨…⟩"]}))
    (row,) = views.wording_rows(workspace, reported(attributed(8)), ("forced_tags",))
    assert row["masked"] == "Explain ⟨…⟩"


def test_hours_add_up_and_new_accounts_are_new_once(workspace: Workspace) -> None:
    table = attributed(9, millionths=[500_000] * 9)
    rows = views.timeline_rows(workspace, reported(table))
    assert [row["exchanges"] for row in rows] == [1.0, 1.0, 1.0, 1.0, 0.5]
    assert sum(int(str(row["new_accounts"])) for row in rows) == 4
    assert sum(float(str(row["output_tokens"])) for row in rows) == 90.0
    assert all(row["event"] is None for row in rows)


def test_bans_and_releases_stand_in_their_hour(workspace: Workspace) -> None:
    hour = pa.array([3_600_000_000 + 5] * 2, pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    workspace.write(
        "enforcement", pa.table({"account_id": ["a0", "stranger"], "acted_at": hour, "action": ["ban"] * 2})
    )
    workspace.write("releases", pa.table({"model": ["model-9"], "released_at": hour[:1]}))
    rows = views.timeline_rows(workspace, reported(attributed(8)))
    assert [row["event"] for row in rows][:3] == [None, "ban of 1 member; release of model-9", None]
