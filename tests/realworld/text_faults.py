"""Every way in which blocks of Terraform and Dockerfiles are broken, as edits of their text."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.realworld.faults import TextKind


def _replacing(pattern: str, replacement: str) -> Callable[[str], str | None]:
    """The first match replaced; None where there is none, or where that changes nothing."""

    def breaks(text: str) -> str | None:
        changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE | re.DOTALL)
        return changed if changed != text else None

    return breaks


def _inserting(line: str) -> Callable[[str], str | None]:
    """A line right behind the opening brace of the block."""

    def breaks(text: str) -> str | None:
        head, brace, rest = text.partition("{\n")
        return f"{head}{brace}  {line}\n{rest}" if brace else None

    return breaks


def _last(line: str) -> Callable[[str], str | None]:
    """A line before the command of the last stage, or at the end."""

    def breaks(text: str) -> str | None:
        lines = text.rstrip("\n").split("\n")
        last = max(
            (index for index, each in enumerate(lines) if each.upper().startswith("FROM ")), default=None
        )
        if last is None:
            return None
        return "\n".join([*lines[: last + 1], line, *lines[last + 1 :], ""])

    return breaks


def _at_the_end(line: str) -> Callable[[str], str | None]:
    def breaks(text: str) -> str | None:
        return None if text.rstrip("\n").endswith("\\") else f"{text.rstrip(chr(10))}\n{line}\n"

    return breaks


_ACTIONS = r"\bactions(\s*)=(\s*)\[.*?\]"
_RESOURCES = r"\bresources(\s*)=(\s*)\[.*?\]"

TERRAFORM = (
    TextKind("module without a version", ("TF-050",), _replacing(r"^\s*version\s*=[^\n]*\n", "")),
    TextKind("every action", ("IAM-051", "IAM-050"), _replacing(_ACTIONS, r'actions\1=\2["*"]')),
    TextKind(
        "writes everywhere",
        ("IAM-055",),
        _replacing(_ACTIONS + r"(.*?)" + _RESOURCES, r'actions = ["sqs:DeleteMessage"]\3resources = ["*"]'),
    ),
    TextKind(
        "reads every object",
        ("IAM-054",),
        _replacing(_ACTIONS + r"(.*?)" + _RESOURCES, r'actions = ["s3:GetObject"]\3resources = ["*"]'),
    ),
    TextKind(
        "escalation",
        ("IAM-053",),
        _replacing(
            _ACTIONS + r"(.*?)" + _RESOURCES, r'actions = ["iam:AttachRolePolicy"]\3resources = ["*"]'
        ),
    ),
    TextKind(
        "permissions of anything",
        ("IAM-056",),
        _replacing(_ACTIONS + r"(.*?)" + _RESOURCES, r'actions = ["s3:PutBucketPolicy"]\3resources = ["*"]'),
    ),
    TextKind(
        "look-ups everywhere",
        ("IAM-052",),
        _replacing(
            _ACTIONS + r"(.*?)" + _RESOURCES, r'actions = ["sqs:GetQueueAttributes"]\3resources = ["*"]'
        ),
    ),
    TextKind(
        "administrator",
        ("IAM-057",),
        _replacing(
            r"\bpolicy_arn(\s*)=[^\n]*", r'policy_arn\1= "arn:aws:iam::aws:policy/AdministratorAccess"'
        ),
    ),
    TextKind(
        "all of IAM",
        ("IAM-058",),
        _replacing(r"\bpolicy_arn(\s*)=[^\n]*", r'policy_arn\1= "arn:aws:iam::aws:policy/IAMFullAccess"'),
    ),
    TextKind(
        "trust in everybody",
        ("IAM-060",),
        _replacing(r"\bidentifiers(\s*)=(\s*)\[[^\]]*\]", r'identifiers\1=\2["*"]'),
    ),
    TextKind("IMDSv1", ("IAM-010",), _replacing(r"\bhttp_tokens(\s*)=[^\n]*", r'http_tokens\1= "optional"')),
    TextKind(
        "two hops to the metadata",
        ("IAM-040",),
        _replacing(r"\bhttp_put_response_hop_limit(\s*)=[^\n]*", r"http_put_response_hop_limit\1= 2"),
    ),
    TextKind(
        "open security group",
        ("NET-006", "NET-061", "NET-062", "NET-063", "NET-064"),
        _replacing(
            r"\b(cidr_blocks|cidr_ipv4)(\s*)=[^\n]*",
            lambda m: f"{m[1]}{m[2]}= " + ('["0.0.0.0/0"]' if m[1] == "cidr_blocks" else '"0.0.0.0/0"'),
        ),
    ),  # type: ignore[arg-type]
    TextKind(
        "queue in clear",
        ("TF-042",),
        _replacing(r"\bsqs_managed_sse_enabled(\s*)=[^\n]*", r"sqs_managed_sse_enabled\1= false"),
    ),
    TextKind("minimum above zero", ("ZRO-001",), _replacing(r"\bmin_size(\s*)=[^\n]*", r"min_size\1= 1")),
    TextKind(
        "no taint",
        ("GPU-001",),
        _replacing(r'dynamic "taint" \{\n\s*for_each = [^\n]*', 'dynamic "taint" {\n    for_each = []'),
    ),
    TextKind(
        "old Kubernetes",
        ("TF-005",),
        _replacing(
            r"\b(cluster_version|kubernetes_version|version)(\s*)=\s*(var\.[a-z_]+|\"1\.\d\d\")",
            r'\1\2= "1.27"',
        ),
    ),
    TextKind(
        "secrets under AWS's key",
        ("TF-004",),
        _inserting("encryption_config = null\n  create_kms_key = false"),
    ),
)

DOCKERFILES = (
    TextKind("ends as root", ("IMG-040", "IMG-006"), _at_the_end("USER root")),
    TextKind(
        "download piped to a shell", ("IMG-047",), _last("RUN curl -fsSL https://example.org/install.sh | sh")
    ),
    TextKind(
        "base without a version",
        ("IMG-044",),
        _replacing(r"^FROM\s+(?!scratch)([^\s:@]+)([:@]\S+)(?!.*^FROM)", r"FROM \1"),
    ),
    TextKind("adds a download", ("IMG-042",), _last("ADD https://example.org/tool.tgz /opt/tool.tgz")),
    TextKind("copies a key", ("IMG-052",), _last("COPY id_rsa /root/.ssh/id_rsa")),
    TextKind("exposes SSH", ("IMG-055",), _last("EXPOSE 22")),
    TextKind("secret as build argument", ("IMG-046",), _last("ARG DB_PASSWORD=s3cret-Pw-917")),
    TextKind("names a maintainer", ("IMG-059",), _last("MAINTAINER somebody@example.org")),
    TextKind(
        "skips verification", ("IMG-048",), _last("RUN curl -k https://example.org/tool -o /usr/bin/tool")
    ),
    TextKind("uses sudo", ("IMG-080",), _last("RUN sudo apt-get install -y vim")),
    TextKind("relative working directory", ("IMG-058",), _last("WORKDIR app")),
    TextKind(
        "builder as final image",
        ("IMG-049",),
        _replacing(r"^FROM\s+(?!scratch)\S+(?!.*^FROM)", "FROM golang:1.23"),
    ),
)
