"""A corpus of hostile requests, beside what is generated: each is refused in the one shape, and nothing is stored."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import httpx
import pytest

from chalicelib.domain.license import License
from chalicelib.store import database, reads, writes
from chalicelib.store.attributes import TextAttribute
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import AttemptsItem
from chalicelib.web.hmac_signature import sign
from chalicelib.web.request_limits import MAX_BODY_BYTES
from tests.licenseapi.objects import granted, plain_text, refused
from tests.licenseapi.test_error_shape import FIELDS, POSTS, ROUTES
from tests.store.kinds import kinds
from tests.store.seam import Answer, Request, Send, intercepted
from tests.support import NOW, Application, ChangeRuntime, Vendor

pytestmark = pytest.mark.in_process("what is written is watched, and the clock is stopped")

EMAIL = "don.joe@qbitec.com"
SECOND, MINUTE = 1000, 60_000
GOOD = '{"product":"viewer","license_key":"%s","hardware_id":"hw-1"}'


@pytest.fixture
def license(vendor: Vendor) -> License:
    """By key, active on the device hw-1."""
    license = vendor.issue()
    vendor.activate(license, "hw-1")
    return license


READS = {"BatchGetItem", "TransactGetItems", "Query"}
"""The operations of the database that leave everything as it was; all others are taken for writes."""


@contextmanager
def watched() -> Iterator[list[dict[str, Any]]]:
    """What is written inside, as it is sent to the database: to whatever table, about whatever company.

    A write that was refused has written nothing. All that the app keeps goes through the one client of the store.
    """
    written: list[dict[str, Any]] = []

    def note(request: Request, send: Send) -> Answer:
        answer = send(request)
        if request.operation not in READS:
            written.append(request.body)
        return answer

    with intercepted(note):
        yield written


@contextmanager
def nothing_written() -> Iterator[None]:
    """Raises where anything is written inside, but that a call was refused."""
    with watched() as written:
        yield
    assert [sent for sent in written if not _is_refusal(sent)] == []


def _is_refusal(sent: dict[str, Any]) -> bool:
    return str(sent.get("Key", {}).get("pk", {}).get("S", "")).startswith("refusals#")


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_item_of_every_kind_is_watched(kind: type[Any]) -> None:
    keys = [stored for name, stored in (("pk", "pk"), ("sort_key", "part")) if hasattr(kind, name)]
    item = kind(*["nobody"] * len(keys))
    nothing = [TextAttribute(attr_name="never_there").remove()]
    with watched() as written:
        assert reads.get(item, now=NOW) is None
        writes.update(item, nothing)
        writes.delete(item)
        with pytest.raises(ConditionFailed):
            writes.update(item, nothing, kind.pk.exists())
    assert [sent["Key"] for sent in written] == [{name: {"S": "nobody"} for name in keys}] * 2
    assert {sent["TableName"] for sent in written} == {database.table_name(kind)}


def test_every_way_of_writing_is_watched(vendor: Vendor, license: License) -> None:
    with watched() as written:
        vendor.activate(license, "hw-2")
        writes.batch_put([AttemptsItem(f"attempts#{vendor.code}", expires=1)])
    assert ["TransactItems" in sent for sent in written] == [True, False]
    assert ["RequestItems" in sent for sent in written] == [False, True]
    with pytest.raises(AssertionError), nothing_written():
        vendor.deactivate(license, "hw-2")


# --- bodies ---------------------------------------------------------------------------------------------------

WRONG_TEXTS = (
    *(b"5", b"-0", b"1e308", b"0.1", b"true", b"[]", b"{}", b'["viewer"]', b'{"$ne":null}', b'{"S":"viewer"}'),
    *(b"9007199254740993", b"[" * 60 + b"]" * 60, b'{"a":' * 60 + b"1" + b"}" * 60),
    *(b'"' + b"x" * 256 + b'"', b'"' + b"x" * 200_000 + b'"', '"{}"'.format("\N{MAN}" * 256).encode()),
)
"""JSON that no text field takes."""

NO_JSON = (
    *(
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"9" * 400,
        b"01",
        b"+1",
        b".5",
        b"1.",
        b"0x10",
        b"'viewer'",
        b"viewer",
        b"undefined",
    ),
    *(
        rb'"\ud800"',
        rb'"\udc00\ud800"',
        rb'"a\udfffb"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xf5\x80\x80\x80"',
    ),
    *(b'"\x00"', b'"a\nb"', rb'"\x41"', rb'"\u12"', b'"a', b'"viewer",', b'"viewer"}', b'"viewer" /* */', b""),
    *(b"[" * 65 + b"]" * 65, b"[" * 100_000, b'{"a":' * 50_000),
)
"""What stands where a value should, and makes the body no JSON that we take."""


def with_value(license: License, field: str, value: bytes) -> bytes:
    """The body of a good activation, but for one field."""
    good = json.loads(GOOD % license.license_key) | {field: "@"}
    return json.dumps(good, separators=(",", ":")).encode().replace(b'"@"', value)


@pytest.mark.parametrize("field", ["product", "hardware_id", "license_key", "username"])
def test_no_text_field_takes_another_value(application: Application, license: License, field: str) -> None:
    with nothing_written():
        for value in WRONG_TEXTS:
            answer = post(application, "activate_license", with_value(license, field, value))
            assert refused(answer) == "validation_error", value[:20]
            assert answer.json()["message"].startswith(f"{field}: ")
            assert len(answer.content) < 300


@pytest.mark.parametrize("call", [path.removeprefix("/api/v4/") for path in POSTS])
def test_no_call_takes_what_is_no_json(application: Application, license: License, call: str) -> None:
    whole = (GOOD % license.license_key).encode()
    utf_16 = whole.decode().encode("utf-16")
    with nothing_written():
        for value in NO_JSON:
            assert refused(post(application, call, with_value(license, "product", value))) == "invalid_json", value[:20]
        for body in (utf_16, b"\xef\xbb\xbf" * 2 + whole, whole + b"\x00", whole + whole, whole[:-1]):
            assert refused(post(application, call, body)) == "invalid_json", body[:20]
        for body in (b'"viewer"', b"null", b"5", b"[%s]" % whole):
            assert refused(post(application, call, body)) == "validation_error", body[:20]
        assert refused(post(application, call, whole.ljust(MAX_BODY_BYTES + 1))) == "payload_too_large"


def test_a_byte_order_mark_before_a_body_changes_nothing(application: Application, license: License) -> None:
    whole = (GOOD % license.license_key).encode()
    assert granted(post(application, "activate_license", b"\xef\xbb\xbf" + whole))["license_key"] == license.license_key


def test_a_body_of_the_greatest_length_is_taken(application: Application, license: License) -> None:
    whole = (GOOD % license.license_key).encode()
    granted(post(application, "activate_license", whole.ljust(MAX_BODY_BYTES)))


def post(application: Application, call: str, body: bytes) -> httpx.Response:
    """Post bytes as JSON, signed."""
    headers = application.headers() | {"Content-Type": "application/json"}
    return application.http.post(f"/api/v4/{call}", content=body, headers=headers)


# --- headers --------------------------------------------------------------------------------------------------

BROKEN = ("\r\nX-Evil: 1", "\nX-Evil: 1", "\r\n\r\n{}", "\r", "\n", "\x00", "\x7f", "\x0b")
"""What may not stand in a header. No HTTP server should hand it on; ours need not be the one that reads it."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_header_is_broken_in_two(application: Application, method: str, path: str) -> None:
    good = application.headers()
    with nothing_written():
        for broken in BROKEN:
            date = good["Date"] + broken
            forged = {"Date": date, "Authorization": authorization(application, sign(application.shared_key, date))}
            assert refused(send(application.http, method, path, forged)) == "date_header_invalid", broken
            stranger = Application(application.api_key + broken, application.shared_key, application.http)
            assert refused(send(application.http, method, path, stranger.headers())) == "invalid_api_key", broken
            spoilt = good | {"Authorization": good["Authorization"] + broken}
            assert refused(send(application.http, method, path, spoilt)) == "authorization_invalid_headers", broken


def authorization(application: Application, signature: str) -> str:
    """An Authorization header with this signature."""
    return f'algorithm="hmac-sha256",headers="date",signature="{signature}",apiKey="{application.api_key}"'


@pytest.mark.parametrize("length", [4097, 100_000])
def test_a_header_that_is_too_long_is_refused(application: Application, length: int) -> None:
    good = application.headers()
    for headers, code in (
        (good | {"Authorization": good["Authorization"].ljust(length)}, "authorization_invalid_headers"),
        (good | {"Authorization": authorization(application, "A" * length)}, "authorization_invalid_headers"),
        (good | {"Date": good["Date"].rjust(length)}, "date_header_invalid"),
    ):
        assert refused(send(application.http, "GET", "/api/v4/check_license", headers)) == code


def send(http: httpx.Client, method: str, path: str, headers: dict[str, str], **more: str) -> httpx.Response:
    """A call with all fields; headers go as they are, also where no HTTP could carry them."""
    texts = {name: value for name, value in FIELDS.items() if isinstance(value, str)} | more
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    if method == "GET":
        return http.get(path, params=texts, headers=raw)
    return http.post(path, json=FIELDS | more, headers=[*raw, (b"Content-Type", b"application/json")])


# --- addresses ------------------------------------------------------------------------------------------------

PATHS = (
    *("/api/v4/%2563heck_license", "/api/v4%252Fcheck_license", "/api/v4/check_license%00", "/api/v4/check_license%20"),
    *("/api/v4/check_license;x=1", "/api/v4/check_license%3Fproduct=viewer", "/api/v4/check_license%23"),
    *("/api/v4/check_license%0d%0aX-Evil:%201", "/api/v4/%c0%af", "/api/v4/%ed%a0%80", "/api/v4/%ff", "/api/v4/%"),
    *("/api/v4/CHECK_LICENSE", "/api/V4/check_license", "//api/v4/check_license", "/api/v4//check_license"),
    *("/api/v4/%EF%BD%83heck_license", "/api/v4/..%2f..%2fportal", "/api/v4/%5c..%5cportal", "/api/v4/{proxy+}"),
)
"""Addresses at which there is nothing, and that a careless reader takes for one at which there is something."""


def test_no_address_is_read_twice(application: Application) -> None:
    for path in PATHS:
        url = httpx.URL("http://license.test").copy_with(raw_path=path.encode())
        answer = application.http.get(url, headers=application.headers())
        assert (answer.status_code, refused(answer)) == (404, "not_found"), path
        assert not any("evil" in name.lower() for name in answer.headers), path


QUERIES = (
    *("", "&&&", "=", "product", "product=", "product[]=viewer", "PRODUCT=viewer", "%70roduct%00=viewer"),
    *(
        "product=%ff",
        "product=%ed%a0%80",
        "product=%c0%80",
        "product=%00",
        "product=%",
        "product=%zz",
        "product=%u0041",
    ),
    *("product=viewer%00", "product=viewer%0d%0a", "product=viewer+", "product=%2576iewer", "product=viewer%23"),
    *(
        "product=viewer&product=other",
        "product=viewer;product=other",
        "product=%EF%BD%96iewer",
    ),
    "&".join(f"x{number}={number}" for number in range(5000)),
    "product=" + "v" * 50_000,
)
"""Queries that do not say `product=viewer`."""


def test_no_query_is_read_as_another(application: Application, license: License) -> None:
    rest = f"license_key={license.license_key}&hardware_id=hw-1"
    with nothing_written():
        for query in QUERIES:
            raw = f"/api/v4/check_license?{query}&{rest}".encode()
            url = httpx.URL("http://license.test").copy_with(raw_path=raw)
            answer = application.http.get(url, headers=application.headers())
            assert refused(answer) in {"missing_parameters", "validation_error", "unknown_product"}, query[:30]


# --- other companies ------------------------------------------------------------------------------------------


def test_no_credentials_are_mixed(application: Application, license: License) -> None:
    other = Vendor()
    theirs = other.issue()
    unknown = other.code + application.api_key.removeprefix(license.company)
    strangers = (
        (Application(application.api_key, other.shared_key, application.http), "signature_mismatch"),
        (Application(other.api_key, application.shared_key, application.http), "signature_mismatch"),
        (Application(unknown, "x", application.http), "invalid_api_key"),
    )
    with nothing_written():
        for (method, path), (stranger, code) in product(ROUTES, strangers):
            answer = send(application.http, method, path, stranger.headers(), license_key=theirs.license_key or "")
            assert refused(answer) == code, path


def test_no_part_of_another_companys_license_agrees_with_ours(application: Application, license: License) -> None:
    other = Vendor()
    theirs = other.issue()
    other.activate(theirs, "hw-theirs")
    ours: dict[str, Any] = {"product": "viewer", "hardware_id": "hw-1", "license_key": license.license_key}
    with nothing_written():
        for mixed in (
            {"license_id": theirs.id},
            {"license_key": theirs.license_key},
            {"license_key": theirs.license_key, "license_id": license.id},
            {"license_key": theirs.license_key, "hardware_id": "hw-theirs"},
            {"license_key": None, "license_id": theirs.id, "hardware_id": "hw-theirs"},
            {"license_key": f"{other.code}#{theirs.id}"},
            {"license_key": f"{theirs.license_key}\x00"},
        ):
            sent = {name: value for name, value in (ours | mixed).items() if value is not None}
            for call in ("activate_license", "deactivate_license", "track_device_variables"):
                answer = application.post(call, **sent, variables={"a": "1"})
                assert refused(answer) == "license_not_found", (call, mixed)
            for call in ("check_license", "get_device_variables"):
                assert refused(application.get(call, **sent)) == "license_not_found", (call, mixed)
    assert other.differences() == []


# --- replays --------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(change_runtime: ChangeRuntime) -> Callable[[int], None]:
    """Sets the clock by which calls are judged, and stops it there."""

    def stop(at: int) -> None:
        change_runtime(clock=lambda: at)

    stop(NOW)
    return stop


def assigned(update: dict[str, Any]) -> set[str]:
    """The attributes that an UpdateItem sets."""
    return {update["ExpressionAttributeNames"][name] for name in re.findall(r"(#\w+) =", update["UpdateExpression"])}


@pytest.mark.parametrize("call", ["activate_license", "deactivate_license", "track_device_variables"])
def test_a_replay_within_the_window_is_answered_the_same_and_changes_nothing(
    application: Application, license: License, stopped: Callable[[int], None], call: str
) -> None:
    headers = application.headers(NOW) | {"Content-Type": "application/json"}
    body = json.loads(GOOD % license.license_key) | {"variables": {"theme": "dark"}}
    if call == "activate_license":
        body["hardware_id"] = "hw-2"

    def play() -> httpx.Response:
        return application.http.post(f"/api/v4/{call}", json=body, headers=headers)

    first = play()
    assert first.status_code == 200, first.text
    with watched() as written:
        for later in (0, MINUTE, 15 * MINUTE):
            stopped(NOW + later)
            again = play()
            assert again.content == first.content
            assert again.headers["LicenseSignature"] == first.headers["LicenseSignature"]
        stopped(NOW + 15 * MINUTE + 1)
        assert refused(play()) == "date_header_diff"
    assert all(assigned(sent) == {"last_check_at"} for sent in written)  # a repeat is a call, too


# --- the clock ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [-15 * MINUTE, -15 * MINUTE + SECOND, 0, 15 * MINUTE - SECOND, 15 * MINUTE])
def test_a_date_on_the_edge_of_the_window_is_taken(
    application: Application, license: License, stopped: Callable[[int], None], off: int
) -> None:
    headers = application.headers(NOW + off)
    sent = json.loads(GOOD % license.license_key)
    granted(application.http.post("/api/v4/activate_license", json=sent, headers=headers))
    granted(application.http.get("/api/v4/check_license", params=sent, headers=headers))
    assert (
        plain_text(application.http.post("/api/v4/deactivate_license", json=sent, headers=headers))
        == "license_deactivated"
    )


def test_a_date_a_second_past_the_edge_is_refused(application: Application, stopped: Callable[[int], None]) -> None:
    edge, year_9999 = 15 * MINUTE + SECOND, 253_402_300_799_000
    with nothing_written():
        for (method, path), at in product(ROUTES, (NOW - edge, NOW + edge, 0, year_9999)):
            answer = send(application.http, method, path, application.headers(at))
            assert refused(answer) == "date_header_diff", (path, at)


def test_the_window_does_not_widen_within_a_second(application: Application, stopped: Callable[[int], None]) -> None:
    headers = application.headers(NOW)
    for at, is_taken in (
        (15 * MINUTE, True),
        (15 * MINUTE + 1, False),
        (-15 * MINUTE, True),
        (-15 * MINUTE - 1, False),
    ):
        stopped(NOW + at)
        answer = application.http.get("/api/v4/product_details", params={"product": "viewer"}, headers=headers)
        assert answer.status_code == 200 if is_taken else refused(answer) == "date_header_diff"
