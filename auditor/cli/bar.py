"""A bar on the terminal for runs that take longer than a moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from auditor.progress import NOW

if TYPE_CHECKING:
    from threading import Event

PATIENCE = 1.0
"""Seconds before it shows: most runs are over by then, and never load what draws it."""
EVERY = 0.1


@contextmanager
def bar() -> Iterator[None]:
    """Shows how far the run is, on standard error, when that is a terminal that can move its cursor."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb" or os.environ.get("CI"):
        yield
        return
    from threading import Event, Thread

    over = Event()
    thread = Thread(target=_watch, args=(over,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(over: Event) -> None:
    if over.wait(PATIENCE):
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("starting", total=None)
        while not over.wait(EVERY):
            if NOW.total:
                drawn.update(task, description=NOW.what, completed=NOW.done, total=NOW.total)
