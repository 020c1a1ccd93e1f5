"""Whatever is sent: no 5xx, no answer out of the shape, no unsigned 2xx; and nothing of another company."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.web.canonical import canonical_json
from tests.licenseapi.objects import refused, verify
from tests.licenseapi.test_error_shape import FIELDS, POSTS, ROUTES
from tests.support import Application, Vendor

EMAIL = "don.joe@qbitec.com"
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from([*FIELDS, "license_id", "is_vm", "bundle_code", "ip"]), ANY_JSON)
SETTINGS = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)


def judge(answer: httpx.Response) -> None:
    """Raises where an answer may not be given."""
    if answer.status_code == 200:
        verify(answer.content, answer.headers["LicenseSignature"])
        if answer.headers["Content-Type"] == "application/json":
            assert canonical_json(answer.json()) == answer.content
    else:
        refused(answer)
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("path", POSTS)
@SETTINGS
@given(body=BODIES | ANY_JSON)
def test_any_json_is_answered_in_order(application: Application, path: str, body: Any) -> None:
    headers = application.headers() | {"Content-Type": "application/json"}
    judge(application.http.post(path, json=body, headers=headers))


@pytest.mark.parametrize("path", POSTS)
@SETTINGS
@given(body=st.binary(max_size=200) | st.text('[]{}":,\\ud8-0eE.9NaInfity ').map(lambda text: text.encode()))
def test_any_bytes_are_answered_in_order(application: Application, path: str, body: bytes) -> None:
    headers = application.headers() | {"Content-Type": "application/json"}
    judge(application.http.post(path, content=body, headers=headers))


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET"])
@SETTINGS
@given(query=st.dictionaries(st.sampled_from([*FIELDS, "license_id", "env"]), st.text(max_size=300)))
def test_any_query_is_answered_in_order(application: Application, path: str, query: dict[str, str]) -> None:
    judge(application.http.get(path, params=query, headers=application.headers()))


@SETTINGS
@given(
    authorization=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    date=st.text(st.characters(min_codepoint=32, max_codepoint=126)),
)
def test_any_header_is_answered_in_order(application: Application, authorization: str, date: str) -> None:
    headers = {"Authorization": authorization.strip(), "Date": date.strip()}
    answer = application.http.get("/api/v4/check_license", headers=headers)
    judge(answer)
    assert answer.status_code != 200


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nothing_of_another_company_is_found(application: Application, vendor: Vendor, method: str, path: str) -> None:
    other = Vendor()
    license, seated = other.issue(customer="office@studio.example"), other.issue("revit", customer=EMAIL)
    _, password = other.assign(seated, EMAIL)
    other.activate(license, "hw-1")
    other.activate(EMAIL, "hw-1", password)
    for who in (
        {"product": "viewer", "license_key": license.license_key},
        {"product": "viewer", "license_id": str(license.id)},
        {"product": "revit", "username": EMAIL, "password": password, "license_id": str(seated.id)},
    ):
        sent: dict[str, Any] = FIELDS | {"license_key": None, "username": None, "password": None} | who
        sent |= {"username": EMAIL, "password": password} if "change_password" in path else {}
        call = path.removeprefix("/api/v4/")
        if method == "GET":
            del sent["variables"]
        answer = application.get(call, **sent) if method == "GET" else application.post(call, **sent)
        if path == "/api/v4/product_details":
            assert answer.json()["company"] == {"id": vendor.products["viewer"].company_id}
        elif path == "/api/v4/products":
            assert {row["company_id"] for row in answer.json()} == {vendor.products["viewer"].company_id}
        elif path == "/api/v4/device_licenses":
            assert answer.json() == []
        else:
            known = {"license_not_found", "invalid_credentials", "customer_not_found", "account_locked"}
            assert refused(answer) in known | {"missing_parameters", "invalid_product_auth_method"}
            assert str(license.id) not in answer.text
    assert (other.stored(license).times_activated, other.stored(seated).times_activated) == (1, 1)
    assert other.differences() == []
