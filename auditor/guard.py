"""The last line of defence: an exception that nobody foresaw costs one row of the report, not the run.

Whatever breaks on what it reads is a mistake of ours. A person who audits still gets everything else, an
exit code that says the audit is incomplete, and the words to report; AUDITOR_DEBUG=1 (set in all tests)
lets the exception through instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from auditor.secrets import masked_text
from auditor.spans import Problem

REPAIR = "this is a mistake in auditor, not in the file; AUDITOR_DEBUG=1 shows where, please report it"
_LONGEST = 200


def described(error: Exception) -> str:
    """``KeyError: 'spec'`` on one line without keys; raises the error again when AUDITOR_DEBUG is set."""
    if os.environ.get("AUDITOR_DEBUG"):
        raise error
    text = " ".join(masked_text(f"{type(error).__name__}: {error}").split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def row(file: str, what: str, error: Exception) -> Problem:
    """One problem of ``file``: ``what`` could not be done. Raises the error when AUDITOR_DEBUG is set."""
    return Problem(file, 0, 0, f"{what}: {described(error)}", REPAIR)


@contextmanager
def one_row(add: Callable[[Problem], None], file: str, what: str) -> Iterator[None]:
    """Turns an exception inside the block into one problem of ``file``: ``what`` could not be done."""
    try:
        yield
    except Exception as error:
        add(row(file, what, error))
