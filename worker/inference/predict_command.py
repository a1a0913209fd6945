"""``worker predict IN OUT --model DIR``: one scan or a folder of scans, without AWS."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from worker.faults import Fault
from worker.segmenter import Segmentation, Segmenter


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "input", type=Path, metavar="IN", help="a scan, or a folder of scans or of DICOM files"
    )
    parser.add_argument(
        "output", type=Path, metavar="OUT", help="folder for the results, one folder for each scan"
    )
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="nnU-Net v2 model folder")
    parser.add_argument(
        "--device", default="auto", choices=("auto", "cpu", "cuda"), help="where the network runs"
    )
    parser.add_argument(
        "--no-tta", action="store_true", help="do not mirror: 3 to 8 times faster, a little worse"
    )
    parser.add_argument(
        "--save-probabilities", action="store_true", help="write probabilities.npz too, for an ensemble"
    )
    parser.add_argument(
        "--sha256", default="", metavar="DIGEST", help="refuse a model folder with another digest"
    )


def run(options: Namespace) -> int:
    """0: every scan has its result; 1: some could not be done (explained on stderr); 2: the model or the input."""
    if not options.input.exists():
        return _refused(f"{options.input}: no such file or folder")
    from worker.inference.segmenter import load

    try:
        segmenter = load(
            options.model,
            device=options.device,
            tta=not options.no_tta,
            digest=options.sha256,
            probabilities=options.save_probabilities,
        )
    except Fault as fault:
        return _refused(_sentence(fault))
    failed = 0
    for source, name in scans(options.input, len(segmenter.description["channels"])):
        try:
            result = _one(segmenter, source, options.output / name)
        except Fault as fault:
            failed += 1
            print(f"{source.name}: {_sentence(fault)}", file=sys.stderr)
        else:
            print(f"{source.name}: {result}")
    return 1 if failed else 0


def scans(source: Path, channels: int) -> Iterator[tuple[Path, str]]:
    """Each scan in ``source`` and the name of its results: a file, a folder of files, or a DICOM folder."""
    from worker.imaging.dicom_files import is_dicom

    if source.is_file():
        yield source, _stem(source)
        return
    members = sorted(path for path in source.iterdir() if not path.name.startswith("."))
    files = [path for path in members if path.is_file()]
    if channels > 1 or any(is_dicom(path) for path in files):
        yield source, source.resolve().name
        return
    for path in members:
        yield path, _stem(path)


def _one(segmenter: Segmenter, source: Path, folder: Path) -> str:
    started = time.perf_counter()
    prepared = segmenter.prepare(source)
    read = time.perf_counter()
    inferred = segmenter.infer(prepared)
    seen = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    segmentation = segmenter.export(inferred, folder)
    done = time.perf_counter()
    seconds = {"prepare": read - started, "network": seen - read, "export": done - seen}
    (folder / "result.json").write_text(json.dumps(_facts(segmenter, segmentation, seconds), indent=2) + "\n")
    flags = [flag["what"] for flag in segmentation.facts["flags"]]
    return f"{folder} in {done - started:.1f} s" + (f" ({'; '.join(flags)})" if flags else "")


def _facts(segmenter: Segmenter, segmentation: Segmentation, seconds: dict[str, float]) -> dict[str, Any]:
    from worker.result import NOTICE

    taken = seconds | {f"export.{name}": value for name, value in segmentation.seconds.items()}
    return {
        **segmentation.facts,
        "outputs": [output.name for output in segmentation.outputs],
        "seconds": {name: round(value, 4) for name, value in taken.items()},
        "model_digest": segmenter.digest,
        "options": dict(segmenter.options),
        "software": dict(segmenter.description),
        "notice": NOTICE,
    }


def _stem(path: Path) -> str:
    for ending in _ENDINGS:
        if path.name.lower().endswith(ending):
            return path.name[: -len(ending)]
    return path.name


_ENDINGS: Sequence[str] = (".nii.gz", ".nii", ".nrrd", ".mha", ".tar.gz", ".tgz", ".tar", ".zip")


def _sentence(fault: Fault) -> str:
    where = f" [{fault.where}]" if fault.where else ""
    repair = f" — {fault.repair}" if fault.repair else ""
    return f"{fault.what}{where}{repair}"


def _refused(what: str) -> int:
    print(f"worker predict: {what}", file=sys.stderr)
    return 2
