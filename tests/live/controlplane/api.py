"""A small client of the Kubernetes API: server-side apply, get, list, patch, delete, tokens.

Tests and the harness use it instead of kubectl, whose start costs more than what it asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tests.live.controlplane.manifests import Manifests, Object, read
from tests.live.controlplane.timeline import wait_for

FIRST = ("Namespace", "CustomResourceDefinition")
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
MANAGER = "live-tests"


class ApiError(RuntimeError):
    """What the API server said no to: ``status`` is the HTTP status, the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """One user's view of one API server."""

    def __init__(
        self, url: str, authority: Path, *, client: tuple[Path, Path] | None = None, token: str | None = None
    ) -> None:
        certificate, key = (str(client[0]), str(client[1])) if client else (None, None)
        self.url = url
        self._pool = urllib3.PoolManager(
            ca_certs=str(authority), cert_file=certificate, key_file=key, maxsize=8, retries=False
        )
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}

    def request(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json"
    ) -> Any:
        """One request; the answer's JSON, or its text where it is none. Raises ApiError."""
        headers = {**self._headers, "Content-Type": content_type, "Accept": "application/json, */*"}
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(method, self.url + path, body=data, headers=headers, timeout=30.0)
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(0, f"{method} {path}: {error}") from error
        text = answer.data.decode()
        try:
            content = json.loads(text)
        except ValueError:
            content = text
        if answer.status >= 400:
            said = content.get("message", text) if isinstance(content, dict) else text
            raise ApiError(answer.status, f"{method} {path}: {said}")
        return content

    def apply(
        self, manifests: Manifests, *, namespace: str = "default", manager: str = MANAGER
    ) -> list[Object]:
        """Server-side apply: namespaces and definitions first, and those established before the rest.

        ``namespace`` is for namespaced objects that name none. Returns what the server made of them.
        """
        objects = list(read(manifests))
        first = [one for one in objects if one["kind"] in FIRST]
        applied = [self._apply_one(one, namespace, manager) for one in first]
        for one in first:
            if one["kind"] == "CustomResourceDefinition":
                self._wait_established(one["metadata"]["name"])
        rest = [one for one in objects if one["kind"] not in FIRST]
        return applied + [self._apply_one(one, namespace, manager) for one in rest]

    def _apply_one(self, manifest: Object, namespace: str, manager: str) -> Object:
        meta = manifest["metadata"]
        path = self.path(
            manifest["apiVersion"], manifest["kind"], meta["name"], meta.get("namespace", namespace)
        )
        query = urlencode({"fieldManager": manager, "force": "true"})
        answer: Object = self.request("PATCH", f"{path}?{query}", manifest, content_type=APPLY)
        return answer

    def _wait_established(self, name: str) -> None:
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
        wait_for(f"{name} established", lambda: condition(self.request("GET", path), "Established") == "True")

    def get(self, api_version: str, kind: str, name: str, namespace: str = "default") -> Object:
        """One object; ApiError with status 404 where it is not there."""
        answer: Object = self.request("GET", self.path(api_version, kind, name, namespace))
        return answer

    def find(self, api_version: str, kind: str, name: str, namespace: str = "default") -> Object | None:
        """One object, or None where it is not there."""
        try:
            return self.get(api_version, kind, name, namespace)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, *, selector: str = ""
    ) -> list[Object]:
        """The objects of a kind in one namespace, or in all of them; ``selector`` is by labels."""
        query = f"?{urlencode({'labelSelector': selector})}" if selector else ""
        answer = self.request("GET", self.path(api_version, kind, None, namespace) + query)
        items: list[Object] = answer["items"]
        return items

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        change: Mapping[str, Any],
        namespace: str = "default",
        *,
        subresource: str = "",
        manager: str = MANAGER,
    ) -> Object:
        """Merge a change into one object, as an edit by hand does (``manager``: whose hand)."""
        path = self.path(api_version, kind, name, namespace) + (f"/{subresource}" if subresource else "")
        query = urlencode({"fieldManager": manager})
        answer: Object = self.request("PATCH", f"{path}?{query}", change, content_type=MERGE)
        return answer

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "default") -> None:
        """Delete one object, its dependents after it; nothing happens where it is not there."""
        path = self.path(api_version, kind, name, namespace)
        try:
            self.request("DELETE", path, {"propagationPolicy": "Background"})
        except ApiError as error:
            if error.status != 404:
                raise

    def token(
        self, account: str, namespace: str, *, audiences: Iterable[str] = (), seconds: int = 3600
    ) -> str:
        """A token of a service account, as the kubelet projects one into a pod."""
        spec: Object = {"expirationSeconds": seconds}
        if named := [*audiences]:
            spec["audiences"] = named
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        token: str = self.request("POST", path, body)["status"]["token"]
        return token

    def path(self, api_version: str, kind: str, name: str | None, namespace: str | None) -> str:
        """The URL path of an object, or of its kind without a name, as the server's discovery has it."""
        root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        resource, namespaced = self._resource(root, kind)
        scope = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{root}{scope}/{resource}" + (f"/{quote(name)}" if name else "")

    def _resource(self, root: str, kind: str) -> tuple[str, bool]:
        if (root, kind) not in self._resources:
            for one in self.request("GET", root)["resources"]:
                if "/" not in one["name"]:
                    self._resources[root, one["kind"]] = (one["name"], one["namespaced"])
        if (root, kind) not in self._resources:
            raise ApiError(404, f"{root} has no kind {kind}")
        return self._resources[root, kind]


def condition(manifest: Object, kind: str) -> str | None:
    """The status of one condition: "True", "False", "Unknown", or None where there is none."""
    conditions = manifest.get("status", {}).get("conditions") or []
    return next((one["status"] for one in conditions if one["type"] == kind), None)
