"""Measurements of Seatkeeper beside their baseline, in one run: `make bench`."""
