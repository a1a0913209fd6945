"""The flags that hand a finished report on: to a history, to the cluster, to a Pushgateway."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.report import Report
    from auditor.results.store import Store


def add_result_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    group = parser.add_argument_group(
        "results", "where the report goes beyond --output; each after the report itself is written"
    )
    add = group.add_argument
    add(
        "--history",
        metavar="WHERE",
        default="",
        help="keep the run as JSON and HTML in this folder or s3://bucket/prefix, and show the trend",
    )


class Results:
    """What the flags ask for. UsageError for an address that cannot be, before anything is audited."""

    def __init__(self, options: argparse.Namespace) -> None:
        from auditor.results.store import open_store

        self._options = options
        self._store: Store | None = open_store(options.history) if options.history else None

    @property
    def formats(self) -> set[str]:
        """Formats that the report must be made for, beside those of ``--format``."""
        return {"html"} if self._store else set()

    def with_history(self, report: Report) -> Report:
        """The report with the runs before it."""
        if self._store is None:
            return report
        from msgspec.structs import replace

        from auditor.results.kept import before

        trend, warnings = before(self._store, report)
        return replace(report, history=trend, warnings=(*report.warnings, *warnings))

    def deliver(self, report: Report) -> int:
        """Hand the report on; the exit code of the run.

        What does not arrive is said, and the rest goes on. It makes the exit code 2, as an ``--output`` does that
        cannot be written, unless the gate failed.
        """
        from auditor.gate import EXIT_GATE, EXIT_USAGE
        from auditor.redact import redacted

        report = redacted(report)
        arrived = [_arrived(send, report) for send in self._sinks()]
        code = report.gate.exit_code
        return code if all(arrived) or code == EXIT_GATE else EXIT_USAGE

    def _sinks(self) -> list[Callable[[Report], None]]:
        return [self._keep] if self._store else []

    def _keep(self, report: Report) -> None:
        from auditor.reporters import render
        from auditor.reporters.interface import RenderOptions
        from auditor.results.kept import keep

        assert self._store is not None
        keep(self._store, report, render("html", report, RenderOptions(link_base=self._options.link_base)))


def _arrived(send: Callable[[Report], None], report: Report) -> bool:
    from auditor.results import Undelivered

    try:
        send(report)
    except Undelivered as error:
        print(f"auditor: {error.what}; {error.repair}", file=sys.stderr)
        return False
    return True
