"""The command line in process: what a person would see, without the price of a new process."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from auditor.cli.entry import main


class Outcome(NamedTuple):
    """An exit code and what was written."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path) -> Outcome:
    """``auditor ARGUMENTS``; bytes that are no text are shown as they are escaped."""
    out, err = _Stream(), _Stream()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        sys.stdout, sys.stderr = before
    return Outcome(code, out.text(), err.text())


def in_formats(
    formats: Sequence[str], folder: Path, *arguments: str | Path
) -> tuple[Outcome, dict[str, str]]:
    """One run that writes every format to a file of ``folder``: its outcome, and each format's text."""
    files = {name: folder / f"report.{name}" for name in formats}
    asked: list[str | Path] = []
    for name, file in files.items():
        asked += ["--format", name, "--output", file]
    outcome = run(*arguments, *asked)
    return outcome, {name: file.read_text("utf-8") for name, file in files.items() if file.exists()}


class _Stream(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)

    def text(self) -> str:
        """Everything that was written."""
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8", "backslashreplace")
