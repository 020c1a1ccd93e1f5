"""Measurements of Seatkeeper beside their floor, in one run: `make bench`."""
