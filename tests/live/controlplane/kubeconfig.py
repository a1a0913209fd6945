"""Kubeconfig files: one cluster, one user."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.live.controlplane.pki import Pair

CONTEXT = "control-plane"


def by_certificate(client: Pair) -> dict[str, str]:
    """A user known by a client certificate."""
    return {"client-certificate-data": _encode(client.public), "client-key-data": _encode(client.key)}


def by_token(token: str) -> dict[str, str]:
    """A user known by a bearer token."""
    return {"token": token}


def write(path: Path, url: str, authority: bytes, user: dict[str, str]) -> Path:
    """Write the file, readable by its owner only."""
    cluster = {"server": url, "certificate-authority-data": _encode(authority)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": path.stem, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": path.stem}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=1))
    return path


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
