"""A policy as its file declares it. Content only: what it means is the engine's business."""

# Annotations are not postponed: msgspec would evaluate each from its text, which takes ten times as long.
from typing import Any, Literal

import msgspec

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
"""Gravest first."""

Relation = Literal["exact", "stricter", "looser", "related"]
Mode = Literal["S", "B", "L"]
"""S: decidable from Git alone; L: only live; B: both."""


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A peer's rule that asks the same question. ``stricter`` means: ours is stricter than theirs."""

    id: str
    relation: Relation
    note: str = ""


class Param(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A knob of a policy: its JSON type, default and meaning."""

    type: Literal["string", "integer", "number", "boolean", "list", "map"]
    default: Any
    help: str = ""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a policy looks at: a view by name, or kinds as ``group/version/Kind`` (version may be ``*``).

    Core kinds are ``v1/Service``; Terraform types are ``terraform/aws_sqs_queue``.
    """

    view: str = ""
    kinds: tuple[str, ...] = ()


class FixOp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One edit: exactly one of ``set``, ``add`` and ``remove`` holds a path (view-relative).

    ``value`` is a literal; ``value_expr`` a CEL expression over the policy's variables.
    """

    set: str = ""
    add: str = ""
    remove: str = ""
    value: Any = None
    value_expr: str = ""


class Fix(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to repair a failure. ``unsafe`` changes behaviour that somebody may rely on."""

    safety: Literal["safe", "unsafe"]
    title: str
    ops: tuple[FixOp, ...]
    note: str = ""


class Policy(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"assert_": "assert"}
):
    """``policy.yaml``, field by field. All expressions are CEL; all paths are in the one path grammar."""

    code: str
    id: str
    title: str
    severity: Severity
    category: str
    rationale: str
    match: Match
    assert_: str
    message: str
    confidence: Literal["high", "medium", "low"] = "high"
    since: str = "0.1.0"
    stage: Literal["preview", "stable", "deprecated"] = "stable"
    mode: Mode = "S"
    params: dict[str, Param] = {}
    select: str = ""
    """One verdict per node under this path, bound to ``it``."""
    each: str = ""
    """CEL list: one verdict per element, bound to ``it``; for rules over facts."""
    empty: Literal["pass", "not-applicable"] = "not-applicable"
    """What it means when ``select`` or ``each`` finds no node; ``when`` is then asked with ``it`` null."""
    when: str = ""
    """False: not-applicable."""
    at: str = ""
    """Path of the place to show, relative to the selected node."""
    at_expr: str = ""
    """CEL string giving that path (relative to the view), when it depends on a fact."""
    related: str = ""
    """CEL list of refs (``facts`` carry them) to the other ends of a join."""
    fix: Fix | None = None
    cost: str = ""
    """CEL double: USD a month at stake."""
    references: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    equivalents: dict[str, tuple[Equivalent, ...]] = {}
    aliases: tuple[str, ...] = ()
    where: Literal["", "git", "live"] = ""
    """Where objects are judged by it; '' means in Git and live, or for mode L live only. ``git`` is for rules
    about what is written down (``spec.replicas`` of a scaled workload), which a running object cannot break."""
    live_reason: str = ""
    """For mode L and B: what Git cannot know."""


def judges(policy: Policy, *, live: bool) -> bool:
    """Whether a policy is asked of objects that run (``live``), or of what is declared."""
    if policy.where:
        return live == (policy.where == "live")
    return live or policy.mode != "L"


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Policies that have everything named here; each list means any of. ``codes`` and ``controls`` are globs."""

    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    controls: tuple[str, ...] = ()


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A set of policies under a name: those of ``extends`` and ``include``, without ``exclude``."""

    name: str
    title: str
    extends: tuple[str, ...] = ()
    include: tuple[Selector, ...] = ()
    exclude: tuple[Selector, ...] = ()
