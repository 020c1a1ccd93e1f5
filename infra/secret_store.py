"""Where secrets are kept, for the commands that make and change them. `chalicelib.settings` reads them.

Secrets have the names of the fields of `chalicelib.settings.Secrets`. No value stands in an error.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.types import Json
from chalicelib.settings import SecretSource
from chalicelib.usecases.dry_run import guard_dry_run
from infra import local


class StoreError(Exception):
    """The store has not done it, or its answer was lost; the text is one sentence."""


class AlreadyExists(StoreError):
    """There is one already, and it stays as it is."""


class SecretStore(Protocol):
    """One place where the secrets of a machine or a stage are kept. A change is made whole or not at all."""

    def read(self) -> Json:
        """What is there, unchecked. Raises `SettingsError`."""

    def add(self, name: str, value: str) -> None:
        """Keep what is not there yet. Raises `AlreadyExists`, `StoreError`."""

    def replace(self, name: str, value: str) -> None:
        """Keep another value. Raises `StoreError`."""

    def remove(self, name: str) -> None:
        """Keep it no more, if it is there. Raises `StoreError`."""


def open_store(source: SecretSource) -> SecretStore:
    """What writes where `source` reads."""
    return ParameterStore(source) if source.address.startswith("ssm:") else FileStore(source)


class FileStore:
    """A JSON file that only its owner reads. Raises `DataDirError` where it cannot be written."""

    def __init__(self, source: SecretSource) -> None:
        self._source, self._path = source, Path(source.address.removeprefix("file:"))

    def read(self) -> Json:
        return self._source.stored() if self._path.exists() else {}

    def add(self, name: str, value: str) -> None:
        with self._changing() as content:
            if name in content:
                raise AlreadyExists(f"{name} is there already.")
            content[name] = value

    def replace(self, name: str, value: str) -> None:
        with self._changing() as content:
            content[name] = value

    def remove(self, name: str) -> None:
        with self._changing() as content:
            content.pop(name, None)

    @contextmanager
    def _changing(self) -> Iterator[Json]:
        """The content, which is written at the end; meanwhile nobody else changes it."""
        guard_dry_run()
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise local.DataDirError(f"{self._path} cannot be written: {error.strerror}.") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            content = self.read()
            yield content
            local.write_private(self._path, content)
        finally:
            os.close(folder)


class ParameterStore:
    """Encrypted parameters of AWS Systems Manager below a path, by the operator's own credentials."""

    def __init__(self, source: SecretSource) -> None:
        self._source, self._path = source, source.address.removeprefix("ssm:")

    def read(self) -> Json:
        return self._source.stored()

    def add(self, name: str, value: str) -> None:
        self._send("put_parameter", name, Value=value, Type="SecureString", Overwrite=False)

    def replace(self, name: str, value: str) -> None:
        self._send("put_parameter", name, Value=value, Type="SecureString", Overwrite=True)

    def remove(self, name: str) -> None:
        self._send("delete_parameter", name)

    def _send(self, operation: str, name: str, **more: object) -> None:
        guard_dry_run()
        parameter = f"{self._path}/{name}"
        try:
            getattr(self._source.parameters(), operation)(Name=parameter, **more)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ParameterNotFound":
                return
            if code == "ParameterAlreadyExists":
                raise AlreadyExists(f"{parameter} is there already.") from None
            raise StoreError(f"SSM does not take {parameter}: {code}.") from None
        except BotoCoreError as error:
            raise StoreError(f"SSM does not answer for {parameter}: {type(error).__name__}.") from None
