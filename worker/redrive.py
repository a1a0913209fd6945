"""The dead-letter queue, read and emptied by a person: what each message failed of, and the chosen ones sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from worker.faults import PermanentFault
from worker.messages import parse
from worker.queueing import Message, Queue

_VISIBILITY = 120.0
"""Seconds that a listing hides the messages from others, so that none is listed twice."""
_EMPTY_POLLS = 2


@dataclass(frozen=True, slots=True)
class DeadLetter:
    message: Message
    code: str
    what: str
    where: str
    repair: str
    explained_at: str
    """Key of ``errors/….json`` in the output bucket; empty where the worker never saw the message end."""
    subject: str
    """What it names: ``s3://bucket/key``, several by count, or "unreadable"."""
    body: str
    """What to send again."""


def read(message: Message) -> DeadLetter:
    """What a dead letter says; also one that SQS itself moved, which carries no explanation."""
    try:
        content: Any = json.loads(message.body)
    except ValueError:
        content = None
    fault = content.get("fault") if isinstance(content, dict) else None
    if not isinstance(fault, dict):
        fault = {
            "code": "moved-by-queue",
            "what": "The queue moved it after too many deliveries; no worker lived to explain why.",
            "repair": "Look for workers killed over it (memory, node loss); then move it back.",
        }
    told = {name: str(fault.get(name, "")) for name in ("code", "what", "where", "repair", "explained_at")}
    return DeadLetter(
        message=message, subject=_subject(message.body), body=_body(content, message.body), **told
    )


def _body(content: Any, original: str) -> str:
    if not isinstance(content, dict) or "fault" not in content:
        return original
    if "unreadable" in content:
        return str(content["unreadable"])
    return json.dumps({name: value for name, value in content.items() if name != "fault"})


def _subject(body: str) -> str:
    try:
        requests = parse(body)
    except PermanentFault:
        return "unreadable"
    if len(requests) != 1:
        return f"{len(requests)} scans"
    return f"s3://{requests[0].bucket}/{requests[0].key}"


def collect(dead_letters: Queue, limit: int) -> list[DeadLetter]:
    """Up to ``limit`` dead letters, hidden from others until they are moved or ``release``\\ d."""
    found: dict[str, DeadLetter] = {}
    empty = 0
    while len(found) < limit and empty < _EMPTY_POLLS:
        messages = dead_letters.receive(min(10, limit - len(found)), 1, _VISIBILITY)
        empty = 0 if messages else empty + 1
        found |= {message.id: read(message) for message in messages}
    return list(found.values())


def move(
    letters: Sequence[DeadLetter],
    chosen: Callable[[DeadLetter], bool],
    *,
    queue: Queue,
    dead_letters: Queue,
) -> list[DeadLetter]:
    """Send the chosen ones to the queue again, then delete them here: a crash between the two doubles, never loses."""
    moved = []
    for letter in letters:
        if chosen(letter):
            queue.send(letter.body)
            dead_letters.delete(letter.message)
            moved.append(letter)
    return moved


def release(letters: Iterable[DeadLetter], dead_letters: Queue) -> None:
    """Let others see them again at once."""
    for letter in letters:
        dead_letters.give_back(letter.message, 0)
