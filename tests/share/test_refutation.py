"""What would refute a finding: never empty, strongest evidence first, nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hydrometer.share.refutation import ALWAYS, BY_HYPOTHESIS, BY_SIGNAL, UNDECIDED, refutations

ROWS = st.tuples(
    st.sampled_from(["H1", "H2", "H3", "H4"]),
    st.one_of(st.sampled_from(sorted(BY_SIGNAL)), st.text(max_size=8)),
    st.one_of(st.none(), st.floats(-50, 50)),
)


@given(st.lists(ROWS, max_size=12))
def test_never_empty_and_nothing_twice(rows: list[tuple[str, str, float | None]]) -> None:
    found = refutations(rows)
    assert found[-4:] == [*ALWAYS, UNDECIDED] and len(set(found)) == len(found)
    assert all(one.statement.endswith(".") and one.question.endswith("?") and one.ask for one in found)


@given(st.lists(ROWS, max_size=12))
def test_order_of_rows_is_irrelevant(rows: list[tuple[str, str, float | None]]) -> None:
    assert refutations(rows) == refutations(list(reversed(rows)))


def test_strongest_first_and_evidence_against_asks_nothing() -> None:
    found = refutations([("H1", "urn_mail", 2.0), ("H2", "intent_rubric_grading", 9.0), ("H1", "urn_text", -3.0)])
    assert found[:2] == [BY_SIGNAL["intent"], BY_SIGNAL["urn_mail"]] and BY_SIGNAL["urn_text"] not in found


def test_an_unknown_signal_is_asked_about_by_its_hypothesis() -> None:
    assert refutations([("H1", "something_new", 4.0)])[0] == BY_HYPOTHESIS["H1"]
