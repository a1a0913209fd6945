"""Where the ``auditor`` command begins. Answers ``--version`` before anything else is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 clean, 1 gate, 2 usage, 3 incomplete, 4 internal error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from auditor import __version__

        print(f"auditor {__version__}")
        return 0
    from auditor.cli.dispatch import dispatch

    return dispatch(arguments)
