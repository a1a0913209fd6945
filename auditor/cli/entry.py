"""Where the ``auditor`` command begins. Answers ``--version`` before anything else is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 clean, 1 gate, 2 usage, 3 incomplete, 4 internal error.

    Without ``argv`` the process is ours, and ends here.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from auditor import __version__

        print(f"auditor {__version__}")
        return 0
    from auditor.cli.lean import start_lean

    start_lean()
    from auditor.cli.dispatch import dispatch

    code = dispatch(arguments)
    if argv is None:
        _end(code)
    return code


def _end(code: int) -> None:
    """End the process without taking everything apart first: that takes a tenth of a run and gains nothing.

    Returns where the streams cannot be written, so that the interpreter says so as ever.
    """
    import atexit
    import os

    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    atexit._run_exitfuncs()
    os._exit(code)
