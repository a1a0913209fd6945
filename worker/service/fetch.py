"""Bring a pinned input to the scratch folder: a file, or a folder of files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from worker.faults import PermanentFault
from worker.storage import Downloaded, ObjectFacts, Storage

_PARALLEL = 8
"""Files of a DICOM folder fetched at once: each is small, and a request's latency is most of its time."""
_SUFFIXES = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}$")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def fetch_file(
    source: ObjectFacts, folder: Path, storage: Storage, max_bytes: int
) -> tuple[Path, Downloaded]:
    """The file keeps its suffixes, which tell its format, and loses its name, which can be a patient's."""
    suffixes = _SUFFIXES.search(source.key.rsplit("/", 1)[-1])
    target = folder / f"scan{suffixes.group().lower() if suffixes else ''}"
    return target, storage.download(source, target, max_bytes)


def fetch_folder(
    prefix: str, parts: Sequence[ObjectFacts], folder: Path, storage: Storage, max_bytes: int
) -> tuple[Path, Downloaded]:
    """The files get names in the order of their keys that end as their keys do, so that a fault can name one."""
    total = sum(part.size for part in parts)
    if total > max_bytes:
        raise PermanentFault(
            "input-too-large",
            f"The folder has {total} bytes; {max_bytes} are allowed.",
            repair="Send one series only, or raise WORKER_MAX_INPUT_BYTES.",
        )
    target = folder / "scan"
    target.mkdir()

    def fetch(numbered: tuple[int, ObjectFacts]) -> Downloaded:
        number, part = numbered
        ending = _UNSAFE.sub("_", part.key[len(prefix) :])[-80:]
        return storage.download(part, target / f"{number:05d}-{ending}", part.size)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        files = list(pool.map(fetch, enumerate(parts, 1)))
    digest = hashlib.sha256("".join(f"{file.sha256}\n" for file in files).encode())
    return target, Downloaded(sum(file.size for file in files), digest.hexdigest())
