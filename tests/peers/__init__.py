"""Differential runs: our verdicts beside those of checkov and kube-score, on the same files.

``python -m tests.peers DIR`` compares on the repositories below DIR; the slow unit test on generated cases.
"""
