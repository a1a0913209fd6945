"""What runs against what is declared, by reading alone: no dry run, no patch, nothing is asked to change.

Only the paths that Git writes are walked. What a controller or a default adds beside them is no drift.
"""
