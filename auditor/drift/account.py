"""What Terraform declares against what the account has: the same shape on both sides, walked by the declared side.

Only what :data:`COMPARED` names is compared: arguments that AWS shows as they were set. What Terraform only knows
after apply is left out, and so is what ``ignore_changes`` gives to others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from auditor.model import Path, Resource, Target
from auditor.unknown import Unknown
from auditor.views.terraform_values import block, targets_of

TERRAFORM = "terraform"
_SEVERAL = "several accounts or regions that were read have it"


class Compared(NamedTuple):
    """How a type is told and compared: arguments that name it, and paths of those that are compared.

    ``block.argument`` goes into the first block. ``sets`` have no order, ``documents`` are JSON.
    """

    names: tuple[str, ...]
    paths: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


_CLUSTER_PART = "cluster_name"
COMPARED = {
    "aws_autoscaling_group": Compared(("name",), ("min_size", "max_size")),
    "aws_cloudwatch_metric_alarm": Compared(
        ("alarm_name",),
        ("namespace", "metric_name", "threshold", "comparison_operator", "period", "evaluation_periods"),
    ),
    "aws_ecr_repository": Compared(
        ("name",), ("image_tag_mutability", "image_scanning_configuration.scan_on_push")
    ),
    "aws_eks_addon": Compared(
        (_CLUSTER_PART, "addon_name"), ("addon_version",), documents=("configuration_values",)
    ),
    "aws_eks_cluster": Compared(
        ("name",),
        ("version", "role_arn", "vpc_config.endpoint_public_access", "vpc_config.endpoint_private_access"),
        sets=("enabled_cluster_log_types", "vpc_config.public_access_cidrs"),
    ),
    "aws_eks_node_group": Compared(
        (_CLUSTER_PART, "node_group_name"),
        (
            "ami_type",
            "capacity_type",
            "instance_types",
            "labels",
            "node_role_arn",
            "scaling_config.min_size",
            "scaling_config.max_size",
            "version",
        ),
        sets=("subnet_ids", "taint"),
    ),
    "aws_eks_pod_identity_association": Compared(
        (_CLUSTER_PART, "namespace", "service_account"), ("role_arn",)
    ),
    "aws_iam_policy": Compared(("name",), documents=("policy",)),
    "aws_iam_role": Compared(("name",), ("permissions_boundary",), documents=("assume_role_policy",)),
    "aws_iam_role_policy": Compared(("role", "name"), documents=("policy",)),
    "aws_launch_template": Compared(
        ("name",),
        ("instance_type", "metadata_options.http_tokens", "metadata_options.http_put_response_hop_limit"),
    ),
    "aws_s3_bucket": Compared(("bucket",)),
    "aws_s3_bucket_public_access_block": Compared(
        ("bucket",),
        ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
    ),
    "aws_s3_bucket_versioning": Compared(("bucket",), ("versioning_configuration.status",)),
    "aws_sqs_queue": Compared(
        ("name",),
        (
            "visibility_timeout_seconds",
            "message_retention_seconds",
            "delay_seconds",
            "receive_wait_time_seconds",
            "kms_master_key_id",
            "fifo_queue",
        ),
        documents=("redrive_policy",),
    ),
}
"""Terraform type → how it is compared."""

_OFF = ("false", "0")
"""What an argument that AWS does not show has been left at."""
SHARE = 2
"""One in so many of a root's resources must be in the accounts for the root to be theirs."""

Identity = tuple[str, ...]


class Change(NamedTuple):
    """One argument that is otherwise in the account. ``path`` leads into the declared body."""

    path: Path
    want: Any
    have: Any


class Accounts:
    """Every account and region that was read, by type and name."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.targets = [each for each in targets if each.source == "aws" and each.reach is not None]
        self._found: dict[tuple[str, Identity], list[Resource]] = {}
        self._applied: dict[str, bool] = {}
        for target in self.targets:
            for each in target.resources:
                how = COMPARED.get(each.kind)
                names = tuple(str(each.body.get(name, "")) for name in how.names) if how else ()
                if how:
                    self._found.setdefault((each.kind, names), []).append(each)

    def match(self, kind: str, names: Identity) -> Resource | Unknown | None:
        """The resource of that name; None where every account was read and none has it."""
        found = self._found.get((kind, names), [])
        if len(found) > 1:
            return Unknown(f"{_SEVERAL}: {', '.join(names)}", "audit one account and region at a time")
        if found:
            return found[0]
        for target in self.targets:
            why = target.reach.unknown(TERRAFORM, kind) if target.reach is not None else None
            if why is not None:
                return why
        return None

    def hold(self, root: Target, resolve: Any) -> bool:
        """Whether a root is applied in these accounts: half of what it names is there. Prod's is not dev's."""
        known = self._applied.get(root.name)
        if known is None:
            told = [(each.kind, names_of(each, resolve)) for each in root.resources if each.kind in COMPARED]
            named = [(kind, names) for kind, names in told if not isinstance(names, Unknown)]
            there = sum(1 for each in named if each in self._found)
            known = self._applied[root.name] = bool(named) and there * SHARE >= len(named)
        return known


def names_of(resource: Resource, resolve: Any) -> Identity | Unknown:
    """What names a declared resource; Unknown where a part is only known after apply."""
    found: list[str] = []
    for name in COMPARED[resource.kind].names:
        value = resource.body.get(name)
        value = resolve(resource, value) if isinstance(value, Unknown) else value
        if not isinstance(value, str) or isinstance(value, Unknown) or not value:
            return Unknown(
                f"the {name} of {resource.name} is known only after apply", "audit a plan or a state"
            )
        found.append(value)
    return tuple(found)


def resolved(world: Any, near: Resource, value: Any) -> Any:
    """What a reference to another block's name or id comes to, as far as that block says it."""
    for address, attribute in targets_of(value):
        found = world.at_address(near, address)
        if found is None:
            continue
        for name in (attribute, *COMPARED[found.kind].names[-1:]) if found.kind in COMPARED else (attribute,):
            known = found.body.get(name)
            if isinstance(known, str):
                return known
    return value


def changes(declared: Resource, live: Resource) -> Iterator[Change]:
    """What the account has otherwise than Terraform declares it."""
    how = COMPARED[declared.kind]
    kept = _ignored(declared)
    body = _own(live)
    for path in (*how.paths, *how.sets, *how.documents):
        at, want = _at(declared.body, path)
        if want is None or path.partition(".")[0] in kept or _holds_unknown(want):
            continue
        have = _at(body, path)[1]
        if _holds_unknown(have) or _same(want, have, path, how):
            continue
        yield Change(at, want, have)


def _own(live: Resource) -> dict[str, Any]:
    """The body without what the account adds to a resource's own settings."""
    extra = live.body.get("live")
    own = extra.get("own") if type(extra) is dict else None
    return {**live.body, **own} if type(own) is dict else live.body


def _ignored(declared: Resource) -> Sequence[str]:
    lifecycle = block(declared.body, "lifecycle")
    listed = lifecycle.get("ignore_changes", ()) if type(lifecycle) is dict else ()
    return [str(each).partition("[")[0].partition(".")[0] for each in listed] if type(listed) is list else []


def _at(body: dict[str, Any], path: str) -> tuple[Path, Any]:
    """Where a dotted path leads, and what stands there; None for nothing."""
    first, _, rest = path.partition(".")
    if not rest:
        return (first,), body.get(first)
    inner = block(body, first)
    if isinstance(inner, Unknown):
        return (first,), inner
    return (first, 0, rest), inner.get(rest)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_unknown, value.values()))
    if isinstance(value, list):
        return any(map(_holds_unknown, value))
    return isinstance(value, Unknown)


def _same(want: Any, have: Any, path: str, how: Compared) -> bool:
    if path in how.documents:
        return bool(_document(want) == _document(have))
    if path in how.sets:
        return sorted(map(_text, _listed(want))) == sorted(map(_text, _listed(have)))
    return _text(want) == _text(have) or (have is None and _text(want) in _OFF)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else ([] if value is None else [value])


def _text(value: Any) -> str:
    """Numbers and texts, booleans and their words are the same to Terraform; so are nothing and empty."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        parts = {key: _text(item) for key, item in value.items()}
        return json.dumps({key: item for key, item in parts.items() if item}, sort_keys=True)
    if isinstance(value, list):
        return json.dumps([_text(each) for each in value])
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _document(value: Any) -> Any:
    """JSON with what IAM takes for the same brought to one form: a list of one is that one, order does not count."""
    if not isinstance(value, str):
        return _plain(value)
    try:
        return _plain(json.loads(value))
    except ValueError:
        return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        listed = sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return listed[0] if len(listed) == 1 else listed
    return str(value).lower() if isinstance(value, bool) else str(value)
