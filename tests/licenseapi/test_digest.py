"""The stronger signature: it covers method, address, query and body, and an API key can require it."""

import gzip
import json
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from chalicelib.usecases.create import create_api_key
from chalicelib.web import clock, hmac_signature
from infra.call import digest_headers, signed_headers
from tests.licenseapi.objects import granted, refused
from tests.licenseapi.test_error_shape import FIELDS, ROUTES
from tests.support import ADMIN, Application, Vendor
from tests.web.events import answer, event

ODD = {"product": "viewer", "hardware_id": "a b+c/d~e%20\u00fc&=", "license_key": "x", "env": "", "A": "1"}
"""A query of which each client could make another spelling."""


@pytest.fixture
def strict(vendor: Vendor, http: httpx.Client) -> Application:
    """An application whose key takes only the stronger form."""
    key, shared_key = create_api_key(
        vendor.code, frozenset(), False, ADMIN, scopes=frozenset({"people"}), require_digest=True, now=clock.now()
    )
    return Application(key.api_key, shared_key, http)


def request(application: Application, method: str, path: str, fields: dict[str, Any]) -> httpx.Request:
    """A call, not signed yet."""
    what: dict[str, Any] = {"params": fields} if method == "GET" else {"json": fields}
    made = application.http.build_request(method, path, **what)
    made.headers["Content-Type"] = "application/json"
    return made


def send(application: Application, asked: httpx.Request, **changed: str) -> httpx.Response:
    """Send it signed over all of it; `changed`: headers that are changed afterwards."""
    signed = digest_headers(application.api_key, application.shared_key, asked)
    asked.headers.update(signed | changed)
    return application.http.send(asked)


def test_the_worked_example_of_the_documentation_holds() -> None:
    covered = hmac_signature.Covered(
        "Tue, 24 Nov 2026 03:04:56 GMT", "get /api/v4/products?nonce=a%20b", hmac_signature.digest(b"")
    )
    assert covered.digest == "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert hmac_signature.sign("example-shared-key", covered) == "vXun/px7uJen6hUkUCct0+Abmtu53MyJhtvLtr5ZE2c="


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_key_may_require_it_for_every_call(
    strict: Application, application: Application, method: str, path: str
) -> None:
    fields = {n: v for n, v in FIELDS.items() if method == "POST" or isinstance(v, str)}
    weak = request(strict, method, path, fields)
    weak.headers.update(strict.headers())
    assert refused(strict.http.send(weak)) == "api_key_digest_required"
    known = {"license_not_found", "invalid_credentials", "customer_not_found", "invalid_product_auth_method"}
    known |= {"account_locked"}
    for caller in (strict, application):  # any key may use it
        for slash in ("", "/"):
            strong = send(caller, request(caller, method, path + slash, fields))
            assert strong.status_code == 200 or refused(strong) in known, strong.text


@pytest.mark.in_process("a stage answers HEAD at / and /healthz alone, and its emulator unpacks no body")
def test_a_head_is_signed_as_a_get_and_a_body_before_it_is_compressed(strict: Application) -> None:
    signed = digest_headers(strict.api_key, strict.shared_key, request(strict, "GET", "/api/v4/products", {}))
    assert strict.http.head("/api/v4/products", headers=signed).status_code == 200
    call = request(strict, "POST", "/api/v4/deactivate_license", {"product": "viewer", "hardware_id": "pc"})
    signed = digest_headers(strict.api_key, strict.shared_key, call)
    more = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    packed = strict.http.post(call.url, content=gzip.compress(call.read()), headers=signed | more)
    assert refused(packed) == "license_key_required"


def test_a_query_is_covered_however_it_is_spelt(strict: Application) -> None:
    assert refused(send(strict, request(strict, "GET", "/api/v4/check_license", ODD))) == "license_not_found"
    signed = digest_headers(strict.api_key, strict.shared_key, request(strict, "GET", "/api/v4/check_license", ODD))
    spelt = "A=%31&env&license_key=%78&hardware_id=a%20b%2Bc%2fd%7Ee%2520%c3%bc%26%3d&product=viewer"
    again = strict.http.get(f"/api/v4/check_license?{spelt}", headers=signed)
    assert refused(again) == "license_not_found"


def test_whatever_else_is_sent_with_the_same_headers_is_refused(strict: Application, vendor: Vendor) -> None:
    license = vendor.issue()
    fields = {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"}
    first = request(strict, "POST", "/api/v4/activate_license", fields)
    granted(send(strict, first))
    headers = dict(first.headers)
    body = first.read()
    others = [
        ("POST", "/api/v4/deactivate_license", body),
        ("POST", "/api/v4/activate_license/", body),
        ("POST", "/api/v4/activate_license?nonce=1", body),
        ("POST", "/api/v4/activate_license", body + b" "),
        ("POST", "/api/v4/activate_license", json.dumps(fields | {"hardware_id": "hw-2"}).encode()),
        ("POST", "/api/v4/activate_license", b""),
        ("GET", "/api/v4/products", b""),
    ]
    for method, path, content in others:
        sent = {name: value for name, value in headers.items() if name != "content-length"}
        answered = strict.http.request(method, path, content=content, headers=sent)
        assert refused(answered) == "signature_mismatch", path
    assert vendor.stored(license).times_activated == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Digest": ""}, "missing_headers"),
        ({"Digest": hmac_signature.digest(b"else")}, "signature_mismatch"),
        ({"Digest": "MD5=1B2M2Y8AsgTpgAmY7PhCfg=="}, "signature_mismatch"),
        ({"Digest": "x" * 10_000}, "signature_mismatch"),
        ({"Date": "Tue, 24 Nov 2026 03:04:56 GMT"}, "date_header_diff"),
    ],
)
def test_each_header_that_it_covers_counts(strict: Application, changed: dict[str, str], code: str) -> None:
    asked = request(strict, "GET", "/api/v4/products", {})
    signed = digest_headers(strict.api_key, strict.shared_key, asked) | changed
    raw = [(name.encode(), value.encode("latin-1")) for name, value in signed.items()]
    assert refused(strict.http.get("/api/v4/products", headers=raw)) == code


def test_a_digest_of_another_body_is_refused_also_where_it_was_signed(strict: Application) -> None:
    asked, other = request(strict, "GET", "/api/v4/products", {}), hmac_signature.digest(b"else")
    signed = digest_headers(strict.api_key, strict.shared_key, asked)
    covered = hmac_signature.Covered(signed["Date"], "get /api/v4/products", other)
    right = hmac_signature.sign(strict.shared_key, covered)
    was = signed["Authorization"].split('signature="')[1].split('"')[0]
    forged = signed | {"Digest": other, "Authorization": signed["Authorization"].replace(was, right)}
    assert refused(strict.http.get("/api/v4/products", headers=forged)) == "signature_mismatch"


def test_a_weak_signature_that_says_it_is_strong_is_a_mismatch(strict: Application) -> None:
    weak = signed_headers(strict.api_key, strict.shared_key)
    weak["Authorization"] = weak["Authorization"].replace('headers="date"', f'headers="{hmac_signature.STRONG}"')
    weak["Digest"] = hmac_signature.digest(b"")
    assert refused(strict.http.get("/api/v4/products", headers=weak)) == "signature_mismatch"


@pytest.mark.in_process("an event of API Gateway is made here")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v4/product_details", 200),
        ("/api/api/v4/product_details", 200),  # the event's stage is `api`
        ("/dev/api/v4/product_details", 401),
        ("/api/v4/products", 401),
        ("/product_details", 401),
        ("", 401),
    ],
)
def test_a_stages_name_may_be_signed_with_the_path_or_not(strict: Application, path: str, status: int) -> None:
    covered = hmac_signature.Covered(formatdate(usegmt=True), f"get {path}?product=viewer", hmac_signature.digest(b""))
    signature = hmac_signature.sign(strict.shared_key, covered)
    parameters = f'headers="{hmac_signature.STRONG}",signature="{signature}",apiKey="{strict.api_key}"'
    authorization = f'algorithm="hmac-sha256",{parameters}'
    headers = {"Date": covered.date, "Digest": covered.digest, "Authorization": authorization}
    events = answer(event("GET", "/api/v4/product_details", headers, query={"product": "viewer"}))
    assert events["statusCode"] == status, events["body"]
