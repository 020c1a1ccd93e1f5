"""The WSGI adapter: what API Gateway and Lambda would hold, held in process."""

import gzip
import io
import json
import re
import secrets
import tracemalloc
import zlib
from base64 import b64decode
from threading import Barrier
from typing import Any
from urllib.parse import quote
from wsgiref.types import WSGIApplication

import httpx
import pytest
from chalice.app import Chalice, Response
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app import app
from chalicelib.threads import ThreadPool
from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra.bodies import MAX_MEMBERS
from infra.wsgi import wsgi
from tests.support import Application, Vendor


class CommandResult:
    """What a WSGI app answered."""

    def __init__(
        self, served: WSGIApplication, method: str, path: str, body: bytes | Any = b"", **environ: str
    ) -> None:
        given: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.input": io.BytesIO(body) if isinstance(body, bytes) else body,
            "wsgi.input_terminated": True,
        }
        self.body = b"".join(served(given | environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], _exc_info: object = None, /) -> Any:
        self.status, self.headers = int(status[:3]), dict(headers)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The code, of an answer in the one error shape."""
        assert self.headers["Content-Type"] == "application/json"
        assert self.json.keys() == {"status", "code", "message"}
        assert self.json["status"] == self.status
        code: str = self.json["code"]
        return code


def echo_app() -> Chalice:
    """An app that tells what it is asked, and one that behaves badly."""
    echoing = Chalice("echo")

    @echoing.route("/echo", methods=["GET", "POST"])
    def echo() -> dict[str, Any]:
        request: Any = echoing.current_request
        query = dict(request.query_params or {})
        body = request.raw_body.decode() if request.method == "POST" else ""
        answer = {"scheme": request.headers.get("x-forwarded-proto"), "coding": request.headers.get("content-encoding")}
        return {"query": query, "body": body, "ip": request.context["identity"]["sourceIp"], **answer}

    @echoing.route("/split")
    def split() -> Response:
        request: Any = echoing.current_request
        return Response("", {"X-Name": request.query_params["value"]})

    @echoing.route("/two")
    def two() -> Response:
        return Response("", {"Set-Cookie": ["a=1", "b=2\r\nX-Evil: 1"]})

    @echoing.route("/plain")
    def plain() -> Response:
        return Response("ü", {"Content-Type": "text/plain"})

    @echoing.route("/long", methods=["GET", "HEAD"])
    def long() -> Response:
        query: Any = echoing.current_request.query_params or {}  # type: ignore[union-attr]
        coded = {"Content-Encoding": query["coding"]} if "coding" in query else {}
        headers = {"Content-Type": query.get("type", "text/html; charset=utf-8"), "Vary": "Cookie", **coded}
        return Response("x" * int(query.get("length", 5000)), headers)

    return echoing


@pytest.fixture
def echo() -> WSGIApplication:
    """The echoing app, served."""
    return wsgi(echo_app())


@pytest.fixture(scope="module")
def served() -> WSGIApplication:
    """The app itself, served."""
    return wsgi(app)


def test_each_thread_sees_its_own_request() -> None:
    """Even when all are in the same view at the same time."""
    app, together = Chalice("together"), Barrier(8, timeout=30)

    @app.route("/meet")
    def meet() -> str:
        together.wait()
        request: Any = app.current_request
        return str(request.query_params["name"])

    served = wsgi(app)
    names = [f"call-{number}" for number in range(8 * 20)]
    with ThreadPool(8) as threads:
        answers = threads.map(lambda name: CommandResult(served, "GET", "/meet", QUERY_STRING=f"name={name}"), names)
        assert [answer.body.decode() for answer in answers] == names


def test_an_app_may_be_served_twice() -> None:
    app = echo_app()
    for served in (wsgi(app), wsgi(app)):
        assert CommandResult(served, "GET", "/echo").status == 200


def test_the_clients_address_is_the_peers_whatever_the_client_says(echo: WSGIApplication) -> None:
    answer = CommandResult(echo, "GET", "/echo", HTTP_X_FORWARDED_FOR="198.51.100.1", HTTP_X_REAL_IP="198.51.100.2")
    assert answer.json["ip"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("expected", "ip"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("203.0.113.66, 198.51.100.1", "198.51.100.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("198.51.100.1:5678", "198.51.100.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("203.0.113.66,[::ffff:198.51.100.1]:1", "198.51.100.1"),
        *((f"203.0.113.66, {none}", "192.0.2.7") for none in ("not an address", "unknown", "_hidden", "1.2.3", "")),
        *((none, "192.0.2.7") for none in ("198.51.100.1:x", "198.51.100.1:", "[198.51.100.1", "2001:db8::1]:1")),
        *((none, "192.0.2.7") for none in ("fe80::1%<b>", "::1%25", "01.2.3.4", "\u0661.2.3.4", "1.2.3.4:999999")),
    ],
)
def test_behind_a_proxy_the_clients_address_is_what_the_proxy_added(expected: str, ip: str) -> None:
    behind = wsgi(echo_app(), behind_proxy=True)
    assert CommandResult(behind, "GET", "/echo", HTTP_X_FORWARDED_FOR=expected).json["ip"] == ip


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_an_ipv4_peer_of_an_ipv6_socket_has_its_ipv4_address(behind_proxy: bool) -> None:
    served = wsgi(echo_app(), behind_proxy=behind_proxy)
    assert CommandResult(served, "GET", "/echo", REMOTE_ADDR="::ffff:192.0.2.7").json["ip"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("expected", "scheme"),
    [
        *(("https", "https"), ("http", "http"), ("HTTPS", "https"), (" https ,http", "https"), ("http, https", "http")),
        *((none, None) for none in ("", ",https", "wss", "https;", "https\x00", "'https'", "ht tps")),
    ],
)
def test_behind_a_proxy_the_app_is_told_in_one_form_what_the_client_speaks(expected: str, scheme: str | None) -> None:
    behind, alone = wsgi(echo_app(), behind_proxy=True), wsgi(echo_app())
    assert CommandResult(behind, "GET", "/echo", HTTP_X_FORWARDED_PROTO=expected).json["scheme"] == scheme
    assert CommandResult(alone, "GET", "/echo", HTTP_X_FORWARDED_PROTO=expected).json["scheme"] is None, (
        "a stranger's word"
    )


def test_history_holds_the_clients_address(vendor: Vendor, served: WSGIApplication) -> None:
    license = vendor.issue()
    body = {"product": "viewer", "hardware_id": "h", "license_key": license.license_key}
    signed = Application(vendor.api_key, vendor.shared_key, None).headers()  # type: ignore[arg-type] # it sends nothing
    headers = {f"HTTP_{name.upper()}": value for name, value in signed.items()}
    answer = CommandResult(
        served,
        "POST",
        "/api/v4/activate_license",
        json.dumps(body).encode(),
        CONTENT_TYPE="application/json",
        HTTP_X_FORWARDED_FOR="198.51.100.1",
        **headers,
    )
    assert answer.status == 200, answer.body
    assert vendor.history(license)[-1].actor.ip == "192.0.2.7"


def test_a_body_of_the_greatest_length_is_read_whole(echo: WSGIApplication) -> None:
    body = secrets.token_hex(MAX_BODY_BYTES // 2).encode()
    assert CommandResult(echo, "POST", "/echo", body).json["body"] == body.decode()


def test_a_longer_body_is_answered_413(echo: WSGIApplication) -> None:
    answer = CommandResult(echo, "POST", "/echo", b"x" * (MAX_BODY_BYTES + 1))
    assert (answer.status, answer.error) == (413, "payload_too_large")


def test_a_body_without_end_is_not_read_to_its_end(echo: WSGIApplication) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size >= 0, "nobody can read it whole"
            self.given += size
            return b"x" * size

    endless = Endless()
    assert CommandResult(echo, "POST", "/echo", endless).error == "payload_too_large"
    assert endless.given <= MAX_BODY_BYTES + 1


# --- what is sent compressed ---------------------------------------------------------------------------------------

MEMBERS = gzip.compress(b"", mtime=0) * (MAX_MEMBERS - 1)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        *(
            ("gzip", gzip.compress(b"text", mtime=0)),
            ("x-GZIP ", gzip.compress(b"text", mtime=0)),
            ("deflate", zlib.compress(b"text")),
            ("gzip", gzip.compress(b"te", mtime=0) + gzip.compress(b"xt", mtime=0)),
            ("gzip", MEMBERS + gzip.compress(b"text", mtime=0)),
        ),
        *(("identity", b"text"), ("", b"text")),
    ],
)
def test_a_body_that_comes_compressed_is_one_like_any_other(echo: WSGIApplication, coding: str, packed: bytes) -> None:
    document = CommandResult(
        echo, "POST", "/echo", packed, HTTP_CONTENT_ENCODING=coding, CONTENT_LENGTH=str(len(packed))
    ).json
    assert (document["body"], document["coding"]) == ("text", None)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip;q=1", "*", "utf-8"])
def test_another_coding_is_answered_415_in_our_shape(echo: WSGIApplication, coding: str) -> None:
    answer = CommandResult(echo, "POST", "/echo", gzip.compress(b"text", mtime=0), HTTP_CONTENT_ENCODING=coding)
    assert (answer.status, answer.error) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"text",
            gzip.compress(b"text", mtime=0)[:-1],
            gzip.compress(b"text", mtime=0) + b"more",
            gzip.compress(b"text", mtime=0) + gzip.compress(b"more", mtime=0)[:-1],
            gzip.compress(b"text", mtime=0) + zlib.compress(b"more"),
            gzip.compress(b"", mtime=0) * 2 + MEMBERS,
        ),
        *(b"\x1f\x8b", bytes(20), zlib.compress(b"text")[2:-4]),
    ],
)
def test_what_is_not_coded_as_it_says_is_answered_400_in_our_shape(echo: WSGIApplication, body: bytes) -> None:
    answer = CommandResult(echo, "POST", "/echo", body, HTTP_CONTENT_ENCODING="gzip")
    assert (answer.status, answer.error) == (400, "validation_error")


def test_what_comes_compressed_is_bounded_by_what_it_holds(echo: WSGIApplication) -> None:
    half, whole, longer = (gzip.compress(bytes(n)) for n in (MAX_BODY_BYTES // 2, MAX_BODY_BYTES, MAX_BODY_BYTES + 1))
    for body in (whole, half * 2):
        assert (
            len(CommandResult(echo, "POST", "/echo", body, HTTP_CONTENT_ENCODING="gzip").json["body"]) == MAX_BODY_BYTES
        )
    for body in (longer, half * 2 + gzip.compress(b"x"), whole + whole):
        assert CommandResult(echo, "POST", "/echo", body, HTTP_CONTENT_ENCODING="gzip").error == "payload_too_large"


def test_a_bomb_is_not_unpacked(echo: WSGIApplication) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < MAX_BODY_BYTES
    tracemalloc.start()
    try:
        assert CommandResult(echo, "POST", "/echo", bomb, HTTP_CONTENT_ENCODING="gzip").error == "payload_too_large"
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()


# --- what there is, and what there is not --------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(app.routes))
def test_every_route_answers_with_and_without_a_slash_at_the_end(path: str, served: WSGIApplication) -> None:
    method = next(iter(app.routes[path]))
    answers = [CommandResult(served, method, form) for form in (path, path.rstrip("/") + "/")]
    assert answers[0].status == answers[1].status
    if path.startswith(("/portal", "/static")):  # a page: of something that is not there, or with a token of its own
        assert "There is nothing at this address." not in answers[0].body.decode() or "{" in path
    else:
        assert answers[0].status != 404
        first, second = (re.sub(rb'"request_id":"\w+"', b"", answer.body) for answer in answers)
        assert first == second


WRONG_PATHS = (
    *("/nothing", "/api", "/api/v4/check_license/more", "/api/v4/check_license?x=1", "//example.com/", "/..", "*"),
    *("/api/v4/../v4/check_license", "/%2e", "/{id}", "/\x00", "/\xff\xfe", "/\r\nX-Evil: 1", "/#"),
)
"""Paths at which there is nothing, as a server hands them over: decoded."""


@pytest.mark.parametrize("path", WRONG_PATHS, ids=quote)
def test_where_there_is_nothing_the_answer_is_404_in_our_shape(path: str, served: WSGIApplication) -> None:
    answer = CommandResult(served, "GET", path)
    assert (answer.status, answer.error) == (404, "not_found")


def test_an_empty_path_is_the_root(served: WSGIApplication) -> None:
    assert CommandResult(served, "GET", "").body == CommandResult(served, "GET", "/").body


@pytest.mark.parametrize("method", ["DELETE", "PUT", "POST", "PATCH", "TRACE", "BREW"])
def test_a_method_that_a_route_does_not_take_is_answered_405_in_our_shape(method: str, served: WSGIApplication) -> None:
    answer = CommandResult(served, method, "/api/v4/check_license")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, OPTIONS, HEAD"
    assert answer.error == "method_not_allowed"


def test_each_method_that_an_address_takes_is_named_once(served: WSGIApplication) -> None:
    for path, methods in app.routes.items():
        allowed = CommandResult(served, "BREW", path).headers["Allow"].split(", ")
        assert sorted(filter(None, allowed)) == sorted({*methods, *({"HEAD"} if "GET" in methods else ())}), path


@pytest.mark.parametrize("path", sorted(app.routes))
def test_every_route_that_takes_a_get_takes_a_head(path: str, served: WSGIApplication) -> None:
    head, get = (CommandResult(served, method, path) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (get.status, b"")
    assert head.headers.keys() == get.headers.keys()
    assert (head.status == 405) == ("GET" not in app.routes[path])


@pytest.mark.parametrize("path", sorted(path for path, methods in app.routes.items() if "GET" in methods))
def test_every_route_that_takes_a_get_takes_it_whatever_type_it_claims_for_no_body(
    path: str, served: WSGIApplication
) -> None:
    plain = CommandResult(served, "GET", path)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        assert CommandResult(served, "GET", path, CONTENT_TYPE=kind).status == plain.status != 415


def test_a_body_of_another_type_is_answered_415_in_our_shape(served: WSGIApplication) -> None:
    answer = CommandResult(served, "POST", "/api/v4/activate_license", b"<a/>", CONTENT_TYPE="text/xml")
    assert (answer.status, answer.error) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("path", "query"), [("/split", "value=a%0d%0aX-Evil:%201"), ("/split", "value=a%0a"), ("/two", "")]
)
def test_a_header_that_would_begin_another_is_never_sent(path: str, query: str, echo: WSGIApplication) -> None:
    answer = CommandResult(echo, "GET", path, QUERY_STRING=query)
    assert answer.status == 500
    assert not any("Evil" in name or "\n" in value for name, value in answer.headers.items())


def test_what_breaks_around_the_app_is_answered_500_in_our_shape(echo: WSGIApplication) -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise ConnectionResetError

    answer = CommandResult(echo, "POST", "/echo", Broken())
    assert (answer.status, answer.error) == (500, "internal_error")


def test_what_is_logged_of_a_call_that_breaks_is_one_line_whatever_its_path(
    echo: WSGIApplication, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise ConnectionResetError

    CommandResult(echo, "POST", "/\r\n2026-11-28 INFO seatkeeper: all is well\u2028", Broken())
    assert [message.splitlines() for message in caplog.messages] == [[message] for message in caplog.messages] != []


# --- compression -------------------------------------------------------------------------------------------------


def test_a_long_text_is_compressed_for_who_takes_it(echo: WSGIApplication) -> None:
    plain, short = (CommandResult(echo, "GET", "/long", HTTP_ACCEPT_ENCODING=coding) for coding in ("", "br, GZIP"))
    assert (plain.body, gzip.decompress(short.body)) == (b"x" * 5000, plain.body)
    assert "Content-Encoding" not in plain.headers
    assert short.headers["Content-Encoding"] == "gzip"
    assert int(short.headers["Content-Length"]) == len(short.body) < 100


@pytest.mark.parametrize(
    ("codings", "compressed"),
    [
        *(
            ("gzip", True),
            ("deflate, gzip;q=0.5", True),
            ("*", True),
            ("gzip;q=1.0, *;q=0", True),
            ("gzip ; q=1", True),
        ),
        *(("gzip;q=0", False), ("gzip;q=0.000", False), ("*, gzip;q=0", False), ("*;q=0", False), ("br", False)),
        *(("", False), ("identity", False), ("x-gzip-like", False), (",;,", False)),
    ],
)
def test_who_does_not_take_gzip_does_not_get_it(echo: WSGIApplication, codings: str, compressed: bool) -> None:
    answer = CommandResult(echo, "GET", "/long", HTTP_ACCEPT_ENCODING=codings)
    assert answer.headers.get("Content-Encoding") == ("gzip" if compressed else None)


@pytest.mark.parametrize("codings", ["gzip", ""])
def test_a_cache_is_told_that_there_are_two_forms_whichever_it_got(codings: str) -> None:
    answers: list[tuple[str, str]] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/long",
        "wsgi.input": io.BytesIO(),
        "HTTP_ACCEPT_ENCODING": codings,
    }
    list(wsgi(echo_app())(environ, lambda _status, headers, _info=None: answers.extend(headers)))  # type: ignore[arg-type]
    assert [value for name, value in answers if name == "Vary"] == ["Cookie", "Accept-Encoding"]


@pytest.mark.parametrize(
    "query",
    [
        *("length=4095", "type=font/woff2", "type=application/pdf", "type=image/svg", "coding=br"),
        "type=application/json-seq",
    ],
)
def test_what_is_short_or_no_text_or_coded_already_is_left_alone(echo: WSGIApplication, query: str) -> None:
    answer = CommandResult(echo, "GET", "/long", QUERY_STRING=query, HTTP_ACCEPT_ENCODING="gzip")
    assert answer.body.strip(b"x") == b""
    assert answer.headers["Vary"] == "Cookie"
    assert answer.headers.get("Content-Encoding") in {None, "br"}


@pytest.mark.parametrize(
    "type",
    [
        "text/css",
        "Text/HTML;charset=utf-8",
        "text/javascript",
        "application/json",
        "image/svg%2bxml",
        "application/xml",
    ],
)
def test_texts_of_all_kinds_are_compressed(echo: WSGIApplication, type: str) -> None:
    query = f"type={type}&length=4096"
    answer = CommandResult(echo, "GET", "/long", QUERY_STRING=query, HTTP_ACCEPT_ENCODING="gzip")
    assert gzip.decompress(answer.body) == b"x" * 4096


def test_a_head_has_the_headers_of_the_get_and_no_body(echo: WSGIApplication) -> None:
    head, get = (CommandResult(echo, method, "/long", HTTP_ACCEPT_ENCODING="gzip") for method in ("HEAD", "GET"))
    assert (head.headers, head.body) == (get.headers, b"")
    assert int(head.headers["Content-Length"]) == len(get.body)


def test_the_signature_is_that_of_the_answer_before_it_is_compressed(vendor: Vendor, served: WSGIApplication) -> None:
    with httpx.Client(transport=httpx.WSGITransport(served), base_url="http://license.test") as http:
        client = Application(vendor.api_key, vendor.shared_key, http)
        sent = {"product": "viewer", "hardware_id": "h", "license_key": vendor.issue().license_key}
        answers = {f"name{n}": "x" * 100 for n in range(40)}
        answer = client.post("activate_license", **sent, variables=answers)
        public_key = load_pem_public_key(http.get("/api/v4/public_key").content)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert isinstance(public_key, RSAPublicKey)
    signature = b64decode(answer.headers["LicenseSignature"])
    public_key.verify(signature, answer.content, PKCS1v15(), SHA256())  # httpx has decompressed it


def test_the_length_of_an_answer_is_that_of_its_bytes(echo: WSGIApplication) -> None:
    answer = CommandResult(echo, "GET", "/plain")
    assert answer.body == "ü".encode()
    assert answer.headers["Content-Length"] == "2"
