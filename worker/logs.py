"""One JSON object a line, with ids and never patient data.

Object keys, file names, DICOM tags and the words of exceptions can carry a patient's name. So a line holds a
fixed text of ours and fields from a closed list: ids (hashes), codes, counts and seconds. An exception is logged as
its type and its places in the code. What other libraries log is reduced to where it came from. The words for a
person are in ``errors/….json``, which lies in the output bucket and is protected as results are.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Any, TextIO

FIELDS = frozenset(
    {
        "scan",
        "message_id",
        "phase",
        "outcome",
        "code",
        "seconds",
        "count",
        "bytes",
        "model",
        "device",
        "port",
        "version",
    }
)
"""The only fields that a line of ours may carry beside time, level, logger, text and error."""

_NAME = "worker"


def log(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """``event``: a constant text. ValueError for a field outside FIELDS: it could carry patient data."""
    if not fields.keys() <= FIELDS:
        raise ValueError(f"no such log field: {sorted(fields.keys() - FIELDS)}")
    logging.getLogger(_NAME).log(level, event, extra={"fields": fields, "error": error})


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == _NAME:
            line |= {"event": record.msg, **getattr(record, "fields", {})}
        else:
            line |= {
                "event": "logged by a library; its words are withheld",
                "at": f"{record.module}:{record.lineno}",
            }
        error = getattr(record, "error", None) or (record.exc_info[1] if record.exc_info else None)
        if error is not None:
            line |= {"error": type(error).__qualname__, "trace": _places(error)}
        return json.dumps(line, default=str)


def _places(error: BaseException) -> list[str]:
    """The innermost calls, without the source lines' values or the exception's words."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Everything that this process logs, warns of or dies of goes to ``stream`` (standard error) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_NAME).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log("uncaught exception", level=logging.CRITICAL, error=error or kind())
