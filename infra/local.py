"""Seatkeeper on one machine: a data directory with secrets and data, and the environment of every process there."""

import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import AfterValidator, BaseModel, TypeAdapter

from chalicelib.domain.types import Json
from infra import file_lock
from infra.move import MoveError, move
from infra.new_secrets import NEW

TABLE_PREFIX = "seatkeeper-local"
_OURS = {"data", "mail", "demo.json", "environment.json", "secrets.json", "secrets.new", "server.lock"}
"""What may be found in a home."""
_LOCK_SECONDS = 3.0
"""For a server that was killed a moment ago to end."""


class DataDirError(Exception):
    """Something in the data directory (`--home`) is not as it has to be; the text is one sentence for the operator."""


class _Reachable(BaseModel):
    """What other commands need of `environment.json`. With less of it they would reach for AWS."""

    SEATKEEPER_DATABASE: str
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


def environment(data_dir: Path) -> dict[str, str]:
    """The environment of a process that works on the data in a folder: ours, without any AWS setting of the user's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | settings(data_dir)


def settings(data_dir: Path) -> dict[str, str]:
    """The variables that lead to the data in a folder, and to its secrets."""
    return {
        "SEATKEEPER_DATABASE": f"infra.embedded:{database_file(data_dir)}",
        "SEATKEEPER_TABLE_PREFIX": TABLE_PREFIX,
        "SEATKEEPER_SECRETS": f"file:{secrets_file(data_dir)}",
        "SEATKEEPER_MAIL": f"file:{data_dir.resolve() / 'mail'}",
    }


def running(data_dir: Path) -> dict[str, str] | None:
    """How to reach the server that runs on a folder: its variables `SEATKEEPER_…`, and `base_url`; or None.

    The file of a server that was killed counts for nothing. Raises `DataDirError`.
    """
    path = environment_file(data_dir)
    try:
        if not file_lock.is_held(_lock_file(data_dir)):
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


def database_file(data_dir: Path) -> Path:
    """Where the data is kept."""
    return data_dir.resolve() / "data" / "seatkeeper.db"


def environment_file(data_dir: Path) -> Path:
    """Where a running server says how to reach it."""
    return data_dir.resolve() / "environment.json"


def demo_file(data_dir: Path) -> Path:
    """Where the keys and passwords of the demo stand, readable by their owner alone."""
    return data_dir.resolve() / "demo.json"


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """While this lasts, no other server runs on the folder. Other commands may work on it.

    The system lets go of it when the process ends, however that is. Raises `DataDirError`.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(data_dir)
        _close_to_others(data_dir)
        lock = os.open(_lock_file(data_dir), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataDirError(f"The data cannot be kept in {data_dir}: {error.strerror}.") from None
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not file_lock.take(lock):
            if time.monotonic() > deadline:
                raise DataDirError(f"Another server is running on {data_dir}: stop it first.")
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


def prepare(data_dir: Path) -> None:
    """Move data of before, and make the secrets before there is data that is encrypted with them.

    Data without its secrets is not served: with new ones no application would take an answer. Raises `DataDirError`.
    """
    file = database_file(data_dir)
    try:
        move(file.parent, file.name, TABLE_PREFIX)
    except MoveError as error:
        raise DataDirError(str(error)) from None
    except OSError as error:
        raise DataDirError(f"The data cannot be kept in {data_dir}: {error.strerror}.") from None
    path = data_dir.resolve() / "secrets.json"
    if file.exists() and not path.exists():
        if not file.stat().st_size:
            raise DataDirError(f"{file} is empty, and there is no {path}: restore both from the backup.")
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


def _lock_file(data_dir: Path) -> Path:
    return data_dir.resolve() / "server.lock"


def _refuse_foreign(data_dir: Path) -> None:
    """Leave a folder as it is that is used for something else: `--home "$UNSET"` is the current one."""
    names = {path.name for path in data_dir.iterdir()} - {"lost+found"}  # of a disk of its own
    if names and not names & _OURS:
        raise DataDirError(f"{data_dir.resolve()} holds other files: choose a folder of its own for the data.")


def _close_to_others(data_dir: Path) -> None:
    mode = stat.S_IMODE(data_dir.stat().st_mode)
    if mode & stat.S_ISVTX:  # as /tmp is: nobody else could work there any more
        raise DataDirError(f"{data_dir} is a folder for everybody: choose one of its own for the data.")
    if mode & 0o077:
        data_dir.chmod(0o700)
