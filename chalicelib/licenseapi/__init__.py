"""Adapter: License API v4."""
