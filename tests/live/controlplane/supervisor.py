"""The parent of every process of a cluster: a program of its own that outlives no one.

It runs as ``python supervisor.py CONTROL_FD FOLDER`` and takes orders over that socket, one JSON object a packet.
When the other end closes, however the test process ended, it ends its processes, removes the folder with their
state and ends itself; should it be killed itself, the kernel ends them (PR_SET_PDEATHSIG holds for the thread that
started a process: here there is one). With ``ISOLATED`` as third argument it was started in a network namespace,
whose loopback it brings up first.

Orders: ``{"start": NAME, "argv": […], "env": {…}, "cwd": PATH, "log": PATH, "fds": […]}``,
``{"signal": NAME, "number": N}`` and ``{"poll": NAME}``; each is answered with ``{"pid": N}``,
``{"code": N or null}`` or ``{"error": TEXT}``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
PACKET = 1 << 18
GRACE_S = 1.0
LIBC = ctypes.CDLL(None)


def main() -> None:
    """Serve orders until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if sys.argv[3:] == ["ISOLATED"]:
        bring_loopback_up()
    processes: dict[str, subprocess.Popen[bytes]] = {}
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        control.send(b"{}")
        while packet := control.recv(PACKET):
            control.send(json.dumps(answer(json.loads(packet), processes)).encode())
    except ConnectionError:
        pass
    finally:
        end_all(list(processes.values()))
        shutil.rmtree(sys.argv[2], ignore_errors=True)


def answer(order: dict[str, Any], processes: dict[str, subprocess.Popen[bytes]]) -> dict[str, Any]:
    """Do what one order says."""
    try:
        if "start" in order:
            processes[order["start"]] = process = start(order)
            return {"pid": process.pid}
        if "signal" in order:
            processes[order["signal"]].send_signal(order["number"])
            return {"code": processes[order["signal"]].poll()}
        return {"code": processes[order["poll"]].poll()}
    except (OSError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start a process whose output goes to its log and whose life ends with ours."""
    with open(order["log"], "ab") as log:  # noqa: PTH123 (this file is a program that starts in milliseconds)
        return subprocess.Popen(
            order["argv"],
            env=order["env"],
            cwd=order["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=order["fds"],
            preexec_fn=die_with_parent,
            start_new_session=True,
        )


def die_with_parent() -> None:
    """In the child: ask the kernel to end it with its parent."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_all(processes: list[subprocess.Popen[bytes]]) -> None:
    """End what still runs, with its children, last started first; a second for those that tidy up."""
    deadline = time.monotonic() + GRACE_S
    for process in reversed(processes):
        signal_group(process, signal.SIGTERM)
    for process in reversed(processes):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        signal_group(process, signal.SIGKILL)
        process.wait()


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Signal a process and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def bring_loopback_up() -> None:
    """A new network namespace has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(probe, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


if __name__ == "__main__":
    main()
