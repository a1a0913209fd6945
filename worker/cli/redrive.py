"""``worker redrive``: see why scans were given up, and send chosen ones again."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from worker.faults import Fault

if TYPE_CHECKING:
    from worker.redrive import DeadLetter


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--queue-url", default=os.environ.get("WORKER_QUEUE_URL"), help="default: WORKER_QUEUE_URL"
    )
    parser.add_argument(
        "--dead-letter-queue-url",
        default=os.environ.get("WORKER_DEAD_LETTER_QUEUE_URL"),
        help="default: WORKER_DEAD_LETTER_QUEUE_URL",
    )
    parser.add_argument("--limit", type=int, default=100, help="messages looked at (default 100)")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--move", nargs="+", metavar="ID", default=[], help="move back the messages with these ids"
    )
    chosen.add_argument("--code", metavar="CODE", help="move back all that failed with this code")
    chosen.add_argument("--all", action="store_true", help="move back every message listed")


def run(options: Namespace) -> int:
    if not options.queue_url or not options.dead_letter_queue_url:
        print("worker redrive: both queues are needed (see --help)", file=sys.stderr)
        return 2
    try:
        return _redrive(options)
    except Fault as fault:
        print(f"worker redrive: {fault.what} {fault.repair}", file=sys.stderr)
        return 1


def _redrive(options: Namespace) -> int:
    from worker.aws.client import client
    from worker.aws.sqs import SqsQueue
    from worker.redrive import collect, move, release

    sqs = client("sqs", os.environ.get("WORKER_AWS_ENDPOINT_URL"))
    queue, dead = SqsQueue(sqs, options.queue_url), SqsQueue(sqs, options.dead_letter_queue_url)
    letters = collect(dead, options.limit)
    moved: list[DeadLetter] = []
    try:
        moved = move(letters, lambda letter: _chosen(letter, options), queue=queue, dead_letters=dead)
    finally:
        release([letter for letter in letters if letter not in moved], dead)
    _show(letters, moved)
    unknown = set(options.move) - {letter.message.id for letter in letters}
    for name in sorted(unknown):
        print(f"worker redrive: no such message: {name}", file=sys.stderr)
    return 1 if unknown else 0


def _chosen(letter: DeadLetter, options: Namespace) -> bool:
    return options.all or letter.message.id in options.move or letter.code == options.code


def _show(letters: Sequence[DeadLetter], moved: Sequence[DeadLetter]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("message", "scan", "why", "what helps", "moved", title=f"{len(letters)} dead letters")
    for letter in letters:
        why = f"{letter.code}: {letter.what}" + (f" [{letter.where}]" if letter.where else "")
        cells = (letter.message.id, letter.subject, why, letter.repair, "yes" if letter in moved else "")
        table.add_row(*(cell.replace("[", r"\[") for cell in cells))
    Console().print(table)
