"""What is kept of an object: what policies and facts look at, and nothing else.

Values that nobody reads are skipped while parsing, not thrown away after it: ``managedFields`` is a fifth of a pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from auditor.masking import blank_environment, blank_lines, blanked
from auditor.model import Resource
from auditor.patterns import regex
from auditor.secrets import find_keys
from auditor.sources.live import live_origin
from auditor.sources.manifests import without_nulls
from auditor.unknown import Unknown
from auditor.views.pods import TEMPLATES, dig

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LONGEST_VALUE = 256 * 1024
"""Characters of one ConfigMap value that are kept: dashboards are long, archives longer."""
LARGE_IMAGE = 1024**3
HIDDEN = Unknown("values of Secrets are not read", "nothing does: names and keys are all that is looked at")
_TOO_LONG = Unknown(f"longer than {LONGEST_VALUE} characters", "keep data in files, not in a ConfigMap")

STATUS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Node"): ("allocatable", "capacity", "conditions", "images", "nodeInfo"),
    ("", "Namespace"): ("phase",),
    ("", "PersistentVolumeClaim"): ("phase",),
    ("", "PersistentVolume"): ("phase",),
    ("", "Service"): ("loadBalancer",),
    ("apps", "DaemonSet"): ("desiredNumberScheduled", "numberReady", "numberUnavailable"),
    ("apps", "Deployment"): ("availableReplicas", "conditions", "readyReplicas", "replicas"),
    ("apps", "StatefulSet"): ("availableReplicas", "readyReplicas", "replicas"),
    ("argoproj.io", "Application"): (
        "conditions",
        "health",
        "operationState",
        "reconciledAt",
        "sourceType",
        "sync",
        "summary",
    ),
    ("autoscaling", "HorizontalPodAutoscaler"): ("conditions", "currentReplicas", "desiredReplicas"),
    ("batch", "Job"): ("active", "completionTime", "conditions", "failed", "startTime", "succeeded"),
    ("keda.sh", "ScaledJob"): ("conditions", "lastActiveTime", "health"),
    ("keda.sh", "ScaledObject"): ("conditions", "externalMetricNames", "health", "hpaName", "lastActiveTime"),
    ("karpenter.sh", "NodePool"): ("conditions", "resources"),
    ("nvidia.com", "ClusterPolicy"): ("conditions", "state"),
    ("policy", "PodDisruptionBudget"): ("currentHealthy", "desiredHealthy", "disruptionsAllowed"),
}
"""Fields of ``status`` that are kept, by kind; of others it is skipped whole."""


class OwnerRef(msgspec.Struct, rename="camel"):
    """``metadata.ownerReferences[*]``."""

    kind: str = ""
    name: str = ""
    api_version: str = ""
    controller: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """(group, kind)."""
        return self.api_version.partition("/")[0] if "/" in self.api_version else "", self.kind


class Meta(msgspec.Struct, rename="camel"):
    """``metadata``, as far as it is kept."""

    name: str = ""
    namespace: str = ""
    generate_name: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    generation: int = 0
    owner_references: list[OwnerRef] | None = None
    finalizers: list[str] | None = None

    def controller(self) -> OwnerRef | None:
        """Who makes the object and makes it anew; None when nobody does."""
        return next((each for each in self.owner_references or () if each.controller), None)

    def body(self) -> dict[str, Any]:
        """As it stands in a manifest, without what is empty."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        annotations = {key: text for key, text in (self.annotations or {}).items() if key != LAST_APPLIED}
        found["annotations"] = annotations
        return {key: value for key, value in found.items() if value}


class _Managed(msgspec.Struct, rename="camel"):
    managed_fields: msgspec.Raw = msgspec.Raw(b"[]")


Managed = Literal["", "writers", "fields"]
"""Nothing; who wrote and when; and also which fields."""


class Kept(NamedTuple):
    """What a projection needs to know beside the object."""

    api_version: str
    kind: str
    label: str
    """Of the reading: ``cluster:prod``."""
    managed: Callable[[str, str], Managed] = lambda namespace, name: ""
    """What to keep of ``managedFields``, by namespace and name: drift asks."""
    shapes: bool = False
    """Whether the form of Secret values is looked at."""


_METADATA = msgspec.json.Decoder(Meta)
_MANAGED = msgspec.json.Decoder(_Managed)
_TOP = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder(Any)
_STRINGS = msgspec.json.Decoder(dict[str, str])
_DROPPED = frozenset({"apiVersion", "kind", "metadata", "status", "binaryData"})


def metadata_of(item: msgspec.Raw) -> Meta:
    """Only the metadata of an object."""
    return _METADATA.decode(_TOP.decode(item).get("metadata", b"{}"))


def projected(item: msgspec.Raw, kept: Kept) -> Resource:
    """The object as a resource, with what is kept of it."""
    parts = _TOP.decode(item)
    raw = blanked(bytes(parts.get("metadata", b"{}")))
    meta = _METADATA.decode(raw)
    body: dict[str, Any] = {"apiVersion": kept.api_version, "kind": kept.kind, "metadata": meta.body()}
    managed = kept.managed(meta.namespace, meta.name)
    if managed:
        body["metadata"]["managedFields"] = _managed(raw, managed)
    group = kept.api_version.partition("/")[0] if "/" in kept.api_version else ""
    if (group, kept.kind) == ("", "Secret"):
        body |= _secret(parts, shapes=kept.shapes)
    else:
        body |= {
            key: without_nulls(value)
            for key, part in parts.items()
            if (value := _value(key, part)) is not None
        }
        _polish(body, group)
        _keep_status(body, parts, group)
    return resource_of(body, meta, kept)


def _managed(raw: msgspec.Raw | bytes, kept: Managed) -> list[Any]:
    found: object = _ANY.decode(_MANAGED.decode(raw).managed_fields)
    entries: list[Any] = found if type(found) is list else []
    return [each if kept == "fields" else {**each, "fieldsV1": {}} for each in entries if type(each) is dict]


def resource_of(body: dict[str, Any], meta: Meta, kept: Kept) -> Resource:
    """A resource whose place is its name in the cluster."""
    group = kept.api_version.partition("/")[0] if "/" in kept.api_version else ""
    key = "/".join(part for part in (group, kept.kind, meta.namespace, meta.name) if part)
    origin = live_origin(kept.label, "cluster", key)
    return Resource(kept.api_version, kept.kind, meta.namespace, meta.name, body, origin)


def _value(key: str, part: msgspec.Raw) -> Any:
    return None if key in _DROPPED else _ANY.decode(part)


def _polish(body: dict[str, Any], group: str) -> None:
    """Blank what is secret, and shorten what is long."""
    kind = body["kind"]
    template = TEMPLATES.get((group, kind))
    if template is not None:
        blank_environment(dig(body, (*template, "spec")))
    if (group, kind) == ("", "Pod"):
        _as_written(body)
    if (group, kind) == ("", "ConfigMap") and type(body.get("data")) is dict:
        body["data"] = {
            key: blank_lines(text) if len(text) <= LONGEST_VALUE else _TOO_LONG
            for key, text in body["data"].items()
            if type(text) is str
        }


def _as_written(pod: dict[str, Any]) -> None:
    """A bare pod without what admission and the scheduler put in: nobody wrote that, and nobody can change it."""
    spec = pod.get("spec")
    if type(spec) is not dict:
        return
    spec.pop("nodeName", None)
    spec["tolerations"] = [
        each for each in spec.get("tolerations", ()) if not str(each.get("key")).startswith(_OWN_TAINTS)
    ]
    spec["volumes"] = [each for each in spec.get("volumes", ()) if not _is_token(each)]
    for field in ("containers", "initContainers"):
        for container in spec.get(field, ()):
            mounts = container.get("volumeMounts", ())
            container["volumeMounts"] = [each for each in mounts if not _is_token(each)]


_OWN_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def _is_token(volume: dict[str, Any]) -> bool:
    return str(volume.get("name")).startswith("kube-api-access-")


def _keep_status(body: dict[str, Any], parts: Mapping[str, msgspec.Raw], group: str) -> None:
    fields = STATUS.get((group, body["kind"]))
    if fields is None or "status" not in parts:
        return
    status = _TOP.decode(parts["status"])
    body["status"] = {name: without_nulls(_ANY.decode(status[name])) for name in fields if name in status}
    images = body["status"].get("images")
    if type(images) is list:
        body["status"]["images"] = [each for each in images if _is_large(each)]
    operation = body["status"].get("operationState")
    if type(operation) is dict:
        body["status"]["operationState"] = {
            name: operation[name]
            for name in ("phase", "message", "startedAt", "finishedAt")
            if name in operation
        }


def _is_large(image: Any) -> bool:
    """Images that make a cold start long; a node lists all that it has."""
    return type(image) is dict and type(size := image.get("sizeBytes")) is int and size >= LARGE_IMAGE


def _secret(parts: Mapping[str, msgspec.Raw], *, shapes: bool) -> dict[str, Any]:
    """Type and key names. Values are skipped by the parser; their form is looked at only when that was asked for."""
    found: dict[str, Any] = {"type": _ANY.decode(parts["type"]) if "type" in parts else "Opaque"}
    names = _TOP.decode(parts["data"]) if "data" in parts else {}
    found["data"] = dict.fromkeys(names, HIDDEN)
    if shapes:
        found["shapes"] = {key: _shape(part) for key, part in names.items()}
    return found


def _shape(part: msgspec.Raw) -> str:
    """What kind of key a value looks like; '' for anything else. The value is forgotten with this call."""
    value = msgspec.json.decode(part, type=bytes)
    keys = find_keys(value) or find_keys(b"secret_access_key=" + value.strip())
    return keys[0].kind if keys else ""


_HASH = regex(r"-[a-z0-9]{4,10}$")


def without_hash(name: str) -> str:
    """The name of a Deployment behind the name of one of its ReplicaSets."""
    return _HASH.sub("", name)
