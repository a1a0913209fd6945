"""``/metrics`` for Prometheus, ``/healthz`` and ``/readyz`` for the kubelet, on one port."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from worker.metrics import Metrics


class HealthServer:
    """Serves until closed. ``healthy`` and ``ready`` give None, or why not in a few words."""

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        *,
        healthy: Callable[[], str | None],
        ready: Callable[[], str | None],
    ) -> None:
        self._metrics = metrics
        self._probes = {"/healthz": healthy, "/readyz": ready}
        self._server = ThreadingHTTPServer((host, port), _handler(self._answer))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            return 200, "text/plain; version=0.0.4; charset=utf-8", self._metrics.exposition()
        probe = self._probes.get(path)
        if probe is None:
            return 404, "text/plain", b"/metrics, /healthz, /readyz\n"
        trouble = probe()
        return (503, "text/plain", f"{trouble}\n".encode()) if trouble else (200, "text/plain", b"ok\n")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(answer: Callable[[str], tuple[int, str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            status, kind, body = answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """A probe every few seconds is no news."""

    return Handler
