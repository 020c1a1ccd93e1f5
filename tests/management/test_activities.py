"""The analytics of the public reference, which are refused: to who has no key for that, and to all others for good."""

import pytest

from chalicelib.management.activities import ROUTES
from chalicelib.management.routes import endpoint
from tests.management.server import VendorsServer, refused


@pytest.mark.parametrize("route", ROUTES.values())
@pytest.mark.parametrize("query", ["", "/", "/?limit=5&action__in=check"])
def test_what_counts_calls_is_refused_and_says_what_counts_instead(shop: VendorsServer, route: str, query: str) -> None:
    answer = shop.get(route[1:] + query)
    assert refused(answer, 403) == "calls_not_counted"
    for path in ("/reports/activations", "/reports/refusals"):
        assert path in {one.route for one in endpoint.declared}
        assert f"GET /api/v1{path} " in answer.json()["detail"]


@pytest.mark.parametrize("route", ROUTES.values())
def test_without_a_key_it_is_asked_for_first(shop: VendorsServer, route: str) -> None:
    assert refused(shop.get(route[1:], Authorization=""), 403) == "management_key_invalid"
