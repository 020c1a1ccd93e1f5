"""Seatkeeper: a license server that never hands out more than was sold."""
