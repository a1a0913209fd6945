"""A running Kubernetes cluster as a source: lists of raw JSON, projected to what policies and facts look at."""
