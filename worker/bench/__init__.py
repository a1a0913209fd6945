"""How fast the worker is beside nnU-Net's own command: same model, same scans, same machine, one run."""
