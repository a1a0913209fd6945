"""GPU sharing as the NVIDIA device plugin reads it from a ConfigMap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.views.interface import Instance

if TYPE_CHECKING:
    from auditor.world import World


class TimeSlicing:
    """``facts.time_slicing`` of a ConfigMap: ``{configs: [{key, at, enabled, replicas, …}]}``.

    One entry a data key that holds a device plugin configuration (a text with ``sharing.timeSlicing``).
    ``replicas`` is the largest number of slots a GPU is divided into; ``fail_requests_greater_than_one`` as
    the file sets it (default false). ``at`` is the path of the data key.
    """

    def __init__(self, world: World) -> None:
        del world

    def of(self, instance: Instance) -> Any:
        """See the class."""
        data = instance.resource.body.get("data")
        if type(data) is not dict:
            return {"configs": []}
        found = (_config(key, text) for key, text in sorted(data.items()) if type(text) is str)
        return {"configs": [config for config in found if config]}


def _config(key: str, text: str) -> dict[str, Any] | None:
    if "timeSlicing" not in text:
        return None
    from auditor.yamlio import load_stream

    documents = load_stream(text.encode(), key)
    body = documents[0].body if len(documents) == 1 else None
    sharing = body.get("sharing") if type(body) is dict else None
    slicing = sharing.get("timeSlicing") if type(sharing) is dict else None
    if type(slicing) is not dict:
        return None
    listed = slicing.get("resources")
    replicas = [
        entry["replicas"]
        for entry in (listed if type(listed) is list else ())
        if type(entry) is dict and type(entry.get("replicas")) is int
    ]
    return {
        "key": key,
        "at": f'data["{key}"]',
        "enabled": bool(replicas) and max(replicas) > 1,
        "replicas": max(replicas, default=1),
        "fail_requests_greater_than_one": slicing.get("failRequestsGreaterThanOne") is True,
    }
