"""A real Kubernetes control plane, built from Go modules, with what runs on it: see ../README.md."""
