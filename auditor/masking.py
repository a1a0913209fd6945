"""Secrets leave here blanked: nothing that is judged, saved or shown holds a key or a password.

An AWS key becomes as many ``Z`` as it had characters, behind what tells its kind (``AKIA``), any other secret the
word ``(blanked)``: policies can still say what stood there, live and from a snapshot alike. Placeholders stay as they
are, or they would look like secrets.
"""

from __future__ import annotations

import re
from typing import Any

from auditor.patterns import regex
from auditor.secrets import find_keys, mentions
from auditor.views.typed import records

_ESCAPES = ((b"\\n", b"\n "), (b"\\t", b"\t "), (b"\\r", b"\r "), (b'\\"', b' "'))
"""As JSON writes them, their letters would stand before a key as if they were part of a longer word."""
BLANKED = "(blanked)"
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_BLANK_ID = regex(r"(?:AKIA|ASIA)Z{16}(?!Z)")
_BLANK_SECRET = regex(r"(?<!Z)Z{40}(?!Z)")
_HARMLESS = regex(
    r"(?i)[$/].*|\{\{.*|<.*>|true|false|none|null|nil|dummy|disabled|enabled|optional|required|changeme|change-me"
    r"|(?:replace|insert|your|enter|my)[-_ ].*|x{3,}|\*{3,}|todo|redacted|placeholder|[\d.]+|arn:.*|vault:.*|ENC\[.*"
    r"|[a-z]+://[^@]*|(?:AKIA|ASIA)Z{16}|Z{40}",
    re.DOTALL,
)
"""References, paths, addresses, switches, numbers and what stands in for a secret."""
_IN_ADDRESS = regex(r"(\w://[^:/@\s\"']+:)([^@/\s\"'$<{(]{3,})(?=@)")
_IN_ARGUMENT = regex(
    r"(?i)(--?[\w-]*(?:password|passwd|api[_-]?key|secret[_-]?key|access[_-]?token)[= ])([^\s\"'$<{(]{4,})"
)
_SECRET_NAME = regex(
    r"(?i)(?:passw|pwd|secret|token|api_?key|private_?key|credential)(?!.*_(?:file|path|dir|name|url|arn|type|header)$)"
)
_ASSIGNED = regex(
    r"""(?im)^([ \t]*(?:export[ \t]+)?["']?[\w.-]*"""
    r"""(?:password|passwd|secret|token|api[_-]?key)["']?[ \t]*[:=][ \t]*["']?)"""
    r"""([^\s"'{}$<,]{6,})"""
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
        shown[key.start + kept : key.end] = b"Z" * (key.end - key.start - kept)
    return bytes(shown)


def keys_in(text: str) -> list[str]:
    """Kinds of the keys that were blanked in a text."""
    found = ["access key id" for _ in _BLANK_ID.finditer(text)]
    return found + ["secret access key" for _ in _BLANK_SECRET.finditer(text)]


def blank_environment(pod_spec: Any) -> None:
    """Blank secrets in the variables and arguments of a pod spec, in place."""
    if type(pod_spec) is not dict:
        return
    for field in CONTAINERS:
        for container in records(pod_spec.get(field)):
            for variable in records(container.get("env")):
                value = variable.get("value")
                if type(value) is str:
                    secret = _SECRET_NAME.search(str(variable.get("name"))) is not None
                    variable["value"] = _blank(value) if secret else _blank_inside(value)
            for words in ("command", "args"):
                listed = container.get(words)
                if type(listed) is list:
                    container[words] = [_blank_inside(each) if type(each) is str else each for each in listed]


def blank_lines(text: str) -> str:
    """A configuration text with the values of keys called password, token or secret blanked."""
    return _blank_inside(_ASSIGNED.sub(lambda match: match[1] + _blank(match[2]), text))


def _blank(value: str) -> str:
    """How long a password is, is nobody's business."""
    return value if not value or _HARMLESS.fullmatch(value) else BLANKED


def _blank_inside(text: str) -> str:
    """Passwords in addresses and arguments."""
    if "://" in text:
        text = _IN_ADDRESS.sub(lambda match: match[1] + BLANKED, text)
    return _IN_ARGUMENT.sub(lambda match: match[1] + BLANKED, text) if "-" in text else text
