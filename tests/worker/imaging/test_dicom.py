"""DICOM in: read as it lies in the patient, or refused by the name of the tag or file that is wrong."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless, RLELossless

from tests.worker.imaging.dicom_phantom import volume, write_multiframe, write_series
from worker.faults import PermanentFault
from worker.imaging.limits import Limits
from worker.imaging.read import read

LIMITS = Limits()


def refused(source: Path, limits: Limits = LIMITS) -> PermanentFault:
    with pytest.raises(PermanentFault) as caught:
        read(source, limits)
    fault = caught.value
    assert fault.what and fault.repair, "a fault says what happened and what helps"
    return fault


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (0.8, 0.6, 0, 0, 0, -1)])
def test_a_series_lies_where_simpleitk_puts_it(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    stored = volume()
    write_series(tmp_path / "series", stored, orientation=orientation)
    scan = read(tmp_path / "series", LIMITS)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "series")))
    image = reader.Execute()
    np.testing.assert_array_equal(scan.channels[0], SimpleITK.GetArrayFromImage(image))
    np.testing.assert_array_equal(scan.channels[0], stored.astype(np.float32) - 1024)
    np.testing.assert_allclose(scan.geometry.spacing, image.GetSpacing(), atol=1e-4)
    np.testing.assert_allclose(scan.geometry.origin, image.GetOrigin(), atol=1e-4)
    np.testing.assert_allclose(scan.geometry.direction, image.GetDirection(), atol=1e-6)


def test_a_zip_of_a_series_is_the_series(tmp_path: Path) -> None:
    stored = volume()
    paths = write_series(tmp_path / "series", stored)
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        for path in paths:
            archive.write(path, f"export/slices/{path.name}")
        archive.writestr("export/readme.txt", "not an image")
    scan = read(tmp_path / "scan.zip", LIMITS)
    np.testing.assert_array_equal(scan.channels[0], stored.astype(np.float32) - 1024)
    assert scan.kind == "dicom"


def test_the_slope_of_each_slice_counts(tmp_path: Path) -> None:
    def double_in_slice_two(dataset: Dataset, index: int) -> None:
        dataset.RescaleSlope = "2.5" if index == 2 else "1"

    stored = volume()
    write_series(tmp_path, stored, edit=double_in_slice_two)
    scan = read(tmp_path, LIMITS)
    np.testing.assert_allclose(scan.channels[0, 2], stored[2] * np.float32(2.5) - 1024)
    np.testing.assert_allclose(scan.channels[0, 3], stored[3] - np.float32(1024))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless], ids=["rle", "jpeg-ls"])
def test_compressed_slices_decode_to_the_same_numbers(tmp_path: Path, syntax: str) -> None:
    stored = volume()
    write_series(
        tmp_path, stored, edit=lambda dataset, _: dataset.compress(syntax, generate_instance_uid=False)
    )
    np.testing.assert_array_equal(read(tmp_path, LIMITS).channels[0], stored.astype(np.float32) - 1024)


def test_frames_of_an_enhanced_ct_are_sorted_by_position(tmp_path: Path) -> None:
    stored = volume()
    scan = read(write_multiframe(tmp_path / "one.dcm", stored), LIMITS)
    np.testing.assert_array_equal(scan.channels[0], stored.astype(np.float32) - 1024)
    assert scan.geometry.spacing == pytest.approx((0.3, 0.4, 0.5))
    assert scan.geometry.origin == pytest.approx((-5, -4, 10))


def test_a_scout_and_a_report_beside_the_series_are_left_out(tmp_path: Path) -> None:
    def scout(dataset: Dataset, _: int) -> None:
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    stored = volume()
    write_series(tmp_path / "series", stored)
    write_series(tmp_path / "scout", volume((2, 9, 9)), series="2", edit=scout)
    assert read(tmp_path, LIMITS).geometry.shape == stored.shape


def empty(keyword: str) -> Callable[[Dataset, int], None]:
    return lambda dataset, index: setattr(dataset, keyword, "") if index == 3 else None


def without(keyword: str) -> Callable[[Dataset, int], None]:
    return lambda dataset, index: delattr(dataset, keyword) if index == 3 else None


def with_value(keyword: str, value: Any) -> Callable[[Dataset, int], None]:
    return lambda dataset, index: setattr(dataset, keyword, value) if index == 3 else None


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (empty("SOPClassUID"), "dicom-tag", "SOPClassUID (0008,0016) is empty"),
        (without("SOPClassUID"), "dicom-tag", "SOPClassUID (0008,0016) is missing"),
        (without("SeriesInstanceUID"), "dicom-tag", "SeriesInstanceUID (0020,000e) is missing"),
        (without("ImagePositionPatient"), "dicom-tag", "ImagePositionPatient (0020,0032) is missing"),
        (with_value("ImagePositionPatient", [0, 1]), "dicom-tag", "should hold 3 finite numbers"),
        (without("PixelSpacing"), "dicom-tag", "PixelSpacing (0028,0030) is missing"),
        (with_value("PixelSpacing", [4, 3]), "dicom-tag", "PixelSpacing (0028,0030) differs"),
        (without("FrameOfReferenceUID"), "dicom-tag", "FrameOfReferenceUID (0020,0052) is missing"),
        (with_value("ImageOrientationPatient", [0, 1, 0, 1, 0, 0]), "dicom-tag", "ImageOrientationPatient"),
        (with_value("Rows", 7), "dicom-tag", "Rows (0028,0010) or Columns differ"),
        (with_value("RescaleSlope", "0"), "dicom-tag", "RescaleSlope (0028,1053) is 0"),
        (with_value("PhotometricInterpretation", "RGB"), "dicom-tag", "PhotometricInterpretation"),
        (with_value("PixelData", b"\0\0"), "dicom-pixels", "PixelData (7fe0,0010)"),
    ],
)
def test_a_bad_tag_in_one_slice_is_named_with_its_file(
    tmp_path: Path, edit: Callable[[Dataset, int], None], code: str, words: str
) -> None:
    write_series(tmp_path, volume(), edit=edit)
    fault = refused(tmp_path)
    assert fault.code == code
    assert words in fault.what
    assert fault.where.endswith(".dcm")


def test_an_unknown_modality_is_named(tmp_path: Path) -> None:
    write_series(tmp_path, volume(), edit=lambda dataset, _: setattr(dataset, "Modality", "PX"))
    assert "Modality (0008,0060) is PX; this model takes CT" in refused(tmp_path).what


def test_a_missing_slice_is_told_apart_from_uneven_ones(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "gap", volume(), shuffled=False)
    paths[5].unlink()
    fault = refused(tmp_path / "gap")
    assert fault.code == "dicom-gap"
    assert "(1 missing)" in fault.what
    assert fault.where == "004.dcm"

    def moved(dataset: Dataset, index: int) -> None:
        if index == 5:
            dataset.ImagePositionPatient[2] += 0.2

    write_series(tmp_path / "uneven", volume(), edit=moved)
    assert "(uneven)" in refused(tmp_path / "uneven").what


def test_a_slice_sent_twice_is_refused(tmp_path: Path) -> None:
    paths = write_series(tmp_path, volume())
    (tmp_path / "again.dcm").write_bytes(paths[3].read_bytes())
    assert refused(tmp_path).code == "dicom-double-slice"


def test_a_tilted_gantry_is_refused_with_its_angle(tmp_path: Path) -> None:
    shear = 0.5 * math.tan(math.radians(12))
    write_series(tmp_path, volume(), step=(0, shear, 0.5))
    fault = refused(tmp_path)
    assert "GantryDetectorTilt (0018,1120)" in fault.what
    assert "12.0°" in fault.what


def test_two_series_are_refused_by_number_and_without_patient_data(tmp_path: Path) -> None:
    write_series(tmp_path / "one", volume())
    write_series(tmp_path / "two", volume((5, 20, 24)), series="4")
    fault = refused(tmp_path)
    assert fault.code == "dicom-several-series"
    assert "series 1 (CT, 12 files)" in fault.what and "series 4 (CT, 5 files)" in fault.what
    assert "Phantom" not in fault.what + fault.where


def test_a_broken_multiframe_names_its_sequence(tmp_path: Path) -> None:
    def drop(dataset: Dataset) -> None:
        del dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence

    fault = refused(write_multiframe(tmp_path / "one.dcm", volume(), edit=drop))
    assert "PlanePositionSequence (0020,9113) is missing for frame 1" in fault.what


def test_memory_is_judged_before_pixels_are_read(tmp_path: Path) -> None:
    def enormous(dataset: Dataset, _: int) -> None:
        dataset.Rows = dataset.Columns = 65535

    write_series(tmp_path, volume(), edit=enormous)
    assert refused(tmp_path).code == "too-large"


def test_damaged_compressed_pixels_name_the_transfer_syntax(tmp_path: Path) -> None:
    def damage(dataset: Dataset, index: int) -> None:
        dataset.compress(JPEGLSLossless, generate_instance_uid=False)
        if index == 0:
            dataset.PixelData = encapsulate([b"\xff\xd8 not a picture"])

    write_series(tmp_path, volume(), edit=damage)
    fault = refused(tmp_path)
    assert fault.code == "dicom-pixels"
    assert "JPEG-LS" in fault.what


def test_no_byte_that_is_flipped_or_missing_ends_in_anything_but_a_fault(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "series", volume((3, 8, 8)), shuffled=False)
    original = paths[1].read_bytes()
    random = np.random.default_rng(0)
    outcomes = {"read": 0, "refused": 0}
    for trial in range(300):
        damaged = bytearray(original)
        for _ in range(3):
            damaged[random.integers(132, len(original))] = random.integers(0, 256)
        paths[1].write_bytes(damaged[: random.integers(140, len(original))] if trial % 3 == 0 else damaged)
        try:
            read(tmp_path / "series", LIMITS)
            outcomes["read"] += 1
        except PermanentFault:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 100
