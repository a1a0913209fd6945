"""Fixtures of the live tests: the clusters they share, and their timelines at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator

import pytest

from tests.live.controlplane.cluster import Cluster
from tests.live.controlplane.timeline import Timeline


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A control plane for the session; a test works in a namespace of its own (fixture ``namespace``)."""
    with Cluster() as running:
        yield running


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that no other test uses, deleted afterwards."""
    name = request.node.name.split("[")[0].replace("_", "-")[:50].strip("-")
    cluster.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    cluster.api.delete("v1", "Namespace", name)


@pytest.fixture
def timeline(record_property: Callable[[str, object], None]) -> Timeline:
    """Events of one test in seconds; the summary at the end of the run shows them."""
    events = Timeline()
    record_property("timeline", events.events)
    return events


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the programs of the test's clusters said last: their folder is gone afterwards."""
    report = yield
    # pytest-xdist carries plain lists and tuples from process to process, and nothing else.
    report.user_properties = [(name, _plain(value)) for name, value in report.user_properties]
    if report.when == "call" and report.failed:
        for cluster in _clusters(getattr(item, "funcargs", {}).values()):
            sections = cluster.processes.logs().items()
            report.sections += [(f"log of {name}", text) for name, text in sections]
    return report


def _plain(value: object) -> object:
    return [tuple(event) for event in value] if isinstance(value, list) else value


def _clusters(values: Iterable[object]) -> list[Cluster]:
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    return [part for part in parts if isinstance(part, Cluster)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what happened when, test by test."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, [])]
    for report in reports:
        for name, events in getattr(report, "user_properties", []):
            if name != "timeline" or report.when != "call":
                continue
            terminalreporter.write_sep("-", f"timeline of {report.nodeid}")
            for seconds, what in events:
                terminalreporter.write_line(f"{seconds:7.1f} s  {what}")
