"""Seatkeeper on one machine: a data directory with secrets and data, and the environment of every process there."""

import json
import os
import stat
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, BaseModel, TypeAdapter

from chalicelib.domain.types import Json
from infra import engine
from infra.new_secrets import NEW

TABLE_PREFIX = "seatkeeper-local"


class DataDirError(Exception):
    """Something in the data directory (`--home`) is not as it has to be; the text is one sentence for the operator."""


class _Reachable(BaseModel):
    """What other commands need of `environment.json`. With less of it they would reach for AWS."""

    AWS_ENDPOINT_URL: str
    SEATKEEPER_TABLE_PREFIX: str
    SEATKEEPER_SECRETS: str
    SEATKEEPER_MAIL: str
    base_url: str


class _Manager(BaseModel):
    email: str
    password: str | None


class _License(BaseModel):
    license_key: str | None


def _public_key(text: str) -> str:
    try:
        is_rsa = isinstance(load_pem_public_key(text.encode()), RSAPublicKey)
    except UnsupportedAlgorithm:
        is_rsa = False
    if not is_rsa:
        raise ValueError("must be an RSA key")
    return text


class _Demo(BaseModel):
    """What is read of `demo.json`."""

    base_url: str
    company_code: str
    api_key: str
    shared_key: str
    public_key: Annotated[str, AfterValidator(_public_key)]
    manager: _Manager
    licenses: list[_License]


def environment(data_dir: Path, endpoint: str) -> dict[str, str]:
    """The environment of a process that uses the engine at `endpoint` and the secrets in `data_dir`."""
    return engine.environment(endpoint) | {
        "SEATKEEPER_TABLE_PREFIX": TABLE_PREFIX,
        "SEATKEEPER_SECRETS": f"file:{secrets_file(data_dir)}",
        "SEATKEEPER_MAIL": f"file:{data_dir.resolve() / 'mail'}",
    }


def running(data_dir: Path) -> dict[str, str] | None:
    """How to reach the server that runs on `data_dir`: its variables `AWS_…` and `SEATKEEPER_…`, `base_url`; or None.

    The file of a server that was killed counts for nothing: its engine is gone. Raises `DataDirError`.
    """
    path = environment_file(data_dir)
    try:
        if not engine.is_running(engine_dir(data_dir)):
            return None
        stored = TypeAdapter(dict[str, str]).validate_json(path.read_bytes())
        _Reachable.model_validate(stored)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataDirError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise DataDirError(f"{path} is not what the server has written: stop the server, and start it again.") from None
    return stored


def read_demo(data_dir: Path) -> Json | None:
    """What `demo.json` says; None where there is none. Raises `DataDirError`."""
    path = demo_file(data_dir)
    try:
        demo: Json = json.loads(path.read_bytes())
        _Demo.model_validate(demo)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise DataDirError(f"{path} cannot be read: remove it, and `make run` makes it again from the data.") from None
    return demo


def engine_dir(data_dir: Path) -> Path:
    """Where the engine keeps the data."""
    return data_dir.resolve() / "data"


def environment_file(data_dir: Path) -> Path:
    """Where a running server says how to reach it."""
    return data_dir.resolve() / "environment.json"


def demo_file(data_dir: Path) -> Path:
    """Where the keys and passwords of the demo stand, readable by their owner alone."""
    return data_dir.resolve() / "demo.json"


def prepare(data_dir: Path) -> None:
    """Close the folder to others, and make the secrets before there is data that is sealed with them.

    Data without its secrets is not served: with new ones no application would take an answer. Raises `DataDirError`.
    """
    try:
        _close_to_others(data_dir)
        is_new = not any(engine_dir(data_dir).iterdir())
    except OSError as error:
        raise DataDirError(f"The data cannot be kept in {data_dir}: {error.strerror}.") from None
    path = data_dir.resolve() / "secrets.json"
    if not (is_new or path.exists()):
        raise DataDirError(f"There is no {path}: restore it from the backup, with the data that it belongs to.")
    secrets_file(data_dir)


def secrets_file(data_dir: Path) -> Path:
    """The file with the secrets of this machine.

    Made at random the first time, readable by its owner alone. Raises `DataDirError`.
    """
    path = data_dir.resolve() / "secrets.json"
    if not path.exists():
        write_private(path, {name: new() for name, new in NEW.items()})
    return path


def write_private(path: Path, content: dict[str, object]) -> None:
    """Write JSON that only the owner may read, whole or not at all. Raises `DataDirError`."""
    unfinished = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(content, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise DataDirError(f"{error.filename or path} cannot be written: {error.strerror}.") from None


def remove(path: Path) -> None:
    """Remove a file, if it is there. Raises `DataDirError`."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DataDirError(f"{path} cannot be removed: {error.strerror}.") from None


def _close_to_others(data_dir: Path) -> None:
    mode = stat.S_IMODE(data_dir.stat().st_mode)
    if mode & stat.S_ISVTX:  # as /tmp is: nobody else could work there any more
        raise DataDirError(f"{data_dir} is a folder for everybody: choose one of its own for the data.")
    if mode & 0o077:
        data_dir.chmod(0o700)
