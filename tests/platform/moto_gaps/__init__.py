"""What provider aws 5.100 asks of AWS and moto 5.2.5 does not answer, or answers so that a plan never settles.

One module for each service. ``close_gaps`` changes moto's classes in place; nothing of the product knows of it.
"""

from __future__ import annotations

from importlib import import_module

SERVICES = (
    "s3",
    "sqs",
    "ec2",
    "eks",
    "eks_access",
    "eks_addons",
    "budgets",
    "quotas",
    "sts",
    "authorization",
)


def close_gaps() -> None:
    """Import the modules, which patch moto as they are imported."""
    for name in SERVICES:
        import_module(f"{__name__}.{name}")
