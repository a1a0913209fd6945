"""``auditor iam``: the smallest IAM policy that a live audit by the chosen policies needs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from auditor.cli.live_flags import declared_by_git
from auditor.cli.run_flags import add_run_flags
from auditor.patterns import regex

ROLE = regex(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
ACCOUNT = regex(r"\d{12}|\*")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.epilog = (
        "examples:\n"
        "  auditor iam                                         for the default pack\n"
        "  auditor iam --account 111122223333 --region eu-west-1\n"
        "  auditor iam --assume arn:aws:iam::444455556666:role/auditor\n"
        "  auditor iam --history s3://reports/audits\n"
        "\nEvery action reads; none reads objects, messages, logs or secrets. Only --history adds the right to\n"
        "keep the auditor's own reports and to read them back; a bucket with a key of its own asks for\n"
        "kms:GenerateDataKey and kms:Decrypt on that key too."
    )
    add_run_flags(parser, paths=False)
    add = parser.add_argument
    add("--git", action="append", default=[], metavar="PATH", help="the repository that drift is measured by")
    add("--account", default="*", help="narrow resources to this account")
    add("--region", default="", help="narrow resources to this region (default: as configured, else all)")
    add("--partition", default="aws", help="aws, aws-cn or aws-us-gov (default: aws)")
    add("--history", metavar="s3://BUCKET/PREFIX", default="", help="with what check --history does there")
    add("--prices", action="store_true", help="with what check --aws-prices needs")
    add(
        "--assume",
        action="append",
        default=[],
        metavar="ROLE_ARN",
        help="a role of another account to read as",
    )


def run(options: argparse.Namespace) -> int:
    """Print the policy as JSON. UsageError for an account or role that cannot be."""
    from datetime import UTC, datetime

    from auditor.live import needs_of
    from auditor.sources.aws.permissions import EVERYTHING, Scope, document
    from auditor.sources.aws.services import chosen
    from auditor.sources.aws.source import wanted_kinds

    _check(options)
    _, settings, inventory = declared_by_git(options)
    needs = needs_of(settings, inventory, datetime.now(UTC))
    scope = Scope(options.partition, options.account, options.region or settings.region or EVERYTHING)
    policy = document(chosen(wanted_kinds(needs, prices=options.prices)), scope, options.assume)
    policy["Statement"] += _keeping(options.history)
    sys.stdout.write(json.dumps(policy, indent=2) + "\n")
    return 0


def _keeping(where: str) -> list[dict[str, Any]]:
    from auditor.errors import UsageError
    from auditor.results.store import Prefix, open_store

    if not where:
        return []
    store = open_store(where)
    if not isinstance(store, Prefix):
        raise UsageError(f"--history {where}: only a history in S3 needs rights of IAM")
    return store.statements()


def _check(options: argparse.Namespace) -> None:
    from auditor.errors import UsageError

    if ACCOUNT.fullmatch(options.account) is None:
        raise UsageError(f"--account {options.account}: an account is 12 digits")
    for role in options.assume:
        if ROLE.fullmatch(role) is None:
            raise UsageError(f"--assume {role}: give the ARN of a role")
