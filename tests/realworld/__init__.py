"""The auditor on public repositories that nobody here wrote: counts, draws for judgment by hand, recall.

``python -m tests.realworld run|draw|recall DIR…``. The repositories are only read: faults are seeded in copies
in a temporary folder, and nothing of theirs is written into this one. docs/realworld.md holds the figures.
"""
