"""The smoke scenario of a stage: a company that lives for some seconds, and the calls that are made of it.

It runs in the runtime of the stage. What is made is taken away again, also when a call fails midway.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.runtime import runtime
from chalicelib.usecases import create
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.management_keys import create_management_key
from chalicelib.web import clock
from infra.call import is_signed, signed_headers
from infra.stage.stages import DeploymentError

PREFIX, PRODUCT = "SMOKE-", "smoke"
_ACTOR = Actor("smoke")


@dataclass(frozen=True, slots=True)
class Company:
    """What an application of it is built with, and a server of the vendor's."""

    code: str
    api_key: str
    shared_key: str
    public_key: str
    """Of the signing key that answers the API key. Functions that still run may show the one before."""
    license_key: str | None
    management_key: str


def run_smoke_scenario(http: httpx.Client) -> None:
    """Raises `DeploymentError` at the first answer that is not as it has to be."""
    _check_public_key(http)
    try:
        with company() as ours:
            _use(Calls(http, ours))
            _manage(http, ours)
    except Unavailable as error:
        raise DeploymentError(f"The tables of the stage do not answer: {error}.") from None
    _check_edges(http)


@contextmanager
def company() -> Iterator[Company]:
    """A company with one license of one activation; at the end no item of it is left."""
    code, now = f"{PREFIX}{secrets.token_hex(6).upper()}", clock.now()
    try:
        create.create_company(code, "A trial of the stage", _ACTOR, now=now)
        create.create_product(code, PRODUCT, "A trial of the stage", "license-key", _ACTOR, now=now)
        license, _ = issue_license(code, PRODUCT, Terms("perpetual", 1), None, _ACTOR, now=now)
        key, shared_key = create.create_api_key(code, frozenset(), False, _ACTOR, now=now)
        _, management_key = create_management_key(code, "Smoke", frozenset({"webhooks:read"}), _ACTOR, now=now)
        public_key = runtime().keyring.current.public_key
        yield Company(code, key.api_key, shared_key, public_key, license.license_key, management_key)
    finally:
        with suppress(NotFound):  # it may not have come to be
            delete_company(code)


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of an application."""

    http: httpx.Client
    ours: Company

    def activate(self, hardware_id: str) -> httpx.Response:
        return self._send("POST", "activate_license", json=self._ident(hardware_id))

    def check(self, hardware_id: str) -> httpx.Response:
        return self._send("GET", "check_license", params=self._ident(hardware_id))

    def deactivate(self, hardware_id: str) -> httpx.Response:
        return self._send("POST", "deactivate_license", json=self._ident(hardware_id))

    def _ident(self, hardware_id: str) -> Json:
        return {"product": PRODUCT, "hardware_id": hardware_id, "license_key": self.ours.license_key}

    def _send(self, method: str, name: str, **what: Any) -> httpx.Response:  # as httpx takes it
        headers = signed_headers(self.ours.api_key, self.ours.shared_key)
        return _answer(self.http, method, f"api/v4/{name}", headers=headers, **what)


def _use(calls: Calls) -> None:
    def granted(what: str, answer: httpx.Response) -> None:
        _hold(f"{what} is granted, and signed", answer, answer.is_success and is_signed(answer, calls.ours.public_key))

    def refused(what: str, answer: httpx.Response, code: str) -> None:
        _hold(f"{what} is refused: {code}", answer, _code(answer) == code)

    granted("an activation", calls.activate("one"))
    refused("a second device on a license of one", calls.activate("two"), "license_activated_max_times")
    granted("a check", calls.check("one"))
    granted("a deactivation", calls.deactivate("one"))
    refused("a check thereafter", calls.check("one"), "device_not_found")


def _manage(http: httpx.Client, ours: Company) -> None:
    """As a server of the vendor's."""
    headers = {"Authorization": f"Api-Key {ours.management_key}"}
    answer = _answer(http, "GET", "api/v1/webhooks/", headers=headers)
    _hold("the Management API lists webhooks", answer, answer.is_success and answer.json()["count"] == 0)


def _check_edges(http: httpx.Client) -> None:
    nowhere = _answer(http, "GET", "api/v4/nowhere")
    _hold("an address that is none is refused in the one shape", nowhere, _code(nowhere) == "not_found")
    portal = _answer(http, "GET", "portal/log-in")
    _hold("the portal shows its log-in", portal, portal.status_code == 200 and "<form" in portal.text)


def _check_public_key(http: httpx.Client) -> None:
    answer = _answer(http, "GET", "api/v4/public_key")
    is_key = answer.is_success and answer.text.startswith("-----BEGIN PUBLIC KEY-----")
    _hold("the public key is there for all, and signed", answer, is_key and is_signed(answer, answer.text))


def _answer(http: httpx.Client, method: str, path: str, **what: Any) -> httpx.Response:  # as httpx takes it
    try:
        return http.request(method, path, **what)
    except httpx.HTTPError as error:
        raise DeploymentError(f"Nothing answers at {http.base_url}{path}: {error}") from None


def _code(answer: httpx.Response) -> str:
    """Of an answer in the one error shape; nothing for any other."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body["code"]) if isinstance(body, dict) and set(body) == {"status", "code", "message"} else ""


def _hold(what: str, answer: httpx.Response, is_so: bool) -> None:
    if not is_so:
        asked = f"{answer.request.method} {answer.request.url.copy_with(query=None)}"
        raise DeploymentError(f"NOT so: {what}. {asked} answered {answer.status_code}: {answer.text[:300]}")
    print(f"  ok  {what}", flush=True)
