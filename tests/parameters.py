"""AWS Systems Manager in process: for tests that have no threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.once import Once
from chalicelib.settings import SecretSource


@contextmanager
def parameters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A parameter store that is empty; all other services stay what the environment says. Yields its client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", "https://ssm.us-east-1.amazonaws.com")
    with mock_aws():
        yield SecretSource("ssm:/anywhere", "us-east-1").parameters()


def source(address: str, client: Any) -> SecretSource:
    """Secrets that are kept at `ssm:<path>`, read by this client."""
    made = SecretSource(address)
    made.parameters = Once(lambda: client)
    return made


def put(store: Any, path: str, **values: str) -> None:
    """Keep values as the fields of `Secrets` below a path."""
    for name, value in values.items():
        store.put_parameter(Name=f"{path}/{name}", Value=value, Type="SecureString")


def kept(store: Any, path: str) -> dict[str, str]:
    """What is kept below a path, all of it encrypted."""
    found = store.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    assert {parameter["Type"] for parameter in found} <= {"SecureString"}
    return {parameter["Name"].removeprefix(f"{path}/"): parameter["Value"] for parameter in found}
