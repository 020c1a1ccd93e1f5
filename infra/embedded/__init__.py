"""DynamoDB's operations on one file of SQLite, in the process that asks: the database of one machine."""

from pathlib import Path

from infra.embedded.engine import EmbeddedEngine


def open_engine(path: Path) -> EmbeddedEngine:
    """The engine on a file, which is made where there is none (`Settings.database`). Raises `EngineError`."""
    return EmbeddedEngine(path)
