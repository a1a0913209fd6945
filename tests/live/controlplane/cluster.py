"""A real Kubernetes control plane on loopback: etcd, API server, controller manager, scheduler, and kwok for nodes.

    with Cluster() as cluster:
        cluster.add_node("gpu-0", {"nvidia.com/gpu": "1"})
        cluster.api.apply(Path("manifests"))
        cluster.kubectl("get", "pods")

The nodes and their pods are objects that kwok moves through their states: no container runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

from tests.live.controlplane import build, kubeconfig, servers
from tests.live.controlplane.api import Api, ApiError
from tests.live.controlplane.manifests import Object
from tests.live.controlplane.pki import Authority, Pair, signing_keys
from tests.live.controlplane.processes import Processes
from tests.live.controlplane.stages import pods
from tests.live.controlplane.timeline import Timeline, wait_for

ISSUER = "https://kubernetes.default.svc.cluster.local"
PORTS = 48
START_S = 90.0
NODE_ROOM = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
THROWN_AWAY = ("kube-apiserver", "etcd")
"""Servers that need no orderly end: their state goes with them."""


class AddOn(Protocol):
    """Programs that run on the cluster, from these modules of ``build.PACKAGES``."""

    modules: Sequence[str]

    def start(self, cluster: Cluster) -> None:
        """Install and start it, and wait until it works."""


class Cluster:
    """A control plane with an empty state, from ``start`` to ``stop``.

    ``add_ons`` are started after it, in order. ``isolated`` puts everything into a network namespace, as programs
    need that bind all interfaces (all add-ons do); the API server and every port of ``free_port`` can be reached
    from here all the same. ``stages`` are how kwok moves pods
    and nodes (by default those of the module ``stages``). ``issuer`` is the ``iss`` of service account tokens.
    """

    def __init__(
        self,
        *,
        isolated: bool = False,
        stages: Sequence[Object] | None = None,
        issuer: str = ISSUER,
        add_ons: Sequence[AddOn] = (),
        apiserver_flags: Sequence[str] = (),
        manager_flags: Sequence[str] = (),
    ) -> None:
        self.isolated = isolated or bool(add_ons)
        self.add_ons = add_ons
        self.issuer = issuer
        self.stages = pods() if stages is None else stages
        self.flags = {"kube-apiserver": apiserver_flags, "kube-controller-manager": manager_flags}
        self.timeline = Timeline()
        self._ports: Iterator[int] = iter(())
        self._commands: dict[str, list[str]] = {}
        for module in ("kube", "kwok", *(name for one in add_ons for name in one.modules)):
            build.ensure(module)

    def start(self) -> Self:
        """Start every server and wait until it answers. Raises ProcessError or NotInTime, with nothing left over."""
        self.timeline = Timeline()
        self.folder = Path(tempfile.mkdtemp(prefix="controlplane-"))
        try:
            self.processes = Processes(self.folder, isolated=self.isolated, ports=PORTS)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        try:
            self._ports = iter(self.processes.ports)
            self._start_servers()
            for one in self.add_ons:
                one.start(self)
                self.timeline.note(f"{type(one).__name__} ready")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process of the cluster and remove its folder."""
        for name in THROWN_AWAY:
            self._kill(name)
        self.processes.stop()

    def _kill(self, name: str) -> None:
        try:
            self.processes.signal(name, signal.SIGKILL)
        except (RuntimeError, OSError):
            return  # It was never started, or its supervisor is gone and it with that.

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def free_port(self) -> int:
        """A loopback port that is the same for the cluster's processes and for this one."""
        port = next(self._ports, None)
        if port is None:
            raise RuntimeError(f"a cluster has {PORTS} ports: raise PORTS")
        return port

    def _start_servers(self) -> None:
        self._write_certificates()
        self.url = f"https://127.0.0.1:{self.free_port()}"
        self.kubeconfig = self.user("admin", ["system:masters"])
        client = (self.folder / "admin.crt", self.folder / "admin.key")
        self.api = Api(self.url, self.folder / "ca.crt", client=client)
        etcd = f"http://127.0.0.1:{self.free_port()}"
        self._run("etcd", servers.etcd(self.folder, etcd, f"http://127.0.0.1:{self.free_port()}"))
        self._run("kube-apiserver", servers.apiserver(self.folder, etcd, self.url, self.issuer))
        self._wait_for_api("kube-apiserver", "/readyz")
        self.timeline.note("API server ready")
        manager = self.user("kube-controller-manager", user="system:kube-controller-manager")
        self._run("kube-controller-manager", servers.manager(self.folder, manager, self.free_port()))
        scheduler = self.user("kube-scheduler", user="system:kube-scheduler")
        self._run("kube-scheduler", servers.scheduler(self.folder, scheduler, self.free_port()))
        self._start_kwok()
        self._wait_for_api("kube-controller-manager", "/api/v1/namespaces/default/serviceaccounts/default")
        self.timeline.note("control plane ready")

    def _start_kwok(self) -> None:
        config = self.folder / "kwok.yaml"
        config.write_text("\n---\n".join(json.dumps(stage) for stage in self.stages))
        argv = servers.kwok(build.program("kwok"), self.kubeconfig, config, self.free_port())
        self.processes.start("kwok", argv, env={"HOME": str(self.folder), "PATH": os.environ["PATH"]})

    def _run(self, name: str, flags: Sequence[str]) -> None:
        argv = [str(build.program("kube")), name, *flags, *self.flags.get(name, ())]
        self._commands[name] = argv
        self.processes.start(name, argv)

    def restart_api_server(self) -> None:
        """Kill the API server, as a crash does, and start it again; its state is in etcd. Waits until it answers."""
        name = "kube-apiserver"
        self.processes.signal(name, signal.SIGKILL)
        wait_for("its end", lambda: self.processes.exit_code(name) is not None)
        self.processes.start(name, self._commands[name])
        self._wait_for_api(name, "/readyz")

    def _wait_for_api(self, server: str, path: str) -> None:
        def answers() -> bool:
            self.processes.expect_running(server)
            try:
                return self.api.request("GET", path) is not None
            except ApiError:
                return False

        wait_for(f"{server} answers", answers, timeout=START_S)

    def _write_certificates(self) -> None:
        self.authority = Authority("control-plane")
        front = Authority("front-proxy")
        hosts = ["127.0.0.1", "localhost", "10.96.0.1", "kubernetes", "kubernetes.default.svc"]
        self.write_pair("ca", self.authority.pair)
        self.write_pair("front-ca", front.pair)
        self.write_pair("kube-apiserver", self.authority.issue("kube-apiserver", hosts=hosts))
        self.write_pair("front-proxy", front.issue("front-proxy-client"))
        self.write_pair("tokens", signing_keys())

    def write_pair(self, name: str, pair: Pair) -> None:
        """Write ``<name>.crt`` and ``<name>.key`` into the cluster's folder."""
        for ending, data in (("crt", pair.public), ("key", pair.key)):
            path = self.folder / f"{name}.{ending}"
            path.touch(mode=0o600)
            path.write_bytes(data)

    def user(self, name: str, groups: Sequence[str] = (), *, user: str | None = None) -> Path:
        """The kubeconfig of a user with a client certificate; ``user`` is its name in Kubernetes."""
        pair = self.authority.issue(user or name, groups=groups)
        self.write_pair(name, pair)
        return self._write_kubeconfig(name, kubeconfig.by_certificate(pair))

    def service_account(self, name: str, namespace: str = "default") -> Path:
        """The kubeconfig of a service account, with a token of four hours."""
        token = self.api.token(name, namespace, seconds=4 * 3600)
        return self._write_kubeconfig(f"{namespace}-{name}", kubeconfig.by_token(token))

    def _write_kubeconfig(self, name: str, user: dict[str, str]) -> Path:
        path = self.folder / f"{name}.kubeconfig"
        return kubeconfig.write(path, self.url, self.authority.pair.public, user)

    def add_node(
        self,
        name: str,
        room: Mapping[str, str] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """A node that kwok keeps Ready; ``room`` adds to what it has (``{"nvidia.com/gpu": "4"}``)."""
        room = {**NODE_ROOM, **(room or {})}
        self.api.apply(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
                "spec": {"taints": [*taints]},
            }
        )
        status = {"status": {"capacity": room, "allocatable": room}}
        self.api.patch("v1", "Node", name, status, subresource="status")

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """What the cluster's own kubectl prints; CalledProcessError, with what it said, where it fails."""
        command = [str(build.program("kubectl")), f"--kubeconfig={self.kubeconfig}", *words]
        environment = {**os.environ, "HOME": str(self.folder)}
        done = subprocess.run(command, input=stdin, env=environment, text=True, capture_output=True)
        if done.returncode != 0:
            error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done.stdout

    def resident_mib(self) -> dict[str, int]:
        """Resident memory of each program of this cluster, in MiB."""
        return self.processes.resident_mib()
