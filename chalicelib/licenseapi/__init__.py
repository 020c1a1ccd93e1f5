"""Face: License API v4."""
