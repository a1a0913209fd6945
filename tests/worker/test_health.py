"""/metrics, /healthz and /readyz."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from worker.health import HealthServer
from worker.metrics import Metrics


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_probes_answer_with_the_trouble_in_words() -> None:
    trouble: dict[str, str | None] = {"healthy": None, "ready": "no scans are taken now"}
    server = HealthServer(
        "127.0.0.1", 0, Metrics(), healthy=lambda: trouble["healthy"], ready=lambda: trouble["ready"]
    )
    assert get(server.port, "/healthz") == (200, "ok\n")
    assert get(server.port, "/readyz") == (503, "no scans are taken now\n")
    trouble.update(healthy="the heartbeat is not alive", ready=None)
    assert get(server.port, "/healthz")[0] == 503
    assert get(server.port, "/readyz?verbose")[0] == 200
    assert "worker_scans_total" in get(server.port, "/metrics")[1]
    assert get(server.port, "/etc/passwd")[0] == 404
    server.close()
    with pytest.raises(OSError):
        get(server.port, "/healthz")
