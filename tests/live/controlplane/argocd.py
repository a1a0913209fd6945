"""Argo CD's application controller, ApplicationSet controller and repo server, with a Redis in memory."""

from __future__ import annotations

import os
import secrets
import urllib.request
from collections.abc import Sequence

from tests.live.controlplane import build, crds
from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.timeline import wait_for
from tools.install import CACHE

NAMESPACE = "argocd"
RESYNC_S = 3
"""How often Git is looked at: three minutes as shipped."""
LABELS = {"app.kubernetes.io/part-of": "argocd"}


class ArgoCD:
    """Argo CD as an add-on of a cluster, its own cluster being the destination ``https://kubernetes.default.svc``.

    It reads any repository that git can reach, ``file://`` too, and renders with the control plane's kustomize.
    ``settings`` go into the ConfigMap argocd-cm; ``parameters`` are variables of its programs, which its installation
    fills from argocd-cmd-params-cm.
    """

    modules: Sequence[str] = ("argocd",)

    def __init__(
        self, settings: dict[str, str] | None = None, parameters: dict[str, str] | None = None
    ) -> None:
        self.settings = settings or {}
        self.parameters = parameters or {}

    def start(self, cluster: Cluster) -> None:
        """Install the definitions, start the four programs, wait until they answer."""
        cluster.api.apply([crds.load("argocd"), _settings(self.settings)], namespace=NAMESPACE)
        (cluster.folder / "argocd").mkdir()
        redis, repo, *answering = (cluster.free_port() for _ in range(5))
        self._run(cluster, "redis", [f"127.0.0.1:{redis}"])
        cache = f"--redis=127.0.0.1:{redis}"
        self._run(cluster, "repo-server", [cache, *_repo_server_flags(repo, answering[0])])
        client = [f"--kubeconfig={cluster.kubeconfig}", f"--namespace={NAMESPACE}"]
        server = [f"127.0.0.1:{repo}", "--repo-server-plaintext"]
        controller = [
            f"--repo-server={server[0]}",
            server[1],
            f"--metrics-port={answering[1]}",
            "--loglevel=warn",
        ]
        self._run(cluster, "application-controller", [*client, cache, *controller])
        sets = [
            f"--argocd-repo-server={server[0]}",
            server[1],
            *_application_set_flags(cluster, answering[2]),
        ]
        self._run(cluster, "applicationset-controller", [*client, *sets])
        paths = zip(answering, ("metrics", "healthz", "metrics"), strict=True)
        urls = [f"http://127.0.0.1:{port}/{path}" for port, path in paths]
        wait_for("Argo CD answers", lambda: all(_answers(cluster, url) for url in urls))

    def _run(self, cluster: Cluster, part: str, flags: Sequence[str]) -> None:
        """Start one part; it finds kustomize beside the control plane and Helm among the test tools."""
        program = build.program("argocd")
        folder = cluster.folder / "argocd"
        programs = [str(build.ensure("kube")), str(CACHE / "bin"), os.environ["PATH"]]
        environment = {
            "PATH": os.pathsep.join(programs),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "KUBECONFIG": str(cluster.kubeconfig),
            # The cluster that it runs in is found by the kubeconfig, as there is no pod to find it from.
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_RECONCILIATION_TIMEOUT": f"{RESYNC_S}s",
            "ARGOCD_RECONCILIATION_JITTER": "0",
            "ARGOCD_APPLICATIONSET_CONTROLLER_REQUEUE_AFTER": f"{RESYNC_S}s",
            **self.parameters,
        }
        cluster.processes.start(f"argocd-{part}", [str(program), part, *flags], env=environment)


def _settings(settings: dict[str, str]) -> list[Object]:
    """What Argo CD does not start without."""
    key = secrets.token_hex(32)
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "argocd-cm", "labels": LABELS},
            "data": settings,
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "argocd-secret", "labels": LABELS},
            "stringData": {"server.secretkey": key},
        },
    ]


def _repo_server_flags(port: int, metrics: int) -> list[str]:
    return [
        "--address=127.0.0.1",
        f"--port={port}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={metrics}",
        "--disable-tls",
        "--loglevel=warn",
    ]


def _application_set_flags(cluster: Cluster, metrics: int) -> list[str]:
    return [
        f"--metrics-addr=127.0.0.1:{metrics}",
        f"--webhook-addr=127.0.0.1:{cluster.free_port()}",
        f"--probe-addr=127.0.0.1:{cluster.free_port()}",
        "--loglevel=warn",
    ]


def _answers(cluster: Cluster, url: str) -> bool:
    for part in ("redis", "repo-server", "application-controller", "applicationset-controller"):
        cluster.processes.expect_running(f"argocd-{part}")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=2) as answer:
        return bool(answer.status == 200)
