"""Seatkeeper on one machine: a home folder with data and secrets, and the environment of every process there."""

import base64
import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra import engine

TABLE_PREFIX = "seatkeeper-local"
SIGNING_KEY_BITS = 2048
"""A signature costs 0.24 ms of CPU at 2048 bits, 0.71 ms at 3072 and 1.46 ms at 4096: see docs/serving.md."""


def environment(home: Path, endpoint: str) -> dict[str, str]:
    """The environment of a process that uses the engine at `endpoint` and the secrets of `home`."""
    return engine.environment(endpoint) | {
        "SEATKEEPER_TABLE_PREFIX": TABLE_PREFIX,
        "SEATKEEPER_SECRETS": f"file:{secrets_file(home)}",
        "SEATKEEPER_MAIL": f"file:{home.resolve() / 'mail'}",
    }


def running(home: Path) -> dict[str, str] | None:
    """How to reach the server that runs on `home`: its variables `AWS_…` and `SEATKEEPER_…`, and `base_url`; or None.

    The file of a server that was killed counts for nothing: its engine is gone.
    """
    if not engine.is_running(data_dir(home)):
        return None
    try:
        told: dict[str, str] = json.loads(environment_file(home).read_text())
    except FileNotFoundError:
        return None
    return told


def data_dir(home: Path) -> Path:
    """Where the engine keeps the data."""
    return home.resolve() / "data"


def environment_file(home: Path) -> Path:
    """Where a running server says how to reach it."""
    return home.resolve() / "environment.json"


def secrets_file(home: Path) -> Path:
    """The secrets of this machine: made at random the first time, readable by their owner alone."""
    path = home.resolve() / "secrets.json"
    if not path.exists():
        write_private(path, {"signing_key": _signing_key(), "data_key": base64.b64encode(os.urandom(32)).decode()})
    return path


def write_private(path: Path, content: dict[str, object]) -> None:
    """Write JSON that only the owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _signing_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=SIGNING_KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
