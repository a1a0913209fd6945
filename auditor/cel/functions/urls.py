"""url(): absolute URLs and absolute paths, as Kubernetes reads them."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import text
from auditor.cel.values import Value, refuse


class URL(Value):
    """A parsed URL."""

    __slots__ = ("parts", "source")
    type_name = "kubernetes.URL"

    def __init__(self, source: str, parts: SplitResult) -> None:
        self.source = source
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, URL) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def text(self) -> str:
        return self.source

    def host(self) -> str:
        return self.parts.netloc.rpartition("@")[2]

    def hostname(self) -> str:
        host = self.host()
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0]

    def port(self) -> str:
        return self.host().rpartition("]")[2].partition(":")[2]

    methods: ClassVar[dict[str, Any]] = {
        "getScheme": lambda url: url.parts.scheme,
        "getHost": host,
        "getHostname": hostname,
        "getPort": port,
        "getEscapedPath": lambda url: quote(url.parts.path, safe="/%:@!$&'()*+,;=~-._"),
        "getQuery": lambda url: parse_qs(url.parts.query, keep_blank_values=True),
    }


def url(value: Any) -> URL:
    source = text("url", value)
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in source):
        raise CelError(f"url({source!r}): contains a space or a control character")
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError as error:
        raise CelError(f"url({source!r}): {error}") from None
    if not (source.startswith("/") or (parts.scheme and (parts.netloc or parts.path.startswith("/")))):
        raise CelError(f"url({source!r}): neither an absolute URL nor an absolute path")
    return URL(source, parts) if port is None or port >= 0 else refuse("url", value)


def is_url(value: Any) -> bool:
    try:
        url(value)
    except CelError:
        return False if type(value) is str else refuse("isURL", value)
    return True
