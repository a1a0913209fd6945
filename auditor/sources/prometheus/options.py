"""How metrics are reached, and how far back they are read."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from auditor.errors import UsageError

TOKEN, USER, PASSWORD = (
    "AUDITOR_PROMETHEUS_TOKEN",
    "AUDITOR_PROMETHEUS_USER",
    "AUDITOR_PROMETHEUS_PASSWORD",
)
"""Environment variables. A command line is seen by every process of the machine: no secret is taken from it."""


class PrometheusOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What ``--prometheus`` reads."""

    days: float = 14.0
    step: int = 1800
    """Seconds between samples of usage: pods and nodes."""
    gpu_step: int = 300
    """Seconds between samples of GPUs and GPU nodes."""
    selector: str = ""
    """Label matchers for every series, as ``cluster="prod"``, where one server holds several clusters."""
    tenant: str = ""
    """``X-Scope-OrgID`` of Mimir, ``THANOS-TENANT`` of Thanos."""
    token_file: str = ""
    password_file: str = ""
    aws_region: str = ""
    """Sign requests for Amazon Managed Prometheus of this region; '' signs nothing."""
    timeout: float = 60.0
    """Seconds without a byte."""
    answer_seconds: float = 300.0
    """How long one answer may take in all: a server that sends a little now and then never times out by itself."""
    retry_seconds: float = 30.0
    """How long a question is asked again after 429, 5xx or a broken connection."""


def checked(options: PrometheusOptions) -> PrometheusOptions:
    """The options themselves. UsageError for numbers that cannot be."""
    if not 0 < options.days <= 400:
        raise UsageError(f"--prometheus-days {options.days:g}: give a number of days up to 400")
    if any(each in options.selector for each in "{}"):
        raise UsageError('--prometheus-selector: give matchers without braces, as cluster="prod"')
    return options


def endpoint(url: str) -> str:
    """The base address, without a slash at its end. UsageError for what is none, or holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--prometheus {url}: give an address such as http://prometheus.monitoring:9090")
    if parts.username or parts.password:
        raise UsageError(
            f"--prometheus {parts.scheme}://…@{parts.hostname}: a password on the command line is seen by every"
            f" process; set {USER} and {PASSWORD}"
        )
    if parts.query or parts.fragment:
        raise UsageError(f"--prometheus {parts.hostname}: give the base address, without ? and #")
    return url.rstrip("/")
