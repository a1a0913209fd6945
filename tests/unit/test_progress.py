"""The bar: there for a person who waits, and for nobody else."""

from __future__ import annotations

import io
import sys
import time

import pytest

from auditor.cli import bar as module
from auditor.cli.bar import bar
from auditor.progress import NOW, over


class Terminal(io.StringIO):
    """Standard error as a person has it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def wait_for(stream: io.StringIO, text: str) -> None:
    end = time.monotonic() + 20
    while text not in stream.getvalue():
        assert time.monotonic() < end, f"{text!r} was not shown: {stream.getvalue()!r}"
        time.sleep(0.01)


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called inside of a test: pytest puts its own stream in place between a fixture and the test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(module, "PATIENCE", 0)
    return stream


def test_a_person_sees_what_a_long_run_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with bar():
        for item in over("abc", "reading files", 3):
            if item == "c":
                wait_for(stream, "reading files")
                wait_for(stream, "2/3")
    assert stream.getvalue().endswith("\x1b[2K"), "the bar takes its line away"


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_logs_stay_free_of_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    with bar():
        time.sleep(0.2)
    assert stream.getvalue() == ""


def test_a_pipe_stays_free_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setattr(stream, "isatty", lambda: False)
    with bar():
        time.sleep(0.2)
    assert stream.getvalue() == ""


def test_short_runs_are_over_before_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    monkeypatch.setattr(module, "PATIENCE", 60)
    with bar():
        pass
    assert stream.getvalue() == ""


def test_a_failure_inside_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    with pytest.raises(KeyError), bar():
        raise KeyError


def test_items_are_counted_as_they_are_begun() -> None:
    seen = [(item, NOW.done, NOW.total) for item in over("ab", "letters", 2)]
    assert seen == [("a", 0, 2), ("b", 1, 2)]
    assert (NOW.what, NOW.done) == ("letters", 2)
