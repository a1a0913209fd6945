"""Karpenter's core with its kwok provider: it buys nodes that are objects, at the prices of real ones.

What a type has and costs comes from the auditor's own tables, so that what Karpenter picks here is what the
auditor says it picks.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Sequence

from auditor.data.instances import allocatable, instance
from auditor.data.prices import price
from tests.live.controlplane import build, crds
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import wait_for

REGION = "us-east-1"
ZONES = ("us-east-1a", "us-east-1b")
INSTANCE_TYPES = ("m5.large", "g4dn.xlarge", "g5.xlarge", "g5.2xlarge", "g6.xlarge", "g5.12xlarge")
SPOT_SHARE = 0.4
"""Spot prices are in no table: what matters here is that spot is the cheaper one."""


class Karpenter:
    """Karpenter as an add-on of a cluster, with the instance types that it may buy and the zones it finds them in.

    ``disk_gib`` is the nodes' root volume. Node pools name ``KWOKNodeClass`` of karpenter.kwok.sh as their node class.
    """

    modules: Sequence[str] = ("karpenter",)

    def __init__(
        self,
        instance_types: Sequence[str] = INSTANCE_TYPES,
        *,
        zones: Sequence[str] = ZONES,
        disk_gib: int = 20,
    ) -> None:
        self.disk_gib = disk_gib
        self.instance_types = instance_types
        self.zones = zones

    def start(self, cluster: Cluster) -> None:
        """Install the definitions, start it as cluster admin, wait until it is ready."""
        cluster.api.apply([crds.load("karpenter"), crds.load("karpenter-kwok")])
        types = cluster.folder / "instance-types.json"
        types.write_text(json.dumps([self.described(name) for name in self.instance_types]))
        health = cluster.free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(cluster.folder),
            "KUBECONFIG": str(cluster.kubeconfig),
            "SYSTEM_NAMESPACE": "kube-system",
            "DISABLE_LEADER_ELECTION": "true",
            "INSTANCE_TYPES_FILE_PATH": str(types),
            "METRICS_PORT": str(cluster.free_port()),
            "HEALTH_PROBE_PORT": str(health),
            "BATCH_IDLE_DURATION": "1s",
            "BATCH_MAX_DURATION": "2s",
        }
        cluster.processes.start("karpenter", [str(build.program("karpenter"))], env=environment)
        wait_for("Karpenter ready", lambda: _ready(cluster, health))

    def described(self, name: str) -> Object:
        """An instance type as Karpenter's kwok provider reads it. Raises ValueError where the tables lack it."""
        found, on_demand = instance(name), price(name, REGION)
        room = allocatable(name, disk_gib=self.disk_gib)
        if found is None or room is None or on_demand is None:
            raise ValueError(f"{name}: not in the auditor's tables of instances and prices")
        resources = {
            "cpu": f"{room.cpu_m}m",
            "memory": f"{room.memory_mib}Mi",
            "ephemeral-storage": f"{room.ephemeral_storage_mib}Mi",
            "pods": str(room.pods),
            **{key: str(count) for key, count in room.resources.items()},
        }
        prices = {"on-demand": on_demand.usd_per_hour, "spot": on_demand.usd_per_hour * SPOT_SHARE}
        return {
            "name": name,
            "architecture": found.arch,
            "operatingSystems": ["linux"],
            "resources": resources,
            "offerings": [_offering(kind, usd, zone) for kind, usd in prices.items() for zone in self.zones],
        }


def _offering(capacity: str, usd_per_hour: float, zone: str) -> Object:
    required = {"karpenter.sh/capacity-type": capacity, "topology.kubernetes.io/zone": zone}
    requirements = [{"key": key, "operator": "In", "values": [value]} for key, value in required.items()]
    return {"Price": usd_per_hour, "Available": True, "Requirements": requirements}


def _ready(cluster: Cluster, port: int) -> bool:
    cluster.processes.expect_running("karpenter")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
