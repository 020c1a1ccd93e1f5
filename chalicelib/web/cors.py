"""Browsers: which page may read an answer (CORS).

A browser asks first, by OPTIONS, and cannot tell the API key there. So every address of the License API lets any page
call it; whether the page may read what is granted is the key's to say (`ApiKey.origins`). Errors may be read by any
page: they tell nobody's data. No cookie takes part, so a page can do nothing here that it could not without a browser.
"""

from chalice.app import Response

Headers = dict[str, str | list[str]]

_SHOWN = "LicenseSignature, Retry-After, X-Request-Id"
_SENT = "Authorization, Content-Type, X-Date, Digest, Idempotency-Key"
_REMEMBERED_SECONDS = 7200
"""As long as any browser remembers it."""


def readable(origin: str = "*") -> Headers:
    """The headers by which a page of this origin, or any page, may read an answer."""
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _SHOWN, "Vary": "Origin"}


def preflight() -> Response:
    """The answer to a browser that asks whether a page may call."""
    asked: Headers = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": _SENT,
        "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
    }
    return Response("", readable() | asked, 204)
