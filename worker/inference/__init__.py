"""nnU-Net v2 kept resident: the same mask as its command line, without what it repeats for every scan."""
