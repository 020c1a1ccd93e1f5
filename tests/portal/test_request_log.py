"""The line of each page: who asked, which license it was about, and why it was refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license import License, hash_hardware_id
from tests.emf import metrics
from tests.log_records import Output, written
from tests.portal.browser import Browser, at
from tests.support import Vendor
from tests.usecases.people import MANAGER, account, issued

ADA = "ada@customer.test"
PortalRequest = Callable[[Browser, License], Any]


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, max_license_users=1)


@pytest.fixture
def output(manager: Browser) -> Iterator[Output]:
    """From the moment at which the manager is logged in."""
    with written() as output:
        yield output


def last_call(output: Output) -> tuple[Any, ...]:
    """Outcome, status, license, user and company of the last line, and that its refusal is counted."""
    line = output.lines[-1]
    counted = [name for name in metrics(line) if name[-1] == f"Code={line['outcome']}"]
    assert len(counted) == (line["outcome"] != "ok")
    return (*(line.get(name) for name in ("outcome", "status", "license_id", "user_id", "company")),)


def test_a_page_tells_who_asked_by_id_and_which_license_it_was_about(
    vendor: Vendor, license: License, manager: Browser, output: Output
) -> None:
    me = account(vendor, MANAGER)
    manager.get(at(license, "/users"))
    assert last_call(output) == ("ok", 200, license.id, me.id, vendor.code)
    assert output.line["route"] == "/portal/licenses/{license_id}/users"
    manager.get("/portal/account")
    assert last_call(output) == ("ok", 200, None, me.id, vendor.code)
    manager.get("/portal/seats", search="x")
    assert last_call(output) == ("ok", 200, None, me.id, vendor.code)
    assert MANAGER not in output.getvalue()


REFUSED: dict[str, PortalRequest] = {
    "user_already_assigned": lambda manager, license: manager.send(at(license, "/users/assign"), people=ADA),
    "validation_error": lambda manager, license: manager.send(at(license, "/users/assign"), max_activations="many"),
    "form_out_of_date": lambda manager, license: manager.post(at(license, "/users/assign"), {"email": ADA}),
    "user_not_found": lambda manager, license: manager.get(at(license, "/users/1/limit")),
    "device_not_found": lambda manager, license: manager.get(at(license, f"/devices/{hash_hardware_id('none')}")),
    "batch_not_found": lambda manager, license: manager.get(at(license, "/users/batch/1")),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_a_manager_is_refused_is_counted_by_its_code(
    vendor: Vendor, license: License, manager: Browser, output: Output, code: str
) -> None:
    vendor.assign(license, ADA)
    page = REFUSED[code](manager, license)
    outcome, status, license_id, user_id, company = last_call(output)
    assert (outcome, status, user_id, company) == (code, page.status, account(vendor, MANAGER).id, vendor.code)
    assert license_id in (license.id, None)


def test_a_refused_list_is_counted(license: License, manager: Browser, output: Output) -> None:
    manager.send(at(license, "/users/batch"), people="")
    assert last_call(output)[:2] == ("validation_error", 400)
    manager.post(at(license, "/users/batch"), {"people": ADA})
    assert last_call(output)[:2] == ("form_out_of_date", 403)


def test_what_is_not_the_managers_is_told_without_its_license(vendor: Vendor, manager: Browser, output: Output) -> None:
    other = issued(vendor, manager="other@customer.test")
    manager.get(at(other))
    assert last_call(output) == ("license_not_found", 404, None, account(vendor, MANAGER).id, vendor.code)
    manager.get("/portal/licenses/no-number")
    assert last_call(output)[:2] == ("not_found", 404)


def test_a_log_in_that_fails_tells_of_no_user_and_of_no_company_but_the_accounts(
    vendor: Vendor, output: Output
) -> None:
    Browser().log_in(vendor.code, MANAGER, "a wrong password")
    assert last_call(output) == ("invalid_credentials", 401, None, None, vendor.code)
    for company, email in ((vendor.code, "nobody@customer.test"), ("A-PASSWORD", MANAGER), ("no code", MANAGER)):
        Browser().log_in(company, email, "a wrong password")
        assert last_call(output) == ("invalid_credentials", 401, None, None, None)
    Browser().post("/portal/log-in", {"company": vendor.code})
    assert last_call(output) == ("form_out_of_date", 403, None, None, None)


def test_who_is_sent_to_the_log_in_is_not_refused(output: Output) -> None:
    Browser().http.get("/portal/licenses")
    assert last_call(output)[:2] == ("ok", 303)


def test_a_form_that_is_too_large_is_counted(manager: Browser, license: License, output: Output) -> None:
    manager.post(at(license, "/users/assign"), {"email": "x" * 5000, **{f"n{n}": "" for n in range(60)}})
    assert last_call(output)[:2] == ("validation_error", 400)


def test_a_busy_database_is_told_with_its_reason(
    manager: Browser, license: License, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_busy(*_: object, **__: object) -> None:
        raise Unavailable("too_many_rivals")

    monkeypatch.setattr("chalicelib.portal.assign.assign_user", too_busy)
    manager.send(at(license, "/users/assign"), people=ADA)
    assert last_call(output)[:2] == ("service_busy", 503)
    assert output.lines[-1]["unavailable_reason"] == "too_many_rivals"


def test_a_mistake_of_ours_is_told_with_where_it_was(
    manager: Browser, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.usecases.portal_queries.managed.read_managed_licenses", lambda *_, **__: 1 / 0)
    manager.get("/portal/licenses")
    assert last_call(output)[:2] == ("internal_error", 500)
    (logged,) = output.line["records"]
    assert logged["error"][0]["type"] == "ZeroDivisionError"
    assert any(
        frame.startswith("chalicelib/usecases/portal_queries/managed.py:") for frame in logged["error"][0]["frames"]
    )
