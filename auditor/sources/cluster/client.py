"""Requests that either give bytes or say what is wrong, in bounded time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from auditor.secrets import masked_text
from auditor.sources.cluster.connection import Connection
from auditor.timestamps import stamp

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
RETRY_SECONDS = 30.0
"""How long one request may be tried again: an API server restarts in less."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
_AGAIN = frozenset({429, 500, 502, 503, 504})
_DONE = frozenset({200, 201, 202})
_LONGEST = 200


class ApiError(Exception):
    """A request without an answer. ``status`` is HTTP's, or 0 where no answer came at all."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why

    @property
    def refused(self) -> bool:
        """Whether the caller's rights are the reason."""
        return self.status == 403


class Client:
    """Speaks to one API server. ``now`` and ``sleep`` are arguments so that tests need not wait."""

    def __init__(
        self,
        connection: Connection,
        *,
        renew: Callable[[], Connection] | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection, self._renew = connection, renew
        self._now, self._sleep = now, sleep
        self.date = ""
        """The ``Date`` of the last answer: the server's clock."""
        self.requests = 0

    def get(
        self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json"
    ) -> bytes:
        """The body of one GET. :class:`ApiError` when there is none after a time."""
        return self.ask("GET", path, query, accept)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        accept: str = "application/json",
        body: bytes | None = None,
    ) -> bytes:
        """The answer to one request, tried again for a while; ``body`` is JSON. :class:`ApiError`."""
        url = f"{self._connection.host}{path}{f'?{urlencode(query)}' if query else ''}"
        until, pause, renewed = self._now() + RETRY_SECONDS, FIRST_PAUSE, False
        while True:
            status, answer, wait = self._once(method, url, accept, body)
            if status in _DONE:
                return answer
            if status == 401 and self._renew is not None and not renewed:
                self._connection, renewed = self._renew(), True
                continue
            error = ApiError(status, _said(status, answer))
            wait = max(wait, pause)
            if (status and status not in _AGAIN) or self._now() + wait > until:
                raise error
            self._sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _once(self, method: str, url: str, accept: str, body: bytes | None) -> tuple[int, bytes, float]:
        """Status (0 without an answer), body, and the seconds that the server asks to wait."""
        import urllib3

        self.requests += 1
        headers = {"accept": accept, "accept-encoding": "gzip", "user-agent": "auditor"}
        if body is not None:
            headers["content-type"] = "application/json"
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        try:
            headers |= self._connection.headers()
            answer = self._connection.pool.request(
                method,
                url,
                body=body,
                headers=headers,
                timeout=timeout,
                retries=False,
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return 0, f"{type(error).__name__}: {error}".encode(), 0.0
        self.date = answer.headers.get("date", self.date)
        return answer.status, answer.data, _seconds(answer.headers.get("retry-after", ""))


def server_clock(date: str) -> str:
    """An HTTP date as RFC 3339; '' when it is none."""
    try:
        return stamp(parsedate_to_datetime(date))
    except (TypeError, ValueError):
        return ""


def _seconds(text: str) -> float:
    return min(float(text), RETRY_SECONDS) if text.isdigit() else 0.0


def _said(status: int, body: bytes) -> str:
    """The server's words, or ours where no answer came."""
    if status == 0:
        return _unreached(body.decode("utf-8", "replace"))
    try:
        found: Any = json.loads(body)
        message = found.get("message") if isinstance(found, dict) else ""
    except ValueError:
        message = ""
    text = " ".join(masked_text(str(message or f"HTTP {status}")).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _unreached(error: str) -> str:
    if "ReadTimeout" in error or "Timeout" in error:
        return f"no answer within {READ_SECONDS:.0f} seconds"
    if "CERTIFICATE_VERIFY_FAILED" in error or "SSLError" in error:
        return "the server's certificate could not be verified"
    return "the API server could not be reached"
