"""A folder or an S3 prefix that keeps the reports of past runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from auditor.errors import UsageError
from auditor.patterns import regex
from auditor.results import Undelivered

S3 = regex(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
MAX_BYTES = 128 * 1024 * 1024
"""Nothing larger is taken for a report."""
TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8"}

Answer = TypeVar("Answer")


class Store(Protocol):
    """Named files. Every failure is :class:`Undelivered`."""

    where: str

    def names(self) -> list[str]:
        """The JSON files, in the order of their names."""

    def read(self, name: str) -> bytes:
        """One file, whole."""

    def write(self, name: str, data: bytes) -> None:
        """One file, there whole or not at all."""


def open_store(where: str) -> Store:
    """The store at a folder or ``s3://bucket/prefix``. UsageError for an address that is neither."""
    if "://" not in where:
        return Folder(Path(where))
    found = S3.fullmatch(where)
    if found is None:
        raise UsageError(f"{where}: give a folder or s3://bucket/prefix")
    return Prefix(found[1], found[2] or "")


class Folder:
    """A folder of this machine, or a volume; it is made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.where = folder, str(folder)

    def names(self) -> list[str]:
        """See :class:`Store`; a folder that does not exist yet holds nothing."""
        try:
            with os.scandir(self._folder) as entries:
                return sorted(each.name for each in entries if _is_report(each.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed("read", error) from error

    def read(self, name: str) -> bytes:
        """See :class:`Store`."""
        path = self._folder / name
        try:
            if not path.is_file():  # a pipe would wait for ever
                raise Undelivered("not a file", "keep reports only in this folder")
            _check_size(path.stat().st_size)
            return path.read_bytes()
        except OSError as error:
            raise self._failed("read", error) from error

    def write(self, name: str, data: bytes) -> None:
        """See :class:`Store`: under another name first, because others may be reading."""
        draft = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(data)
                draft.replace(self._folder / name)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed("written", error) from error

    def _failed(self, verb: str, error: OSError) -> Undelivered:
        why = (error.strerror or type(error).__name__).lower()
        return Undelivered(f"{self.where} cannot be {verb}: {why}", "look at its rights and at the disk")


class Prefix:
    """The objects directly below a prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.where = f"s3://{bucket}/{self._prefix}".rstrip("/")
        self._made: Any = None

    def names(self) -> list[str]:
        """See :class:`Store`."""

        def listed(client: Any) -> list[str]:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
            return sorted(name for key in keys if _is_report(name := key.removeprefix(self._prefix)))

        return self._ask("s3:ListBucket", self._whole, listed)

    def read(self, name: str) -> bytes:
        """See :class:`Store`."""

        def got(client: Any) -> bytes:
            answer = client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            _check_size(answer["ContentLength"])
            data: bytes = answer["Body"].read()
            return data

        return self._ask("s3:GetObject", self._objects, got)

    def write(self, name: str, data: bytes) -> None:
        """See :class:`Store`."""

        def put(client: Any) -> None:
            client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=data,
                ContentType=TYPES[os.path.splitext(name)[1]],  # noqa: PTH122 - a key is no path
            )

        self._ask("s3:PutObject", self._objects, put)

    def statements(self) -> list[dict[str, Any]]:
        """The smallest IAM statements with which runs are kept here and read back."""
        only = {"Condition": {"StringEquals": {"s3:prefix": self._prefix}}} if self._prefix else {}
        return [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": self._objects},
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": self._whole, **only},
        ]

    @property
    def _whole(self) -> str:
        return f"arn:aws:s3:::{self._bucket}"

    @property
    def _objects(self) -> str:
        return f"{self._whole}/{self._prefix}*"

    def _ask(self, action: str, resource: str, ask: Callable[[Any], Answer]) -> Answer:
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError as error:
            raise UsageError(
                f"{self.where}: needs boto3; install it with: pip install 'auditor[live]'"
            ) from error
        from auditor.sources.aws.refusals import Refused, refused

        try:
            return ask(self._client())
        except (BotoCoreError, ClientError) as error:
            why = refused(error, action, self.where, resource).unknown
            raise Undelivered(f"{why.reason}{_said(error)}", why.repair) from error
        except Refused as error:
            raise Undelivered(error.unknown.reason, error.unknown.repair) from error

    def _client(self) -> Any:
        if self._made is None:
            from auditor.sources.aws.session import base_session, client_config

            self._made = base_session("").client("s3", config=client_config())
        return self._made


def _is_report(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".")


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise Undelivered(f"{size} bytes are too many for a report", "keep reports only in this folder")


def _said(error: Any) -> str:
    """AWS's own words: behind a refused upload there may be the key of the bucket."""
    from auditor.secrets import masked_text

    message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
    return f": {' '.join(masked_text(str(message)).split())[:300]}" if message else ""
