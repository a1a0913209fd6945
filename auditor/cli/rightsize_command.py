"""``auditor rightsize``: patches of requests, from what was used."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from auditor.cli.live_flags import add_live_flags, requests_of
from auditor.cli.run_flags import add_run_flags, request_of, run_settings, tree_of

if TYPE_CHECKING:
    from auditor.rightsize import Patch

POLICIES = frozenset({"COST-001", "COST-008"})
"""Those whose metrics suggestions are made of."""


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
    parser.set_defaults(changed_since="")


def run(options: argparse.Namespace) -> int:
    """Print the patch. UsageError without a repository, or without metrics."""
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from auditor import governance
    from auditor.audit import collect
    from auditor.errors import UsageError
    from auditor.live import join, needs_of, read_all
    from auditor.rightsize import Rightsizing

    requests = requests_of(options)
    if not requests or not options.git:
        raise UsageError(
            "give the repository (--git PATH) and its metrics (--prometheus URL or --snapshot FILE)"
        )
    options.paths = options.git
    tree = tree_of(options.paths)
    settings = run_settings(options, governance.govern(request_of(options, tree)).settings)
    settings.live = True
    inventory = collect(tree, settings)
    needs = needs_of(settings, inventory, datetime.now(UTC))
    needs = replace(needs, policies=[each for each in needs.policies if each.code in POLICIES])
    join(inventory, read_all(requests, needs))
    patch = Rightsizing(inventory.targets, tree.read).requests()
    sys.stdout.write(_shown(patch) + patch.diff(tree.read))
    for problem in inventory.problems:
        print(f"{problem.file}: {problem.what}: {problem.repair}", file=sys.stderr)
    for refusal in patch.refusals:
        print(f"no suggestion for {refusal.what}: {refusal.why}", file=sys.stderr)
    return 3 if inventory.problems else 0


def _shown(patch: Patch) -> str:
    """The words before a diff; ``git apply`` passes over them."""
    return "".join(f"# {each.what}: {each.before} -> {each.after}; {each.proof}\n" for each in patch.changes)
