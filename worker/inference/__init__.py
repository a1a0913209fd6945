"""nnU-Net v2 kept resident: the same mask as its command line, without what it repeats for every scan."""

import os

# Read when torch loads its OpenMP. Stages overlap, so processors are contended: a thread that spins while it waits
# for another takes from it what it waits for (measured on two contended cores: half the CPU for the same network).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
