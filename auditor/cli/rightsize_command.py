"""``auditor rightsize``: patches of requests, from what was used."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from auditor.cli.live_flags import add_live_flags, declared_by_git, requests_of
from auditor.cli.run_flags import add_run_flags

if TYPE_CHECKING:
    from auditor.options import Settings
    from auditor.rightsize import Patch
    from auditor.sources.live import Needs, Request

POLICIES = frozenset({"COST-001", "COST-002", "COST-003", "COST-008"})
"""Those whose metrics suggestions and records are made of."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor rightsize --git . --prometheus http://localhost:9090\n"
        "  auditor rightsize --git . --snapshot prod.json | git apply\n"
        "\nThe diff goes to standard output, each change with the share of samples that would have exceeded it;\n"
        "what gets no suggestion goes to standard error, with the reason. Nothing is written."
    )
    add_run_flags(parser, paths=False)
    add_live_flags(parser)
    parser.add_argument(
        "--before", metavar="FILE", default="", help="print what changed since this snapshot, and no patch"
    )
    parser.set_defaults(changed_since="")


def run(options: argparse.Namespace) -> int:
    """Print the patch. UsageError without a repository, or without metrics."""
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from auditor.audit import worlds_of
    from auditor.errors import UsageError
    from auditor.live import join, needs_of, read_all
    from auditor.rightsize import Rightsizing
    from auditor.views.interface import Instance

    requests = requests_of(options)
    if not requests or not (options.git or options.before):
        raise UsageError(
            "give the repository (--git PATH) and its metrics (--prometheus URL or --snapshot FILE)"
        )
    (tree, settings, inventory), now = declared_by_git(options), datetime.now(UTC)
    needs = needs_of(settings, inventory, now)
    chosen = [each for each in needs.policies if each.code in POLICIES]
    needs = replace(needs, policies=chosen, looked_at=frozenset())
    if options.before:
        sys.stdout.write(_record(options.before, requests, needs, settings))
        return 0
    join(inventory, read_all(requests, needs))
    made = Rightsizing(inventory.targets, tree.read)
    made.requests()
    for world in worlds_of(inventory, settings, now.date()):
        for fleet in (each for each in world.target.resources if each.kind == "Fleet"):
            made.fleet(fleet.body, world.fact("fleet_plan", Instance("", fleet, fleet.body)))
    sys.stdout.write(_shown(made.patch) + made.patch.diff(tree.read))
    for problem in inventory.problems:
        print(f"{problem.file}: {problem.what}: {problem.repair}", file=sys.stderr)
    for refusal in made.patch.refusals:
        print(f"no suggestion for {refusal.what}: {refusal.why}", file=sys.stderr)
    return 3 if inventory.problems else 0


def _record(before: str, requests: list[Request], needs: Needs, settings: Settings) -> str:
    """The table of what changed since a snapshot."""
    from auditor.audit import worlds_of
    from auditor.live import join, read_all
    from auditor.record import figures, table
    from auditor.sources.interface import Inventory
    from auditor.sources.live import Request

    columns = []
    for asked in ([Request("snapshot", before)], requests):
        inventory = Inventory()
        join(inventory, read_all(asked, needs))
        columns.append(figures(worlds_of(inventory, settings, needs.now.date())))
    return table(*columns)


def _shown(patch: Patch) -> str:
    """The words before a diff; ``git apply`` passes over them."""
    return "".join(f"# {each.what}: {each.before} -> {each.after}; {each.proof}\n" for each in patch.changes)
