"""The HMAC signature of a License API request: what its two headers say, and whether it is true. No I/O.

    Date: Tue, 24 Nov 2026 03:04:56 GMT
    Authorization: algorithm="hmac-sha256",headers="date",signature="…",apiKey="…"

The signature covers the Date header exactly as received, and nothing else of the request: TLS and the window
around our clock bound a replay.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_tz
from typing import Literal

AuthCode = Literal[
    "missing_headers",
    "authorization_invalid_headers",
    "authorization_missing_params",
    "hmac_required",
    "date_header_invalid",
    "date_header_diff",
    "signature_mismatch",
]

# Real headers have some 150 and 29 characters. Longer ones are not worth the time of reading them.
_MAX_AUTHORIZATION = 4096
_MAX_DATE = 64

_PARAMETER = re.compile(r'[ \t]*([A-Za-z]+)[ \t]*=[ \t]*"([^"]*)"[ \t]*(,|\Z)')
_REQUIRED = ("algorithm", "headers", "signature", "apikey")


class AuthError(Exception):
    """The request is not authenticated; ``code`` is the error code of the answer."""

    def __init__(self, code: AuthCode) -> None:
        super().__init__(code)
        self.code: AuthCode = code


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Authorization header claims. Its repr keeps the signature out of logs."""

    algorithm: str
    headers: str
    signature: str = field(repr=False)
    api_key: str


def parse_authorization(header: str | None) -> Credentials:
    """Read the Authorization header; parameter names in any case, values quoted, unknown parameters ignored.

    Raises AuthError: ``missing_headers``, ``authorization_invalid_headers`` (not a list of ``name="value"``,
    or a name twice), ``authorization_missing_params`` (absent or empty), ``hmac_required`` (other algorithm).
    """
    if not header:
        raise AuthError("missing_headers")
    parameters = _parameters(header)
    if not all(parameters.get(name) for name in _REQUIRED):
        raise AuthError("authorization_missing_params")
    if parameters["algorithm"].lower() != "hmac-sha256":
        raise AuthError("hmac_required")
    return Credentials(*(parameters[name] for name in _REQUIRED))


def check_date(date: str | None, now: int, window_ms: int) -> None:
    """Require a Date header at most ``window_ms`` milliseconds from ``now`` (milliseconds since the epoch).

    Raises AuthError: ``missing_headers``, ``date_header_invalid`` (no date, or not in GMT) or
    ``date_header_diff`` (outside the window).
    """
    if not date:
        raise AuthError("missing_headers")
    if abs(_read_date(date) - now) > window_ms:
        raise AuthError("date_header_diff")


def sign(shared_key: str, date: str) -> str:
    """Compute the signature, in base64, that a client puts over its Date header."""
    # "replace": half a UTF-16 pair in a hostile header has no bytes. It may sign as "?", it must not raise.
    message = f"licenseSpring\ndate: {date}".encode(errors="replace")
    return base64.b64encode(hmac.digest(shared_key.encode(), message, hashlib.sha256)).decode()


def verify(credentials: Credentials, shared_key: str, date: str) -> None:
    """Require the signature to be ours over the raw Date header. Raises AuthError ``signature_mismatch``."""
    # As bytes: compare_digest takes no str beyond ASCII, and a hostile one must be a mismatch like any other.
    received = credentials.signature.encode(errors="replace")
    if not hmac.compare_digest(sign(shared_key, date).encode(), received):
        raise AuthError("signature_mismatch")


def _parameters(header: str) -> dict[str, str]:
    """Read ``name="value",name="value"`` to its end; names in lower case."""
    if len(header) > _MAX_AUTHORIZATION:
        raise AuthError("authorization_invalid_headers")
    parameters: dict[str, str] = {}
    position, separator = 0, ","
    while separator:
        match = _PARAMETER.match(header, position)
        if match is None or match[1].lower() in parameters:
            raise AuthError("authorization_invalid_headers")
        parameters[match[1].lower()] = match[2]
        position, separator = match.end(), match[3]
    return parameters


def _read_date(date: str) -> int:
    """Read an RFC 7231 date, or an e-mail's that says it is in GMT, as milliseconds since the epoch."""
    # The suffix is asked for because a date without a zone would be taken as UTC, and may be some local time.
    if len(date) > _MAX_DATE or not date.isascii() or not date.endswith(("GMT", "UTC", "+0000")):
        raise AuthError("date_header_invalid")
    try:
        fields = parsedate_tz(date)
        if fields is None or fields[9] != 0:
            raise AuthError("date_header_invalid")
        return int(datetime(*fields[:6], tzinfo=UTC).timestamp()) * 1000
    except (ValueError, TypeError, IndexError, OverflowError):
        raise AuthError("date_header_invalid") from None
