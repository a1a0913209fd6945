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
    _start_lean()
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


def _start_lean() -> None:
    """What only a process of its own may do to start faster.

    A run allocates a few hundred megabytes at most and leaves few cycles: collecting often finds nothing.
    msgspec prefers typing_extensions, which takes longer to load than msgspec itself, and takes the equal
    functions of ``typing`` where it is absent. It also loads ``uuid``, which asks ``platform`` for no more than
    the system's name.
    """
    import gc
    import os
    from types import SimpleNamespace

    from auditor.patterns import compiled_when_used

    gc.set_threshold(1_000_000, 10, 10)
    hidden = sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]
    unknown = "platform" not in sys.modules
    if unknown:
        sys.modules["platform"] = SimpleNamespace(system=lambda: os.uname().sysname)  # type: ignore[assignment]
    with compiled_when_used():
        import msgspec  # noqa: F401

    if unknown:
        del sys.modules["platform"]
    if hidden is None:
        del sys.modules["typing_extensions"]
