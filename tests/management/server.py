"""A vendor's server, as it calls the Management API."""

from typing import Any

import httpx

from chalicelib.domain.management_keys import SCOPES
from chalicelib.usecases.management_keys import create_management_key
from chalicelib.web import clock
from tests.support import ADMIN, Vendor


def new_key(vendor: Vendor, *scopes: str, **more: Any) -> str:
    """A key with these scopes, or with all."""
    given = frozenset(scopes or SCOPES)
    return create_management_key(vendor.code, "Shop", given, ADMIN, now=clock.now(), **more)[1]


class VendorsServer:
    """Sends its key with each call. `vendor`: whose it is, for what no call makes."""

    def __init__(self, key: str, http: httpx.Client, vendor: Vendor | None = None) -> None:
        self.key, self.http, self._vendor = key, http, vendor

    @property
    def vendor(self) -> Vendor:
        """Whose server it is."""
        assert self._vendor is not None
        return self._vendor

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Call a path below `/api/v1/`; `headers`: more of them, with underscores for dashes."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Api-Key {self.key}"} | more
        address = path if path.startswith("http") else f"/api/v1/{path}"
        return self.http.request(method, address, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.call("POST", path, body, **headers)


def granted(answer: httpx.Response, status: int = 200) -> Any:
    """The JSON of an answer."""
    assert answer.status_code == status, answer.text
    assert "RateLimit" in answer.headers
    return answer.json() if answer.content else None


def refused(answer: httpx.Response, status: int) -> str:
    """The code of an answer that refuses, in the one shape."""
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert list(body) == ["detail", "code", "errors", "request_id"]
    assert (body["request_id"], answer.headers["Content-Type"]) == (answer.headers["X-Request-Id"], "application/json")
    assert body["detail"].endswith(".")
    return str(body["code"])
