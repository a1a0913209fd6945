"""Starts and ends processes through the supervisor, on loopback or in a network namespace of their own."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
SERVER_PORTS = range(20_000, 32_000)
"""Below the ports that the kernel gives to outgoing connections: none of those can take one in between."""
TAIL_BYTES = 4_000


class ProcessError(RuntimeError):
    """A process did not start, or ended before its time; the message has the end of its log."""


def reserve_ports(count: int) -> list[socket.socket]:
    """Listening sockets on loopback ports that no one uses."""
    held: list[socket.socket] = []
    for port in random.SystemRandom().sample(SERVER_PORTS, len(SERVER_PORTS)):
        if len(held) == count:
            break
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", port))
            candidate.listen(128)
        except OSError:
            candidate.close()
        else:
            held.append(candidate)
    return held


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


class Processes:
    """The processes of one cluster; they end with it and with this process, however it ends, and ``folder`` goes too.

    ``isolated`` gives them a network namespace with nothing but a loopback: what binds all interfaces binds only
    that. The first ``ports`` port numbers are the same on both sides and carried in from outside.
    """

    def __init__(self, folder: Path, *, isolated: bool, ports: int) -> None:
        self.folder = folder
        self.isolated = isolated
        listening = reserve_ports(ports)
        self.ports = [one.getsockname()[1] for one in listening]
        self._lock = threading.Lock()
        self._pids: dict[str, int] = {}
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inherited = [theirs.fileno(), *(one.fileno() for one in listening if isolated)]
        self._supervisor = self._start_supervisor(theirs.fileno(), inherited)
        theirs.close()
        self._greet()
        if isolated:
            forward = [sys.executable, "-ISE", str(HERE / "forward.py"), *map(str, inherited[1:])]
            self.start("forward", forward, env={}, fds=inherited[1:])
        for one in listening:
            one.close()

    def _start_supervisor(self, control: int, inherited: list[int]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-ISE", str(HERE / "supervisor.py"), str(control), str(self.folder)]
        if self.isolated:
            command = [*_unshare(), *command, "ISOLATED"]
        with (self.folder / "supervisor.log").open("wb") as log:
            return subprocess.Popen(
                command, pass_fds=inherited, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True
            )

    def _greet(self) -> None:
        if not self._control.recv(16):
            raise ProcessError(
                f"the supervisor did not start: {self.log('supervisor')}\nWhere this is about a namespace: run as "
                "root, or allow unprivileged ones (sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
            )

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        fds: Sequence[int] = (),
    ) -> int:
        """Start a process by an absolute path; its output goes to ``<folder>/<name>.log``. Returns its pid."""
        order = {
            "start": name,
            "argv": list(argv),
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or self.folder),
            "log": str(self.folder / f"{name}.log"),
            "fds": list(fds),
        }
        pid: int = self._order(order)["pid"]
        self._pids[name] = pid
        return pid

    def signal(self, name: str, number: int = signal.SIGTERM) -> None:
        """Send a signal to one process (its children do not get it)."""
        self._order({"signal": name, "number": int(number)})

    def exit_code(self, name: str) -> int | None:
        """How a process ended, or None while it runs."""
        code: int | None = self._order({"poll": name})["code"]
        return code

    def expect_running(self, name: str) -> None:
        """Raises ProcessError with the end of its log where a process has ended."""
        if (code := self.exit_code(name)) is not None:
            raise ProcessError(f"{name} ended with {code}:\n{self.log(name)}")

    def log(self, name: str) -> str:
        """The end of what a process has printed."""
        path = self.folder / f"{name}.log"
        return path.read_bytes()[-TAIL_BYTES:].decode(errors="replace") if path.exists() else ""

    def logs(self) -> dict[str, str]:
        """The end of what every process has printed, where it printed anything."""
        return {name: text for name in self._pids if (text := self.log(name))}

    def pids(self) -> list[int]:
        """The supervisor and every process it has started."""
        return [self._supervisor.pid, *self._pids.values()]

    def resident_mib(self) -> dict[str, int]:
        """Resident memory of each running process, in MiB."""
        found = {}
        for name, pid in self._pids.items():
            status = Path(f"/proc/{pid}/status")
            for line in status.read_text().splitlines() if status.exists() else []:
                if line.startswith("VmRSS:"):
                    found[name] = int(line.split()[1]) >> 10
        return found

    def stop(self) -> None:
        """End every process and remove the folder; what does not end by itself within a second is killed."""
        self._control.close()
        self._supervisor.wait()

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._control.send(json.dumps(order).encode())
            packet = self._control.recv(1 << 16)
        answer: dict[str, Any] = json.loads(packet or b'{"error": "the supervisor has ended"}')
        if "error" in answer:
            raise ProcessError(f"{order}: {answer['error']}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _unshare() -> list[str]:
    program = shutil.which("unshare")
    if program is None:
        raise ProcessError("unshare (util-linux) is needed for a network namespace: install it")
    return [program, "--net"] if os.geteuid() == 0 else [program, "--user", "--map-root-user", "--net"]
