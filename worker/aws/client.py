"""boto3 clients that retry and never hang."""

from __future__ import annotations

from typing import Any


def client(service: str, endpoint_url: str | None = None) -> Any:
    """A client with retries and time-outs: no call hangs a stage. SQS's read time-out outlasts its long poll."""
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=32,
        tcp_keepalive=True,
        s3={"addressing_style": "path"} if endpoint_url else {},
    )
    return boto3.client(service, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload,unused-ignore]
