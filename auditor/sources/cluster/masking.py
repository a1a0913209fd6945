"""Secrets leave here blanked: nothing that is judged, saved or shown holds a key or a password.

Blanks are ``x``, as many as there were characters, behind what tells the kind of a key (``AKIA``): facts can still
say what stood there (:func:`keys_in`), live and from a snapshot alike.
"""

from __future__ import annotations

import re
from typing import Any

from auditor.secrets import find_keys, mentions

_ESCAPES = ((b"\\n", b"\n "), (b"\\t", b"\t "), (b"\\r", b"\r "), (b'\\"', b' "'))
"""As JSON writes them, their letters would stand before a key as if they were part of a longer word."""
_BLANK_ID = re.compile(r"(?:AKIA|ASIA)x{16}(?!x)")
_BLANK_SECRET = re.compile(r"(?<!x)x{40}(?!x)")
_SECRET_NAME = re.compile(
    r"(?i)(?:passw|pwd|secret|token|api_?key|private_?key|credential)(?!.*_(?:file|path|dir|name|url|arn|type|header)$)"
)
_ASSIGNED = re.compile(
    r"""(?im)^([ \t]*["']?[\w.-]*(?:password|passwd|secret|token|api[_-]?key)["']?[ \t]*[:=][ \t]*["']?)([^\s"'{}$<,]{6,})"""
)


def blanked(page: bytes) -> bytes:
    """JSON with every AWS key blanked, as long as before."""
    if mentions(page) is None:
        return page
    text = page
    for escape, plain in _ESCAPES:
        text = text.replace(escape, plain)
    found = find_keys(text)
    if not found:
        return page
    shown = bytearray(page)
    for key in found:
        kept = 4 if key.kind == "access key id" else 0
        shown[key.start + kept : key.end] = b"x" * (key.end - key.start - kept)
    return bytes(shown)


def keys_in(text: str) -> list[str]:
    """Kinds of the keys that were blanked in a text."""
    found = ["access key id" for _ in _BLANK_ID.finditer(text)]
    return found + ["secret access key" for _ in _BLANK_SECRET.finditer(text)]


def blank_environment(pod_spec: Any) -> None:
    """Blank the literal values of variables whose names say that they are secret."""
    if type(pod_spec) is not dict:
        return
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in _maps(pod_spec.get(field)):
            for variable in _maps(container.get("env")):
                value = variable.get("value")
                if type(value) is str and _is_secret(str(variable.get("name")), value):
                    variable["value"] = _blank(value)


def blank_lines(text: str) -> str:
    """A configuration text with the values of keys called password, token or secret blanked."""
    return _ASSIGNED.sub(lambda match: match[1] + _blank(match[2]), text)


def _is_secret(name: str, value: str) -> bool:
    """Paths, references and switches are no secrets, whatever their name says."""
    plain = value.startswith(("/", "$(", "AKIAx", "ASIAx", "arn:", "http://", "https://"))
    plain = plain or value.lower() in ("true", "false") or value.replace(".", "").isdigit()
    return bool(value) and not plain and _SECRET_NAME.search(name) is not None


def _blank(value: str) -> str:
    """Eight at most: how long a password is, is nobody's business."""
    return value if _BLANK_SECRET.fullmatch(value) else "x" * min(len(value), 8)


def _maps(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if type(each) is dict] if type(value) is list else []
