"""An answer tells the caller's nonce inside what is signed, so that none of yesterday can be shown for today's."""

from typing import Any

import httpx
import pytest

from chalicelib.domain.instants import from_iso
from chalicelib.web import clock
from infra.openapi import document
from tests.licenseapi.objects import granted, plain_text, refused
from tests.support import Application, Vendor
from tests.web.events import answer, event

EMAIL, SHOP = "don.joe@qbitec.com", "shop@customer.test"
NONCE = 'Zm9v "\u00fc" \U0001f511'
OBJECTS = {
    (method, path.removeprefix("/api/v4").removeprefix("/"))
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if (shown := operation["responses"]["200"]["content"].get("application/json"))
    if shown["schema"].get("type") != "array"
}
"""The calls that are answered with an object."""


@pytest.fixture
def facts(vendor: Vendor) -> dict[str, Any]:
    """Enough for every call."""
    license, by_user = vendor.issue(), vendor.issue("revit", customer=SHOP)
    vendor.assign(by_user, EMAIL)
    vendor.activate(license, "hw-1")
    vendor.grant(license, "export")
    return {
        "feature": "export",
        "product": "viewer",
        "license_key": license.license_key,
        "hardware_id": "hw-1",
        "customer": SHOP,
    }


@pytest.fixture
def apart(vendor: Vendor) -> dict[str, dict[str, Any]]:
    """What a call is given besides, by its name."""
    counted = vendor.issue(license_type="consumption", max_consumptions=9)
    vendor.activate(counted, "hw-1")
    used = {"license_key": counted.license_key, "consumptions": 0}  # twice, and the same is answered
    return {"customer_license_users": {"product": "revit"}, "add_consumption": used}


@pytest.mark.parametrize(("method", "call"), sorted(OBJECTS))
def test_every_object_tells_the_nonce_and_our_clock_and_only_if_asked(
    application: Application, facts: dict[str, Any], apart: dict[str, dict[str, Any]], method: str, call: str
) -> None:
    sent = facts | apart.get(call, {})
    ask = application.get if method == "get" else application.post
    before = clock.now()
    body = granted(ask(call, **sent, nonce=NONCE))
    plain = granted(ask(call, **sent))
    assert list(body)[-2:] == ["nonce", "server_time"]
    assert body.pop("nonce") == NONCE
    assert abs(from_iso(body.pop("server_time")) - before) < 60_000
    assert body == plain


def test_texts_and_lists_have_no_place_for_it(application: Application, facts: dict[str, Any]) -> None:
    assert granted(application.get("products", nonce=NONCE)) == granted(application.get("products"))
    assert plain_text(application.post("deactivate_license", **facts, nonce=NONCE)) == "license_deactivated"


@pytest.mark.parametrize("nonce", ["n" * 65, 5, True, ["n"], {}])
def test_a_nonce_that_is_none_is_refused_and_nothing_is_done(
    application: Application, vendor: Vendor, facts: dict[str, Any], nonce: Any
) -> None:
    answer = application.post("deactivate_license", **facts, nonce=nonce)
    assert refused(answer) == "validation_error"
    assert answer.json()["message"].startswith("nonce: ")
    granted(application.get("check_license", **facts, nonce="n" * 64))
    granted(application.get("check_license", **facts, nonce=""))


def test_anybody_may_ask_with_one(http: httpx.Client) -> None:
    for path in ("/", "/api/v4/"):
        assert granted(http.get(path, params={"nonce": "n"}))["nonce"] == "n"
        assert refused(http.get(path, params={"nonce": "n" * 65})) == "validation_error"


@pytest.mark.in_process("an event of API Gateway is made here")
def test_a_head_is_answered_as_api_gateway_hands_it_on() -> None:
    assert answer(event("HEAD", "/", {}))["statusCode"] == 200
