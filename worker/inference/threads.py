"""How many processor threads torch may use, by stage: many for the network, one for what runs beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Small operations on one thread: shared out, they would wait for processors that the network keeps busy.

    torch's setting belongs to the calling thread, so the network's own thread is left alone.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
