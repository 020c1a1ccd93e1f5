"""Limits of size that no adapter may pass."""

MAX_BODY_BYTES = 256 * 1024
"""Of a request's body; a larger one is answered 413 unread."""
