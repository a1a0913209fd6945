"""``auditor policy``: list, lint and test policies."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.policy import Policy


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.epilog = "examples:\n  auditor policy list --format json\n  auditor policy test policies/\n"
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = commands.add_parser("list", help="every policy", description="every policy")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    for name, text in (
        ("lint", "find mistakes in policies"),
        ("test", "run policies against their examples"),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("folder", nargs="?", help="folder of policies (default: the built-in ones)")


def run(options: argparse.Namespace) -> int:
    """Run the action."""
    if options.action == "list":
        return _list(options.format)
    from auditor.catalog import builtin_folder

    folder = Path(options.folder) if options.folder else builtin_folder()
    return _lint(folder) if options.action == "lint" else _test(folder)


def as_row(policy: Policy) -> dict[str, Any]:
    """One policy as ``policy list --format json`` gives it."""
    return {
        "code": policy.code,
        "id": policy.id,
        "title": policy.title,
        "severity": policy.severity,
        "category": policy.category,
        "mode": policy.mode,
        "fix": policy.fix.safety if policy.fix else None,
        "aliases": list(policy.aliases),
        "equivalents": {
            tool: [{"id": rule.id, "relation": rule.relation} for rule in rules]
            for tool, rules in sorted(policy.equivalents.items())
        },
    }


def _list(form: str) -> int:
    import json

    from auditor.catalog import load_builtin

    policies = load_builtin()
    if form == "json":
        print(json.dumps([as_row(policy) for policy in policies], indent=2))
        return 0
    for policy in policies:
        print(f"{policy.code:9} {policy.severity:9} {policy.id:45} {policy.title}")
    print(f"{len(policies)} policies")
    return 0


def _lint(folder: Path) -> int:
    from auditor.catalog import load_folder
    from auditor.harness import lint

    complaints = [line for policy in load_folder(folder) for line in lint(policy)]
    print("\n".join(complaints) if complaints else "no complaints")
    return 2 if complaints else 0


def _test(folder: Path) -> int:
    from auditor.catalog import load_folder
    from auditor.harness import prove

    policies = load_folder(folder)
    failures = [line for policy in policies for line in prove(policy, folder)]
    for line in failures:
        print(line, file=sys.stderr)
    print(f"{len(policies)} policies, {len(failures)} failures")
    return 1 if failures else 0
