"""Metrics: Prometheus, and what speaks its HTTP API (Thanos, Mimir, Amazon Managed Prometheus)."""
