"""A refused call of an application is recorded where support looks for it, and where nobody else reads of it."""

from typing import Any

import pytest

from chalicelib.domain.refusals import Refusal
from chalicelib.store import refusals
from chalicelib.usecases import limit_reached
from chalicelib.usecases.change_license import set_enabled
from chalicelib.web import clock
from tests.store.costs import counted
from tests.support import ADMIN, Application, Vendor
from tests.usecases.refusals import recorded

ADA, BOB = "ada@customer.test", "bob@customer.test"
ADDRESS = "127.0.0.1"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


def kept(vendor: Vendor, license_id: int | None) -> list[Refusal]:
    return recorded(vendor, license_id, clock.now())


def test_a_full_license_is_recorded_with_device_limit_address_and_request(
    vendor: Vendor, application: Application
) -> None:
    license = vendor.issue(max_activations=1)
    named = {"product": "viewer", "license_key": license.license_key}
    assert application.post("activate_license", hardware_id="pc", **named).status_code == 200
    assert kept(vendor, license.id) == [], "what is granted leaves nothing"
    answers = [
        application.post("activate_license", hardware_id="laptop", hostname="LAPTOP-7", **named) for _ in range(3)
    ]
    (refusal,) = kept(vendor, license.id)
    assert (refusal.call, refusal.code, refusal.times) == ("activate_license", "license_activated_max_times", 3)
    assert (refusal.limit, refusal.used, refusal.product) == (1, 1, "viewer")
    assert (refusal.hardware_id, refusal.hostname, refusal.ip) == ("laptop", "LAPTOP-7", ADDRESS)
    assert refusal.request_ids == (answers[0].headers["X-Request-Id"], answers[2].headers["X-Request-Id"])
    assert abs(refusal.at - clock.now()) < 60_000


@pytest.mark.in_process("somebody listens in this process")
def test_a_limit_that_applications_meet_is_told_once_a_day_to_who_listens(
    vendor: Vendor, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit_reached, "listened", lambda *_: True)
    license = vendor.issue(max_activations=1)
    named = {"product": "viewer", "license_key": license.license_key}
    assert application.post("activate_license", hardware_id="pc", **named).status_code == 200
    for hardware_id in ("laptop", "laptop", "desktop"):
        answer = application.post("activate_license", hardware_id=hardware_id, **named)
        assert answer.json()["code"] == "license_activated_max_times"
    noted = [event for event in vendor.history(license) if event.type == "license_limit_reached"]
    assert [(event.detail, event.actor.name) for event in noted] == [
        ({"limit": "devices", "of": 1}, f"api:{vendor.api_key}")
    ]


def test_refusals_of_a_check_and_of_other_calls_are_told_by_their_names(
    vendor: Vendor, application: Application
) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    named = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
    assert application.get("check_license", **named).json()["code"] == "license_not_enabled"
    assert application.get("get_device_variables", **named).json()["code"] == "license_not_enabled"
    assert {refusal.call for refusal in kept(vendor, license.id)} == {"check_license", "get_device_variables"}


@pytest.mark.in_process("what is sent to the database is counted")
def test_a_refused_activation_costs_one_write_more(vendor: Vendor, application: Application) -> None:
    license = vendor.issue(max_activations=0)
    body = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
    application.post("activate_license", **body)
    with counted() as cost:
        application.post("activate_license", **body)
    assert (cost.round_trips, cost.write_units) == ("2 reads + 1 write", 1)


def test_whoever_proves_nothing_of_a_license_leaves_nothing_with_it(vendor: Vendor, application: Application) -> None:
    """Else a stranger would write into what the customers of a license read."""
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, ADA)
    _, bobs = vendor.assign(vendor.issue("revit", max_license_users=2, customer="other@customer.test"), BOB)
    theirs = {"product": "revit", "hardware_id": "pc", "license_id": license.id}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("license_not_found", {"license_id": license.id, "product": "revit"}),
        ("invalid_credentials", theirs | {"username": ADA, "password": "wrong"}),
        ("invalid_credentials", theirs | {"username": "nobody@customer.test", "password": "wrong"}),
        ("license_not_found", theirs | {"username": BOB, "password": bobs}),
        ("license_not_found", {"product": "viewer", "license_key": "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"}),
    ]
    for code, sent in attempts:
        answer = application.post("activate_license", **({"hardware_id": "pc"} | sent))
        assert answer.json()["code"] == code
    assert kept(vendor, license.id) == []
    of_none = kept(vendor, None)
    assert {(refusal.code, refusal.email) for refusal in of_none} == {(code, s.get("username")) for code, s in attempts}
    assert kept(Vendor(), None) == [], "of another company"
    stored = repr(list(refusals.all_refusals(vendor.code, vendor.now)))
    assert "wrong" not in stored
    assert "AAAAA-" not in stored
    assert (password or "-") not in stored
    assert (bobs or "-") not in stored


def test_a_users_own_limit_is_told_with_the_user(vendor: Vendor, application: Application) -> None:
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, ADA, 1)
    who = {"product": "revit", "username": f"{ADA.upper()}|x", "password": password}
    assert application.post("activate_license", hardware_id="pc", **who).status_code == 200
    application.post("activate_license", hardware_id="other", **who)
    (refusal,) = kept(vendor, license.id)
    assert (refusal.code, refusal.email, refusal.limit, refusal.used) == ("user_activated_max_times", ADA, 1, 1)


@pytest.mark.parametrize("call", ["user_licenses", "change_password"])
def test_a_refused_log_in_is_recorded(vendor: Vendor, application: Application, call: str) -> None:
    vendor.assign(vendor.issue("revit", max_license_users=2), ADA)
    who = {"username": ADA, "password": "wrong"}
    if call == "user_licenses":
        application.get(call, product="revit", **who)
    else:
        application.post(call, new_password="a new password", **who)
    (refusal,) = kept(vendor, None)
    assert (refusal.call, refusal.code, refusal.email) == (call, "invalid_credentials", ADA)
