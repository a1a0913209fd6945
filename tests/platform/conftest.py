"""The fixture ``timeline`` and the logs of clusters after a failure, as the live tests have them."""

from tests.live.conftest import pytest_runtest_makereport, timeline

__all__ = ["pytest_runtest_makereport", "timeline"]
