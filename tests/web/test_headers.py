"""Who calls is read from `Date` and `Authorization`, whatever API Gateway has made of their names."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.web import clock
from infra.call import signed_headers
from tests.support import HOUR, Vendor
from tests.web.events import answer, event

Headers = dict[str, str]
PLAIN, REMAPPED = "{}", "x-amzn-remapped-{}"
CASES: dict[str, Callable[[str], str]] = {
    "as it is sent": str,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
}


def call(headers: Headers | None) -> tuple[int, str]:
    """Status and code of a call with these headers."""
    reply = answer(event("GET", "/api/v4/product_details", headers, query={"product": "viewer"}))
    body = json.loads(reply["body"])
    return reply["statusCode"], body.get("code", "ok")


def signed(vendor: Vendor, age: int = 0) -> Headers:
    return signed_headers(vendor.api_key, vendor.shared_key, (clock.now() - age) / 1000)


def renamed(headers: Headers, shape: str, case: str = "as it is sent") -> Headers:
    return {CASES[case](shape.format(name)): value for name, value in headers.items()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("shape", [PLAIN, REMAPPED])
def test_a_call_is_known_under_either_name_in_any_case(vendor: Vendor, shape: str, case: str) -> None:
    given = renamed(signed(vendor), shape, case) | {"Host": "license.test", "X-Forwarded-For": "192.0.2.7"}
    assert call(given) == (200, "ok")


@pytest.mark.parametrize("name", ["Date", "Authorization"])
def test_each_header_may_be_remapped_alone(vendor: Vendor, name: str) -> None:
    given = signed(vendor)
    given[REMAPPED.format(name)] = given.pop(name)
    assert call(given) == (200, "ok")


def test_where_both_are_there_the_remapped_one_is_the_clients(vendor: Vendor) -> None:
    gateways = {"Date": "Tue, 24 Nov 2026 03:04:56 GMT", "Authorization": "AWS4-HMAC-SHA256 Credential=gateway"}
    assert call(gateways | renamed(signed(vendor), REMAPPED)) == (200, "ok")


def test_an_empty_remapped_header_hides_nothing(vendor: Vendor) -> None:
    empty = dict.fromkeys(renamed(signed(vendor), REMAPPED), "")
    assert call(signed(vendor) | empty) == (200, "ok")


def test_who_sends_the_remapped_headers_himself_gains_nothing(vendor: Vendor) -> None:
    """The same claims, the same checks: every mixture of a true call with something else is refused."""
    true, old = signed(vendor), signed(vendor, HOUR)
    forged = signed_headers(vendor.api_key, "not the shared key")
    mixtures: list[tuple[dict[str, Any], str]] = [
        (true | renamed(old, REMAPPED), "date_header_diff"),  # a replay in a new dress
        (old | {"x-amzn-remapped-date": true["Date"]}, "signature_mismatch"),  # an old signature under a new date
        (true | renamed(forged, REMAPPED), "signature_mismatch"),
        (forged | {"x-amzn-remapped-date": true["Date"]}, "signature_mismatch"),
        (renamed(forged, REMAPPED), "signature_mismatch"),
        (renamed(old, REMAPPED), "date_header_diff"),
    ]
    assert [call(headers)[1] for headers, _ in mixtures] == [code for _, code in mixtures]


@pytest.mark.parametrize("missing", [None, {}, {"Date": ""}, {"x-amzn-remapped-date": "Tue, 24 Nov 2026 03:04:56 GMT"}])
def test_a_call_without_them_is_told_what_is_missing(missing: Headers | None) -> None:
    assert call(missing) == (400, "missing_headers")
