"""Developers' tools: generated files and test tools. Not part of the package."""
