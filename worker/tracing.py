"""OpenTelemetry spans, where the extra ``worker-tracing`` is installed; nothing otherwise.

The exporter is configured as OpenTelemetry's own variables say (``opentelemetry-instrument worker run``).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any


def span(phase: str, scan: str) -> AbstractContextManager[Any]:
    """One phase of one scan; carries its id and nothing of the patient."""
    tracer = _tracer()
    if tracer is None:
        return nullcontext()
    opened: AbstractContextManager[Any] = tracer.start_as_current_span(
        f"worker.{phase}", attributes={"scan": scan}, record_exception=False, set_status_on_exception=False
    )
    return opened


@cache
def _tracer() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("worker")
