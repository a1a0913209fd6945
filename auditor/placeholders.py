"""Words in manifests that a program replaces before they are applied."""

from __future__ import annotations

from auditor.patterns import regex

_PLACEHOLDER = regex(r"\$\{[^{}]+\}|\$\(\(|<<?[A-Za-z][\w .-]*>>?|\{\{|__[A-Z][A-Z0-9_]*__|%\(\w+\)s")
"""Shell and Flux (``${PORT}``), Terraform, Jinja and Helm (``{{``), and names for a person to fill in (``<TAG>``)."""


def has_placeholder(value: object) -> bool:
    """Whether a text is not what will be applied: part of it is filled in later."""
    return type(value) is str and _PLACEHOLDER.search(value) is not None
