"""``auditor policy``: list, begin, lint and test policies."""

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
    new = commands.add_parser(
        "new", help="begin a policy", description="begin a policy: a folder with its files"
    )
    new.add_argument("name", metavar="CATEGORY/ID", help="e.g. pod-security/privileged-container")
    new.add_argument("--folder", default="policies", help="folder of policies (default: policies)")
    for name, text in (
        ("lint", "find mistakes in policies"),
        ("test", "run policies against their examples"),
    ):
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("folder", nargs="?", help="folder of policies (default: the built-in ones)")
        if name == "test":
            sub.add_argument(
                "--write", action="store_true", help="write each fixed example from what the fix does"
            )


def run(options: argparse.Namespace) -> int:
    """Run the action."""
    if options.action == "list":
        return _list(options.format)
    if options.action == "new":
        return _new(options.name, Path(options.folder))
    from auditor.catalog import builtin_folder

    folder = Path(options.folder) if options.folder else builtin_folder()
    return _lint(folder) if options.action == "lint" else _test(folder, write=options.write)


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


TEMPLATE = """\
code: {prefix}-001
id: {id}
title: Container has no name
severity: low
category: {category}
rationale: >
  Two or three sentences in your own words: what breaks, when, and what it costs. A reader who has never
  heard of the matter should want to repair it.
match: {{view: Container}}
assert: has(container.name)
message: "'a container of ' + object.metadata.name + ' has no name'"
references: []
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: example}}
spec:
  containers:
    - {container}
"""


def _new(name: str, folder: Path) -> int:
    from auditor.audit import UsageError

    category, slash, policy_id = name.partition("/")
    if not slash or not policy_id or "/" in policy_id:
        raise UsageError(f"{name!r} is not CATEGORY/ID, e.g. pod-security/privileged-container")
    home = folder / category / policy_id
    if home.exists():
        raise UsageError(f"{home} exists already; choose another id")
    home.mkdir(parents=True)
    prefix = category.split("-")[0][:4].upper()
    (home / "policy.yaml").write_text(TEMPLATE.format(prefix=prefix, id=policy_id, category=category))
    (home / "bad.yaml").write_text(POD.format(container="image: registry.example/a:1 # violation"))
    (home / "good.yaml").write_text(POD.format(container="{name: a, image: registry.example/a:1}"))
    print(f"{home}: change the three files, then run: auditor policy test {folder}")
    return 0


def _lint(folder: Path) -> int:
    from auditor.catalog import load_folder
    from auditor.harness import lint

    complaints = [line for policy in load_folder(folder) for line in lint(policy)]
    print("\n".join(complaints) if complaints else "no complaints")
    return 2 if complaints else 0


def _test(folder: Path, *, write: bool) -> int:
    from auditor.catalog import load_folder
    from auditor.harness import prove, write_golden

    policies = load_folder(folder)
    for policy in policies if write else ():
        write_golden(policy, folder)
    failures = [line for policy in policies for line in prove(policy, folder)]
    for line in failures:
        print(line, file=sys.stderr)
    print(f"{len(policies)} policies, {len(failures)} failures")
    return 1 if failures else 0
