"""Where work comes from: the few things asked of a queue with visibility time-outs.

SQS is ``worker.aws``; docs/worker-portability.md maps each method to Pub/Sub and Azure Service Bus.
Every method raises TransientFault for what another try may repair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    receipt: str
    """Proof that this receiver holds it; a later delivery of the same message has another one."""
    body: str
    receive_count: int
    """How often it was delivered, this time included; approximate."""
    sent_at: float | None
    """Unix seconds."""


class Queue(Protocol):
    def receive(self, count: int, wait: float, visibility: float) -> Sequence[Message]:
        """Up to ``count`` messages after at most ``wait`` s, each hidden from others for ``visibility`` s."""

    def extend(self, messages: Sequence[Message], visibility: float) -> frozenset[str]:
        """Hide messages for ``visibility`` s from now; the ids of those that are no longer ours."""

    def give_back(self, message: Message, delay: float) -> None:
        """Let others have it after ``delay`` s."""

    def delete(self, message: Message) -> None:
        """It is done."""

    def send(self, body: str) -> None:
        """A new message."""
