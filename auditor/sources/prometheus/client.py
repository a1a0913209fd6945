"""PromQL over HTTP: POST, asked again while the server is busy, and never taken for whole when it is not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead
from typing import IO, Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec
from msgspec import Raw, Struct, field

from auditor.sources.prometheus.auth import NoSignature, Signer, signer
from auditor.sources.prometheus.options import PrometheusOptions, endpoint
from auditor.unknown import Unknown
from auditor.usage.series import DAY, Series, Window, finite

MAX_POINTS = 11_000
"""A series longer than this is an HTTP 400 of Prometheus'."""
MAX_SECONDS = 31 * DAY
"""Mimir and Thanos refuse, or split badly, what is longer than a month."""
CHUNK = 256 * 1024
MAX_BYTES = 512 * 1024 * 1024
BUSY = frozenset({408, 429, 500, 502, 503, 504})
_INFO = "PromQL info:"
"""How releases before 2.53 mark, among the warnings, what is none."""


class Failed(Exception):
    """A question that was not answered, or not wholly; ``unknown`` says why and what repairs it."""

    def __init__(self, reason: str, repair: str = "") -> None:
        super().__init__(reason)
        self.unknown = Unknown(reason, repair or "ask the metrics' server the same, and read its log")


class _Row(Struct):
    metric: dict[str, str] = field(default_factory=dict)
    values: list[tuple[float, str]] = field(default_factory=list)
    value: tuple[float, str] | None = None


class _Data(Struct, rename={"kind": "resultType"}):
    kind: str
    result: list[Raw]
    """Each decoded when its turn comes: a thousand series of tuples take ten times what they do as text."""


class _Answer(Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


class _Names(Struct):
    status: str
    data: list[str] | None = None
    error: str = ""
    warnings: list[str] | None = None


class Client:
    """One server. ``calls`` counts requests, retries too; ``skew`` is its clock less ours, in seconds."""

    def __init__(
        self,
        url: str,
        options: PrometheusOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = endpoint(url)
        self._options = options
        self._sign: Signer = signer(options)
        self._sleep, self._clock, self._monotonic = sleep, clock, monotonic
        self._opener = build_opener(_NoRedirect)
        self.calls = 0
        self.skew: float | None = None

    def instant(self, query: str, at: int) -> list[Series]:
        """The query's vector at a time. Failed when it is not whole."""
        rows = self._ask("query", query, {"query": query, "time": str(at)})
        return [Series(row.metric, finite([row.value])) for row in rows if row.value is not None]

    def range(self, query: str, window: Window) -> list[Series]:
        """The query's matrix over a window, its parts joined. Failed when any part is not whole."""
        joined: dict[tuple[tuple[str, str], ...], dict[int, float]] = {}
        times: dict[float, int] = {}
        for start, end in chunks(window):
            params = {"query": query, "start": str(start), "end": str(end), "step": str(window.step)}
            for row in self._ask("query_range", query, params):
                joined.setdefault(tuple(sorted(row.metric.items())), {}).update(finite(row.values, times))
        return [Series(dict(labels), points) for labels, points in sorted(joined.items()) if points]

    def names(self, window: Window, selector: str = "") -> list[str]:
        """The names of all metrics that had a series in a window. Failed when they are not all told."""
        asked = {"start": str(window.start), "end": str(window.end)}
        asked |= {"match[]": f'{{__name__!="", {selector}}}'} if selector else {}
        url = f"{self._base}/api/v1/label/__name__/values?{urlencode(asked)}"
        answer = _decoded(self._answer(url, None), "the names of all metrics", _Names)
        _check(answer, "the names of all metrics")
        return sorted(answer.data or ())

    def now(self) -> float:
        """The server's clock. Failed when it does not answer."""
        self._ask("query", "vector(1)", {"query": "vector(1)"})
        return self._clock() + (self.skew or 0.0)

    def _ask(self, path: str, query: str, params: dict[str, str]) -> Iterator[_Row]:
        body = urlencode(params).encode()
        answer = _decoded(self._answer(f"{self._base}/api/v1/{path}", body), _short(query), _Answer)
        _check(answer, _short(query))
        rows = answer.data.result if answer.data is not None else []
        return (_decoded(each, _short(query), _Row) for each in rows)

    def _answer(self, url: str, body: bytes | None) -> bytes:
        """The answer's body, whatever its status is where it holds an error of the API's."""
        began, paused, tries, again = self._monotonic(), 0.0, 0, False
        while True:
            try:
                return self._once(url, body)
            except HTTPError as error:
                code, wait = error.code, _after(error.headers)
                if code in (401, 403) and not again:
                    again = True  # a token file may have been renewed in between
                    continue
                if code not in BUSY:
                    return _told(error)
                why = f"HTTP {code}"
            except (URLError, HTTPException, OSError) as error:
                why, wait = _words(error), None
            pause = min(wait if wait is not None else 0.5 * 2**tries, 15.0)
            spent = max(paused, self._monotonic() - began)
            if spent + pause > self._options.retry_seconds:
                raise Failed(
                    f"the metrics' server did not answer ({why}), asked {tries + 1} times",
                    "look whether it runs and is reachable from here",
                )
            self._sleep(pause)
            paused, tries = paused + pause, tries + 1

    def _once(self, url: str, body: bytes | None) -> bytes:
        self.calls += 1
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self._options.tenant:
            headers |= {"X-Scope-OrgID": self._options.tenant, "THANOS-TENANT": self._options.tenant}
        try:
            signed = self._sign(url, body, headers)
        except NoSignature as error:
            raise Failed(error.reason, error.repair) from error
        request = Request(url, body, signed, method="GET" if body is None else "POST")
        with self._opener.open(request, timeout=self._options.timeout) as response:
            self._see_clock(response.headers)
            return self._whole(response)

    def _whole(self, response: HTTPResponse) -> bytes:
        """The body, in bounded time and size. Failed, OSError."""
        until, parts, size = self._monotonic() + self._options.answer_seconds, [], 0
        while part := response.read1(CHUNK):
            parts.append(part)
            size += len(part)
            if size > MAX_BYTES:
                raise Failed(
                    "an answer is larger than 512 MiB", "read fewer days, or one cluster by a selector"
                )
            if self._monotonic() > until:
                raise TimeoutError(f"only a part came within {self._options.answer_seconds:.0f} seconds")
        if response.length:
            raise IncompleteRead(b"", response.length)
        return b"".join(parts)

    def _see_clock(self, headers: HTTPMessage) -> None:
        try:
            theirs = parsedate_to_datetime(headers.get("Date", "")).timestamp()
        except (TypeError, ValueError):
            return
        if self.skew is None:
            self.skew = theirs - self._clock()


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn POST into GET, and carry our token to whoever is named there."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def chunks(window: Window) -> Iterator[tuple[int, int]]:
    """First and last time of each question that a window takes; every step is in exactly one."""
    longest = min(MAX_POINTS - 1, MAX_SECONDS // window.step) * window.step
    start = window.start
    while start <= window.end:
        end = min(start + longest, window.end)
        yield start, end
        start = end + window.step


Answer = TypeVar("Answer", _Answer, _Names, _Row)


def _decoded(data: bytes | Raw, what: str, kind: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failed(
            f"the answer to {what} is no answer of Prometheus' API ({error})",
            "give the address under which /api/v1/query answers",
        ) from error


def _check(answer: _Answer | _Names, what: str) -> None:
    """Failed where an answer is an error, or only a part."""
    if answer.status != "success" or answer.data is None:
        raise Failed(f"the metrics' server refused {what}: {answer.error or answer.status}")
    partial = [each for each in answer.warnings or () if not each.startswith(_INFO)]
    if partial:
        raise Failed(
            f"the answer to {what} is incomplete: {'; '.join(partial[:3])}",
            "repair the store that did not answer; a part of the truth is not judged",
        )


def _told(error: HTTPError) -> bytes:
    """An error's body where it is the API's own; else Failed, by the status."""
    data = error.read(65_536)
    if error.code in (400, 422) and data.startswith(b"{"):
        return data
    if error.code in (401, 403):
        raise Failed(
            f"the metrics' server refused us (HTTP {error.code})",
            "give a token or user that may query: docs/metrics.md",
        )
    if error.code in (301, 302, 303, 307, 308):
        raise Failed("the metrics' server redirects elsewhere", "give the address that it names itself")
    raise Failed(f"the metrics' server answered HTTP {error.code}", "give the address of its API")


def _after(headers: Any) -> float | None:
    text = headers.get("Retry-After", "") if headers else ""
    return float(text) if text.isdigit() else None


def _words(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return (getattr(reason, "strerror", None) or str(reason) or type(reason).__name__).lower()


def _short(query: str) -> str:
    return query if len(query) <= 80 else f"{query[:77]}..."
