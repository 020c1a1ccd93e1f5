"""A request of a browser, as the portal sees it: below any stage prefix, with cookies and fields read."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from chalice.app import Request

from chalicelib.domain.catalog import Company
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Actor
from chalicelib.domain.hosts import requested_host
from chalicelib.domain.instants import Instant
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import accepted
from chalicelib.portal.browser_name import MAX_AGENT
from chalicelib.usecases.known_browser import KnownBrowser
from chalicelib.usecases.known_browser import from_cookie as browser_of_cookie
from chalicelib.usecases.sessions import from_cookie
from chalicelib.web import clock
from chalicelib.web.multipart import MAX_FIELDS, read_parts
from chalicelib.web.request_limits import MAX_BODY_BYTES

SESSION_COOKIE, VISITOR_COOKIE, BROWSER_COOKIE = "seatkeeper", "seatkeeper-visitor", "seatkeeper-browser"
WAY_COOKIE = "seatkeeper-way-in"
"""How the last person who was given a seat by this browser gets in: one of `WAYS_IN`."""
PENDING_COOKIE = "seatkeeper-pending"
"""Of a log-in that waits for the code of a second factor."""
COOKIES = (SESSION_COOKIE, VISITOR_COOKIE, BROWSER_COOKIE, WAY_COOKIE, PENDING_COOKIE)
WAYS_IN = ("invite", "show")
"""By a mailed invitation, or with an initial password that is shown."""
MAX_TEXT = 1000
"""Characters of one field of a form or a query, or of one cookie."""
LONG_FIELDS = ("people", "passkey")
"""Fields that may have all of a body: a list, and what a browser says of a passkey (`webauthn.MAX_ANSWER`)."""
MAX_COOKIES = 16 * 1024
"""Characters of the header with all cookies."""


@dataclass(frozen=True, slots=True)
class PortalRequest:
    """What was asked for. `path` begins with `/portal`; `prefix` is what stands before it, a stage or nothing."""

    method: str
    path: str
    prefix: str
    query: dict[str, str]
    cookies: dict[str, str]
    """Ours, by the names that stand above."""
    ip: str
    secure: bool
    now: Instant
    language: str = ""
    """What the browser asks for, of the languages that we have; empty: none of them."""
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    agent: str = ""
    """What the browser says to be."""
    referer: str = ""
    """The path and the query of the page of ours that led here, as the browser says; empty where it says none."""
    host: str = ""
    """The host that the browser says it has come to (`domain.hosts.requested_host`): to look up whose it is, and never
    to make a link of."""

    @property
    def claims(self) -> SessionClaims | None:
        """Who the session cookie says to ask; nothing is proved by it."""
        claims = from_cookie(self.cookies.get(SESSION_COOKIE, ""))
        return claims and replace(claims, nonce=self.query.get("done", ""))

    @property
    def given(self) -> dict[str, str]:
        """What a form holds that was sent, or that an address opens it with."""
        return self.fields if self.method == "POST" else self.query

    @property
    def browser(self) -> KnownBrowser:
        """The browser, and the accounts that it has logged in to before."""
        return browser_of_cookie(self.cookies.get(BROWSER_COOKIE, ""), self.now)

    def cookie_name(self, name: str) -> str:
        """What a browser is to call a cookie: over HTTPS such that nobody else's host or plain HTTP can set it."""
        if not self.secure:
            return name
        return f"__Secure-{name}" if self.prefix else f"__Host-{name}"

    @property
    def cookie_path(self) -> str:
        """Below what cookies are sent: `__Host-` is for the whole host alone."""
        return f"{self.prefix}/portal" if self.prefix or not self.secure else "/"

    def own_host(self, company: Company) -> str:
        """The host of this company, where that is the one; empty where the browser has come to the server's address."""
        return self.host if self.host == company.portal_host else ""

    def actor(self, email: str) -> Actor:
        """A user of the portal as he stands in history."""
        return Actor(f"user:{email}", self.ip)


def read_request(raw_request: Request) -> PortalRequest:
    """The request, with its form read. Raises `Invalid`, and `NotFound`: `not_found`."""
    prefix, path = _parts(raw_request)
    query: Any = raw_request.query_params or {}  # of chalice, without types
    headers = raw_request.headers
    fields, files = _form(raw_request) if raw_request.method == "POST" else ({}, {})
    request = PortalRequest(
        raw_request.method,
        path,
        prefix,
        _bounded({name: query[name] for name in query}),
        {},
        raw_request.context.get("identity", {}).get("sourceIp", ""),
        _is_secure(headers.get("x-forwarded-proto", "")),
        clock.now(),
        accepted(headers.get("accept-language", "")),
        _bounded(fields),
        files,
        headers.get("user-agent", "")[:MAX_AGENT],
        _came_from(headers.get("referer", ""), prefix),
        requested_host(headers.get("host", "")),
    )
    return _with_cookies(request, raw_request)


def unread(raw_request: Request) -> PortalRequest:
    """A request of which nothing is read but where it came in, the language and the cookies: what a page that says why
    needs.
    """
    headers = raw_request.headers
    host = requested_host(headers.get("host", ""))
    secure, language = _is_secure(headers.get("x-forwarded-proto", "")), accepted(headers.get("accept-language", ""))
    prefix, _ = _prefix(raw_request)
    request = PortalRequest(raw_request.method, "/portal", prefix, {}, {}, "", secure, clock.now(), language, host=host)
    return _with_cookies(request, raw_request)


def _came_from(referer: str, prefix: str) -> str:
    """Path and query of an address, below the prefix; whose host it names does not matter: it is but a page's name."""
    try:
        parts = urlsplit(referer[: 2 * MAX_TEXT])
    except ValueError:
        return ""
    return f"{parts.path.removeprefix(prefix)}?{parts.query}"


def _is_secure(forwarded: str) -> bool:
    """Whether the browser speaks HTTPS: several proxies say so in a list, the one next to the browser first."""
    return forwarded.partition(",")[0].strip().lower() == "https"


def _parts(raw_request: Request) -> tuple[str, str]:
    """What a browser sees as the path, parted where our routes begin: a stage or a mapping may stand before."""
    prefix, ours = _prefix(raw_request)
    try:
        return prefix, "/" + "/".join(unquote(part, errors="strict") for part in ours)
    except UnicodeDecodeError:
        raise NotFound("not_found") from None


def _prefix(raw_request: Request) -> tuple[str, list[str]]:
    """What stands before our routes, and the parts of the address that are ours."""
    seen = str(raw_request.context.get("path") or raw_request.path).rstrip("/").split("/")
    ours = len(raw_request.path.rstrip("/").split("/")) - 1
    return "/".join(seen[:-ours]), seen[-ours:]


def _with_cookies(request: PortalRequest, raw_request: Request) -> PortalRequest:
    sent = _cookies(raw_request.headers.get("cookie", ""))
    ours = {name: sent[real] for name in COOKIES if (real := request.cookie_name(name)) in sent}
    return replace(request, cookies=ours)


def _cookies(header: str) -> dict[str, str]:
    """By name. Of several of one name the first: a browser sends that with the longest path, ours, before others'."""
    if len(header) > MAX_COOKIES:
        return {}
    pairs = [part.strip().partition("=") for part in header.split(";")]
    return {name: value for name, _, value in reversed(pairs) if len(value) <= MAX_TEXT}


def _bounded(fields: dict[str, str]) -> dict[str, str]:
    """No text is read beyond its bound, whatever is done with it then. Raises `SeatkeeperError`."""
    if any(len(text) > MAX_TEXT and name not in LONG_FIELDS for name, text in fields.items()):
        raise Invalid("validation_error", of="form_field", most=MAX_TEXT)
    return fields


def _form(raw_request: Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files of a form."""
    body = bytes(raw_request.raw_body)  # type: ignore[arg-type] # never a str
    if len(body) > MAX_BODY_BYTES:
        raise Invalid("payload_too_large")
    kind = raw_request.headers.get("content-type", "")[:MAX_TEXT]
    if kind.lower().startswith("multipart/form-data"):
        return read_parts(kind, body)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise Invalid("validation_error", of="form") from None
    return dict(pairs), {}
