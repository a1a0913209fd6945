"""Command lines of the control plane's servers.

What is set and why: no fsync, no leader election and no graceful endpoints, because the state lives for minutes;
quick autoscaling, because tests wait for it; all else is the default, because it is what runs on EKS.
"""

from __future__ import annotations

from pathlib import Path

SERVICE_RANGE = "10.96.0.0/16"


def etcd(folder: Path, clients: str, peers: str) -> list[str]:
    """One member, on plain HTTP within loopback."""
    return [
        "--name=default",
        f"--data-dir={folder}/etcd",
        "--unsafe-no-fsync",
        "--log-level=error",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
    ]


def apiserver(folder: Path, etcd: str, url: str, issuer: str) -> list[str]:
    """RBAC, service account tokens of ``issuer``, and the front proxy that aggregated APIs trust."""
    port = url.rpartition(":")[2]
    return [
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--cert-dir={folder}/run",
        f"--client-ca-file={folder}/ca.crt",
        f"--tls-cert-file={folder}/kube-apiserver.crt",
        f"--tls-private-key-file={folder}/kube-apiserver.key",
        f"--service-account-key-file={folder}/tokens.crt",
        f"--service-account-signing-key-file={folder}/tokens.key",
        f"--service-account-issuer={issuer}",
        f"--requestheader-client-ca-file={folder}/front-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={folder}/front-proxy.crt",
        f"--proxy-client-key-file={folder}/front-proxy.key",
    ]


def manager(folder: Path, kubeconfig: Path, port: int) -> list[str]:
    """Every controller; the default rate of requests would make its start take ten seconds."""
    return [
        *_client(folder, kubeconfig, port),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={folder}/tokens.key",
        f"--root-ca-file={folder}/ca.crt",
        f"--cluster-signing-cert-file={folder}/ca.crt",
        f"--cluster-signing-key-file={folder}/ca.key",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--horizontal-pod-autoscaler-sync-period=1s",
        "--horizontal-pod-autoscaler-downscale-stabilization=2s",
    ]


def scheduler(folder: Path, kubeconfig: Path, port: int) -> list[str]:
    """The default profile."""
    return _client(folder, kubeconfig, port)


def _client(folder: Path, kubeconfig: Path, port: int) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}/run",
        "--leader-elect=false",
    ]


def kwok(program: Path, kubeconfig: Path, config: Path, port: int) -> list[str]:
    """Every node is a fake one: there is no kubelet here."""
    return [
        str(program),
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        "--manage-all-nodes=true",
        "--node-ip=127.0.0.1",
        f"--server-address=127.0.0.1:{port}",
        "--node-lease-duration-seconds=40",
    ]
