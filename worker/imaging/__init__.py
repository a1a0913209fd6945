"""Scans in, masks and pictures out. Whatever is wrong with a scan ends as a fault in words."""
