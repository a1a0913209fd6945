"""Pushing metrics: what arrives, what is tried again, what is said, and that the verdict stands."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from auditor.errors import UsageError
from auditor.results import Undelivered
from auditor.results.push import PAUSES, Gateway
from tests.unit.command import run


class Pushed(NamedTuple):
    """One request."""

    method: str
    path: str
    authorization: str
    body: bytes


class Server:
    """A gateway that answers with the given statuses, and with 200 after them."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.requests, self.url = [*statuses], list[Pushed](), ""


@contextmanager
def gateway(*statuses: int) -> Iterator[Server]:
    """The server on loopback."""
    server = Server(*statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            authorization = self.headers.get("authorization", "")
            server.requests.append(Pushed(self.command, self.path, authorization, body))
            status = server.statuses.pop(0) if server.statuses else 200
            self.send_response(status)
            if status in (301, 302):
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"not now" if status >= 400 else b"")

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def push(url: str, metrics: bytes = b"up 1\n", scope: str = "git,cluster:prod") -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []
    Gateway(url, pauses.append).push(metrics, scope)
    return pauses


def test_metrics_arrive_in_the_group_of_their_scope() -> None:
    with gateway() as server:
        push(f"{server.url}/", scope="a/b,cluster:ü")
    (sent,) = server.requests
    assert sent.method == "POST" and sent.body == b"up 1\n"
    label = sent.path.removeprefix("/metrics/job/auditor/scope@base64/")
    assert base64.urlsafe_b64decode(label + "=" * (-len(label) % 4)).decode() == "a/b,cluster:ü"


def test_an_address_with_a_job_is_taken_as_it_is() -> None:
    with gateway() as server:
        push(f"{server.url}/metrics/job/mine/team/ml")
    assert server.requests[0].path == "/metrics/job/mine/team/ml"


def test_what_may_pass_is_tried_again() -> None:
    with gateway(503, 429) as server:
        assert push(server.url) == [*PAUSES[:2]]
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_what_stays_wrong_is_said_at_once(status: int) -> None:
    with gateway(status, status) as server, pytest.raises(Undelivered, match=f"HTTP {status}"):
        push(server.url)
    assert [each.method for each in server.requests] == ["POST"]


def test_a_gateway_that_is_down_is_given_up_after_the_last_pause() -> None:
    pauses: list[float] = []
    with pytest.raises(Undelivered, match="did not take the metrics"):
        Gateway("http://127.0.0.1:9", pauses.append).push(b"", "x")
    assert pauses == [*PAUSES]


def test_credentials_go_into_the_header_and_into_no_message() -> None:
    with gateway(401) as server:
        address = server.url.replace("http://", "http://ana:s3cr%40t@")
        with pytest.raises(Undelivered) as raised:
            push(address)
    sent = server.requests[0].authorization.removeprefix("Basic ")
    assert base64.b64decode(sent) == b"ana:s3cr@t"
    assert "s3cr" not in raised.value.what + raised.value.repair


def test_credentials_may_come_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_PUSH_USER", "ana")
    monkeypatch.setenv("AUDITOR_PUSH_PASSWORD", "p%40")
    with gateway() as server:
        push(server.url)
    assert base64.b64decode(server.requests[0].authorization.removeprefix("Basic ")) == b"ana:p%40"


@pytest.mark.parametrize(
    "url", ["pushgateway:9091", "ftp://x", "http://", "http://[::1:9091", "http://x:abc"]
)
def test_an_address_that_is_none_is_a_mistake_of_usage(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--push"):
        Gateway(url)
    assert run("check", tmp_path, "--push", url).code == 2


def test_the_command_pushes_what_the_format_shows(tmp_path: Path) -> None:
    with gateway() as server:
        outcome = run("check", tmp_path, "--push", server.url, "--format", "metrics")
    assert outcome.code == 0
    assert server.requests[0].body.decode() == outcome.out


def test_a_push_that_fails_is_said_and_changes_no_verdict(tmp_path: Path) -> None:
    with gateway(400) as server:
        outcome = run("check", tmp_path, "--push", server.url, "--format", "json")
    assert outcome.code == 0 and outcome.out.startswith("{")
    assert "did not take the metrics: HTTP 400 not now" in outcome.err
