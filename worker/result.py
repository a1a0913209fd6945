"""``result.json``: the marker that says a scan is done, and everything about it.

``python -m worker.result`` prints its JSON Schema, published in reports/schema/worker-result.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from worker import __version__
from worker.segmenter import Segmentation

NOTICE = "For research use only. Not a medical device; not for diagnosis or treatment."
SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True, slots=True)
class Written:
    """One output as it lies in the output bucket."""

    name: str
    key: str
    content_type: str
    bytes: int
    sha256: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Input(_Part):
    bucket: str
    key: str
    version_id: str | None = Field(description="null in a bucket without versions")
    etag: str | None = Field(description="of a DICOM folder: the digest of its listing")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=SHA256, description="of the file; of a folder: of the files' digests, by key")
    files: int = Field(ge=1)


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")
    digest: str = Field(pattern=SHA256)


class _Output(_Part):
    name: str
    key: str = Field(description="in the same bucket as this file")
    content_type: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=SHA256)


class _Label(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str
    voxels: int = Field(ge=0)
    ml: float = Field(ge=0)


class Result(_Part):
    """A finished scan. Consumers take the outputs' keys from here, and read nothing where this file is missing."""

    model_config = ConfigDict(extra="forbid", title="worker result")

    schema_: Literal["worker-result/1"] = Field("worker-result/1", alias="schema")
    scan_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    notice: str = NOTICE
    input: _Input
    model: _Model = Field(description="digest, and what the segmenter tells of versions and device")
    options: dict[str, Any] = Field(description="what else decides the mask, such as tta")
    smaller_tiles: bool = Field(description="true: the device ran out of memory, and a second try fitted")
    labels: list[_Label]
    flags: list[Any] = Field(description="quality flags, such as an empty label; empty if none")
    facts: dict[str, Any] = Field(description="more of the segmenter: geometry and the like")
    outputs: list[_Output]
    seconds: dict[str, float] = Field(
        description="by phase; total is from receipt until this file was written"
    )
    usd_estimate: float = Field(
        ge=0, description="price of the machine while this scan was the next to finish"
    )
    attempt: int = Field(ge=1, description="delivery of the message that this is the answer to")
    finished_at: str = Field(description="UTC, ISO 8601")
    worker_version: str = __version__


def build(told: Mapping[str, Any], segmentation: Segmentation, outputs: Sequence[Written]) -> bytes:
    """The file's bytes. ``told`` is what the service knows. ValueError where a part is not as published."""
    facts = dict(segmentation.facts)
    result = Result(
        **told,
        labels=facts.pop("labels", []),
        flags=facts.pop("flags", []),
        facts=facts,
        outputs=[_Output(**asdict(output)) for output in outputs],
    )
    return (result.model_dump_json(by_alias=True, indent=2) + "\n").encode()


def schema() -> str:
    """The JSON Schema as published."""
    published = Result.model_json_schema(by_alias=True, mode="serialization")
    published |= {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(published, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
