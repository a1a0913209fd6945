"""Arguments → one command, and what happens when it fails."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS: dict[str, str] = {
    "check": "audit a repository and gate on the result",
    "baseline": "accept today's findings, so that only new ones gate",
    "explain": "what a policy means, why it matters, how to repair it",
    "fix": "show or write proved repairs",
    "policy": "list, begin, lint and test policies",
    "graph": "draw how workloads, scalers, queues, roles and nodes hang together",
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


def build_parser(command: str | None) -> argparse.ArgumentParser:
    """The parser; only the module of ``command`` is loaded (all of them when it is None)."""
    parser = argparse.ArgumentParser(
        "auditor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(
            name, help=text, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        if command in (None, name):
            import_module(f"auditor.cli.{name}_command").configure(sub)
    return parser


def dispatch(arguments: Sequence[str]) -> int:
    """Parse and run. No traceback reaches a user: an internal error is one line and exit code 4."""
    command = next((word for word in arguments if word in COMMANDS), "")
    parser = build_parser(command)
    options = parser.parse_args(arguments)
    if options.version:
        from auditor import __version__

        print(f"auditor {__version__}")
        return 0
    if not options.command:
        parser.print_help()
        return 2
    return _guarded(options)


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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("AUDITOR_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}".replace("\n", " ")
        print(f"auditor: internal error: {what[:500]}", file=sys.stderr)
        print("auditor: this is a bug; AUDITOR_DEBUG=1 shows where, please report it", file=sys.stderr)
        return 4
