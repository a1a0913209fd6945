"""``auditor rbac``: the smallest ClusterRole that a live audit by the chosen policies needs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from auditor.cli.live_flags import add_leave_out, declared_by_git, left_out
from auditor.cli.run_flags import add_run_flags

if TYPE_CHECKING:
    from auditor.sources.live import Needs

LEFT_OUT = "# Git declares kinds that this table does not know; drift needs list on them too: "


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor rbac                                   for the default pack\n"
        "  auditor rbac --pack gpu-platform --git .       with what drift against this repository needs\n"
        "  auditor rbac --bind audit/auditor | kubectl apply -f -\n"
        "  auditor rbac --report-objects                  with the rules that its own report objects need\n"
        "\nReading Secrets means list on secrets, which RBAC cannot narrow to names: where that is too much, give\n"
        "--leave-out secrets here and to check; what joins them is then not assessed."
    )
    add_run_flags(parser, paths=False)
    add = parser.add_argument
    add("--git", action="append", default=[], metavar="PATH", help="the repository that drift is measured by")
    add_leave_out(parser)
    add("--name", default="auditor", help="of the ClusterRole (default: auditor)")
    add("--report-objects", action="store_true", help="with what check --report-objects writes")
    add("--bind", metavar="NAMESPACE/ACCOUNT", default="", help="bind it to this ServiceAccount too")


def run(options: argparse.Namespace) -> int:
    """Print the role as YAML. UsageError for a name or account that cannot be."""
    from datetime import UTC, datetime

    from auditor.live import needs_of

    _, settings, inventory = declared_by_git(options)
    needs = needs_of(settings, inventory, datetime.now(UTC))
    role = _role(options.name, needs, left_out(options), writes=options.report_objects)
    sys.stdout.write(role + _binding(options.name, options.bind))
    return 0


def _role(name: str, needs: Needs, without: list[str], *, writes: bool) -> str:
    from auditor.data.cluster_kinds import BY_KEY
    from auditor.results.objects import APIS, VERBS
    from auditor.sources.cluster.rules import rules
    from auditor.sources.cluster.wanted import GET, declared, kinds_of, plurals, wanted

    unknown = sorted(kinds_of(declared(needs)) - BY_KEY.keys())
    lines = [f"{LEFT_OUT}{', '.join('/'.join(key) for key in unknown)}"] if unknown else []
    lines += [
        "apiVersion: rbac.authorization.k8s.io/v1",
        "kind: ClusterRole",
        f"metadata: {{name: {name}}}",
        "rules:",
    ]
    objects = [kind for api in APIS for kind in api] if writes else []
    read = wanted(needs, plurals(without))
    found = rules([*read, *objects], {**GET, **{kind.key: VERBS for kind in objects}})
    lines[-1] += "" if found else " []"
    for rule in found:
        lines.append(f"- apiGroups: [{_quoted(rule['apiGroups'])}]")
        lines.append(f"  resources: [{', '.join(rule['resources'])}]")
        lines.append(f"  verbs: [{', '.join(rule['verbs'])}]")
    return "\n".join(lines) + "\n"


def _quoted(groups: list[str]) -> str:
    return ", ".join(group or '""' for group in groups)


def _binding(name: str, account: str) -> str:
    from auditor.errors import UsageError

    if not account:
        return ""
    namespace, slash, who = account.partition("/")
    if not (namespace and slash and who):
        raise UsageError(f"--bind {account}: give it as NAMESPACE/ACCOUNT")
    return f"""---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects:
- {{kind: ServiceAccount, name: {who}, namespace: {namespace}}}
"""
