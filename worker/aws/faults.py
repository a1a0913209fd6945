"""What an error of botocore means for a scan: nearly always that a later try may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from worker.faults import TransientFault

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}
)


def status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def faults(action: str, *, passed: tuple[int, ...] = (), ignored: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn what botocore raises into TransientFault. ``passed``: statuses that the caller handles; ``ignored``:
    error codes that mean there is nothing left to do.

    A refusal (403) and a missing queue or bucket are transient too: a person repairs the role or the setting, and
    the scan is not at fault. The words of botocore stay out, for they can hold a key.
    """
    try:
        yield
    except ClientError as error:
        if code(error) in ignored:
            return
        if status(error) in passed:
            raise
        raise _client_fault(action, error) from error
    except (BotoCoreError, HTTPClientError, HTTPError, ConnectionError, TimeoutError) as error:
        raise TransientFault(
            "connection-lost", f"AWS could not be reached ({type(error).__name__}).", where=action
        ) from error


def _client_fault(action: str, error: ClientError) -> TransientFault:
    number, name = status(error), code(error)
    if number == 403 or name in _DENIED:
        return TransientFault(
            "access-denied",
            f"AWS refused to {action} ({name}).",
            where=action,
            repair="Compare the worker's role with the permissions in worker/README.md.",
        )
    if number in (429, 503) or "Throttl" in name or name in ("SlowDown", "RequestLimitExceeded"):
        return TransientFault("throttled", f"AWS asks to slow down ({name}).", where=action)
    return TransientFault("aws-error", f"AWS answered {number} ({name}).", where=action)
