"""What runs, builds and measures Seatkeeper. Nothing here ships to Lambda."""
