"""A pod's container as a real process: its own command, arguments and environment, and the files that kubelet gives it.

Tokens of its ServiceAccount (for the API server, and for AWS as EKS's webhook adds it) and ConfigMaps lie where a pod
has them, the API server is found as a pod finds it, names of Services resolve, and only /tmp can be written where the
manifest says so. Not its own are the user (root of a namespace), cgroups, and ``auditor``, which is this checkout's.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object

ROOT = Path(__file__).parents[2]
OF_ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
OF_AWS = "/run/secrets/eks.amazonaws.com/serviceaccount/token"
PROGRAMS = "/run/programs"
LOCALHOST = "127.0.0.1"
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class Finished(NamedTuple):
    """How a container ended, what it printed, and what it took."""

    code: int
    output: str
    cpu_s: float
    peak_mib: float


class Containers:
    """Starts containers on a cluster. ``aws`` gives roles; ``services`` are names that lead to this machine."""

    def __init__(self, cluster: Cluster, aws: Moto | None = None, services: Sequence[str] = ()) -> None:
        self._cluster, self._aws, self._services = cluster, aws, services

    def start(self, name: str, pod: Object, namespace: str) -> None:
        """Start the one container of a pod spec as the process ``name``."""
        [container] = pod["containers"]
        identity = self._identity(pod["serviceAccountName"], namespace)
        token = identity.pop("AWS_WEB_IDENTITY_TOKEN_FILE", None)
        files = {**self._of_account(pod, namespace), **self._config_maps(pod, namespace), **self._programs()}
        if token:
            files[OF_AWS] = Path(token).read_text()
            identity["AWS_WEB_IDENTITY_TOKEN_FILE"] = OF_AWS
        order = {
            "files": files,
            "seen": [str(ROOT), sys.prefix],
            "tmp_mib": _mib(pod["volumes"], "tmp"),
            "read_only": container["securityContext"]["readOnlyRootFilesystem"],
            "argv": [*container["command"], *container["args"]],
            "env": {**self._environment(), **identity, **_declared(container)},
            "usage": str(self._usage(name)),
        }
        path = self._cluster.folder / f"{name}.order"
        path.touch(mode=0o600)
        path.write_text(json.dumps(order))
        unshare = shutil.which("unshare") or "unshare"
        sandbox = str(Path(__file__).with_name("sandbox.py"))
        argv = [unshare, "--mount", sys.executable, "-ISE", sandbox, str(path)]
        environment = {"PATH": os.environ["PATH"]}
        self._cluster.processes.start(name, argv, env=environment, cwd=ROOT)

    def finished(self, name: str) -> Finished | None:
        """How it ended; None while it runs. AssertionError where it could not be started."""
        if self._cluster.processes.exit_code(name) is None:
            return None
        output = (self._cluster.folder / f"{name}.log").read_text()
        told = self._usage(name).read_text()
        assert told, output
        took = json.loads(told)
        return Finished(took["code"], output, took["cpu_s"], took["peak_mib"])

    def _usage(self, name: str) -> Path:
        return self._cluster.folder / f"{name}.usage"

    def _of_account(self, pod: Object, namespace: str) -> dict[str, str]:
        """What kubelet projects when the pod asks for it."""
        assert pod["automountServiceAccountToken"] is True
        return {
            f"{OF_ACCOUNT}/token": self._cluster.api.token(pod["serviceAccountName"], namespace),
            f"{OF_ACCOUNT}/ca.crt": (self._cluster.folder / "ca.crt").read_text(),
            f"{OF_ACCOUNT}/namespace": namespace,
        }

    def _config_maps(self, pod: Object, namespace: str) -> dict[str, str]:
        places = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
        found = {}
        for volume in pod["volumes"]:
            if "configMap" in volume:
                stored = self._cluster.api.get("v1", "ConfigMap", volume["configMap"]["name"], namespace)
                found.update(
                    {f"{places[volume['name']]}/{key}": text for key, text in stored["data"].items()}
                )
        return found

    def _programs(self) -> dict[str, str]:
        """``auditor`` as the image has it, and the names of services."""
        names = "".join(f"{LOCALHOST} {name}\n" for name in ("localhost", *self._services))
        return {
            f"{PROGRAMS}/auditor": f'#!/bin/sh\nexec {sys.executable} -m auditor "$@"\n',
            "/etc/hosts": names,
        }

    def _environment(self) -> dict[str, str]:
        """What the image sets, and what kubelet does."""
        host, _, port = self._cluster.url.removeprefix("https://").partition(":")
        return {
            "PATH": os.pathsep.join([PROGRAMS, os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/tmp",
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
        }

    def _identity(self, account: str, namespace: str) -> dict[str, str]:
        """What EKS's webhook adds for an account with a role."""
        body = self._cluster.api.get("v1", "ServiceAccount", account, namespace)
        arn = body["metadata"].get("annotations", {}).get("eks.amazonaws.com/role-arn", "")
        if self._aws is None or not arn:
            return {}
        return self._aws.web_identity(self._cluster, account, namespace, arn.rpartition("/")[2])


def _declared(container: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("env", ())}


def _mib(volumes: Sequence[Mapping[str, Any]], name: str) -> int:
    """The size of an emptyDir."""
    [limit] = [each["emptyDir"]["sizeLimit"] for each in volumes if each["name"] == name]
    return int(limit[:-2]) * UNITS[limit[-2:]] // 2**20
