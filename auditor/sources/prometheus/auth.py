"""Who we are to the metrics' server: headers for each request, from the environment, a file or AWS."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.errors import UsageError
from auditor.sources.prometheus.options import PASSWORD, TOKEN, USER, PrometheusOptions

Headers = dict[str, str]
Signer = Callable[[str, bytes | None, Mapping[str, str]], Headers]
"""(URL, body of a POST or None, headers so far) → headers of the request."""


class NoSignature(Exception):
    """Credentials that were there when the run began, and are gone: a reason, and the act that repairs it."""

    def __init__(self, reason: str, repair: str) -> None:
        super().__init__(reason)
        self.reason, self.repair = reason, repair


AMP = "aps"
"""Amazon Managed Prometheus, as SigV4 calls it."""


def signer(options: PrometheusOptions) -> Signer:
    """The way to sign that the options and the environment choose. UsageError where they choose two."""
    ways = {
        "--prometheus-aws-region": options.aws_region,
        "a token": options.token_file or os.environ.get(TOKEN, ""),
        "a user": os.environ.get(USER, ""),
    }
    chosen = [name for name, value in ways.items() if value]
    if len(chosen) > 1:
        raise UsageError(f"--prometheus: {' and '.join(chosen)} were given; choose one way to sign in")
    if options.aws_region:
        return _aws(options.aws_region)
    return _plain(options)


def _plain(options: PrometheusOptions) -> Signer:
    try:  # a wrong name is told at once
        _secret(options.token_file, TOKEN)
        _secret(options.password_file, PASSWORD)
    except NoSignature as error:
        raise UsageError(f"--prometheus: {error.reason}") from error

    def headers(url: str, body: bytes | None, given: Mapping[str, str]) -> Headers:
        del url, body
        found = dict(given)
        token = _secret(options.token_file, TOKEN)
        user = os.environ.get(USER, "")
        if token:
            found["Authorization"] = f"Bearer {token}"
        elif user:
            pair = f"{user}:{_secret(options.password_file, PASSWORD)}".encode()
            found["Authorization"] = f"Basic {b64encode(pair).decode()}"
        return found

    return headers


def _secret(file: str, variable: str) -> str:
    """Read anew for each request: tokens of service accounts and of SSO change while we run."""
    if not file:
        return os.environ.get(variable, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise NoSignature(f"{file} cannot be read: {why.lower()}", "write the file anew") from error


def _aws(region: str) -> Signer:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import get_session

    try:
        credentials = get_session().get_credentials()
    except BotoCoreError as error:
        raise UsageError(f"--prometheus-aws-region: {error}; sign in to AWS first") from error
    if credentials is None:
        raise UsageError(
            "--prometheus-aws-region signs with AWS credentials, and none were found; sign in first"
        )

    def headers(url: str, body: bytes | None, given: Mapping[str, str]) -> Headers:
        request = AWSRequest(
            method="GET" if body is None else "POST", url=url, data=body, headers=dict(given)
        )
        try:
            SigV4Auth(credentials, AMP, region).add_auth(request)
        except (BotoCoreError, ClientError) as error:
            raise NoSignature(f"the requests cannot be signed: {error}", "sign in to AWS again") from error
        return dict(request.headers.items())

    return headers
