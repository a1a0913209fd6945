"""An API server on loopback that answers lists, pages and discovery, and misbehaves when it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

import yaml

from auditor.data.cluster_kinds import CLUSTER_KINDS, ClusterKind

Fault = Callable[["FakeCluster", str, dict[str, str]], tuple[int, dict[str, str], Any] | None]
"""(cluster, path, query) → an answer in place of the right one, or None."""


class FakeCluster:
    """Objects by kind, and what goes wrong."""

    def __init__(self, objects: str | list[dict[str, Any]] = "", token: str = "") -> None:
        listed = [*yaml.safe_load_all(objects)] if isinstance(objects, str) else objects
        self.objects: list[dict[str, Any]] = [each for each in listed if each]
        self.faults: list[Fault] = []
        self.without: set[str] = set()
        """Groups that are not served."""
        self.stale: set[str] = set()
        self.token, self.url = token, ""
        self.requests: list[str] = []
        self.page = 500

    def kinds(self) -> list[ClusterKind]:
        """Everything served."""
        return [each for each in CLUSTER_KINDS if each.group not in self.without]

    def refuse(self, plural: str, status: int = 403, times: int = 10_000) -> None:
        """Answer lists of a plural with an error, so many times."""
        left = [times]

        def fault(_: FakeCluster, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any] | None:
            if not path.endswith(f"/{plural}") or left[0] <= 0:
                return None
            left[0] -= 1
            message = f'{plural} is forbidden: User "auditor" cannot list resource "{plural}"'
            return status, {}, {"kind": "Status", "message": message}

        self.faults.append(fault)

    def answer(self, path: str, query: dict[str, str], token: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of one GET."""
        self.requests.append(path)
        if self.token and token != f"Bearer {self.token}":
            return 401, {}, {"kind": "Status", "message": "Unauthorized"}
        for fault in self.faults:
            found = fault(self, path, query)
            if found is not None:
                return found
        if path in ("/api", "/apis"):
            return 200, {}, self._discovery(core=path == "/api")
        for kind in self.kinds():
            base = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
            if path == f"{base}/{kind.plural}":
                return 200, {}, self._list(kind, query)
            if path.startswith(f"{base}/namespaces/") and f"/{kind.plural}/" in path:
                _, _, _, name = path.rsplit("/", 3)
                return 200, {}, next(o for o in self._of(kind) if o["metadata"]["name"] == name)
        return 404, {}, {"kind": "Status", "message": "the server could not find the requested resource"}

    def _of(self, kind: ClusterKind) -> list[dict[str, Any]]:
        return [
            each
            for each in self.objects
            if each["kind"] == kind.kind and each["apiVersion"].rpartition("/")[0].startswith(kind.group)
        ]

    def _list(self, kind: ClusterKind, query: dict[str, str]) -> Any:
        found, start = self._of(kind), int(query.get("continue", "0"))
        size = min(int(query.get("limit", "500")), self.page)
        rest = start + size if start + size < len(found) else 0
        return {
            "kind": f"{kind.kind}List",
            "metadata": {"continue": str(rest)} if rest else {},
            "items": found[start : start + size],
        }

    def _discovery(self, *, core: bool) -> Any:
        groups: dict[str, list[ClusterKind]] = {}
        for each in self.kinds():
            if (not each.group) == core:
                groups.setdefault(each.api_version, []).append(each)
        return {
            "kind": "APIGroupDiscoveryList",
            "items": [self._group(version, kinds) for version, kinds in groups.items()],
        }

    def _group(self, api_version: str, kinds: list[ClusterKind]) -> Any:
        group = kinds[0].group
        resources = [
            {
                "resource": each.plural,
                "responseKind": {"kind": each.kind},
                "scope": "Namespaced" if each.namespaced else "Cluster",
                "verbs": ["get", "list"],
            }
            for each in kinds
        ]
        version = {"version": api_version.rpartition("/")[2], "resources": resources}
        if group in self.stale:
            version |= {"freshness": "Stale", "resources": []}
        return {"metadata": {"name": group}, "versions": [version]}

    def kubeconfig(self, folder: Path, token: str = "") -> Path:
        """A kubeconfig with the one context ``fake``."""
        file = folder / "kubeconfig"
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "fake",
                    "clusters": [{"name": "fake", "cluster": {"server": self.url}}],
                    "users": [{"name": "fake", "user": {"token": token or self.token or "any"}}],
                    "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
                }
            )
        )
        return file


@contextmanager
def serving(cluster: FakeCluster) -> Iterator[FakeCluster]:
    """The cluster on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlparse(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            status, headers, body = cluster.answer(url.path, query, self.headers.get("authorization", ""))
            if status == 0:
                self.connection.close()
                return
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            pause = float(headers.get("x-trickle", 0))
            for part in (data[at : at + 1] for at in range(len(data))) if pause else (data,):
                try:
                    self.wfile.write(part)
                except OSError:
                    return  # nobody waits for the rest
                time.sleep(pause)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
