"""Spans: one for each phase, with the scan's id, and nothing of the patient or of an exception's words."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from worker import tracing


class Tracer:
    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any]]] = []

    def start_as_current_span(self, name: str, **how: Any) -> AbstractContextManager[None]:
        self.spans.append((name, how))
        return nullcontext()


def test_every_phase_of_a_scan_is_a_span_without_patient_data(
    worker: Any, cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer()
    monkeypatch.setattr(tracing, "_tracer", lambda: tracer)
    cloud.upload("DOE^JANE.json", {"text": "x"})
    cloud.ask("DOE^JANE.json")
    worker.run()
    assert [name for name, _ in tracer.spans] == [
        "worker.download", "worker.prepare", "worker.infer", "worker.export", "worker.upload"
    ]  # fmt: skip
    assert "DOE" not in str(tracer.spans)
    assert all(how["record_exception"] is how["set_status_on_exception"] is False for _, how in tracer.spans)
    [result] = cloud.results()
    assert tracer.spans[-1][1]["attributes"] == {"scan": result["scan_id"]}


def test_without_opentelemetry_a_span_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_tracer", lambda: None)
    with tracing.span("infer", "abc"):
        pass
