"""Every setting of the service, with its type, unit and bounds; read from ``WORKER_…`` variables.

``python -m worker.settings`` prints the table in worker/README.md; a test keeps the two alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Folds = Annotated[tuple[int, ...] | None, NoDecode]
CommaList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="WORKER_", extra="ignore", frozen=True)

    queue_url: str = Field(description="SQS queue with the notifications")
    dead_letter_queue_url: str = Field(description="SQS queue for what no retry repairs")
    input_bucket: str = Field(
        default="", description="only bucket that scans are taken from; empty: whatever IAM allows"
    )
    output_bucket: str = Field(description="bucket for results and explained errors")
    output_prefix: str = Field(default="results/", description="key prefix of results; never read as input")
    error_prefix: str = Field(
        default="errors/", description="key prefix of explained errors; never read as input"
    )

    model: str = Field(
        description="model folder, or s3://bucket/prefix/, or s3://bucket/model.zip (.tar, .tar.gz)"
    )
    model_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$", description="digest of the model folder (`worker digest FOLDER`)"
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="where the network runs")
    tta: bool = Field(
        default=True, description="mirror the scan on every axis: 3 to 8 times the work, a little better"
    )
    folds: Folds = Field(
        default=None, description="folds to average, such as 0,1,2; empty: all that the model folder has"
    )

    max_in_flight: int = Field(
        default=4, ge=1, le=100, description="messages held at once, in whatever stage; KEDA's queueLength"
    )
    visibility_seconds: float = Field(
        default=120,
        ge=1,
        le=43200,
        description="s: how long a message stays ours after a heartbeat; three beats in it",
    )
    max_processing_seconds: float = Field(
        default=1800, ge=1, le=42000, description="s: after this a message is no longer kept from others"
    )
    poll_seconds: float = Field(default=20, ge=1, le=20, description="s: long poll for messages")
    max_receives: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="deliveries before a message is given up; below the queue's maxReceiveCount",
    )
    backoff_seconds: float = Field(
        default=10, ge=0, le=3600, description="s: first delay after a transient fault; doubles"
    )
    max_backoff_seconds: float = Field(
        default=600, ge=0, le=43200, description="s: longest delay after a transient fault"
    )
    grace_seconds: float = Field(
        default=90,
        ge=0,
        le=3600,
        description="s: from SIGTERM to the end; below terminationGracePeriodSeconds",
    )

    max_input_bytes: int = Field(default=4 * 1024**3, ge=1, description="bytes: largest scan as stored")
    max_input_files: int = Field(default=20_000, ge=1, description="files of one DICOM folder or archive")
    max_unpacked_bytes: int = Field(
        default=4 * 1024**3, ge=1, description="bytes: most that an archive may unpack to"
    )
    max_scan_memory_bytes: int = Field(
        default=8 * 1024**3, ge=1, description="bytes: most main memory for one scan, judged by its header"
    )
    modalities: CommaList = Field(default=("CT",), description="DICOM modalities that the model was made for")
    volume_ml: dict[str, tuple[float, float]] = Field(
        default={}, description='ml: plausible volumes, such as {"teeth": [2, 60]}; outside is a quality flag'
    )
    max_model_bytes: int = Field(default=16 * 1024**3, ge=1, description="bytes: largest model folder")
    scratch: Path = Field(
        default=Path("/tmp/worker"), description="folder for scans in work; on Kubernetes an emptyDir"
    )

    http_host: str = Field(default="0.0.0.0", description="address of /metrics, /healthz and /readyz")
    http_port: int = Field(default=9090, ge=0, le=65535, description="port of the same; 0: any free one")
    usd_per_hour: float = Field(
        default=0, ge=0, description="USD/h of the machine (of this worker's share); 0: no estimate"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least level logged"
    )
    aws_endpoint_url: str | None = Field(
        default=None, description="other endpoint for S3 and SQS, for tests and `demo`"
    )

    @field_validator("folds", "modalities", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Comma-separated, as people write lists into a manifest."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip()) or None
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.max_processing_seconds < self.visibility_seconds:
            raise ValueError(
                "max_processing_seconds is below visibility_seconds: no heartbeat would ever be sent"
            )
        for name in ("output_prefix", "error_prefix"):
            if not getattr(self, name).endswith("/"):
                raise ValueError(f"{name} must end in /: it is what keeps results from being read as scans")
        return self

    @property
    def heartbeat_seconds(self) -> float:
        return self.visibility_seconds / 3


def table() -> str:
    """The settings as a Markdown table."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        rows.append(f"| `WORKER_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def _shown(default: object) -> str:
    if default is None or default == "" or default == {}:
        return "empty"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(table())
