"""A request as the portal sees it, whatever stands before it and however its form is sent."""

import sys
from typing import Any

import pytest
from chalice.app import Request

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.portal.request import COOKIES, MAX_COOKIES, MAX_TEXT, SESSION_COOKIE, VISITOR_COOKIE, read_request
from chalicelib.web.request_limits import MAX_BODY_BYTES

URLENCODED = "application/x-www-form-urlencoded"


def chalice_request(
    seen: str = "/portal/licenses/7",
    resource: str = "/portal/licenses/{license_id}",
    *,
    method: str = "POST",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    query: dict[str, list[str]] | None = None,
) -> Request:
    """As Chalice makes it of API Gateway's event."""
    event: dict[str, Any] = {
        "multiValueQueryStringParameters": query,
        "headers": headers or {"Content-Type": URLENCODED},
        "pathParameters": {},
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": seen,
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "stageVariables": None,
    }
    return Request(event, None)


@pytest.mark.parametrize(
    ("seen", "resource", "prefix", "path"),
    [
        ("/portal", "/portal", "", "/portal"),
        ("/portal/", "/portal", "", "/portal"),
        ("/portal/licenses/7", "/portal/licenses/{license_id}", "", "/portal/licenses/7"),
        ("/dev/portal/licenses/7", "/portal/licenses/{license_id}", "/dev", "/portal/licenses/7"),
        ("/portal/portal/licenses/7/", "/portal/licenses/{license_id}", "/portal", "/portal/licenses/7"),
        ("/a/b/static/x.css", "/static/{name}", "/a/b", "/static/x.css"),
        ("/portal/licenses/a%2Fb", "/portal/licenses/{license_id}", "", "/portal/licenses/a/b"),
    ],
)
def test_what_stands_before_the_portal_is_told_apart(seen: str, resource: str, prefix: str, path: str) -> None:
    request = read_request(chalice_request(seen, resource))
    assert (request.prefix, request.path) == (prefix, path)


@pytest.mark.parametrize("name", COOKIES)
def test_a_cookie_of_another_application_on_the_host_does_not_take_the_place_of_ours(name: str) -> None:
    # RFC 6265, 5.4: cookies with longer paths come first, and ours is for /portal.
    request = read_request(chalice_request(method="GET", headers={"Cookie": f"{name}=ours; other=1; {name}=theirs"}))
    assert request.cookies == {name: "ours"}


def test_cookies_query_and_address_are_read() -> None:
    cookies = "a=1; __Host-seatkeeper=x=y==; odd; __Host-seatkeeper-visitor=1; __Host-seatkeeper-visitor=2"
    headers = {"Cookie": cookies, "X-Forwarded-Proto": "https"}
    request = read_request(chalice_request(method="GET", headers=headers, query={"q": ["first", "last"]}))
    assert request.cookies == {SESSION_COOKIE: "x=y==", VISITOR_COOKIE: "1"}
    assert (request.query, request.ip, request.secure, request.fields) == ({"q": "last"}, "192.0.2.1", True, {})


@pytest.mark.parametrize(
    ("expected", "secure"),
    [
        *(("https", True), ("HTTPS", True), ("https, http", True), (" Https ,http", True)),
        *(("http", False), ("", False), ("http, https", False), ("httpsx", False)),
    ],
)
def test_whether_the_browser_speaks_https_is_told_by_the_proxy_next_to_it(expected: str, secure: bool) -> None:
    assert read_request(chalice_request(method="GET", headers={"X-Forwarded-Proto": expected})).secure is secure


@pytest.mark.parametrize(
    ("seen", "proto", "name", "path"),
    [
        ("/portal/log-in", "https", "__Host-seatkeeper", "/"),
        ("/dev/portal/log-in", "https", "__Secure-seatkeeper", "/dev/portal"),
        ("/portal/log-in", "http", "seatkeeper", "/portal"),
        ("/dev/portal/log-in", "http", "seatkeeper", "/dev/portal"),
    ],
)
def test_over_https_a_cookie_is_ours_alone_and_under_no_other_name_is_it_read(
    seen: str, proto: str, name: str, path: str
) -> None:
    for sent in ("seatkeeper", "__Secure-seatkeeper", "__Host-seatkeeper"):
        headers = {"X-Forwarded-Proto": proto, "Cookie": f"{sent}=planted"}
        request = read_request(chalice_request(seen, "/portal/log-in", method="GET", headers=headers))
        assert (request.cookie_name(SESSION_COOKIE), request.cookie_path) == (name, path)
        assert request.cookies == ({SESSION_COOKIE: "planted"} if sent == name else {})


def test_a_form_is_read() -> None:
    assert read_request(chalice_request(body=b"a=1&b=%C3%A9+x&c=")).fields == {"a": "1", "b": "é x", "c": ""}


def multipart(*parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    lines = [b"--edge\r\nContent-Disposition: form-data; " + name.encode() + b"\r\n\r\n" + text for name, text in parts]
    return b"\r\n".join([*lines, b"--edge--\r\n"]), {"Content-Type": "multipart/form-data; boundary=edge"}


@pytest.mark.parametrize("file", ['name="file"; filename="people.csv"', "filename*=UTF-8''p.csv; name=\"file\""])
def test_a_file_is_taken_as_the_bytes_that_it_is(file: str) -> None:
    content = b"\xff\xfe a\r\n\x00"
    body, headers = multipart(('name="people"', b"typed\r\ntoo"), (file, content))
    request = read_request(chalice_request(body=body, headers=headers))
    assert (request.fields, request.files) == ({"people": "typed\r\ntoo"}, {"file": content})


@pytest.mark.parametrize("size", [MAX_TEXT, MAX_TEXT + 1])
def test_every_field_of_a_form_and_a_query_is_bounded_but_a_list_of_people(size: int) -> None:
    long = "x" * size
    given = (
        chalice_request(body=f"email={long}".encode()),
        chalice_request(body=multipart(('name="email"', long.encode()))[0], headers=multipart()[1]),
        chalice_request(method="GET", query={"search": [long]}),
    )
    for asked in given:
        if size <= MAX_TEXT:
            assert [*read_request(asked).fields.values(), *read_request(asked).query.values()] == [long]
            continue
        with pytest.raises(SeatkeeperError) as error:
            read_request(asked)
        assert error.value.code == "validation_error"
    assert read_request(chalice_request(body=f"people={long}".encode())).fields == {"people": long}
    cookies = {"Cookie": f"{SESSION_COOKIE}={long}; {VISITOR_COOKIE}=1"}
    assert (SESSION_COOKIE in read_request(chalice_request(method="GET", headers=cookies)).cookies) == (
        size <= MAX_TEXT
    )
    assert (
        read_request(
            chalice_request(method="GET", headers={"Cookie": f"{VISITOR_COOKIE}=1; {'b' * MAX_COOKIES}"})
        ).cookies
        == {}
    )


def test_an_address_of_unreadable_bytes_is_not_found() -> None:
    with pytest.raises(SeatkeeperError) as error:
        read_request(chalice_request("/portal/licenses/%FF", method="GET"))
    assert error.value.code == "not_found"


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"x" * (MAX_BODY_BYTES + 1), None, "payload_too_large"),
        (b"&".join(b"a%d=" % n for n in range(51)), None, "validation_error"),
        (b"a=%FF", None, "validation_error"),
        (b"\xff\xfea", None, "validation_error"),
        (*multipart(('name="file"', "Zoë".encode("cp1252"))), "validation_error"),
        (*multipart(*[(f'name="a{n}"', b"") for n in range(51)]), "validation_error"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, headers: dict[str, str] | None, code: str) -> None:
    with pytest.raises(SeatkeeperError) as error:
        read_request(chalice_request(body=body, headers=headers))
    assert error.value.code == code


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", "multipart/form-data; boundary=other", "multipart/form-data; boundary="]
)
def test_a_form_without_its_parts_is_empty(kind: str) -> None:
    body, _ = multipart(('name="a"', b"1"))
    assert read_request(chalice_request(body=body, headers={"Content-Type": kind})).fields == {}


def nested(depth: int) -> bytes:
    """Parts in parts, and then lines: each of them might end any of the parts."""
    heads = [f"--{n}e\r\nContent-Type: multipart/mixed; boundary={n + 1}e\r\n\r\n" for n in range(depth)]
    return "".join(heads).encode().ljust(MAX_BODY_BYTES, b"\n")


@pytest.mark.parametrize(
    "body",
    [
        nested(100),
        nested(3000),
        b"--0e\r\nContent-Disposition: form-data; name=" + b"(" * 3000 + b"\r\n\r\nx\r\n--0e--",
    ],
    ids=["parts in parts", "very deep", "a head that never ends"],
)
def test_a_form_that_is_made_to_be_hard_to_read_is_not_read(body: bytes) -> None:
    given = chalice_request(body=body, headers={"Content-Type": "multipart/form-data; boundary=0e"})
    lines = 0

    def count(_frame: Any, _event: str, _arg: Any) -> Any:
        nonlocal lines
        lines += 1
        return None

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert read_request(given).fields == {}
    finally:
        sys.setprofile(before)
    assert lines < 1000  # calls of functions: work, not time
