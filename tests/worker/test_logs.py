"""Logs: JSON, with ids, and never a word that a patient's name could be in."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from worker.logs import configure, log

NAME = "DOE^JANE"


@pytest.fixture
def lines() -> Iterator[Any]:
    root = logging.getLogger()
    kept = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    stream = io.StringIO()
    configure("INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = kept
    logging.captureWarnings(False)


def test_a_line_holds_the_scans_id_and_its_fields(lines: Any) -> None:
    log("scan ended", scan="abc", outcome="done", seconds=1.5)
    [line] = lines()
    assert line["event"] == "scan ended"
    assert (line["scan"], line["outcome"], line["seconds"], line["level"]) == ("abc", "done", 1.5, "info")


def test_a_field_that_could_name_a_patient_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        log("x", key=f"clinic/{NAME}.nii.gz")


def test_an_exceptions_words_stay_out_and_its_place_stays_in(lines: Any) -> None:
    try:
        raise KeyError(f"clinic/{NAME}.nii.gz")
    except KeyError as error:
        log("fault", error=error)
    [line] = lines()
    assert line["error"] == "KeyError"
    assert "test_logs.py" in line["trace"][0]
    assert NAME not in json.dumps(line)


def test_the_words_of_libraries_are_withheld(lines: Any) -> None:
    logging.getLogger("urllib3.connectionpool").warning("Retrying %s", f"/bucket/{NAME}")
    logging.getLogger("any").error(f"failed on {NAME}")
    assert NAME not in json.dumps(lines())
    assert [line["logger"] for line in lines()] == ["urllib3.connectionpool", "any"]


def test_what_a_thread_dies_of_is_logged_without_its_words(lines: Any) -> None:
    def die() -> None:
        raise ValueError(NAME)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    [line] = lines()
    assert line["error"] == "ValueError"
    assert NAME not in json.dumps(line)
