"""Pods that read a queue, and pods that run nnU-Net: what their spec promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.model import Resource
from auditor.patterns import regex
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig

if TYPE_CHECKING:
    from auditor.world import World

PREDICT = regex(r"\bnnUNetv2_predict(_from_modelfolder)?\b")
NO_MIRRORING = ("--disable_tta", "--disable-tta")
RESULTS = "nnUNet_results"
TEMPORARY = "/tmp"


class Worker:
    """``facts.worker`` of a pod: ``{reads, nnunet}``.

    ``reads``: the queues that its scalers read, ``{name, title, ref}`` each. ``nnunet``: one row for each
    container that runs nnU-Net: ``{container, results, mirrors, temporary}``: whether ``nnUNet_results`` is set
    (Unknown when the environment comes from elsewhere), whether its command line leaves test-time mirroring on,
    and whether /tmp can be written although the root file system is read-only.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._reads: dict[int, list[dict[str, Any]]] | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        containers = instance.value.get("containers")
        rows = [
            _nnunet(each, index, instance.value)
            for index, each in enumerate(containers if type(containers) is list else ())
            if type(each) is dict and _runs_nnunet(each)
        ]
        return {"reads": self._of(instance.resource), "nnunet": rows}

    def _of(self, resource: Resource) -> list[dict[str, Any]]:
        if self._reads is None:
            self._reads = {}
            for scaler in self._scalers():
                self._read_by(scaler, self._reads)
        return self._reads.get(id(resource), [])

    def _read_by(self, scaler: Resource, reads: dict[int, list[dict[str, Any]]]) -> None:
        # Loaded where there is a scaler: what follows queues is large, and most trees have none.
        from auditor.facts.queues import consumer_pods

        for pod in consumer_pods(self._world, scaler)[:1]:
            reads.setdefault(id(pod.resource), []).extend(self._rows(scaler))

    def _scalers(self) -> Iterator[Resource]:
        yield from self._world.kind("keda.sh", "ScaledObject")
        yield from self._world.kind("keda.sh", "ScaledJob")

    def _rows(self, scaler: Resource) -> Iterator[dict[str, Any]]:
        from auditor.facts.queues import ScalerQueues

        fact = self._world.get_fact("scaler_queues")
        assert isinstance(fact, ScalerQueues)
        for row in fact.rows(scaler):
            name = row["name"] if isinstance(row["name"], str) else "its queue"
            yield {"name": name, "title": scaler.title, "ref": self._world.ref(scaler, ("spec", "triggers"))}


def _runs_nnunet(container: dict[str, Any]) -> bool:
    image = container.get("image")
    named = isinstance(image, str) and "nnunet" in image.lower()
    return named or bool(PREDICT.search(_command(container))) or any(_nnunet_names(container))


def _nnunet_names(container: dict[str, Any]) -> Iterator[str]:
    listed = container.get("env")
    for entry in listed if type(listed) is list else ():
        name = entry.get("name") if type(entry) is dict else None
        if isinstance(name, str) and name.startswith("nnUNet_"):
            yield name


def _command(container: dict[str, Any]) -> str:
    words = [*_texts(container.get("command")), *_texts(container.get("args"))]
    return " ".join(words)


def _texts(listed: Any) -> list[str]:
    return [each for each in listed if isinstance(each, str)] if type(listed) is list else []


def _nnunet(container: dict[str, Any], index: int, pod: dict[str, Any]) -> dict[str, Any]:
    command = _command(container)
    mirrors: Any = bool(PREDICT.search(command)) and not any(flag in command for flag in NO_MIRRORING)
    results: Any = RESULTS in _nnunet_names(container)
    if not results and container.get("envFrom"):
        results = Unknown(
            f"whether {RESULTS} is set cannot be read: the environment comes from elsewhere",
            f"set {RESULTS} in env of the container",
        )
    return {
        "container": str(container.get("name", index)),
        "results": results,
        "predicts": bool(PREDICT.search(command)),
        "mirrors": mirrors,
        "writable": _writable(container, pod),
    }


def _writable(container: dict[str, Any], pod: dict[str, Any]) -> bool:
    """Whether the container can write to /tmp."""
    if dig(container, ("securityContext", "readOnlyRootFilesystem")) is not True:
        return True
    mounts = container.get("volumeMounts")
    return any(
        type(each) is dict
        and each.get("mountPath") in (TEMPORARY, TEMPORARY + "/")
        and not each.get("readOnly")
        for each in (mounts if type(mounts) is list else ())
    )
