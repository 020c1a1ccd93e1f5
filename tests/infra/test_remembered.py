"""What is remembered from one request to the next holds no text of a client, however many it sends: only short ones."""

import gc
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from app import app
from infra.call import signed_headers
from infra.wsgi import wsgi
from tests.infra.watched import watching
from tests.support import Vendor

MARK = "nobody-else-says-so"
LONG = MARK * 100
SHORT_BYTES = 600
"""A text that may be remembered, as an email's or a date's."""


def head(line: str, **headers: str) -> bytes:
    """A request without a body."""
    lines = [f"{line} HTTP/1.1", "Host: x", *(f"{name.replace('_', '-')}: {text}" for name, text in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def posted(path: str, body: bytes, kind: str, **headers: str) -> bytes:
    return head(f"POST {path}", **headers, Content_Type=kind, Content_Length=str(len(body))) + body


def requests_of(vendor: Vendor) -> Iterator[bytes]:
    """A long text in each place that a request has for one."""
    signed = signed_headers(vendor.api_key, vendor.shared_key)
    yield head(f"GET /{LONG}")
    yield head(f"GET /{quote('/' * 9)}{LONG}/x")
    yield head(f"GET http://{LONG}/{LONG}")
    yield head(f"GET /portal/licenses/{LONG}/devices/{LONG}?{LONG}={LONG}")
    yield head(f"GET /static/{LONG}.css", Accept="text/html", Cookie=f"session={LONG}; {LONG}=x")
    date = signed["Date"].replace("GMT", f"+0000 {LONG} GMT")  # a date all the same
    yield head("GET /api/v4/check_license", **(signed | {"Date": date}))
    for name in ("Date", "Authorization", "Digest", "Accept", "Accept-Encoding", "Cookie", "X-Forwarded-For", LONG):
        yield head(f"GET /api/v4/check_license?product={LONG}", **(signed | {name: LONG}))
    keys = dict.fromkeys(("product", "license_key", "hardware_id", "username", "password", "code", LONG), LONG)
    yield posted("/api/v4/activate_license", json.dumps(keys).encode(), "application/json", **signed)
    yield posted("/api/v4/activate_license", b"{}", f"application/json; charset={LONG}", **signed)
    named = LONG.encode()
    yield posted("/portal/log-in", b"company=%b&email=%b@x.test&password=%b" % (named, named, named),
                 "application/x-www-form-urlencoded")  # fmt: skip
    yield posted("/portal/log-in", b"--" + named, f"multipart/form-data; boundary={LONG}")


def kept() -> list[str]:
    """The long texts with the mark that anything in this process holds."""
    found: list[str] = []
    gc.unfreeze()  # what the app has imported is frozen, and left out
    gc.collect()
    for holder in gc.get_objects():
        waiting = [holder]
        while waiting:
            for part in parts_of(waiting.pop()):
                if isinstance(part, str | bytes | bytearray) and len(part) > SHORT_BYTES and part is not LONG:
                    text = part if isinstance(part, str) else part.decode("latin-1")
                    found += [f"{text[:60]}… in {holder!r}"[:500]] if MARK in text else []
                elif isinstance(part, tuple | dict) and not gc.is_tracked(part):
                    waiting.append(part)
    return found


def parts_of(holder: Any) -> list[Any]:
    """What an object holds; of a dict that has texts alone for its keys, Python itself tells the values alone."""
    return [*gc.get_referents(holder), *(list(holder) if type(holder) is dict else ())]


def test_no_long_text_of_a_client_is_kept_beyond_its_request(vendor: Vendor) -> None:
    with watching(wsgi(app), behind_proxy=True) as watched:
        for request in requests_of(vendor):
            assert watched.answers(request).startswith(b"HTTP/1.1 4")
        watched.turn(until=lambda: not watched.connections)
        assert kept() == []
