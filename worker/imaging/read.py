"""Whatever was uploaded, as a scan: a volume file, an archive or a folder of them, or a DICOM series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from worker.faults import PermanentFault
from worker.imaging import archives, dicom_files, dicom_series, volumes
from worker.imaging.limits import Limits
from worker.imaging.scan import Scan

_CHANNEL = re.compile(r"_(\d{4})\.(?:nii(?:\.gz)?|nrrd|mha)$")


def read(source: Path, limits: Limits, *, channels: int = 1) -> Scan:
    """The scan in ``source``: a file of any supported format, an archive, or a folder.

    Several channels come as ``…_0000.nii.gz``, ``…_0001.nii.gz`` in an archive or a folder. PermanentFault, in
    words for whoever sent it, for everything that cannot be read.
    """
    if source.is_dir():
        return _read_files(
            sorted(path for path in source.rglob("*") if path.is_file()), limits, channels, source
        )
    if source.stat().st_size == 0:
        raise PermanentFault("empty-file", "the file is empty", where=source.name, repair="upload it again")
    if volumes.sniff(source) is None and archives.is_archive(source):
        with TemporaryDirectory() as folder:
            return _read_files(archives.unpack(source, Path(folder), limits), limits, channels, source)
    return _read_files([source], limits, channels, source)


def _read_files(paths: Sequence[Path], limits: Limits, channels: int, source: Path) -> Scan:
    if len(paths) > limits.archive_files:
        raise PermanentFault(
            "archive-too-many",
            f"more than {limits.archive_files} files",
            where=source.name,
            repair="send one scan",
        )
    dicom = [path for path in paths if dicom_files.is_dicom(path)]
    images = [] if dicom else [path for path in paths if volumes.sniff(path) is not None]
    if dicom:
        scan = dicom_series.read(dicom_files.read_headers(dicom), limits)
    elif images:
        scan = volumes.read(_in_channel_order(images, channels, source), limits)
    else:
        raise PermanentFault(
            "unknown-format",
            f"no NIfTI, NRRD, MetaImage or DICOM among {len(paths)} file(s)",
            where=source.name,
            repair="send a .nii.gz, .nrrd or .mha file, or a zip of one DICOM series",
        )
    if len(scan.channels) != channels:
        raise PermanentFault(
            "channels-missing",
            f"the model takes {channels} channels, the scan has {len(scan.channels)}",
            where=source.name,
            repair="send all channels as …_0000, …_0001 in one archive",
        )
    return scan


def _in_channel_order(images: Sequence[Path], channels: int, source: Path) -> list[Path]:
    if len(images) == 1:
        return list(images)
    numbered = {int(match[1]): path for path in images if (match := _CHANNEL.search(path.name))}
    if len(images) != channels or sorted(numbered) != list(range(channels)):
        raise PermanentFault(
            "several-volumes",
            f"{len(images)} volumes where the model takes {channels} channel(s), numbered _0000 on",
            where=source.name,
            repair="send one scan at a time",
        )
    return [numbered[index] for index in range(channels)]
