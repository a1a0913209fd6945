"""Where results lie: a function of the input, the model and the options, so that whoever asks finds the same key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARKER = "result.json"
"""Written last: where it is, everything that it names is there."""

_LONGEST_KEY = 1024 - 160
"""S3's limit in bytes, less room for prefix, scan id and file name."""


@dataclass(frozen=True, slots=True)
class ScanKeys:
    """All keys of one scan. ``id``: 32 hexadecimal digits, without anything of the patient."""

    id: str
    prefix: str
    error: str

    @property
    def marker(self) -> str:
        return self.prefix + MARKER

    def output(self, name: str) -> str:
        return self.prefix + name

    def variant(self, name: str, sha256: str) -> str:
        """For an output whose own key holds other bytes, left by an attempt that died before its marker."""
        return f"{self.prefix}{sha256[:16]}/{name}"


def scan_keys(
    bucket: str,
    key: str,
    pin: str,
    model_digest: str,
    options: Mapping[str, Any],
    *,
    output_prefix: str = "results/",
    error_prefix: str = "errors/",
) -> ScanKeys:
    """``pin``: the input's version id, or its etag in a bucket without versions."""
    identity = json.dumps([bucket, key, pin, model_digest, options], sort_keys=True, separators=(",", ":"))
    scan = hashlib.sha256(identity.encode()).hexdigest()[:32]
    readable = _readable(key)
    return ScanKeys(scan, f"{output_prefix}{readable}/{scan}/", f"{error_prefix}{readable}/{scan}.json")


def message_error_key(body: str, error_prefix: str) -> str:
    """Where the explanation of a message goes that names no scan."""
    return f"{error_prefix}messages/{hashlib.sha256(body.encode(errors='replace')).hexdigest()[:32]}.json"


def unpinned_error_key(bucket: str, key: str, error_prefix: str) -> str:
    """Where the explanation goes of a scan that could not even be found."""
    identity = hashlib.sha256(json.dumps([bucket, key]).encode()).hexdigest()[:32]
    return f"{error_prefix}{_readable(key)}/{identity}.json"


def _readable(key: str) -> str:
    """The input's key, so that a person finds its results by listing; a hash where S3's limit leaves no room."""
    trimmed = key.strip("/")
    if trimmed and len(trimmed.encode()) <= _LONGEST_KEY:
        return trimmed
    return hashlib.sha256(key.encode()).hexdigest()
