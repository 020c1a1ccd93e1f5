"""A Chalice app as a WSGI app: what API Gateway and Lambda do around it, done in process.

Unlike Chalice's own local server it carries the client's real address, bounds the body, answers in our error shape and
compresses what is long.
"""

import gzip
import logging
import re
from base64 import b64decode
from collections.abc import Iterable
from functools import lru_cache, partial
from http.client import responses
from urllib.parse import parse_qs, quote, unquote_to_bytes
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from chalice.app import Chalice, Request, Response
from chalice.local import LocalChalice, RouteMatcher

from chalicelib.domain.errors import Invalid, NotFound, SeatkeeperError
from chalicelib.domain.types import Json
from chalicelib.management.errors import response_to as management_response_to
from chalicelib.management.routes import PREFIX as MANAGEMENT
from chalicelib.portal.routes import NOWHERE, refused_page
from chalicelib.web.error_responses import response_to
from chalicelib.web.errors import error_response
from chalicelib.web.headers import wants_page
from chalicelib.web.paths import is_below
from chalicelib.web.request_log import REQUEST_ID, new_request_id, respond_in_record
from infra.addresses import forwarded_for, read_address
from infra.bodies import read_body

_log = logging.getLogger(__name__)
_NOWHERE = NOWHERE.format(nowhere="nowhere")
_Route = tuple[str, dict[str, str]]
"""A route of the app, and what a path holds of it."""
_NOWHERE_ROUTE: _Route = (NOWHERE, {"nowhere": "nowhere"})
COMPRESSED_BYTES = 4096
"""Texts from this length on are compressed for clients that take it: API Gateway's `minimumCompressionSize`.

A license is shorter: compressing it would cost each check a tenth of a millisecond."""
_TEXTS = re.compile(r"(text/.+|application/(json|javascript|xml)|image/svg\+xml)", re.IGNORECASE)
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
"""The headers that WSGI has by names without `HTTP_`."""
_MAX_PATH = 512
"""No address of ours is as long; and Chalice has `urlsplit` remember those that it matches."""
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def wsgi(app: Chalice, *, behind_proxy: bool = False) -> WSGIApplication:
    """Serve `app`, from many threads at once; the app object is changed for that.

    The server must end `wsgi.input` where the body ends (`wsgi.input_terminated`), chunked or not.
    The client's address is the peer's; `behind_proxy`, the last one in X-Forwarded-For, where that is an address, and
    the app learns by X-Forwarded-Proto, `http` or `https`, what the client has spoken.
    """
    if not isinstance(app, LocalChalice):
        app.__class__ = type("ThreadSafe", (LocalChalice, type(app)), {})  # current_request becomes thread-local
    matcher = RouteMatcher(list(app.routes))

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = new_request_id()
        try:
            answer = _answer(app, matcher, environ, behind_proxy, request_id)
            status, headers, body = _as_http(answer, environ.get("HTTP_ACCEPT_ENCODING", ""))
        except Exception:
            _log.exception("Caught exception for path %a", environ.get("PATH_INFO"))
            status, headers, body = _as_http(error_response("internal_error").to_dict(), "")
            headers.append((REQUEST_ID, request_id))
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return serve


def _answer(app: Chalice, matcher: RouteMatcher, environ: WSGIEnvironment, behind_proxy: bool, request_id: str) -> Json:
    """The answer in the form that a Lambda hands to API Gateway."""
    # Encoded again, as API Gateway hands a path to the Lambda: it cannot hold a character that means something.
    path = quote(_path(environ), encoding="latin-1", errors="replace")
    has_page = NOWHERE in app.routes and _is_for_people(path, environ)
    refused = partial(_refused, environ, has_page, behind_proxy, request_id)

    try:
        body = read_body(environ)
    except SeatkeeperError as error:
        return refused(error)
    # A HEAD is answered as a GET, and who sends the answer leaves out its body (RFC 9110, 9.3.2).
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    query, headers = environ.get("QUERY_STRING", ""), _headers(environ, behind_proxy)
    if not _is_utf8(query):  # Chalice would put another character in the place of what it cannot read
        return refused(Invalid("validation_error", of="query"))
    route = _route(app, matcher, path)
    if route is None and not has_page:
        return refused(NotFound("not_found"))
    if route is None or _is_no_page(app, route, method, environ):
        path, route, method, body = _NOWHERE, _NOWHERE_ROUTE, "GET", b""
    event = _event(method, path, route, query, headers, body)
    event["requestContext"] |= {
        "extendedRequestId": request_id,
        "identity": {"sourceIp": _client(environ, behind_proxy)},
    }
    try:
        answer: Json = app(event, None)  # no Lambda runs it, so no context tells of one
    finally:
        app.current_request = None  # a thread that waits for its next call would keep it, password and all
    allowed = answer["headers"].get("Allow", "").split(", ")
    if "GET" in allowed and "HEAD" not in allowed:
        answer["headers"]["Allow"] += ", HEAD"
    return answer


def _path(environ: WSGIEnvironment) -> str:
    """As it came, decoded."""
    return str(environ.get("PATH_INFO") or "/")


def _route(app: Chalice, matcher: RouteMatcher, path: str) -> _Route | None:
    """The route of a path, whose slash at the end counts for nothing; None where there is none."""
    bare = path.removesuffix("/") or "/"
    if bare in app.routes:  # one that holds nothing: `{` is encoded in a path
        return bare, {}
    if len(path) > _MAX_PATH:
        return None
    try:
        # The host keeps a path that begins with two slashes from being read as one.
        found = matcher.match_route(f"http://localhost{path}")
    except ValueError:
        return None
    return found.route, found.captured


def _event(method: str, path: str, route: _Route, query: str, headers: dict[str, str], body: bytes) -> Json:
    """What API Gateway hands to a Lambda, as far as Chalice reads it; the body is handed on as it is."""
    resource, captured = route
    return {
        "requestContext": {"httpMethod": method, "path": path, "resourcePath": resource},
        "headers": headers,
        "pathParameters": captured,
        "stageVariables": {},
        "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
        "body": body or None,
    }


def _is_for_people(path: str, environ: WSGIEnvironment) -> bool:
    """Whether an unknown address is answered by a page: below the portal, and to a browser that asks for no call."""
    return is_below(path, "/portal") or (not is_below(path, "/api") and _wants_page(environ))


def _is_no_page(app: Chalice, route: _Route, method: str, environ: WSGIEnvironment) -> bool:
    """Whether a browser opens an address that only takes forms, or sends a form to one that takes none."""
    is_other = method in {"GET", "POST"} and method not in app.routes[route[0]]
    return is_other and not is_below(route[0], "/api") and _wants_page(environ)


def _wants_page(environ: WSGIEnvironment) -> bool:
    return wants_page(environ.get("HTTP_ACCEPT", ""))


def _client(environ: WSGIEnvironment, behind_proxy: bool) -> str:
    peer = _peer(environ.get("REMOTE_ADDR", ""))
    return forwarded_for(environ.get("HTTP_X_FORWARDED_FOR", ""), peer) if behind_proxy else peer


@lru_cache(maxsize=1024)  # a client that keeps its connection has the same address at each call
def _peer(address: str) -> str:
    return read_address(address) or address


def _is_utf8(query: str) -> bool:
    try:
        unquote_to_bytes(query.encode("latin-1")).decode()
    except UnicodeError:
        return False
    return True


def _headers(environ: WSGIEnvironment, behind_proxy: bool) -> dict[str, str]:
    """The headers of a request, by their names in small letters."""
    headers = {name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name.startswith("HTTP_")}
    headers |= {name: environ[key] for name, key in _PLAIN.items() if environ.get(key)}
    forwarded = headers.pop("x-forwarded-proto", "")
    # The first is what the client itself has spoken. Without a proxy it is nobody's word but the client's.
    scheme = forwarded.partition(",")[0].strip().lower() if behind_proxy else ""
    if scheme in {"http", "https"}:
        headers["x-forwarded-proto"] = scheme
    return headers


def _as_http(answer: Json, codings: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body, for a client that takes these codings. Raises on what cannot be sent."""
    status, text = answer["statusCode"], answer["body"]
    body = b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    headers = [(name, str(value)) for name, value in answer["headers"].items()]
    headers += [(name, str(value)) for name, values in answer["multiValueHeaders"].items() for value in values]
    for name, value in headers:
        if not _HEADER_VALUE.fullmatch(value):  # a line break would begin another header
            raise ValueError(f"bad value for header {name}")
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))  # API Gateway's own default
    if len(body) >= COMPRESSED_BYTES and _is_plain_text(headers):
        headers.append(("Vary", "Accept-Encoding"))
        if _takes_gzip(codings):
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body, mtime=0)
    headers.append(("Content-Length", str(len(body))))
    return f"{status} {responses.get(status, '')}", headers, body


def _is_plain_text(headers: list[tuple[str, str]]) -> bool:
    """Whether the body is a text, and not coded already."""
    fields = {name.lower(): value for name, value in headers}
    return "content-encoding" not in fields and bool(_TEXTS.fullmatch(fields["content-type"].partition(";")[0].strip()))


def _takes_gzip(codings: str) -> bool:
    """What an Accept-Encoding says of gzip, or else of all codings. A weight of zero forbids one (RFC 9110, 12.5.3)."""
    weights: dict[str, str] = {}
    for entry in codings.lower().split(","):
        coding, _, weight = entry.partition(";")
        weights[coding.strip()] = weight.strip().removeprefix("q=")
    weight = weights.get("gzip", weights.get("*", "0"))
    return weight == "" or weight.strip("0.") != ""


def _refused(
    environ: WSGIEnvironment,
    has_page: bool,
    behind_proxy: bool,
    request_id: str,
    error: SeatkeeperError,
) -> Json:
    """What API Gateway would answer by itself; logged all the same: there is no other log of access.

    With `has_page` it is a page.
    """

    def respond() -> Response:
        if is_below(_path(environ), MANAGEMENT):
            return management_response_to(error)
        if not has_page:
            return response_to(error)
        asked = _event("GET", _NOWHERE, _NOWHERE_ROUTE, "", _headers(environ, behind_proxy), b"")
        return refused_page(Request(asked), error)

    response = respond_in_record(respond, request_id=request_id, method=environ["REQUEST_METHOD"])
    answer: Json = response.to_dict()
    return answer
