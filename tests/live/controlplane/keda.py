"""KEDA's operator and metrics adapter, under their own service account and the RBAC rules that KEDA ships."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path

from tests.live.controlplane import build, crds
from tests.live.controlplane.api import condition
from tests.live.controlplane.aws import Moto
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.gomodules import module_folder
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.pki import Authority
from tests.live.controlplane.timeline import wait_for

NAMESPACE = "keda"
RULES = ("service_account/service_account.yaml", "rbac/role.yaml", "rbac/role_binding.yaml")
ADAPTER_RULES = ("metrics-server/role.yaml", "metrics-server/role_binding.yaml")
METRICS_API = "v1beta1.external.metrics.k8s.io"
SERVICE = "keda-metrics-apiserver"


class Keda:
    """KEDA as an add-on of a cluster, after the ``aws`` that it asks.

    Its operator has ``role`` by its own token, as IRSA gives it; ScaledObjects say ``identityOwner: operator``.
    """

    modules: Sequence[str] = ("keda",)

    def __init__(self, aws: Moto, role: str = "keda-operator") -> None:
        self.aws = aws
        self.role = role

    def start(self, cluster: Cluster) -> None:
        """Install the definitions and rules, start both programs, wait for the aggregated metrics API."""
        api = cluster.api
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        source = crds.SOURCES["keda"]
        config = module_folder(source.module, source.version) / "config"
        api.apply(
            [crds.load("keda"), *(config / name for name in (*RULES, *ADAPTER_RULES))], namespace=NAMESPACE
        )
        authority = Authority("keda")
        certificates = _write_certificates(cluster, authority)
        kubeconfig = cluster.service_account("keda-operator", NAMESPACE)
        adapter = self._start_programs(cluster, kubeconfig, certificates)
        api.apply(_aggregation(adapter, authority.pair.public))
        wait_for("KEDA's metrics API available", lambda: _serves(cluster))

    def _start_programs(self, cluster: Cluster, kubeconfig: Path, certificates: Path) -> int:
        metrics, health, grpc, adapter = (cluster.free_port() for _ in range(4))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(cluster.folder),
            "KUBECONFIG": str(kubeconfig),
            "POD_NAMESPACE": NAMESPACE,
            "WATCH_NAMESPACE": "",
            "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
        }
        operator_flags = [
            f"--metrics-bind-address=127.0.0.1:{metrics}",
            f"--health-probe-bind-address=127.0.0.1:{health}",
            f"--metrics-service-bind-address=127.0.0.1:{grpc}",
            f"--cert-dir={certificates}",
            "--zap-encoder=console",
        ]
        operator = [str(build.program("keda-operator")), *operator_flags]
        identity = self.aws.web_identity(cluster, "keda-operator", NAMESPACE, self.role)
        cluster.processes.start("keda-operator", operator, env={**environment, **identity})
        flags = _adapter_flags(cluster.folder / "ca.crt", kubeconfig, certificates, adapter, grpc)
        cluster.processes.start("keda-adapter", [str(build.program("keda-adapter")), *flags], env=environment)
        return adapter


def _adapter_flags(clients: Path, kubeconfig: Path, certificates: Path, port: int, grpc: int) -> list[str]:
    return [
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--client-ca-file={clients}",
        f"--cert-dir={certificates}",
        f"--tls-cert-file={certificates}/tls.crt",
        f"--tls-private-key-file={certificates}/tls.key",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--lister-kubeconfig={kubeconfig}",
        f"--metrics-service-address=127.0.0.1:{grpc}",
    ]


def _write_certificates(cluster: Cluster, authority: Authority) -> Path:
    """One certificate for both ends of the programs' own connection and for the aggregated API."""
    folder = cluster.folder / "keda-certificates"
    folder.mkdir()
    hosts = ["127.0.0.1", "localhost", "keda-operator", f"{SERVICE}.{NAMESPACE}.svc"]
    pair = authority.issue("keda-operator", hosts=hosts)
    contents = {"ca.crt": authority.pair.public, "tls.crt": pair.public, "tls.key": pair.key}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


def _aggregation(port: int, authority: bytes) -> list[Object]:
    """An ExternalName service resolves to loopback, which Endpoints may not name."""
    service = {"name": SERVICE, "namespace": NAMESPACE, "port": port}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "namespace": NAMESPACE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": METRICS_API},
            "spec": {
                "service": service,
                "group": "external.metrics.k8s.io",
                "version": "v1beta1",
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": base64.b64encode(authority).decode(),
            },
        },
    ]


def _serves(cluster: Cluster) -> bool:
    for program in ("keda-operator", "keda-adapter"):
        cluster.processes.expect_running(program)
    service = cluster.api.get("apiregistration.k8s.io/v1", "APIService", METRICS_API)
    return condition(service, "Available") == "True"
