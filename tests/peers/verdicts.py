"""What is compared: one rule's verdict on one object."""

from __future__ import annotations

from typing import Literal, NamedTuple

Answer = Literal["pass", "fail"]


class Subject(NamedTuple):
    """What was judged: a staged file, which holds one Kubernetes object, or a block of a Terraform file."""

    file: str
    """Relative to the staged folder, with ``/``."""
    block: str = ""
    """``type.name`` of the Terraform block."""


Verdicts = dict[str, dict[Subject, Answer]]
"""By rule id. An object that a rule does not judge has no entry; one failure among several is a failure."""


def record(verdicts: Verdicts, rule: str, subject: Subject, failed: bool) -> None:
    """Add one verdict."""
    found = verdicts.setdefault(rule, {})
    if failed or subject not in found:
        found[subject] = "fail" if failed else "pass"
