"""Brings the model folder to this machine and checks its digest, before anything of it is opened."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from worker.faults import PermanentFault
from worker.storage import ObjectFacts, Storage

_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
_MOST_FILES = 10_000


def fetch_model(
    source: str,
    sha256: str,
    scratch: Path,
    storage: Storage,
    *,
    max_bytes: int,
    digest_of: Callable[[Path], str],
) -> Path:
    """The local model folder of ``source``: a folder, ``s3://bucket/prefix/``, or an archive in either place.

    PermanentFault where it is missing, too large, unsafe to unpack, or not the model that ``sha256`` names.
    What was fetched before and still has its digest is not fetched again.
    """
    kept = scratch / f"model-{sha256}"
    if kept.is_dir() and digest_of(kept) == sha256:
        return kept
    if source.startswith("s3://") or source.endswith(_ARCHIVES):
        folder = _fetched(source, scratch, storage, max_bytes)
    else:
        folder = Path(source)
        if not folder.is_dir():
            raise _refused(
                "model-missing", "There is no such model folder.", "Mount it, or correct WORKER_MODEL."
            )
    actual = digest_of(folder)
    if actual != sha256:
        raise _refused(
            "model-digest",
            f"The model folder has the digest {actual}, not {sha256}.",
            "Find out who changed the model; then set WORKER_MODEL_SHA256 to the digest that is meant.",
        )
    return folder if folder == Path(source) else _keep(folder, kept)


def _keep(folder: Path, kept: Path) -> Path:
    """Under its final name only once it is whole and checked; where another process was first, its copy."""
    shutil.rmtree(kept, ignore_errors=True)
    try:
        folder.rename(kept)
    except OSError:
        return folder
    return kept


def _fetched(source: str, scratch: Path, storage: Storage, max_bytes: int) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="model-", dir=scratch))
    if not source.endswith(_ARCHIVES):
        return _download_folder(*_bucket_and_key(source), work, storage, max_bytes)
    archive = Path(source)
    if source.startswith("s3://"):
        bucket, key = _bucket_and_key(source)
        found = storage.head(bucket, key)
        if found is None:
            raise _refused("model-missing", "There is no such model archive.", "Correct WORKER_MODEL.")
        archive = work / PurePosixPath(key).name
        storage.download(found, archive, max_bytes)
    unpacked = work / "unpacked"
    unpacked.mkdir()
    unpack(archive, unpacked, max_bytes)
    return _root(unpacked)


def _download_folder(bucket: str, prefix: str, work: Path, storage: Storage, max_bytes: int) -> Path:
    prefix = prefix.rstrip("/") + "/"
    parts = storage.list(bucket, prefix, _MOST_FILES)
    if not parts or len(parts) > _MOST_FILES or sum(part.size for part in parts) > max_bytes:
        raise _refused(
            "model-missing",
            f"Under the prefix are {len(parts)} objects of {sum(part.size for part in parts)} bytes.",
            "Correct WORKER_MODEL, or raise WORKER_MAX_MODEL_BYTES.",
        )
    folder = work / "folder"
    for part in parts:
        _download_part(part, _inside(folder, part.key.removeprefix(prefix)), storage)
    return folder


def _download_part(part: ObjectFacts, target: Path, storage: Storage) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    storage.download(part, target, part.size)


def unpack(archive: Path, folder: Path, max_bytes: int) -> None:
    """Regular files only, inside ``folder`` only, at most ``max_bytes`` in all. PermanentFault for anything else."""
    try:
        if archive.suffix == ".zip":
            _unpack_zip(archive, folder, max_bytes)
        else:
            _unpack_tar(archive, folder, max_bytes)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise _refused(
            "model-unreadable",
            f"The model archive cannot be unpacked ({type(error).__name__}).",
            "Make it anew.",
        ) from error


def _unpack_zip(archive: Path, folder: Path, max_bytes: int) -> None:
    with zipfile.ZipFile(archive) as opened:
        entries = [entry for entry in opened.infolist() if not entry.is_dir()]
        _check_size(len(entries), sum(entry.file_size for entry in entries), max_bytes)
        for entry in entries:
            target = _inside(folder, entry.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(entry) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)  # zipfile itself stops at the size that the entry states


def _unpack_tar(archive: Path, folder: Path, max_bytes: int) -> None:
    with tarfile.open(archive) as opened:
        count = total = 0
        for entry in opened:
            if entry.isdir():
                continue
            count, total = count + 1, total + entry.size
            _check_size(count, total, max_bytes)
            _inside(folder, entry.name)
            opened.extract(entry, folder, filter="data")


def _check_size(count: int, total: int, max_bytes: int) -> None:
    if count > _MOST_FILES or total > max_bytes:
        raise _refused(
            "model-too-large",
            f"The model archive holds {count} files of {total} bytes or more.",
            "Leave training files out, or raise WORKER_MAX_MODEL_BYTES.",
        )


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise _refused(
            "model-unsafe", "The model holds a file whose name leaves its folder.", "Make it anew."
        )
    return folder.joinpath(*path.parts)


def _root(unpacked: Path) -> Path:
    """Archives often hold the model folder rather than its files."""
    entries = list(unpacked.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else unpacked


def _bucket_and_key(source: str) -> tuple[str, str]:
    bucket, _, key = source.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise _refused("model-missing", "WORKER_MODEL names no bucket and key.", "Write s3://bucket/prefix/.")
    return bucket, key


def _refused(code: str, what: str, repair: str) -> PermanentFault:
    return PermanentFault(code, what, where="WORKER_MODEL", repair=repair)
