"""Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterator

PORTS = ("22", "22/tcp", "22/udp", "2222", "80", "80 22", "80 443", "8022/tcp", "22-23", "$PORT", "22 80")


def dockerfiles() -> Iterator[str]:
    """One file each."""
    base = "FROM registry.example/base:1.4\nUSER 10001\n"
    yield base
    for port in PORTS:
        yield f"{base}EXPOSE {port}\n"
    yield f"{base}EXPOSE 80\nEXPOSE 22\n"
    yield f"FROM registry.example/build:1 AS build\nEXPOSE 22\n{base}EXPOSE 80\n"
    yield f"{base}expose 22\n"
    yield f"{base}EXPOSE 80 \\\n  22\n"
    yield f"{base}EXPOSE  22\n"
    yield f"{base}MAINTAINER ops@example.com\n"
    yield f"{base}maintainer ops@example.com\n"
    yield f'{base}LABEL maintainer="ops@example.com"\n'
    yield f"{base}# MAINTAINER ops@example.com\n"
