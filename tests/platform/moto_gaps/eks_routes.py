"""How operations that moto lacks are added to its EKS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.eks import urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse

Operation = Callable[[EKSResponse], ActionResult]


def add_operation(path: str, name: str, operation: Operation) -> None:
    """Serve one operation: ``path`` after the host, with {parameters} as EKS's API names them."""
    setattr(EKSResponse, name, operation)
    urls.url_paths["{0}" + path] = urls.response.dispatch


def kept(response: EKSResponse, kind: str) -> dict[str, dict[str, Any]]:
    """What the named cluster has of a kind, by id; it goes with the cluster."""
    cluster = response.eks_backend.describe_cluster(name=cluster_name(response))
    found: dict[str, dict[str, Any]] = cluster.__dict__.setdefault(kind, {})
    return found


def cluster_name(response: EKSResponse) -> str:
    """The cluster that the path names."""
    return str(response._get_param("clusterName") or response._get_param("name"))


def arn(response: EKSResponse, kind: str, rest: str) -> str:
    """ARN of something in the named cluster."""
    backend = response.eks_backend
    return f"arn:aws:eks:{backend.region_name}:{backend.account_id}:{kind}/{cluster_name(response)}/{rest}"


def one_of(found: dict[str, dict[str, Any]], key: str, what: str) -> dict[str, Any]:
    """The item; ResourceNotFoundException when there is none."""
    if key not in found:
        raise ResourceNotFoundException(message=f"{what} {key} was not found")
    return found[key]


def now() -> datetime:
    """The moment, as EKS stamps it."""
    return datetime.now(UTC)


def update(kind: str, fields: dict[str, Any]) -> ActionResult:
    """EKS answers changes with an update; here it is done at once."""
    params = [{"type": key, "value": str(value)} for key, value in fields.items() if value is not None]
    done = {"id": f"update-{kind}", "status": "Successful", "type": kind, "params": params, "errors": []}
    return ActionResult({"update": done | {"createdAt": now()}})
