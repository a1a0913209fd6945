"""The flags that hand a finished report on: to a history, to the cluster, to a Pushgateway."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from auditor.cli.run_flags import percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from auditor.reach import Kind
    from auditor.report import Report
    from auditor.results.push import Gateway
    from auditor.results.store import Store
    from auditor.sources.interface import Inventory
    from auditor.sources.live import Request


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
    add(
        "--max-fall",
        type=percent,
        metavar="N",
        help="with --history: fail when the score fell by more than N points since the run before",
    )
    add(
        "--report-objects",
        action="store_true",
        help="write failures into the audited cluster, as OpenReports or PolicyReport objects of our own",
    )
    add("--push", metavar="URL", default="", help="push metrics to this Prometheus Pushgateway")


class Results:
    """What the flags ask for. UsageError for an address that cannot be, before anything is audited."""

    def __init__(self, options: argparse.Namespace, requests: Sequence[Request]) -> None:
        from auditor.errors import UsageError

        if options.max_fall is not None and not options.history:
            raise UsageError(
                "--max-fall compares with the run before; name where it is kept: --history WHERE"
            )
        self._options = options
        self._store, self._gateway = _store(options.history), _gateway(options.push)
        self._clusters = (
            [each for each in requests if each.source == "cluster"] if options.report_objects else []
        )
        if options.report_objects and not self._clusters:
            raise UsageError("--report-objects writes into the cluster that is audited; add --cluster")
        self._alone = sum(each.source in ("cluster", "snapshot") for each in requests) == 1

    @property
    def formats(self) -> set[str]:
        """Formats that the report must be made for, beside those of ``--format``."""
        return {"html"} if self._store else set()

    def with_history(self, report: Report) -> Report:
        """The report with the runs before it, and a gate that knows how far the score fell."""
        if self._store is None:
            return report
        from msgspec.structs import replace

        from auditor.gate import fallen
        from auditor.results.kept import up_to

        trend, warnings = up_to(self._store, report)
        decision = report.gate
        if self._options.max_fall is not None:
            decision = fallen(decision, trend, self._options.max_fall)
        return replace(report, history=trend, warnings=(*report.warnings, *warnings), gate=decision)

    def deliver(self, report: Report, inventory: Inventory, seconds: float) -> int:
        """Hand the report on; the exit code of the run.

        What does not arrive is said, and the rest goes on. It makes the exit code 2, as an ``--output`` does that
        cannot be written, unless the gate failed. Metrics change no code: that they are old is seen where they are
        looked at.
        """
        from auditor.gate import EXIT_GATE, EXIT_USAGE
        from auditor.redact import redacted

        code = report.gate.exit_code
        if not (self._store or self._clusters or self._gateway):
            return code
        report, unread = redacted(report), _unread(inventory)
        arrived = _arrived(lambda: self._keep(report)) if self._store else True
        for each in self._clusters:
            arrived &= _arrived(lambda each=each: self._publish(each, report, unread))  # type: ignore[misc]
        if self._gateway:
            _arrived(lambda: self._push(report, seconds))
        return code if arrived or code == EXIT_GATE else EXIT_USAGE

    def _publish(self, request: Request, report: Report, unread: dict[str, frozenset[Kind]]) -> None:
        from auditor.results.publish import Cluster, publish

        kubeconfig, name = (str(request.options.get(key) or "") for key in ("kubeconfig", "name"))
        publish(Cluster(request.address, kubeconfig, name), report, unread, alone=self._alone)

    def _push(self, report: Report, seconds: float) -> None:
        from auditor.reporters import render
        from auditor.reporters.interface import RenderOptions

        assert self._gateway is not None
        self._gateway.push(render("metrics", report, RenderOptions(seconds=seconds)), report.scope)

    def _keep(self, report: Report) -> None:
        from auditor.reporters import render
        from auditor.reporters.interface import RenderOptions
        from auditor.results.kept import keep

        assert self._store is not None
        keep(self._store, report, render("html", report, RenderOptions(link_base=self._options.link_base)))


def _store(where: str) -> Store | None:
    if not where:
        return None
    from auditor.results.store import open_store

    return open_store(where)


def _gateway(url: str) -> Gateway | None:
    if not url:
        return None
    from auditor.results.push import Gateway

    return Gateway(url)


def _unread(inventory: Inventory) -> dict[str, frozenset[Kind]]:
    """Clusters by their label, and what could not be read of each."""
    return {
        target.name: frozenset(target.reach.unread)
        for target in inventory.targets
        if target.source == "cluster" and target.reach is not None
    }


def _arrived(send: Callable[[], None]) -> bool:
    from auditor.errors import UsageError
    from auditor.results import Undelivered

    try:
        send()
    except Undelivered as error:
        print(f"auditor: {error.what}; {error.repair}", file=sys.stderr)
    except UsageError as error:
        print(f"auditor: {error}", file=sys.stderr)
    else:
        return True
    return False
