"""What the tests of use cases share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.errors import Code, NotFound, SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.store import activations
from tests.store.seam import Answer, Request, Send, intercepted, noted
from tests.support import Vendor

READS = ("Query", "BatchGetItem", "TransactGetItems")
"""The operations that read, as the store sends them."""


@contextmanager
def refused(code: Code) -> Iterator[None]:
    """What is done inside is refused with this code."""
    with pytest.raises(SeatkeeperError) as caught:
        yield
    assert caught.value.code == code, caught.value.params


def kinds(vendor: Vendor, license: License) -> list[str]:
    """The types of the events of a license but its issue, oldest first; those of one millisecond in any order."""
    return [event.type for event in vendor.history(license) if event.type != "license_issued"]


def one_after_another(vendor: Vendor, count: int) -> list[License]:
    """User-based licenses of one user each, a millisecond apart, the oldest first."""
    issued = []
    for _ in range(count):
        vendor.now += 1000
        issued.append(vendor.issue("revit", max_license_users=1))
    return issued


@contextmanager
def replica_of_now(license: License, hardware_id: str) -> Iterator[None]:
    """What may lag is told inside as it stands at the start, of this one device."""
    now = activations.read_snapshot(license.company, license.id, hardware_id, None, consistent=True)
    right = activations.read_snapshots

    def read_snapshots(*asked: Any, consistent: bool, **more: Any) -> list[Snapshot]:
        return right(*asked, consistent=True, **more) if consistent else [now]

    with patch.object(activations, "read_snapshots", read_snapshots):
        yield


@contextmanager
def before_write(number: int, act: Callable[[], Any]) -> Iterator[Callable[[], bool]]:
    """Do something before the write of this number that is sent inside; what is answered says whether it was."""
    written, acts = count(1), [act]

    def amid(request: Request) -> None:
        if acts and request.operation not in READS and next(written) == number:
            acts.pop()()

    with noted(amid):
        yield lambda: not acts


@contextmanager
def before_call(number: int, act: Callable[[], Any]) -> Iterator[None]:
    """Do something before the call of this number that is sent inside, from 1, as somebody else; there are so many."""
    sent, other = 0, copy_context()

    def amid(_: Request) -> None:
        nonlocal sent
        sent += 1
        if sent == number:
            other.run(act)

    with noted(amid):
        yield
    assert sent >= number


@contextmanager
def calls_answered() -> Iterator[list[tuple[str, int]]]:
    """The names of the operations that the database answers inside, with the status of each."""
    answered: list[tuple[str, int]] = []

    def note(request: Request, send: Send) -> Answer:
        try:
            answer = send(request)
        except ClientError as error:
            answered.append((request.operation, error.response["ResponseMetadata"]["HTTPStatusCode"]))
            raise
        answered.append((request.operation, 200))
        return answer

    with intercepted(note):
        yield answered


@contextmanager
def calls_counted() -> Iterator[list[str]]:
    """The names of the operations that are sent to the database inside."""
    sent: list[str] = []
    with noted(lambda request: sent.append(request.operation)):
        yield sent


def there(found: Any) -> Any:
    """What is found. Raises `NotFound` where it is nothing."""
    if not found:
        raise NotFound("license_not_found")
    return found
