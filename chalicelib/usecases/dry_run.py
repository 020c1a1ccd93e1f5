"""What a use case would do, for whoever looks before: `store.dry_run` says how."""

from chalicelib.store.dry_run import NotWritten, dry_run, is_dry_run

__all__ = ["NotWritten", "dry_run", "guard_dry_run"]


def guard_dry_run() -> None:
    """For what is written elsewhere than in the database. Raises `NotWritten` in a dry run."""
    if is_dry_run():
        raise NotWritten
