"""A Pushgateway: one POST, tried again for a while."""

from __future__ import annotations

import base64
import os
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from auditor.errors import UsageError
from auditor.patterns import regex
from auditor.results import Undelivered

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

JOB = "auditor"
USER, PASSWORD = "AUDITOR_PUSH_USER", "AUDITOR_PUSH_PASSWORD"
"""Environment variables for basic authentication: a command line can be seen by every process."""
TIMEOUT_SECONDS = 10.0
PAUSES = (1.0, 3.0, 9.0)
"""Seconds between the attempts: a gateway that restarts is up again by then."""
_CREDENTIALS = regex(r"(https?://)(?:([^/@:]*)(?::([^/@]*))?@)?(.+)", re.IGNORECASE)
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Gateway:
    """Where metrics are pushed to. UsageError for an address that is not ``http(s)://host…``."""

    def __init__(self, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        found = _CREDENTIALS.fullmatch(url)
        if found is None or not _has_host(url):
            raise UsageError("--push: give the address of a Pushgateway, as http://pushgateway:9091")
        scheme, user, password, rest = found.groups()
        self._user = os.environ.get(USER, "") if user is None else unquote(user)
        self._password = os.environ.get(PASSWORD, "") if user is None else unquote(password or "")
        self.address = f"{scheme}{rest}".rstrip("/")
        """Without credentials: what may be shown."""
        self._sleep = sleep

    def push(self, metrics: bytes, scope: str) -> None:
        """Replace what the gateway holds of this scope, metric by metric: what this run has no value for stays.

        Undelivered after the last attempt.
        """
        for pause in (*PAUSES, None):
            why, again = self._once(metrics, scope)
            if not why:
                return
            if pause is None or not again:
                raise Undelivered(
                    f"{self.address} did not take the metrics: {why}",
                    "look at the address, the gateway and the network; the verdict stands without them",
                )
            self._sleep(pause)

    def _once(self, metrics: bytes, scope: str) -> tuple[str, bool]:
        """Why it was not taken ('' when it was), and whether it may be later."""
        from http.client import HTTPException
        from urllib.error import HTTPError
        from urllib.request import Request

        headers = {"Content-Type": _CONTENT_TYPE, "User-Agent": "auditor", **self._authorization()}
        request = Request(self._target(scope), metrics, headers, method="POST")
        try:
            with _opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
                answer.read()
            return "", False
        except HTTPError as error:
            said = error.read(300).decode("utf-8", "replace")
            later = error.code == HTTPStatus.TOO_MANY_REQUESTS or error.code >= 500
            return _plain(f"HTTP {error.code} {said}"), later
        except (OSError, HTTPException) as error:
            return _plain(str(getattr(error, "reason", error)) or type(error).__name__), True

    def _target(self, scope: str) -> str:
        """The group of this scope: audits of other things keep theirs. Base64, because a scope has slashes."""
        if "/metrics/job" in self.address:
            return self.address
        label = base64.urlsafe_b64encode(scope.encode("utf-8", "backslashreplace")).decode().rstrip("=")
        return f"{self.address}/metrics/job/{JOB}/scope@base64/{label or '='}"

    def _authorization(self) -> dict[str, str]:
        if not self._user:
            return {}
        pair = f"{self._user}:{self._password}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname and urlsplit(url).port != 0)
    except ValueError:  # a port or an address that cannot be one
        return False


def _opener() -> OpenerDirector:
    """Follows no redirect: urllib would make a GET of the POST, and the metrics would be lost without a word."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    return build_opener(Stay)


def _plain(text: str) -> str:
    from auditor.secrets import masked_text

    return " ".join(masked_text(text).split())[:200]
