"""The model folder: fetched, unpacked with suspicion, and not used unless its digest is the one that was set."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from worker.aws.s3 import S3Storage
from worker.faults import PermanentFault
from worker.model_store import fetch_model, unpack

FILES = {"plans.json": b"{}", "fold_0/checkpoint_final.pth": b"weights"}


def digest_of(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "model"


def fetch(source: str, sha256: str, tmp_path: Path, cloud: Any, max_bytes: int = 1000) -> Path:
    scratch = tmp_path / "scratch"
    return fetch_model(source, sha256, scratch, S3Storage(cloud.s3), max_bytes=max_bytes, digest_of=digest_of)


def archive(model: Path, path: Path) -> bytes:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as opened:
            for name in FILES:
                opened.write(model / name, f"model/{name}")
    else:
        with tarfile.open(path, "w:gz") as opened:
            opened.add(model, "model")
    return path.read_bytes()


def test_a_mounted_folder_is_used_where_it_lies(model: Path, tmp_path: Path, cloud: Any) -> None:
    assert fetch(str(model), digest_of(model), tmp_path, cloud) == model


def test_another_digest_is_refused(model: Path, tmp_path: Path, cloud: Any) -> None:
    with pytest.raises(PermanentFault) as caught:
        fetch(str(model), "0" * 64, tmp_path, cloud)
    assert caught.value.code == "model-digest"
    assert digest_of(model) in caught.value.what


def test_a_prefix_is_fetched_once(model: Path, tmp_path: Path, cloud: Any) -> None:
    for name, content in FILES.items():
        cloud.upload(f"models/a/{name}", content)
    digest = digest_of(model)
    folder = fetch("s3://scans/models/a/", digest, tmp_path, cloud)
    assert (folder / "fold_0/checkpoint_final.pth").read_bytes() == b"weights"
    for name in FILES:
        cloud.s3.delete_object(Bucket="scans", Key=f"models/a/{name}")
    assert fetch("s3://scans/models/a/", digest, tmp_path, cloud) == folder


@pytest.mark.parametrize("name", ["m.zip", "m.tar.gz"])
def test_an_archive_is_unpacked_from_the_store_and_from_a_mount(
    name: str, model: Path, tmp_path: Path, cloud: Any
) -> None:
    cloud.upload(name, archive(model, tmp_path / name))
    for source in (f"s3://scans/{name}", str(tmp_path / name)):
        assert digest_of(fetch(source, digest_of(model), tmp_path, cloud)) == digest_of(model)


def test_a_model_that_was_changed_on_disk_is_fetched_again(model: Path, tmp_path: Path, cloud: Any) -> None:
    cloud.upload("m.zip", archive(model, tmp_path / "m.zip"))
    folder = fetch("s3://scans/m.zip", digest_of(model), tmp_path, cloud)
    (folder / "plans.json").write_bytes(b"changed")
    again = fetch("s3://scans/m.zip", digest_of(model), tmp_path, cloud)
    assert (again / "plans.json").read_bytes() == b"{}"


def tar_with(entry: tarfile.TarInfo, path: Path, content: bytes = b"") -> Path:
    with tarfile.open(path, "w") as opened:
        entry.size = len(content)
        opened.addfile(entry, io.BytesIO(content))
    return path


def test_archives_that_leave_their_folder_or_burst_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hostile = [
        tar_with(tarfile.TarInfo("../escape"), tmp_path / "a.tar", b"x"),
        tar_with(tarfile.TarInfo("/absolute"), tmp_path / "b.tar", b"x"),
        tar_with(link, tmp_path / "c.tar"),
        tar_with(tarfile.TarInfo("big"), tmp_path / "d.tar", b"x" * 2000),
    ]
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("bomb", b"0" * 1_000_000)
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as opened:
        opened.writestr("../escape", b"x")
    (tmp_path / "g.tar").write_bytes(b"no archive")
    hostile += [tmp_path / name for name in ("e.zip", "f.zip", "g.tar")]
    for path in hostile:
        with pytest.raises(PermanentFault):
            unpack(path, target, 1000)
    assert not (tmp_path / "escape").exists()
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    "source", ["s3://scans/none/", "s3://scans/none.zip", "/no/such/folder", "s3://scans"]
)
def test_a_missing_model_is_refused_in_words(source: str, tmp_path: Path, cloud: Any) -> None:
    with pytest.raises(PermanentFault) as caught:
        fetch(source, "0" * 64, tmp_path, cloud)
    assert caught.value.code == "model-missing"
