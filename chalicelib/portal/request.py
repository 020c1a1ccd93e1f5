"""A request of a browser, as the portal sees it: below any stage prefix, with cookies and fields read."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from chalice.app import Request

from chalicelib.domain.history import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.session import Asker
from chalicelib.usecases.sessions import from_cookie
from chalicelib.web import clock
from chalicelib.web.errors import RequestError
from chalicelib.web.limits import MAX_BODY_BYTES

SESSION_COOKIE, VISITOR_COOKIE = "seatkeeper", "seatkeeper-visitor"
MAX_FIELDS = 50
_NAME = re.compile(rb'^content-disposition:[^\r\n]*[;\s]name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for. `path` begins with `/portal`; `prefix` is what stands before it, a stage or nothing."""

    method: str
    path: str
    prefix: str
    query: dict[str, str]
    cookies: dict[str, str]
    ip: str
    secure: bool
    now: Instant
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def asker(self) -> Asker | None:
        """Who the session cookie says to ask; nothing is proved by it."""
        asker = from_cookie(self.cookies.get(SESSION_COOKIE, ""))
        return None if asker is None else Asker(asker.company, asker.user_id, asker.token, self.query.get("done", ""))

    def actor(self, email: str) -> Actor:
        """A user of the portal as he stands in history."""
        return Actor(f"user:{email}", self.ip)


def read_request(request: Request) -> Ask:
    """The request, with its form read. Raises `RequestError`: `payload_too_large`, `validation_error`."""
    prefix, path = _parts(request)
    query: Any = request.query_params or {}
    headers = request.headers
    return Ask(
        request.method,
        path,
        prefix,
        {name: query[name] for name in query},
        _cookies(headers.get("cookie", "")),
        request.context.get("identity", {}).get("sourceIp", ""),
        headers.get("x-forwarded-proto", "") == "https",
        clock.now(),
        _fields(request) if request.method == "POST" else {},
    )


def _parts(request: Request) -> tuple[str, str]:
    """What a browser sees as the path, parted where our routes begin: a stage or a mapping may stand before."""
    seen = str(request.context.get("path") or request.path).rstrip("/").split("/")
    ours = len(request.path.rstrip("/").split("/")) - 1
    return "/".join(seen[:-ours]), "/" + "/".join(unquote(part) for part in seen[-ours:])


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return {name: value for name, _, value in pairs}


def _fields(request: Request) -> dict[str, str]:
    body = bytes(request.raw_body)  # type: ignore[arg-type] # never a str
    if len(body) > MAX_BODY_BYTES:
        raise RequestError("payload_too_large")
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        return _multipart(kind, body)
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        raise RequestError("validation_error", "The form cannot be read.") from None
    return dict(pairs)


def _multipart(kind: str, body: bytes) -> dict[str, str]:
    """The fields and the text of files, as browsers write them: each part begins behind a line with the boundary.

    Not by the standard library's MIME parser: a part that holds parts in parts keeps it busy for a minute.
    """
    boundary = kind.partition("boundary=")[2].partition(";")[0].strip(' "')
    if not boundary:
        return {}
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode(errors="replace"), MAX_FIELDS + 2)[1:-1]
    if len(parts) > MAX_FIELDS:
        raise RequestError("validation_error", "The form cannot be read.")
    found: dict[str, str] = {}
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is not None:
            found[_text(name[1])] = _text(content)
    return found


def _text(content: bytes) -> str:
    """The text of a field or a file: UTF-8, or UTF-16 where it says so, as spreadsheets write them."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise RequestError("validation_error", "The file is not text in UTF-8: save it as CSV UTF-8.") from None
