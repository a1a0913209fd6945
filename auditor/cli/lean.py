"""How the ``auditor`` command starts: nothing is loaded that a run does not need."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from auditor.patterns import compiled_when_used


def start_lean() -> None:
    """What only a process of its own may do to start faster.

    A run allocates a few hundred megabytes at most and leaves few cycles: collecting often finds nothing. And some
    modules load others of which they need next to nothing. msgspec prefers typing_extensions, which takes longer to
    load than msgspec itself, and takes the equal functions of ``typing`` where it is absent; it loads ``uuid``, which
    asks ``platform`` for the system's name. ``argparse`` wants translations, of which Python brings none. ``pathlib``
    can write file names as URLs.
    """
    gc.set_threshold(1_000_000, 10, 10)
    with compiled_when_used(), _small("typing_extensions", None):
        _load("msgspec", "platform", SimpleNamespace(system=lambda: os.uname().sysname))
    _load("argparse", "gettext", SimpleNamespace(gettext=str, ngettext=_counted))
    _load("pathlib", "urllib.parse", SimpleNamespace(quote_from_bytes=_quoted))


def _load(module: str, other: str, stand_in: Any) -> None:
    """Load a module with a stand-in for another; where that fails it loads as ever, when somebody asks for it."""
    with suppress(ImportError, AttributeError), _small(other, stand_in):
        import_module(module)


@contextmanager
def _small(name: str, stand_in: Any) -> Iterator[None]:
    """Modules loaded inside get something smaller in place of a module that is not loaded yet."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        del sys.modules[name]


def _counted(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


def _quoted(name: bytes) -> str:
    from urllib.parse import quote_from_bytes

    return quote_from_bytes(name)
