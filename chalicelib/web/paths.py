"""Paths of requests."""


def is_below(path: str, prefix: str) -> bool:
    """Whether a path is `/prefix`, with or without a slash at the end, or leads on from there; `/prefixes` does not."""
    return f"{path}/".startswith(f"{prefix}/")
