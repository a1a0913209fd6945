"""What a platform costs, from Git alone: its floor, a scan, its waste, and what its trade-offs come to."""
