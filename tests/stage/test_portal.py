"""The portal below the stage's prefix, through API Gateway: cookies, redirects, forms, an uploaded list."""

from typing import Any

import pytest

from tests.stage.browser import PREFIX, StageBrowser
from tests.stage.operator import Operator

COMPANY, MANAGER, PASSWORD = "PORTAL", "manager@customer.test", "chosen by himself"


@pytest.fixture(scope="module")
def license(operator: Operator) -> dict[str, Any]:
    """A license for five users, and its manager's initial password."""
    operator.admin("company", "create", "--code", COMPANY, "--name", "A vendor")
    named = ("--company", COMPANY, "--code", "revit", "--name", "For Revit", "--authorization-method", "user")
    operator.admin("product", "create", *named)
    terms = ("--license-type", "perpetual", "--max-activations", "5", "--max-license-users", "5", "--manager", MANAGER)
    return operator.admin("license", "issue", "--company", COMPANY, "--product", "revit", *terms)


def test_a_manager_logs_in_and_shares_licenses_out_by_a_list(browser: StageBrowser, license: dict[str, Any]) -> None:
    page = browser.get(f"{PREFIX}/portal")
    assert page.path == f"{PREFIX}/portal/log-in"
    page = browser.send(page, company=COMPANY, email=MANAGER, password=license["manager_initial_password"])
    assert page.path == f"{PREFIX}/portal/password"
    browser.send(page, new_password=PASSWORD, again=PASSWORD)
    page = browser.get(f"{PREFIX}/portal/licenses")
    at = f"{PREFIX}/portal/licenses/{license['id']}"
    assert (page.status, at in page.links) == (200, True)
    assert {cookie.path for cookie in browser.http.cookies.jar} == {f"{PREFIX}/portal"}
    assert [browser.http.get(address).status_code for address in page.loads] == [200] * len(page.loads)
    page = browser.get(f"{at}/users/batch")
    people = "email,first name\nanne@customer.test,Änne\nbo@customer.test,Bo\n".encode(
        "utf-16"
    )  # bytes that are no text
    page = browser.upload(page, f"{at}/users/batch", "people.csv", people)
    page = browser.send(page, f"{at}/users/batch/start")
    page = browser.send(page)
    assert "anne@customer.test" in browser.get(f"{at}/users").words
    assert "Änne" in browser.get(f"{at}/users").words


def test_an_address_that_is_none_is_a_page_of_the_portal_and_elsewhere_answered_in_the_one_shape(
    browser: StageBrowser,
) -> None:
    page, other = (browser.http.get(f"{PREFIX}{path}") for path in ("/portal/nowhere", "/api/v4/nowhere"))
    assert (page.status_code, page.text.startswith("<!doctype html>")) == (404, True)
    assert (other.status_code, other.json()["code"]) == (404, "not_found")
