"""NIfTI, NRRD and MetaImage: read as SimpleITK reads them, or refused before memory is taken."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.faults import PermanentFault
from worker.imaging.limits import Limits
from worker.imaging.read import read

LIMITS = Limits(memory_bytes=1 << 26)
ENDINGS = (".nii", ".nii.gz", ".nrrd", ".mha")


def save(path: Path, volume: np.ndarray, spacing: tuple[float, ...] = (0.5, 0.6, 0.7)) -> Path:
    image = SimpleITK.GetImageFromArray(volume, isVector=False)
    image.SetSpacing(spacing[: image.GetDimension()] + (1.0,) * (image.GetDimension() - 3))
    if image.GetDimension() == 3:
        image.SetOrigin((1, -2, 3))
        image.SetDirection((0, -1, 0, 1, 0, 0, 0, 0, 1))
    SimpleITK.WriteImage(image, str(path))
    return path


def noise(shape: tuple[int, ...] = (6, 7, 8)) -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 3000, size=shape).astype(np.int16)


def refused(path: Path, limits: Limits = LIMITS, channels: int = 1) -> PermanentFault:
    with pytest.raises(PermanentFault) as caught:
        read(path, limits, channels=channels)
    assert caught.value.what and caught.value.repair
    return caught.value


@pytest.mark.parametrize("ending", ENDINGS)
def test_values_and_geometry_survive(tmp_path: Path, ending: str) -> None:
    path = save(tmp_path / f"scan{ending}", noise())
    scan, image = read(path, LIMITS), SimpleITK.ReadImage(str(path))
    np.testing.assert_array_equal(scan.channels[0], noise().astype(np.float32))
    assert scan.geometry.shape == (6, 7, 8)
    assert scan.geometry.spacing == image.GetSpacing()
    assert scan.geometry.origin == image.GetOrigin()
    assert scan.geometry.direction == image.GetDirection()


@pytest.mark.parametrize("ending", ENDINGS)
def test_content_decides_the_format_and_not_the_name(tmp_path: Path, ending: str) -> None:
    path = save(tmp_path / f"scan{ending}", noise()).rename(tmp_path / "upload")
    np.testing.assert_array_equal(read(path, LIMITS).channels[0], noise().astype(np.float32))


def test_a_fourth_axis_of_one_is_let_through_and_a_longer_one_refused(tmp_path: Path) -> None:
    assert read(save(tmp_path / "one.nii.gz", noise((1, 4, 5, 6))), LIMITS).geometry.shape == (4, 5, 6)
    assert "6×5×4×3" in refused(save(tmp_path / "time.nii.gz", noise((3, 4, 5, 6)))).what


def test_channels_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    for channel in (1, 0):
        save(tmp_path / f"case_{channel:04d}.nii.gz", noise() + np.int16(channel))
    with zipfile.ZipFile(tmp_path / "case.zip", "w") as archive:
        for channel in (1, 0):
            archive.write(tmp_path / f"case_{channel:04d}.nii.gz", f"case_{channel:04d}.nii.gz")
    scan = read(tmp_path / "case.zip", LIMITS, channels=2)
    np.testing.assert_array_equal(scan.channels[1] - scan.channels[0], 1)
    assert refused(tmp_path / "case.zip").code == "several-volumes"
    assert refused(tmp_path / "case_0000.nii.gz", channels=2).code == "channels-missing"


def test_channels_of_different_size_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "case_0000.nii.gz", noise())
    save(tmp_path / "case_0001.nii.gz", noise((6, 7, 9)))
    assert refused(tmp_path, channels=2).code == "channels-differ"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers_are_counted(tmp_path: Path, value: float) -> None:
    volume = noise().astype(np.float32)
    volume[1, 2, 3] = volume[3, 3, 3] = value
    fault = refused(save(tmp_path / "scan.nii.gz", volume))
    assert fault.code == "not-finite"
    assert "2 of 336 voxels" in fault.what


def test_a_volume_of_one_value_is_empty(tmp_path: Path) -> None:
    fault = refused(save(tmp_path / "scan.nii.gz", np.full((5, 5, 5), -1000, np.int16)))
    assert (fault.code, fault.where) == ("empty-volume", "scan.nii.gz")


@pytest.mark.parametrize("volume", [noise((5, 6)), noise((1, 5, 6))], ids=["2-D", "one slice"])
def test_a_single_slice_is_no_volume(tmp_path: Path, volume: np.ndarray) -> None:
    assert refused(save(tmp_path / "scan.mha", volume)).code == "not-a-volume"


def test_colour_is_refused(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "scan.nii.gz"))
    assert "3 numbers" in refused(tmp_path / "scan.nii.gz").what


def test_micrometres_for_millimetres_are_noticed(tmp_path: Path) -> None:
    fault = refused(save(tmp_path / "scan.mha", noise(), spacing=(300.0, 300.0, 300.0)))
    assert fault.code == "spacing-implausible"
    assert "300 × 300 × 300 mm" in fault.what


def enormous_nifti() -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 4000, 4000, 3200, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 0.3, 0.3, 0.3, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return bytes(header)


ENORMOUS = {
    "scan.nii": enormous_nifti(),
    "scan.nii.gz": gzip.compress(enormous_nifti()),
    "scan.nrrd": b"NRRD0004\ntype: short\ndimension: 3\nsizes: 4000 4000 3200\nspacings: 0.3 0.3 0.3\n"
    b"encoding: gzip\nendian: little\n\n" + gzip.compress(bytes(100)),
    "scan.mha": b"ObjectType = Image\nNDims = 3\nDimSize = 4000 4000 3200\nElementSpacing = 0.3 0.3 0.3\n"
    b"ElementType = MET_SHORT\nElementDataFile = LOCAL\n",
}


@pytest.mark.parametrize("name", ENORMOUS)
def test_a_header_of_a_hundred_gigabytes_is_refused_unread(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ENORMOUS[name])
    fault = refused(tmp_path / name, Limits())
    assert fault.code == "too-large"
    assert "GiB" in fault.what


META = b"ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR\nElementDataFile = "
NRRD = b"NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scan.nrrd", NRRD + b"data file: /etc/passwd\n\n"),
        ("scan.mha", META + b"/etc/passwd\n"),
        ("scan.mhd", META + b"LIST\n/etc/passwd\n"),
    ],
)
def test_a_header_cannot_name_another_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name).code == "detached-header"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08broken", b"\0" * 400, b"PK\3\4 not a zip"])
def test_what_is_no_image_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scan.nii.gz").write_bytes(content)
    fault = refused(tmp_path / "scan.nii.gz")
    assert fault.code in {"empty-file", "unknown-format", "unreadable-image"}
    assert fault.where == "scan.nii.gz"


def test_a_truncated_volume_is_refused(tmp_path: Path) -> None:
    for ending in ENDINGS:
        path = save(tmp_path / f"scan{ending}", noise((20, 20, 20)))
        path.write_bytes(path.read_bytes()[:-3000])
        assert refused(path).code in {"unreadable-image", "truncated-image"}, ending


@pytest.mark.parametrize("offset", [1e30, float("inf"), float("nan")])
def test_voxels_that_begin_beyond_any_file_are_refused(tmp_path: Path, offset: float) -> None:
    path = save(tmp_path / "scan.nii", noise((4, 4, 4)))
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 108, offset)
    path.write_bytes(content)
    assert refused(path).code in {"unreadable-image", "truncated-image"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_ends_in_a_scan_or_in_a_fault(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    path = save(folder / f"scan{data.draw(st.sampled_from(ENDINGS))}", noise((4, 4, 4)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(len(content), 400) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        scan = read(path, LIMITS)
    except PermanentFault as fault:
        assert fault.what
    else:
        assert np.isfinite(scan.channels).all()
