"""How much a scan may ask for. Checked from headers, before memory or disk is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.faults import PermanentFault


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one scan; the service fills them from its settings."""

    memory_bytes: int = 8 << 30
    """Most host memory that one scan may need, estimated from its header."""
    archive_bytes: int = 4 << 30
    """Most bytes that an archive may unpack to."""
    archive_files: int = 20_000
    modalities: frozenset[str] = frozenset({"CT"})
    """DICOM modalities that the model was made for."""
    volume_ml: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Plausible volume of a label by its name, least and most, in millilitres: outside it is a flag."""

    def check_memory(self, wanted: int, what: str, where: str) -> None:
        """PermanentFault when ``wanted`` bytes for ``what`` are more than a scan may have."""
        if wanted > self.memory_bytes:
            raise PermanentFault(
                "too-large",
                f"{what} needs about {_gigabytes(wanted)}, more than the {_gigabytes(self.memory_bytes)} "
                "that one scan may take",
                where=where,
                repair="send a smaller field of view or larger voxels, or raise the worker's memory per scan",
            )


def _gigabytes(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"
