"""Policy-and-audit compliance for GPU inference platforms on Kubernetes and AWS."""

__version__ = "0.1.0"
