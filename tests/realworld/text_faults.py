"""Every way in which blocks of Terraform and Dockerfiles are broken, as edits of their text."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.realworld.faults import TextKind
from tests.realworld.seeding import block_of


def _replacing(pattern: str, replacement: str) -> Callable[[str], str | None]:
    """The first match replaced; None where there is none, or where that changes nothing."""

    def breaks(text: str) -> str | None:
        changed = re.sub(pattern, replacement, text, count=1, flags=re.MULTILINE | re.DOTALL)
        return changed if changed != text else None

    return breaks


def _everywhere(pattern: str, replacement: str) -> Callable[[str], str | None]:
    """Every match replaced: the GPU group may be any of a module's groups."""

    def breaks(text: str) -> str | None:
        changed = re.sub(pattern, replacement, text, flags=re.MULTILINE)
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


def _statement(action: str) -> Callable[[str], str | None]:
    """The first statement of a policy document allows one action on everything."""

    def breaks(text: str) -> str | None:
        found = re.search(r"^\s*statement \{\n", text, re.MULTILINE)
        span = block_of(text, text[: found.end() - 1].count("\n") + 1) if found else None
        if span is None or "condition" in text[span[0] : span[1]] or "principals" in text[span[0] : span[1]]:
            return None
        statement, several = text[span[0] : span[1]], 0
        for field, value in (("actions", f'["{action}"]'), ("resources", '["*"]')):
            statement, count = re.subn(
                rf"\b{field}(\s*)=\s*\[.*?\]\n", rf"{field}\1= {value}\n", statement, flags=re.DOTALL
            )
            several += count
        return text[: span[0]] + statement + text[span[1] :] if several == 2 else None

    return breaks


def _trust(text: str) -> str | None:
    """The only statement of a trust policy, which names accounts or roles, lets everybody in."""
    if text.count("principals {") != 1 or "AssumeRole" not in text or "condition" in text:
        return None
    return _replacing(r'(\btype\s*=\s*"AWS"\s+)identifiers(\s*)=\s*\[[^\n]*\]$', r'\1identifiers\2= ["*"]')(
        text
    )


def _opened_port(text: str) -> str | None:
    """A rule for other ports than 80 and 443 lets the whole internet in."""
    if re.search(r"\b(80|443)\b", text) or "egress" in text or not re.search(r"\bfrom_port\s*=\s*\d", text):
        return None
    for field, value in (("cidr_blocks", '["0.0.0.0/0"]'), ("cidr_ipv4", '"0.0.0.0/0"')):
        changed = _replacing(rf"\b{field}(\s*)=[^\n]*", rf"{field}\1= {value}")(text)
        if changed is not None:
            return changed
    return None


TERRAFORM = (
    TextKind("module without a version", ("TF-050",), _replacing(r"^\s*version\s*=[^\n]*\n", "")),
    TextKind("every action", ("IAM-051", "IAM-050"), _statement("*")),
    TextKind("writes everywhere", ("IAM-055",), _statement("sqs:DeleteMessage")),
    TextKind("reads every object", ("IAM-054",), _statement("s3:GetObject")),
    TextKind("escalation", ("IAM-053",), _statement("iam:AttachRolePolicy")),
    TextKind("permissions of anything", ("IAM-056",), _statement("s3:PutBucketPolicy")),
    TextKind("look-ups everywhere", ("IAM-052",), _statement("sqs:GetQueueAttributes")),
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
    TextKind("trust in everybody", ("IAM-060",), _trust),
    TextKind("IMDSv1", ("IAM-010",), _replacing(r"\bhttp_tokens(\s*)=[^\n]*", r'http_tokens\1= "optional"')),
    TextKind(
        "two hops to the metadata",
        ("IAM-040",),
        _replacing(r"\bhttp_put_response_hop_limit(\s*)=[^\n]*", r"http_put_response_hop_limit\1= 2"),
    ),
    TextKind("open security group", ("NET-006",), _opened_port),
    TextKind(
        "queue in clear",
        ("TF-042",),
        _replacing(r"\bsqs_managed_sse_enabled(\s*)=[^\n]*", r"sqs_managed_sse_enabled\1= false"),
    ),
    TextKind("minimum above zero", ("ZRO-001",), _everywhere(r"\bmin_size(\s*)=[^\n]*", r"min_size\1= 1")),
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
    TextKind("secrets under AWS's key", ("TF-004",), _inserting("encryption_config = null")),
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
