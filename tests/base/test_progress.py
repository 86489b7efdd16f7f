"""Each kind of progress says what it was told, in its own way, and only to its stream."""

from __future__ import annotations

import io
import itertools

import pytest

from hydrometer.base.progress import BarProgress, PlainProgress, Progress, SilentProgress, progress_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(progress: Progress) -> None:
    progress.stage("collect")
    for done in range(1, 101):
        progress.advance(done, 100)
    progress.stage("link")
    progress.advance(3)
    progress.close()


def test_plain_lines_are_few_and_timed() -> None:
    stream = io.StringIO()
    ticks = itertools.count(0.0, 2.0)
    run(PlainProgress(stream, clock=lambda: next(ticks)))
    assert stream.getvalue().splitlines() == [
        "collect …",
        "collect: 25 of 100",
        "collect: 50 of 100",
        "collect: 75 of 100",
        "collect done in 2.0 s",
        "link …",
        "link done in 2.0 s",
    ]


def test_silence_remembers() -> None:
    progress = SilentProgress()
    run(progress)
    assert progress.stages == ["collect", "link"]
    assert progress.steps[0] == ("collect", 1, 100)
    assert progress.steps[-1] == ("link", 3, None)


def test_bars_are_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    run(BarProgress(stream))
    assert "collect" in stream.getvalue()
    assert "link" in stream.getvalue()


def test_closing_twice_is_harmless() -> None:
    stream = io.StringIO()
    for progress in (PlainProgress(stream), BarProgress(Terminal()), SilentProgress()):
        progress.close()
        progress.stage("one")
        progress.close()
        progress.close()
    assert stream.getvalue().count("done") == 1


@pytest.mark.parametrize(
    ("stream", "term", "kind"),
    [(io.StringIO(), "xterm", PlainProgress), (Terminal(), "dumb", PlainProgress), (Terminal(), "xterm", BarProgress)],
)
def test_the_stream_decides_the_kind(
    stream: io.StringIO, term: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert isinstance(progress_for(stream), kind)
