"""What a kubelet does for the pods of Jobs: the container's own process for each that runs, and its exit code.

kwok says which pods run; those that carry ``live-tests/held`` run until their process here has ended.
"""

from __future__ import annotations

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.stages import ENDED, EXIT_CODE, HELD
from tests.platform.containers import Containers, Finished
from tests.platform.held_pods import HeldPods


class JobProcesses(HeldPods):
    """Runs the held pods of a namespace. ``finished``: how each of them ended, in that order."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        super().__init__(cluster, namespace)
        self.finished: dict[str, Finished] = {}
        self._containers = Containers(cluster)
        self._started: set[str] = set()

    def see_to(self, pod: Object) -> None:
        """Start its process once it runs, and say how it ended."""
        name = pod["metadata"]["name"]
        if name not in self._started:
            if pod["status"].get("phase") == "Running":
                self._started.add(name)
                self._containers.start(f"pod-{name}", pod["spec"], self._namespace)
        elif name not in self.finished:
            done = self._containers.finished(f"pod-{name}")
            if done is not None:
                self.finished[name] = done
                self._end(name, done.code)

    def _end(self, name: str, code: int) -> None:
        """Let kwok say how it ended, and the pod go when it is deleted."""
        change = {HELD: None} if code == 0 else {EXIT_CODE: str(code), ENDED: "true"}
        self._api.patch("v1", "Pod", name, {"metadata": {"annotations": change}}, self._namespace)
