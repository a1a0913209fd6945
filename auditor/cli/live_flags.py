"""The flags that name what runs: a cluster, an account, metrics, or a snapshot of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.options import Settings
    from auditor.sources.interface import Inventory
    from auditor.sources.live import Request
    from auditor.sources.tree import Tree


def add_live_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    group = parser.add_argument_group(
        "live audit", "judge what runs, by the same policies; any mix of sources, with --git to join them"
    )
    add = group.add_argument
    add("--live", action="store_true", help="audit what runs; alone it means --cluster")
    add("--git", action="append", default=[], metavar="PATH", help="audit this repository too, and drift")
    add(
        "--cluster",
        action="append",
        nargs="?",
        const="",
        default=[],
        metavar="CONTEXT",
        help="a kubeconfig context (default: the current one, or the cluster this runs in)",
    )
    add("--kubeconfig", metavar="FILE", default="", help="kubeconfig (default: $KUBECONFIG, ~/.kube/config)")
    add(
        "--cluster-name",
        metavar="NAME",
        default="",
        help="what reports and auditor.toml call the cluster (default: its context)",
    )
    add_leave_out(group)
    add("--aws", action="append", nargs="?", const="", default=[], metavar="PROFILE", help="an AWS account")
    add(
        "--aws-region",
        action="append",
        default=[],
        metavar="REGION",
        help="a region to read (default: as signed in)",
    )
    add(
        "--aws-role", action="append", default=[], metavar="ARN", help="read the account of this role instead"
    )
    add("--aws-external-id", default="", metavar="ID", help="external id that the roles ask for")
    add("--aws-prices", action="store_true", help="take prices from AWS's price list, not the built-in table")
    add("--prometheus", action="append", default=[], metavar="URL", help="Prometheus, Thanos or Mimir")
    add("--prometheus-days", type=float, default=14.0, metavar="DAYS", help="how far back (default: 14)")
    add(
        "--prometheus-selector",
        default="",
        metavar="MATCHERS",
        help='label matchers for every series, as cluster="prod"',
    )
    add("--prometheus-tenant", default="", metavar="ID", help="tenant of Mimir or Thanos")
    add(
        "--prometheus-token-file",
        default="",
        metavar="FILE",
        help="bearer token (default: $AUDITOR_PROMETHEUS_TOKEN)",
    )
    add(
        "--prometheus-aws-region",
        default="",
        metavar="REGION",
        help="sign requests for Amazon Managed Prometheus",
    )
    add("--snapshot", action="append", default=[], metavar="FILE", help="what --save-snapshot wrote")
    add("--save-snapshot", type=Path, metavar="FILE", help="write what was read, for another audit of it")
    add(
        "--secret-shapes",
        action="store_true",
        help="look at the form of Secret values (never kept, never shown)",
    )


def add_leave_out(parser: argparse._ActionsContainer) -> None:
    """Declare ``--leave-out``: what a cluster is not asked for, though a policy needs it."""
    parser.add_argument(
        "--leave-out",
        action="append",
        default=[],
        metavar="KINDS",
        help="never list these kinds of a cluster (plural, as secrets); what needs them is not assessed, exit code 0",
    )


def left_out(options: argparse.Namespace) -> list[str]:
    """The plurals that ``--leave-out`` names."""
    return [name.strip() for text in options.leave_out for name in text.split(",") if name.strip()]


def is_live(options: argparse.Namespace) -> bool:
    """Whether anything that runs is to be audited."""
    return bool(options.live or options.cluster or options.aws or options.prometheus or options.snapshot)


def declared_by_git(options: argparse.Namespace) -> tuple[Tree, Settings, Inventory]:
    """The repository that ``--git`` names (an empty one where nothing does) and what it declares.

    The settings are those of a live audit of the same flags: for commands that prepare or use one.
    """
    from auditor.audit import collect
    from auditor.cli.run_flags import governed_settings, tree_of

    options.paths = options.git
    tree = tree_of(options.paths)
    settings = governed_settings(options, tree)
    settings.live = True
    return tree, settings, collect(tree, settings)


def git_paths(options: argparse.Namespace) -> list[str]:
    """The paths of Git that a run audits: a live audit reads no repository that nobody named."""
    from auditor.cli.run_flags import DEFAULT_PATHS

    if options.paths is not DEFAULT_PATHS:
        return [*options.git, *options.paths]
    return options.git or ([] if is_live(options) else options.paths)


def requests_of(options: argparse.Namespace) -> list[Request]:
    """The live sources that the flags name. UsageError for flags that contradict each other."""
    from auditor.errors import UsageError

    if options.cluster_name and len(options.cluster) > 1:
        raise UsageError("--cluster-name names one cluster; several are called by their contexts")
    own = {
        "kubeconfig": options.kubeconfig,
        "name": options.cluster_name,
        "secret_shapes": options.secret_shapes,
        "left_out": left_out(options),
    }
    found = [_request("cluster", context, own) for context in options.cluster]
    found += [_request("aws", profile, _aws(options)) for profile in options.aws]
    found += [_request("prometheus", url, _metrics(options)) for url in options.prometheus]
    found += [_request("snapshot", file, {}) for file in options.snapshot]
    if not found and options.live:
        found = [_request("cluster", "", own)]
    if not options.aws and (options.aws_region or options.aws_role or options.aws_external_id):
        raise UsageError("--aws-region, --aws-role and --aws-external-id say what --aws reads; add --aws")
    if found and options.changed_since:
        raise UsageError(
            "--changed-since compares revisions of Git; what runs has none: give --baseline FILE"
        )
    if options.save_snapshot and not found:
        raise UsageError("--save-snapshot saves what a live audit read; add --live, --cluster or --aws")
    return found


def _request(source: str, address: str, options: Mapping[str, object]) -> Request:
    from auditor.sources.live import Request

    return Request(source, address, options)


def _aws(options: argparse.Namespace) -> dict[str, object]:
    """The options of the AWS source."""
    roles = [{"role_arn": arn, "external_id": options.aws_external_id} for arn in options.aws_role]
    found: dict[str, object] = {"regions": options.aws_region, "prices": options.aws_prices}
    return {**found, "accounts": roles} if roles else found


def _metrics(options: argparse.Namespace) -> dict[str, object]:
    """The options of the source of metrics."""
    return {
        "days": options.prometheus_days,
        "selector": options.prometheus_selector,
        "tenant": options.prometheus_tenant,
        "token_file": options.prometheus_token_file,
        "aws_region": options.prometheus_aws_region,
    }
