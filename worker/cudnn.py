"""cuDNN told to use the same kernels in every run."""

from __future__ import annotations


def settle() -> None:
    """The same scan gives the same mask: no search for the fastest kernel, none that adds in a changing order.

    Left alone, cuDNN chooses by speed, and two runs of one network differ in the last bit. Nothing on a CPU.
    """
    import torch

    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
