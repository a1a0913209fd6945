"""Processes of a cluster: where they can be reached, and what is left of them."""

from __future__ import annotations

import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.live.controlplane.manifests import read
from tests.live.controlplane.processes import ProcessError, Processes, is_alive, reserve_ports
from tests.live.controlplane.timeline import NotInTime, wait_for

PYTHON = [sys.executable, "-ISE"]


def folder_in(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def fetch(port: int) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"http://127.0.0.1:{port}/secret.txt", timeout=2) as answer:
        return str(answer.read().decode())


def test_only_reserved_ports_lead_into_the_namespace(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    (folder / "secret.txt").write_text("inside")
    [unused] = reserve_ports(1)
    other = unused.getsockname()[1]
    unused.close()
    with Processes(folder, isolated=True, ports=1) as processes:
        [reserved] = processes.ports
        for port in (reserved, other):
            argv = [*PYTHON, "-m", "http.server", str(port), "--bind", "0.0.0.0"]
            processes.start(f"server-{port}", argv)
        assert wait_for("server answers", lambda: fetch(reserved)) == "inside"
        with pytest.raises(OSError, match="refused"):
            fetch(other)


def test_a_process_that_ends_is_named_with_its_last_words(tmp_path: Path) -> None:
    with Processes(folder_in(tmp_path), isolated=False, ports=1) as processes:
        processes.start("broken", [*PYTHON, "-c", "raise SystemExit('no such flag')"])
        with pytest.raises(ProcessError, match=r"broken ended with 1:\nno such flag"):
            wait_for("never", lambda: processes.expect_running("broken"), timeout=10)


def test_children_of_a_process_end_with_it(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    code = "import subprocess, sys, pathlib; c = subprocess.Popen(['sleep', '600']);"
    code += "pathlib.Path('child').write_text(str(c.pid)); c.wait()"
    with Processes(folder, isolated=False, ports=1) as processes:
        processes.start("parent", [*PYTHON, "-c", code])
        child = int(wait_for("child", lambda: (folder / "child").read_text()))
    wait_for("the child's end", lambda: not is_alive(child), timeout=10)
    assert not folder.exists()


def test_a_signal_reaches_the_process_and_its_end_is_seen(tmp_path: Path) -> None:
    with Processes(folder_in(tmp_path), isolated=False, ports=1) as processes:
        processes.start("sleeper", ["/bin/sleep", "600"])
        assert processes.exit_code("sleeper") is None
        processes.signal("sleeper", signal.SIGTERM)
        assert wait_for("its end", lambda: processes.exit_code("sleeper")) == -signal.SIGTERM


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        Processes(folder_in(tmp_path), isolated=False, ports=1) as processes,
        pytest.raises(ProcessError, match=r"FileNotFoundError.*/no/such/program"),
    ):
        processes.start("none", ["/no/such/program"])


def test_what_does_not_come_is_named_with_what_was_seen_last() -> None:
    with pytest.raises(NotInTime, match=r"two replicas: not after 0\.2 s; last seen: 0"):
        wait_for("two replicas", lambda: 0, timeout=0.2)
    with pytest.raises(NotInTime, match="ValueError"):
        wait_for("a number", lambda: int("none"), timeout=0.2)


def test_manifests_come_from_text_files_folders_and_lists(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("kind: B\n---\n---\nkind: C\nops: [=, '!=']\n")
    (tmp_path / "a.yml").write_text("kind: List\nitems: [{kind: A}]\n")
    assert [one["kind"] for one in read([tmp_path, "kind: D", {"kind": "E"}])] == list("ABCDE")
    assert list(read(tmp_path / "b.yaml"))[1]["ops"] == ["=", "!="]
