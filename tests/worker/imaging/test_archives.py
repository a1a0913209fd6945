"""Archives from strangers: nothing leaves the folder, nothing grows without bound."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.faults import PermanentFault
from worker.imaging.archives import is_archive, unpack
from worker.imaging.limits import Limits

SMALL = Limits(archive_bytes=1 << 20, archive_files=10)


def refused(archive: Path, folder: Path) -> PermanentFault:
    folder.mkdir(exist_ok=True)
    with pytest.raises(PermanentFault) as caught:
        unpack(archive, folder, SMALL)
    return caught.value


def a_zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return path


def a_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


BUILDERS = pytest.mark.parametrize("build", [a_zip, a_tar])
Builder = Callable[[Path, dict[str, bytes]], Path]


@BUILDERS
def test_files_come_out_in_order_with_tame_names(tmp_path: Path, build: Builder) -> None:
    members = {"study/b 2.dcm": b"two", "study/a_0000.nii.gz": b"one", "__MACOSX/._a": b"junk"}
    archive = build(tmp_path / "archive", members)
    assert is_archive(archive)
    (tmp_path / "out").mkdir()
    paths = unpack(archive, tmp_path / "out", SMALL)
    assert [path.name for path in paths] == ["000001-b_2.dcm", "000002-a_0000.nii.gz"]
    assert [path.read_bytes() for path in paths] == [b"two", b"one"]


@BUILDERS
@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil", "a/.."])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, build: Builder, name: str) -> None:
    fault = refused(build(tmp_path / "archive", {"good": b"1", name: b"2"}), tmp_path / "out")
    assert fault.code == "archive-path"
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "out"}


@BUILDERS
def test_a_bomb_stops_at_the_limit(tmp_path: Path, build: Builder) -> None:
    archive = build(tmp_path / "archive", {"zeros": bytes(30 << 20)})
    assert archive.stat().st_size < 100_000
    assert refused(archive, tmp_path / "out").code == "archive-too-large"
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= SMALL.archive_bytes


@BUILDERS
def test_too_many_files_are_refused(tmp_path: Path, build: Builder) -> None:
    archive = build(tmp_path / "archive", {f"{index}": b"" for index in range(11)})
    assert refused(archive, tmp_path / "out").code == "archive-too-many"


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(tmp_path / "links.tar", "w") as archive:
            info = tarfile.TarInfo("innocent")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        assert refused(tmp_path / "links.tar", tmp_path / "out").code == "archive-link"
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        link = zipfile.ZipInfo("innocent")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert refused(tmp_path / "link.zip", tmp_path / "out").code == "archive-link"


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    archive = a_zip(tmp_path / "secret.zip", {"scan.nii": b"1"}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    fault = refused(archive, tmp_path / "out")
    assert (fault.code, fault.where) == ("archive-encrypted", "scan.nii")


def test_a_tar_header_that_claims_gigabytes_is_not_believed(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 6 << 30
    (tmp_path / "claim.tar").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    fault = refused(tmp_path / "claim.tar", tmp_path / "out")
    assert fault.code == "archive-broken"
    assert "claims" in fault.what


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_ends_in_files_or_in_a_fault(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    build = data.draw(st.sampled_from([a_zip, a_tar]))
    content = bytearray(
        build(folder / "archive", {"a.dcm": b"slice" * 100, "b/c.dcm": bytes(2000)}).read_bytes()
    )
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "archive").write_bytes(content[: data.draw(st.integers(1, len(content)))])
    (folder / "out").mkdir()
    try:
        for path in unpack(folder / "archive", folder / "out", SMALL):
            assert path.parent == folder / "out"
    except PermanentFault as fault:
        assert fault.what
