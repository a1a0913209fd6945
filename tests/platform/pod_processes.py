"""What a kubelet does for the worker's pods: a real process for each that runs, SIGTERM at its deletion.

kwok says which pods run; pods carry ``live-tests/held``, so that a deleted one stays until its process has ended.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.live.controlplane.api import Api
from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.stages import ENDED
from tests.platform.held_pods import HeldPods

ROOT = Path(__file__).parents[2]
PROGRAM = "tests.platform.loop_worker"


class PodProcesses(HeldPods):
    """One process ``pod-<name>`` for each Running pod of a namespace that is held."""

    def __init__(self, cluster: Cluster, moto: Moto, namespace: str) -> None:
        super().__init__(cluster, namespace)
        self.exit_codes: dict[str, int] = {}
        """Pods whose process has ended, with its code."""
        self.unasked: list[str] = []
        """Pods whose process ended without having been told to."""
        self.nodes: dict[str, str] = {}
        """Every pod that ran → its node."""
        self._cluster, self._moto = cluster, moto
        self._told: set[str] = set()

    def running(self) -> int:
        """How many processes there are now."""
        return len(self.nodes) - len(self.exit_codes)

    def log(self, pod: str) -> str:
        """The end of what a pod's process has printed."""
        return self._cluster.processes.log(_process(pod))

    def see_to(self, pod: Object) -> None:
        """Start its process once it runs, pass SIGTERM on, let it go when the process has ended."""
        name, deleted = pod["metadata"]["name"], "deletionTimestamp" in pod["metadata"]
        if name not in self.nodes:
            if deleted:
                self._release(name)
            elif pod["status"].get("phase") == "Running":
                self._start(pod)
            return
        if deleted and name not in self._told:
            self._told.add(name)
            self._signal(name)
        if (
            name not in self.exit_codes
            and (code := self._cluster.processes.exit_code(_process(name))) is not None
        ):
            self.exit_codes[name] = code
            if not deleted:
                self.unasked.append(name)
        if deleted and name in self.exit_codes:
            self._release(name)

    def _signal(self, name: str) -> None:
        if self._cluster.processes.exit_code(_process(name)) is None:
            self._cluster.processes.signal(_process(name), signal.SIGTERM)

    def _start(self, pod: Object) -> None:
        name = pod["metadata"]["name"]
        argv = [sys.executable, "-m", PROGRAM]
        self._cluster.processes.start(_process(name), argv, env=self._environment(pod), cwd=ROOT)
        self.nodes[name] = pod["spec"]["nodeName"]

    def _environment(self, pod: Object) -> dict[str, str]:
        """What kubelet and EKS's webhook give the container: its ConfigMaps, the role of its ServiceAccount."""
        api, spec = self._cluster.api, pod["spec"]
        account = api.get("v1", "ServiceAccount", spec["serviceAccountName"], self._namespace)
        role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].rpartition("/")[2]
        identity = self._moto.web_identity(self._cluster, spec["serviceAccountName"], self._namespace, role)
        scratch = self._cluster.folder / f"scratch-{pod['metadata']['name']}"
        scratch.mkdir()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(scratch),
            "PYTHONPATH": str(ROOT),
            **_settings(api, pod, self._namespace),
            **identity,
            # A pod has an address and a disk of its own.
            "WORKER_HTTP_HOST": "127.0.0.1",
            "WORKER_HTTP_PORT": "0",
            "WORKER_SCRATCH": str(scratch),
        }

    def _release(self, name: str) -> None:
        self._cluster.api.patch(
            "v1", "Pod", name, {"metadata": {"annotations": {ENDED: "true"}}}, self._namespace
        )


def _process(pod: str) -> str:
    return f"pod-{pod}"


def _settings(api: Api, pod: Object, namespace: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in pod["spec"]["containers"][0]["envFrom"]:
        found.update(api.get("v1", "ConfigMap", source["configMapRef"]["name"], namespace)["data"])
    return found
