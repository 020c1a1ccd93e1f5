"""What each call of the License API declares is true: every address is declared, and only those write that say so."""

from typing import Any, get_args

import httpx
import pytest

from app import app
from chalicelib.domain.catalog import Scope
from chalicelib.licenseapi.routes import endpoint
from chalicelib.store import licenses
from chalicelib.store.meters import read_meters
from chalicelib.usecases.create import create_api_key
from chalicelib.web import clock
from tests.licenseapi.objects import refused
from tests.licenseapi.test_error_shape import ROUTES, send
from tests.store.effects import stored
from tests.support import ADMIN, Application, Vendor

BUYER, USER = "purchasing@customer.test", "ada@customer.test"


def test_every_address_of_the_api_is_declared_and_nothing_else_answers_there() -> None:
    answering = {(path, *methods) for path, methods in app.routes.items() if path.startswith("/api/v4")}
    assert answering == {(f"/api/v4{one.route}".rstrip("/"), one.method, "OPTIONS") for one in endpoint.declared}
    assert {one.scope for one in endpoint.declared} - {None} <= set(get_args(Scope))
    assert {one.name for one in endpoint.declared if one.public} == {"about", "public_key"}


@pytest.mark.parametrize(("method", "path"), [(one.method, one.route) for one in endpoint.declared if one.scope])
def test_a_call_that_declares_a_scope_is_made_by_no_key_without_it(
    vendor: Vendor, http: httpx.Client, method: str, path: str
) -> None:
    key, shared_key = create_api_key(vendor.code, frozenset(), False, ADMIN, now=clock.now())
    application = Application(key.api_key, shared_key, http)
    assert refused(send(http, method, f"/api/v4{path}", application.headers())) == "api_key_scope_missing"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_call_changes_something_if_and_only_if_it_declares_to_write(
    application: Application, vendor: Vendor, method: str, path: str
) -> None:
    floating: dict[str, Any] = {"floating_users": 1, "floating_timeout": 500_000}
    floating |= {"license_type": "consumption", "max_consumptions": 5}
    license = vendor.issue("revit", customer=BUYER, max_license_users=2, **floating)
    _, password = vendor.assign(license, USER)
    vendor.activate(USER, "hw-1", password)
    vendor.check(USER, "hw-1")  # it holds a slot: the first check of a floating license takes one
    vendor.grant(license, "export")
    call = path.removeprefix("/api/v4/")
    given: dict[str, Any] = {"product": "revit", "hardware_id": "hw-1", "username": USER, "password": password}
    given |= {"feature": "export", "customer": BUYER, "new_password": "another password"}
    before = history(vendor)
    if method == "GET":
        answer = application.get(call, **given)
    else:
        answer = application.post(call, **given, variables={"a": "1"})
    assert answer.status_code == 200
    declared = next(one for one in endpoint.declared if one.route == f"/{call}")
    assert (history(vendor) != before) == declared.writes


def history(vendor: Vendor) -> list[str]:
    """The events of the company, each of which is written with what it changes; and the uses that were counted."""
    meters = read_meters(licenses.read_some(vendor.code, list(licenses.license_ids(vendor.code))))
    events = sorted(f"{pk} {part}" for _, pk, part in stored(vendor.code) if part.startswith("at#"))
    return [*events, *map(str, meters)]
