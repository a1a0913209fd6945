"""The command line inside the test's process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

from auditor.cli.entry import main


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line."""
    data, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(data, "utf-8", write_through=True)  # by name: collected, it would close ``data``
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(arguments))
    return code, data.getvalue().decode(), err.getvalue()
