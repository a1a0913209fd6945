"""When a Kubernetes API version was or will be deprecated and removed, and what replaces it.

The table (``tools/data/generate_api_versions.py``) holds what Kubernetes generates into its API modules, so
dates of future releases are the plan as of the newest module, not a promise.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from auditor.data._tables import table


class ApiLifecycle(Struct, frozen=True):
    """Minors of Kubernetes 1.x; None where not stated. ``replacement`` is (apiVersion, kind) or None."""

    deprecated_minor: int | None
    removed_minor: int | None
    replacement: tuple[str, str] | None

    def is_deprecated(self, minor: int) -> bool:
        return self.deprecated_minor is not None and minor >= self.deprecated_minor

    def is_removed(self, minor: int) -> bool:
        """The API server of 1.``minor`` no longer serves it."""
        return self.removed_minor is not None and minor >= self.removed_minor


def lifecycle(api_version: Any, kind: Any) -> ApiLifecycle | None:
    """None for versions that are not on their way out, and for kinds that are not Kubernetes' own."""
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return None
    row = table("api_versions.json")["versions"].get(f"{api_version} {kind}")
    if row is None:
        return None
    replacement = row.get("replacement")
    split = replacement.split(" ") if replacement else None
    return ApiLifecycle(row.get("deprecated"), row.get("removed"), (split[0], split[1]) if split else None)


def newest_minor() -> int:
    """The Kubernetes minor whose modules had the last word."""
    version: str = table("api_versions.json")["provenance"][0]["version"]
    return int(version.removeprefix("v0.").split(".")[0])
