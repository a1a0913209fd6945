"""What a kubelet does for the pods of Jobs: the container's own process for each that runs, and its exit code.

kwok says which pods run; those that carry ``live-tests/held`` run until their process here has ended.
"""

from __future__ import annotations

import threading
import time

from tests.live.controlplane.api import ApiError
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.stages import ENDED, EXIT_CODE, HELD
from tests.platform.containers import Containers, Finished

LOOK_S = 0.3


class JobProcesses:
    """Context manager: runs the held pods of a namespace. ``finished``: how each of them ended, in that order."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.finished: dict[str, Finished] = {}
        self.trouble: BaseException | None = None
        self._api, self._namespace = cluster.api, namespace
        self._containers = Containers(cluster)
        self._started: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> JobProcesses:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for pod in self._api.list("v1", "Pod", self._namespace):
                    if HELD in pod["metadata"].get("annotations", {}):
                        self._see_to(pod)
            except ApiError:
                pass  # The next look asks again.
            except BaseException as error:
                self.trouble = error
                raise
            time.sleep(LOOK_S)

    def _see_to(self, pod: Object) -> None:
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
