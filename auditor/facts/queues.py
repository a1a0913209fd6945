"""Scaler ↔ queue ↔ dead-letter queue ↔ worker: who reads which queue, and what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.data._tables import nearest
from auditor.facts.aws_place import account_of, region_of
from auditor.facts.declared import Declared
from auditor.facts.keda_target import KedaTarget
from auditor.facts.keda_triggers import triggers_of
from auditor.facts.queue_notifications import Notification, alarmed, grant, key_grant, loop, notifications
from auditor.facts.queue_urls import QueueUrl, env_value, parse_url
from auditor.model import Resource
from auditor.paths import render
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.pods import dig
from auditor.views.queues import queue_at

if TYPE_CHECKING:
    from auditor.world import World

SQS_TRIGGER = "aws-sqs-queue"
GRACE = 30
"""Kubernetes' terminationGracePeriodSeconds."""


class ScalerQueues:
    """``facts.scaler_queues`` of a KEDA scaler: one row for each SQS trigger.

    ``{metadata, name, account, region, in_flight, at, path, queue}``: the parts of the URL (Unknown where it cannot
    be read, '' where it does not say); ``in_flight`` is scaleOnInFlight with its default; ``at`` is the place of the
    URL, ``path`` that of the metadata. ``queue`` is ``{found, why, name, region, account, title, refs}`` of the queue
    in Terraform; ``found`` is Unknown when the target knows no queues.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._rows: dict[int, list[dict[str, Any]]] = {}

    def of(self, instance: Instance) -> Any:
        """See the class."""
        return self.rows(instance.resource)

    def rows(self, scaler: Resource) -> list[dict[str, Any]]:
        """The rows of one scaler."""
        found = self._rows.get(id(scaler))
        if found is None:
            found = self._rows[id(scaler)] = [
                self._row(scaler, index, trigger)
                for index, trigger in triggers_of(scaler)
                if trigger.get("type") == SQS_TRIGGER and type(trigger.get("metadata")) is dict
            ]
        return found

    def _row(self, scaler: Resource, index: int, trigger: dict[str, Any]) -> dict[str, Any]:
        metadata = trigger["metadata"]
        key = "queueURL" if metadata.get("queueURL") else "queueURLFromEnv"
        text = metadata.get("queueURL") or self._from_env(scaler, metadata.get("queueURLFromEnv"))
        url = parse_url(text)
        path = ("spec", "triggers", index, "metadata")
        parts = url if isinstance(url, QueueUrl) else dict.fromkeys(QueueUrl._fields, url)
        row = dict(parts._asdict() if isinstance(parts, QueueUrl) else parts)
        return row | {
            "metadata": metadata,
            "in_flight": str(metadata.get("scaleOnInFlight", "true"))
            in ("true", "True", "TRUE", "t", "T", "1"),
            "at": render(scaler.body, (*path, key)),
            "path": render(scaler.body, path),
            "queue": self._declared(url),
        }

    def _from_env(self, scaler: Resource, name: Any) -> Any:
        pods = consumer_pods(self._world, scaler)
        if not isinstance(name, str) or not pods:
            return Unknown(
                f"the queue of {scaler.title} is in an environment variable of a workload that is not here",
                "audit the folder that holds the workload together with the scaler",
            )
        places = (("spec", "envSourceContainerName"), ("spec", "scaleTargetRef", "envSourceContainerName"))
        named = [dig(scaler.body, place) for place in places]
        container = next((each for each in named if isinstance(each, str)), "")
        return env_value(self._world, pods[0], name, container)

    def _declared(self, url: QueueUrl | Unknown) -> dict[str, Any]:
        """The queue of the target's Terraform that a URL means."""
        answer: dict[str, Any] = {"found": False, "why": "", "name": "", "title": "", "refs": []}
        queues = self._world.instances("Queue")
        if isinstance(url, Unknown):
            return answer | {"found": url}
        if not queues:
            return answer | {"found": self._world.undecided("the queue") or _no_queues(url.name)}
        named = [each for each in queues if isinstance(each.value["name"], str) and each.value["name"]]
        fitting = [each for each in named if each.value["name"] == url.name]
        exact = [each for each in fitting if self._agrees(each.resource, url)]
        if len(exact or fitting) > 1:
            titles = " and ".join(each.resource.title for each in exact or fitting)
            return answer | {
                "found": Unknown(
                    f"{url.name} may be {titles}",
                    "tie the manifests to one Terraform root: [target.NAME] terraform",
                )
            }
        if exact or fitting:
            return answer | self._row_of((exact or fitting)[0])
        unnamed = next((each for each in queues if each not in named), None)
        if unnamed is not None:
            why = f"{url.name} may be {unnamed.resource.title}, whose name is not known"
            return answer | {"found": Unknown(why, "give the variables of its name values, or audit a plan")}
        names = sorted({each.value["name"] for each in named})
        meant = nearest(url.name, names) or ", ".join(names[:3])
        refs = [self._world.ref(each.resource, ("name",)) for each in named if each.value["name"] == meant]
        return answer | {"why": f"Terraform declares {meant}", "refs": refs}

    def _agrees(self, queue: Resource, url: QueueUrl) -> bool:
        """Whether nothing known about a queue contradicts the URL."""
        pairs = ((region_of(self._world, queue), url.region), (account_of(self._world, queue), url.account))
        return all(isinstance(known, Unknown) or not said or known == said for known, said in pairs)

    def _row_of(self, queue: Instance) -> dict[str, Any]:
        value = queue.value
        return {
            "found": True,
            "name": value["name"],
            "region": region_of(self._world, queue.resource),
            "account": account_of(self._world, queue.resource),
            "title": queue.resource.title,
            "refs": [self._world.ref(queue.resource)],
            "resource": id(queue.resource),
        }


class QueueJoins:
    """``facts.queue`` of a queue: ``{workers, dlq, notified, grant, key}``.

    ``workers``: one row for each scaler that reads it: ``{title, kind, p95, output, loop, heartbeat, grace, ref}``
    (seconds; ``p95`` and ``output`` Unknown when nobody declared them). ``dlq``: ``{found, title, retention, alarm,
    refs}`` of its dead-letter queue. The others: see :mod:`auditor.facts.queue_notifications`.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._workers: dict[int, list[dict[str, Any]]] | None = None

    def of(self, instance: Instance) -> Any:
        """See the class."""
        world, resource = self._world, instance.resource
        sources = notifications(world, resource)
        return {
            "workers": [row | {"loop": loop(row["output"], sources)} for row in self._of_queue(resource)],
            "dlq": self._dead_letters(instance),
            "notified": [{"title": each.resource.title, "ref": self._place(each)} for each in sources],
            "grant": grant(instance),
            "key": key_grant(world, instance),
        }

    def _place(self, source: Notification) -> str:
        return self._world.ref(source.resource, ("queue", source.place))

    def _of_queue(self, queue: Resource) -> list[dict[str, Any]]:
        if self._workers is None:
            self._workers = self._read()
        return self._workers.get(id(queue), [])

    def _read(self) -> dict[int, list[dict[str, Any]]]:
        queues = self._world.get_fact("scaler_queues")
        assert isinstance(queues, ScalerQueues)
        table: dict[int, list[dict[str, Any]]] = {}
        for kind in ("ScaledObject", "ScaledJob"):
            for scaler in self._world.kind("keda.sh", kind):
                for row in queues.rows(scaler):
                    if "resource" in row["queue"]:
                        table.setdefault(row["queue"]["resource"], []).append(self._worker(scaler))
        return table

    def _worker(self, scaler: Resource) -> dict[str, Any]:
        pods = consumer_pods(self._world, scaler)
        owner = pods[0].resource if pods else scaler
        declared = Declared(self._world).of(Instance("", owner, owner.body))
        heartbeat = declared["visibility_heartbeat"]
        return {
            "title": owner.title,
            "kind": scaler.kind,
            "p95": declared["p95_seconds"],
            "output": declared["output"],
            "heartbeat": False if isinstance(heartbeat, Unknown) else heartbeat,
            "grace": pods[0].value.get("terminationGracePeriodSeconds", GRACE) if pods else _no_pods(scaler),
            "ref": self._world.ref(owner, pods[0].source_path(()) if pods else ()),
        }

    def _dead_letters(self, queue: Instance) -> dict[str, Any]:
        answer: dict[str, Any] = {"found": False, "title": "", "retention": 0, "alarm": False, "refs": []}
        redrive = queue.value["redrive"]
        if isinstance(redrive, Unknown):
            return answer | {"found": redrive}
        if not redrive["present"]:
            return answer
        dlq = queue_at(self._world, queue.resource, redrive["target"])
        if dlq is None:
            elsewhere = Unknown(
                f"the dead-letter queue of {queue.resource.title} is not declared here",
                "audit the root that declares it",
            )
            return answer | {"found": True, "title": "its queue", "retention": elsewhere, "alarm": elsewhere}
        view = self._world.instances_of("Queue", dlq)[0]
        return {
            "found": True,
            "title": dlq.title,
            "retention": view.value["retention"],
            "alarm": alarmed(self._world, view),
            "refs": [self._world.ref(dlq)],
        }


def consumer_pods(world: World, scaler: Resource) -> list[Instance]:
    """The pod templates that a scaler starts: its own for a ScaledJob, else its target's."""
    if scaler.kind == "ScaledJob":
        return world.instances_of("PodSpec", scaler)
    fact = world.get_fact("keda_target")
    assert isinstance(fact, KedaTarget)
    target = fact.find(scaler)
    return world.instances_of("PodSpec", target) if target is not None else []


def _no_queues(name: str) -> Unknown:
    return Unknown(
        f"no Terraform that declares queues is tied to these manifests, so {name} cannot be looked up",
        'tie them in auditor.toml: [target.NAME] terraform = "PATH"',
    )


def _no_pods(scaler: Resource) -> Unknown:
    return Unknown(
        f"the workload of {scaler.title} is not here",
        "audit the folder that holds it together with the scaler",
    )
