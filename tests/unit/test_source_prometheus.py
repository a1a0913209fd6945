"""The source of metrics: how it asks, how it asks again, and what it makes of half an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError

from auditor.engine import Engine
from auditor.errors import UsageError
from auditor.model import Status
from auditor.sources.live import Needs, Reading, Request
from auditor.sources.prometheus.client import Client, Failed, chunks
from auditor.sources.prometheus.kinds import READERS
from auditor.sources.prometheus.options import PrometheusOptions
from auditor.sources.prometheus.source import PrometheusSource
from auditor.sources.snapshot import decoded, encoded
from auditor.usage.series import DAY, Window
from auditor.world import World
from tests.unit.worlds import policy

NOW = datetime(2026, 4, 24, 12, tzinfo=UTC)


class Asked(NamedTuple):
    """One request, as the server saw it."""

    method: str
    path: str
    form: dict[str, str]
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """What the server says."""

    status: int = 200
    body: bytes = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
    headers: Mapping[str, str] = {}


def names(*found: str) -> Reply:
    return Reply(body=json.dumps({"status": "success", "data": found}).encode())


class Server:
    """A metrics' server that says what a test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.reply: Callable[[Asked], Reply] = lambda asked: Reply() if asked.method == "POST" else names()
        self.date = NOW.timestamp()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.answer("POST", self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                self.answer("GET", path, query)

            def answer(self, method: str, path: str, form: str) -> None:
                asked = Asked(method, path, dict(parse_qsl(form)), dict(self.headers.items()))
                outer.asked.append(asked)
                reply = outer.reply(asked)
                self.send_response_only(reply.status)
                self.send_header("Date", formatdate(outer.date, usegmt=True))
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *args: object) -> None:
                del args

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "USER", "PASSWORD"):
        monkeypatch.delenv(f"AUDITOR_PROMETHEUS_{name}", raising=False)


def client(server: Server, **options: Any) -> Client:
    return Client(
        server.url, PrometheusOptions(**options), sleep=lambda seconds: None, clock=lambda: NOW.timestamp()
    )


def matrix(*series: tuple[dict[str, str], list[tuple[int, str]]], **more: Any) -> Reply:
    result = [{"metric": labels, "values": values} for labels, values in series]
    data = {"resultType": "matrix", "result": result}
    return Reply(body=json.dumps({"status": "success", "data": data, **more}).encode())


def read(server: Server, *kinds: str, **options: Any) -> Reading:
    wanted = policy(match={"kinds": [f"metrics/v1/{kind}" for kind in kinds or READERS]})
    source = PrometheusSource(Request("prometheus", server.url, options), client(server, **options))
    (found,) = source.read(Needs([wanted], frozenset(), frozenset(), NOW))
    return found


def unread(reading: Reading) -> set[str]:
    reach = reading.targets[0].reach
    assert reach is not None
    return {kind for _, kind in reach.unread}


@pytest.mark.parametrize("days", [0.5, 14, 31, 90, 400])
@pytest.mark.parametrize("step", [15, 60, 300, 1800])
def test_questions_are_cut_at_11000_points_and_31_days_and_leave_nothing_out(days: float, step: int) -> None:
    window = Window(0, int(days * DAY) // step * step, step)
    times: list[int] = []
    for start, end in chunks(window):
        assert (end - start) // step + 1 <= 11_000
        assert end - start <= 31 * DAY
        times += range(start, end + 1, step)
    assert times == list(range(window.start, window.end + 1, step))


def test_the_parts_of_a_series_are_joined(server: Server) -> None:
    server.reply = lambda asked: matrix(({"a": "b"}, [(int(asked.form["start"]), "1")]))
    (found,) = client(server).range("up", Window(0, 62 * DAY, 1800))
    assert sorted(found.points) == [0, 31 * DAY + 1800]
    assert {each.method for each in server.asked} == {"POST"}


def test_what_is_no_number_is_no_sample(server: Server) -> None:
    server.reply = lambda asked: matrix(({}, [(0, "NaN"), (60, "+Inf"), (120, "3")]))
    assert client(server).range("up", Window(0, 120, 60))[0].points == {120: 3.0}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    answers = iter([Reply(status, b"busy", {"Retry-After": "1"}), Reply(status, b"busy"), matrix()])
    server.reply = lambda asked: next(answers)
    assert client(server).range("up", Window(0, 60, 60)) == []
    assert len(server.asked) == 3


def test_a_server_that_stays_busy_is_given_up_after_a_while(server: Server) -> None:
    server.reply = lambda asked: Reply(503, b"no")
    with pytest.raises(Failed, match="HTTP 503"):
        client(server).range("up", Window(0, 60, 60))
    assert 3 < len(server.asked) < 12


def test_a_slow_server_is_not_waited_for_without_end(server: Server) -> None:
    hold = threading.Event()
    server.reply = lambda asked: Reply(200 + 0 * hold.wait(0.5))
    with pytest.raises(Failed, match="timed out"):
        client(server, timeout=0.1, retry_seconds=0.6).range("up", Window(0, 60, 60))
    hold.set()


@pytest.mark.parametrize("words", ["Partial response: store-2 is down", "fetch series for {block}: EOF"])
def test_half_an_answer_is_none(server: Server, words: str) -> None:
    server.reply = lambda asked: matrix(({"UUID": "x"}, [(0, "1")]), warnings=[words])
    with pytest.raises(Failed, match="incomplete"):
        client(server).range("up", Window(0, 60, 60))


def test_remarks_on_a_query_are_no_warnings(server: Server) -> None:
    server.reply = lambda asked: matrix(
        ({}, [(0, "1")]), warnings=["PromQL info: metric might not be a counter"], infos=["a remark"]
    )
    assert client(server).range("up", Window(0, 60, 60))


def test_nothing_half_answered_passes(server: Server) -> None:
    server.reply = lambda asked: matrix(({"UUID": "x", "node": "n"}, [(0, "1")]), warnings=["partial"])
    reading = read(server)
    wanted = policy(match={"kinds": ["metrics/v1/Gpu"]}, **{"assert": "true"})
    verdicts = Engine([wanted]).judge(World(reading.targets[0]))
    assert reading.problems
    assert [each.status for each in verdicts] == [Status.NOT_ASSESSED]


def test_an_expired_token_is_read_again_and_then_refused(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")

    def renew(asked: Asked) -> Reply:
        if asked.headers["Authorization"] == "Bearer new":
            return matrix()
        file.write_text("new\n")
        return Reply(401, b"expired")

    server.reply = renew
    assert client(server, token_file=str(file)).range("up", Window(0, 60, 60)) == []
    server.reply = lambda asked: Reply(401, b"expired")
    reading = read(server, token_file=str(file))
    assert unread(reading) == set(READERS)
    assert "HTTP 401" in reading.problems[0].what
    assert "token" in reading.problems[0].repair


def test_no_token_follows_a_redirect(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_PROMETHEUS_TOKEN", "secret")
    server.reply = lambda asked: Reply(302, b"", {"Location": server.url + "/elsewhere"})
    with pytest.raises(Failed, match="redirects"):
        client(server).range("up", Window(0, 60, 60))
    assert len(server.asked) == 1


def test_basic_auth_and_tenant_are_headers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_PROMETHEUS_USER", "me")
    monkeypatch.setenv("AUDITOR_PROMETHEUS_PASSWORD", "pass")
    client(server, tenant="team-a").range("up", Window(0, 60, 60))
    headers = server.asked[0].headers
    assert headers["Authorization"] == "Basic bWU6cGFzcw=="
    assert (headers["X-Scope-Orgid"], headers["Thanos-Tenant"]) == ("team-a", "team-a")


SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signature_of(asked: Asked, server: Server) -> str:
    """The signature that botocore gives to a request as it arrived; only the secret is known beforehand."""
    signed = asked.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: value for name, value in asked.headers.items() if name.lower() in signed}
    body, query = (urlencode(asked.form), "") if asked.method == "POST" else ("", f"?{urlencode(asked.form)}")
    request = AWSRequest(asked.method, server.url + asked.path + query, headers, body.encode())
    request.context["timestamp"] = asked.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials("testing", SECRET, "session"), "aps", "eu-west-1")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


@pytest.fixture
def aws_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of a session at hand."""
    for name, value in {
        "ACCESS_KEY_ID": "testing",
        "SECRET_ACCESS_KEY": SECRET,
        "SESSION_TOKEN": "session",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.mark.usefixtures("aws_keys")
def test_amazon_managed_prometheus_gets_requests_whose_signature_holds(server: Server) -> None:
    workspace = Client(
        f"{server.url}/workspaces/ws-1/", PrometheusOptions(aws_region="eu-west-1", tenant="team a")
    )
    workspace.range('sum by (a) (rate(x{b=~"c|d +e/f"}[5m])) > 0', Window(0, 60, 60))
    workspace.names(Window(0, 60, 60), 'cluster="a b"')
    asked, listed = server.asked
    assert listed.headers["Authorization"].endswith(f"Signature={signature_of(listed, server)}")
    credential, signed, given = asked.headers["Authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    day = asked.headers["X-Amz-Date"][:8]
    assert asked.path == "/workspaces/ws-1/api/v1/query_range"
    assert credential == f"Credential=testing/{day}/eu-west-1/aps/aws4_request"
    assert {"host", "x-amz-date", "x-amz-security-token"} <= {*signed.partition("=")[2].split(";")}
    assert asked.headers["X-Amz-Security-Token"] == "session"
    assert given == f"Signature={signature_of(asked, server)}"
    forged = asked._replace(form={**asked.form, "query": "up"})
    assert given != f"Signature={signature_of(forged, server)}"


@pytest.mark.usefixtures("aws_keys")
@pytest.mark.parametrize(
    "told", ["ExpiredTokenException", "InvalidSignatureException", "AccessDeniedException"]
)
def test_credentials_that_amazon_refuses_decide_nothing(server: Server, told: str) -> None:
    server.reply = lambda asked: Reply(403, json.dumps({"message": told}).encode())
    reading = read(server, aws_region="eu-west-1")
    assert unread(reading) == set(READERS)
    assert "HTTP 403" in reading.problems[0].what


@pytest.mark.usefixtures("aws_keys")
def test_credentials_that_cannot_be_renewed_in_the_run_cost_what_was_not_read_yet(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = SigV4Auth.add_auth, [12]

    def add_auth(self: SigV4Auth, request: AWSRequest) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise CredentialRetrievalError(provider="sso", error_msg="the session has ended")
        real(self, request)

    monkeypatch.setattr(SigV4Auth, "add_auth", add_auth)
    reading = read(server, aws_region="eu-west-1")
    assert unread(reading) == set(READERS)
    assert "cannot be signed" in reading.problems[-1].what and "sign in" in reading.problems[-1].repair


def test_a_token_file_that_goes_away_in_the_run_ends_no_run(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("good")

    def gone(asked: Asked) -> Reply:
        file.unlink(missing_ok=True)
        return matrix()

    server.reply = gone
    reading = read(server, token_file=str(file))
    assert unread(reading) == set(READERS)
    assert "token cannot be read" in reading.problems[0].what


def test_a_token_file_that_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    request = Request("prometheus", "http://prom:9090", {"token_file": str(tmp_path / "none")})
    with pytest.raises(UsageError, match="cannot be read"):
        PrometheusSource(request)


def test_an_answer_that_trickles_is_given_up_after_a_while(server: Server) -> None:
    now = iter(range(0, 10_000, 100))
    patient = Client(
        server.url,
        PrometheusOptions(answer_seconds=60),
        sleep=lambda seconds: None,
        monotonic=lambda: next(now),
    )
    with pytest.raises(Failed, match="only a part came"):
        patient.range("up", Window(0, 60, 60))


def test_an_answer_that_breaks_off_is_asked_again(server: Server) -> None:
    whole = matrix(({"a": "b"}, [(60, "1")]))
    broken = [Reply(body=whole.body[:40], headers={"Content-Length": str(len(whole.body))})]
    server.reply = lambda asked: broken.pop() if broken else whole
    (found,) = client(server).range("up", Window(0, 60, 60))
    assert found.points == {60: 1.0} and len(server.asked) == 2


def test_two_ways_to_sign_in_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_PROMETHEUS_TOKEN", "secret")
    monkeypatch.setenv("AUDITOR_PROMETHEUS_USER", "me")
    with pytest.raises(UsageError, match="choose one"):
        PrometheusSource(Request("prometheus", "http://prom:9090"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("prom:9090", "give an address"),
        ("http://me:pass@prom", "PASSWORD"),
        ("http://prom/?query=up", "base address"),
        ("file:///etc/passwd", "give an address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_its_password(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        PrometheusSource(Request("prometheus", url))
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"days": 0}, {"days": 1000}, {"selector": "{a='b'}"}, {"days": "x"}, {"unknown": 1}]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        PrometheusSource(Request("prometheus", "http://prom", options))


@pytest.mark.parametrize("body", [b"<html>hello", b"[]", b"\xff", b'{"status":"success"}', b""])
def test_hostile_answers_are_a_row_of_the_report(server: Server, body: bytes) -> None:
    server.reply = lambda asked: Reply(200, body)
    reading = read(server)
    assert unread(reading) == set(READERS)
    assert len(reading.problems) == 1


def test_a_server_without_a_series_fails_nothing_and_passes_nothing(server: Server) -> None:
    reading = read(server)
    assert unread(reading) == set(READERS)
    assert reading.problems == []
    assert reading.targets[0].resources == []


def test_only_what_a_policy_needs_is_asked(server: Server) -> None:
    read(server, "NodeCost")
    asked = [each.form["query"] for each in server.asked]
    assert len(asked) == 2
    assert "node_total_hourly_cost" in asked[1]


def test_the_selector_is_in_every_question(server: Server) -> None:
    read(server, selector='cluster="prod"')
    questions = [each.form.get("query") or each.form["match[]"] for each in server.asked]
    assert questions.pop(0) == "vector(1)"
    assert len(questions) > 20
    for query in questions:
        assert query.count("{") == query.count('cluster="prod"')


def test_the_names_of_all_metrics_come_from_the_index(server: Server) -> None:
    server.reply = lambda asked: names("up", "a_total") if asked.method == "GET" else matrix()
    (found,) = read(server, "SeriesNames").targets[0].resources
    assert found.body["names"] == ["a_total", "up"]
    assert server.asked[-1].path == "/api/v1/label/__name__/values"
    assert int(server.asked[-1].form["end"]) - int(server.asked[-1].form["start"]) == 14 * DAY


@pytest.mark.parametrize(
    "body", [b'{"status":"success","data":["up"],"warnings":["a store is down"]}', b"<html>"]
)
def test_names_that_are_not_all_told_are_no_names(server: Server, body: bytes) -> None:
    server.reply = lambda asked: Reply(body=body) if asked.method == "GET" else matrix()
    reading = read(server, "SeriesNames")
    assert unread(reading) == {"SeriesNames"} and len(reading.problems) == 1


def test_the_number_of_questions_does_not_grow_with_workloads(server: Server) -> None:
    def many(asked: Asked) -> Reply:
        names = [f"w{number}" for number in range(size)]
        end = int(asked.form.get("end") or asked.form.get("time") or 0)
        if asked.path.endswith("query_range"):
            return matrix(
                *(
                    (
                        {"namespace": "n", "owner_kind": "StatefulSet", "owner_name": name, "container": "c"},
                        [(end, "1")],
                    )
                    for name in names
                )
            )
        return Reply(body=b'{"status":"success","data":{"resultType":"vector","result":[]}}')

    counts = []
    for size in (1, 300):
        server.asked.clear()
        server.reply = many
        reading = read(server, "WorkloadUsage")
        assert len(reading.targets[0].resources) == size
        counts.append(len(server.asked))
    assert counts[0] == counts[1] <= 15


@pytest.mark.parametrize("skew", [-7200, 7200])
def test_windows_end_by_the_server_s_clock_and_a_warning_says_so(server: Server, skew: int) -> None:
    server.date = NOW.timestamp() + skew
    reading = read(server, "Fleet")
    ends = {int(each.form["end"]) for each in server.asked if "end" in each.form}
    assert ends == {int(server.date // 1800) * 1800}
    assert "7200 s" in reading.warnings[0].what
    assert reading.taken == datetime.fromtimestamp(server.date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_reading_is_the_same_from_its_snapshot(server: Server) -> None:
    server.reply = lambda asked: (
        matrix(({"UUID": "GPU-1", "node": "n", "modelName": "A10G"}, [(int(asked.form["end"]), "79")]))
        if "end" in asked.form
        else Reply(body=b'{"status":"success","data":{"resultType":"vector","result":[]}}')
    )
    reading = read(server)
    data = encoded([reading], NOW)
    again, taken = decoded(data, "x")
    assert encoded(again, taken) == data
    assert [each.body for each in again[0].targets[0].resources] == [
        each.body for each in reading.targets[0].resources
    ]
    assert {each.kind for each in reading.targets[0].resources} >= {"Gpu"}
