"""Settings read from the environment, with errors that a person can act on."""

from __future__ import annotations

import sys
from typing import Any

from pydantic import ValidationError

from worker.settings import Settings


def settings_or_none() -> Settings | None:
    """The settings; None after saying on standard error which variable is wrong and why."""
    try:
        empty: dict[str, Any] = {}  # everything comes from the environment
        return Settings(**empty)
    except ValidationError as error:
        for trouble in error.errors(include_input=False, include_url=False):
            name = "WORKER_" + ".".join(str(part) for part in trouble["loc"]).upper()
            print(f"{name.rstrip('_')}: {trouble['msg']}", file=sys.stderr)
        print("Every setting with its unit is in worker/README.md.", file=sys.stderr)
        return None
