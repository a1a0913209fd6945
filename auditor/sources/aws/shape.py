"""Answers of AWS's APIs in the shape that Terraform's provider gives them in a state.

``scalingConfig: {minSize: 0}`` becomes ``scaling_config: [{min_size: 0}]``: one rule for every service, and a
table of the names that differ. So whatever reads a plan reads what runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from auditor.patterns import regex
from auditor.timestamps import stamp

MAPS = frozenset({"labels", "tags", "dimensions", "conditions"})
"""Fields that are maps in Terraform, too; their keys are data."""
_ODD = (("ARNs", "Arns"), ("IPv", "Ipv"), ("MiB", "Mib"), ("VPC", "Vpc"))
_WORD = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """``KmsKeyId`` and ``kmsKeyId`` as ``kms_key_id``."""
    for odd, even in _ODD:
        name = name.replace(odd, even)
    return _WORD.sub("_", name).lower()


def shaped(answer: Mapping[str, Any], renamed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A structure as a block: names in snake case, structures in lists of one, tags as a map.

    ``renamed`` gives Terraform's name where it is not the API's, at any depth; '' leaves the field out.
    """
    names = renamed or {}
    body: dict[str, Any] = {}
    for key, value in answer.items():
        name = names.get(snake(key), snake(key))
        if name and value is not None:
            body[name] = _value(name, value, names)
    return body


def _value(name: str, value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if name in MAPS:
            return dict(value)
        return [shaped(value, names)]
    if isinstance(value, list):
        if value and all(_is_tag(each) for each in value):
            return tag_map(value)
        return [shaped(each, names) if isinstance(each, Mapping) else plain(each) for each in value]
    return plain(value)


def _is_tag(value: Any) -> bool:
    return isinstance(value, Mapping) and "Key" in value and value.keys() <= {"Key", "Value"}


def tag_map(listed: Any) -> dict[str, str]:
    """``[{Key, Value}]`` as a map."""
    return {str(each["Key"]): str(each.get("Value", "")) for each in listed or ()}


def plain(value: Any) -> Any:
    """Times as ISO 8601 text in UTC; everything else as it is."""
    if isinstance(value, datetime):
        return stamp(value)
    return value.isoformat() if isinstance(value, date) else value
