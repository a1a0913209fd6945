"""Everything that reads: directories, renderers, and (live) clusters, clouds and metrics."""
