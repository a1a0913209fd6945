"""Arithmetic on metrics: sizes from samples, GPU-seconds by state, counters, fleets. Pure: no I/O, no clock."""
