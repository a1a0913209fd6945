"""Arguments → one command, and what happens when it fails."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from errno import ENOSPC
from importlib import import_module

COMMANDS: dict[str, str] = {
    "check": "audit a repository and gate on the result",
    "baseline": "accept today's findings, so that only new ones gate",
    "explain": "what a policy means, why it matters, how to repair it",
    "fix": "show or write proved repairs",
    "policy": "list, begin, lint and test policies",
    "graph": "draw how workloads, scalers, queues, roles and nodes hang together",
    "iam": "the smallest IAM policy for a live audit",
    "rbac": "the smallest ClusterRole for a live audit",
    "rightsize": "patches of requests and node groups from what was used",
    "cost": "what the platform and a scan cost, from Git alone",
    "history": "the trend of kept runs: scores, what moved them, the age of findings",
    "report": "show, join and compare saved results",
    "completion": "completion script for a shell",
}
"""Command → what ``auditor --help`` says of it. Each has a module ``auditor.cli.<command>_command``."""

DESCRIPTION = "Policy and cost audit for GPU inference platforms on Kubernetes and AWS."
EPILOG = """examples:
  auditor check .                     audit this repository
  auditor explain GPU-001             what a policy wants, and why
  auditor check . --format sarif --output audit.sarif
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Asks for the terminal's width itself: argparse makes a formatter for each flag, and loads shutil for it."""

    def __init__(self, prog: str) -> None:
        try:
            columns = (
                int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(sys.__stdout__.fileno()).columns  # type: ignore[union-attr]
            )
        except (AttributeError, ValueError, OSError):
            columns = 0
        super().__init__(prog, width=(columns or 80) - 2)


def build_parser(command: str | None, *, alone: bool = False) -> argparse.ArgumentParser:
    """The parser; only the module of ``command`` is loaded (all of them when it is None).

    ``alone``: the other commands are not even named, because it is certain which one is meant.
    """
    parser = argparse.ArgumentParser(
        "auditor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_Help,
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        if alone and name != command:
            continue
        sub = commands.add_parser(name, help=text, description=text, formatter_class=_Help)
        if command in (None, name):
            import_module(f"auditor.cli.{name}_command").configure(sub)
    return parser


def dispatch(arguments: Sequence[str]) -> int:
    """Parse and run. No traceback reaches a user: an internal error is one line and exit code 4."""
    _open_streams()
    command = next((word for word in arguments if word in COMMANDS), "")
    parser = build_parser(command, alone=[*arguments[:1]] == [command])
    options = parser.parse_args(arguments)
    if options.version:
        from auditor import __version__

        print(f"auditor {__version__}")
        return 0
    if not options.command:
        parser.print_help()
        return 2
    return _guarded(options)


def _open_streams() -> None:
    """Give a process that was started with closed streams something to write to.

    Otherwise the first file that is opened becomes its standard output.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we


def _forget_output() -> None:
    """What is still in the buffer cannot be written: keep the interpreter from trying again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _guarded(options: argparse.Namespace) -> int:
    from auditor.catalog import PolicyError
    from auditor.errors import UsageError

    try:
        code: int = import_module(f"auditor.cli.{options.command}_command").run(options)
        sys.stdout.flush()
        return code
    except (UsageError, PolicyError) as error:
        print(f"auditor: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("auditor: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _forget_output()
        return 0
    except OSError as error:
        if error.errno != ENOSPC:
            return _internal_error(error)
        _forget_output()
        print("auditor: standard output cannot be written: no space left on device", file=sys.stderr)
        return 2
    except Exception as error:
        return _internal_error(error)


def _internal_error(error: Exception) -> int:
    from auditor.guard import described

    print(f"auditor: internal error: {described(error)}", file=sys.stderr)
    print("auditor: this is a bug; AUDITOR_DEBUG=1 shows where, please report it", file=sys.stderr)
    return 4
