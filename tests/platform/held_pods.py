"""Looking after the pods that carry ``live-tests/held``, as a kubelet does: in the background, until a test ends."""

from __future__ import annotations

import threading
import time
from typing import Self

from tests.live.controlplane.api import ApiError
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.stages import HELD

LOOK_S = 0.3


class HeldPods:
    """Context manager; :meth:`see_to` is called for each held pod of a namespace, again and again.

    ``trouble``: what broke it, when something did.
    """

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.trouble: BaseException | None = None
        self._api, self._namespace = cluster.api, namespace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def see_to(self, pod: Object) -> None:
        """What a kubelet does for the pod as it is now."""
        raise NotImplementedError

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for pod in self._api.list("v1", "Pod", self._namespace):
                    if HELD in pod["metadata"].get("annotations", {}):
                        self.see_to(pod)
            except ApiError:
                pass  # The next look asks again.
            except BaseException as error:
                self.trouble = error
                raise
            time.sleep(LOOK_S)
