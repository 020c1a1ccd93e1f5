"""The HMAC signature of a License API request: what its two headers say, and whether it is true. No I/O.

    Date: Tue, 24 Nov 2026 03:04:56 GMT
    Authorization: algorithm="hmac-sha256",headers="date",signature="…",apiKey="…"

This one covers the Date header exactly as received, and nothing else of the request: who has recorded it can make any
other call with it, until the window around our clock has passed. The stronger form covers the whole request:

    Digest: SHA-256=<base64 of SHA-256 of the body>
    Authorization: algorithm="hmac-sha256",headers="date (request-target) digest",signature="…",apiKey="…"

Both are proved by `verify`; `check_digest` then holds the body against its digest.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_tz
from functools import lru_cache
from urllib.parse import quote

from chalicelib.domain.errors import Unauthenticated

# Real headers have some 150 and 29 characters. Longer ones are not worth the time of reading them.
_MAX_AUTHORIZATION = 4096
_MAX_DATE = 64

_PARAMETER = re.compile(r'[ \t]*([A-Za-z]+)[ \t]*=[ \t]*"([^"]*)"[ \t]*(,|\Z)')
STRONG = "date (request-target) digest"
"""The headers of the form that covers the whole request, in this order."""
_REQUIRED = ("algorithm", "headers", "signature", "apikey")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Authorization header claims. Its repr keeps the signature out of logs."""

    algorithm: str
    headers: str
    signature: str = field(repr=False)
    api_key: str

    @property
    def cover_request(self) -> bool:
        """Whether the signature is over the whole request, and not just over its date."""
        return self.headers.lower().split() == STRONG.split()


@dataclass(frozen=True, slots=True)
class Covered:
    """What of a request a signature may cover."""

    date: str
    """The Date header as received."""
    target: str
    """As `request_target` writes it."""
    digest: str
    """The Digest header as received."""


def own_path(path: str) -> str:
    """An address from `/api/v4` on: what a stage, or a proxy, has put before it may be signed or not."""
    _, base, rest = path.partition("/api/v4")
    return base + rest


def parse_authorization(header: str | None) -> Credentials:
    """Read the Authorization header; parameter names in any case, values quoted, unknown parameters ignored.

    Raises `Unauthenticated`: ``missing_headers``, ``authorization_invalid_headers`` (not a list of ``name="value"``,
    or a name twice), ``authorization_missing_params`` (absent or empty), ``hmac_required`` (other algorithm).
    """
    if not header:
        raise Unauthenticated("missing_headers")
    parameters = _parameters(header)
    if not all(parameters.get(name) for name in _REQUIRED):
        raise Unauthenticated("authorization_missing_params")
    if parameters["algorithm"].lower() != "hmac-sha256":
        raise Unauthenticated("hmac_required")
    return Credentials(*(parameters[name] for name in _REQUIRED))


def check_date(date: str | None, now: int, window_ms: int) -> None:
    """Require a Date header at most ``window_ms`` milliseconds from ``now`` (milliseconds since the epoch).

    Raises `Unauthenticated`: ``missing_headers``, ``date_header_invalid`` (no date, or not in GMT) or
    ``date_header_diff`` (outside the window).
    """
    if not date:
        raise Unauthenticated("missing_headers")
    if abs(_read_date(date) - now) > window_ms:
        raise Unauthenticated("date_header_diff")


def request_target(method: str, path: str, query: Iterable[tuple[str, str]]) -> str:
    """The line of a request: its method in small letters, its path, and its query in one fixed spelling.

    That spelling is AWS's canonical query: sorted by name, then value, all but letters, digits and ``-._~`` as ``%XX``.
    API Gateway does not hand on how a query was spelt, so no server could tell.
    """
    # "replace": as in `sign`.
    pairs = sorted((quote(name, "", errors="replace"), quote(value, "", errors="replace")) for name, value in query)
    return f"{method.lower()} {path}" + ("?" if pairs else "") + "&".join(f"{name}={value}" for name, value in pairs)


def digest(body: bytes) -> str:
    """The Digest header of a body; one that is empty has one, too."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def sign(shared_key: str, covered: Covered | str) -> str:
    """Compute the signature, in base64, that a client puts over its Date header, or over all of its request."""
    if isinstance(covered, str):
        message = f"licenseSpring\ndate: {covered}"
    else:
        message = f"date: {covered.date}\n(request-target): {covered.target}\ndigest: {covered.digest}"
    # "replace": half a UTF-16 pair in a hostile header has no bytes. It may sign as "?", it must not raise.
    signature = hmac.digest(shared_key.encode(), message.encode(errors="replace"), hashlib.sha256)
    return base64.b64encode(signature).decode()


def verify(credentials: Credentials, shared_key: str, *covered: Covered | str) -> None:
    """Require the signature to be ours over one of these. Raises `Unauthenticated`: ``signature_mismatch``."""
    # As bytes: compare_digest takes no str beyond ASCII, and a hostile one must be a mismatch like any other.
    received = credentials.signature.encode(errors="replace")
    if not any(hmac.compare_digest(sign(shared_key, one).encode(), received) for one in covered):
        raise Unauthenticated("signature_mismatch")


def check_digest(received: str, body: bytes) -> None:
    """Require a Digest header to be that of the body. Raises `Unauthenticated`: ``signature_mismatch``."""
    if not hmac.compare_digest(digest(body).encode(), received.encode(errors="replace")):
        raise Unauthenticated("signature_mismatch")


def _parameters(header: str) -> dict[str, str]:
    """Read ``name="value",name="value"`` to its end; names in lower case."""
    if len(header) > _MAX_AUTHORIZATION:
        raise Unauthenticated("authorization_invalid_headers")
    parameters: dict[str, str] = {}
    position, separator = 0, ","
    while separator:
        match = _PARAMETER.match(header, position)
        if match is None or match[1].lower() in parameters:
            raise Unauthenticated("authorization_invalid_headers")
        parameters[match[1].lower()] = match[2]
        position, separator = match.end(), match[3]
    return parameters


@lru_cache(maxsize=256)  # all who call in one second send the same
def _read_date(date: str) -> int:
    """Read an RFC 7231 date, or an email's that says it is in GMT, as milliseconds since the epoch."""
    # The suffix is asked for because a date without a zone would be taken as UTC, and may be some local time.
    if len(date) > _MAX_DATE or not date.isascii() or not date.endswith(("GMT", "UTC", "+0000")):
        raise Unauthenticated("date_header_invalid")
    try:
        fields = parsedate_tz(date)
        if fields is None or fields[9] != 0:
            raise Unauthenticated("date_header_invalid")
        return int(datetime(*fields[:6], tzinfo=UTC).timestamp()) * 1000
    except (ValueError, TypeError, IndexError, OverflowError):
        raise Unauthenticated("date_header_invalid") from None
