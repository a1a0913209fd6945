"""Where scans come from and results go: the few things asked of an object store.

S3 is ``worker.aws``; docs/worker-portability.md maps each method to Google Cloud Storage and Azure Blob Storage.
Every method raises TransientFault for what another try may repair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One stored object, pinned: ``version_id`` where the bucket keeps versions, else its ``etag``."""

    bucket: str
    key: str
    etag: str
    """Without quotes."""
    version_id: str | None
    size: int
    """Bytes."""
    sha256: str | None = None
    """As its writer stated it; None where none was stated."""

    @property
    def pin(self) -> str:
        """What tells this content of the key from any other."""
        return self.version_id or self.etag


@dataclass(frozen=True, slots=True)
class Downloaded:
    size: int
    """Bytes."""
    sha256: str
    """64 hexadecimal digits."""


class Storage(Protocol):
    def head(self, bucket: str, key: str, version_id: str | None = None) -> ObjectFacts | None:
        """None where there is no such object."""

    def list(self, bucket: str, prefix: str, limit: int) -> Sequence[ObjectFacts]:
        """The objects under a prefix, by key; at most ``limit`` + 1, so that a caller sees that there are more."""

    def download(self, source: ObjectFacts, target: Path, max_bytes: int) -> Downloaded:
        """Write exactly that version to ``target``.

        PermanentFault ``input-missing``, ``input-replaced`` (another object has the key now), ``input-too-large``.
        """

    def read(self, bucket: str, key: str, max_bytes: int) -> bytes | None:
        """A small object whole; None where there is none."""

    def create(self, bucket: str, key: str, content: Path | bytes, *, content_type: str, sha256: str) -> bool:
        """Write an object that does not exist yet; False where one does, which stays as it is.

        The store checks ``sha256`` (hexadecimal) on receipt, and ``head`` gives it back.
        """

    def replace(self, bucket: str, key: str, content: bytes, *, content_type: str) -> None:
        """Write an object, whatever was there."""
