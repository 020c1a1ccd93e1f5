"""Below a stage of API Gateway, or a domain's mapping: addresses, redirects and cookies have what stands before."""

from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from chalice.local import LambdaContext, LambdaEventConverter, RouteMatcher

from app import app
from chalicelib.web import clock
from tests.portal.browser import Page
from tests.support import Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued


class Gateway:
    """API Gateway as a browser sees it: the stage is in the path that was asked for, not in the resource."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.events = LambdaEventConverter(RouteMatcher(list(app.routes)), app.api.binary_types)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> dict[str, Any]:
        event = self.events.create_lambda_event(method, f"http://gateway{path}", headers, body)
        event["requestContext"]["path"] = self.stage + path
        answer: dict[str, Any] = app(event, LambdaContext("seatkeeper", 256, 30_000))
        return answer


def page_of(answer: dict[str, Any], path: str) -> Page:
    request = httpx.Request("GET", f"http://gateway{path}")
    return Page(httpx.Response(answer["statusCode"], text=answer["body"], request=request))


@pytest.mark.parametrize("stage", ["", "/dev", "/licenses/portal"])
def test_all_addresses_are_below_the_stage(stage: str) -> None:
    vendor = Vendor(now=clock.now())
    license = issued(vendor)
    chosen(vendor, MANAGER)
    gateway = Gateway(stage)
    led = gateway.request("GET", "/", Accept="text/html")
    assert (led["statusCode"], led["headers"]["Location"]) == (303, f"{stage}/portal")
    wrong = page_of(gateway.request("GET", "/portal/nothing"), f"{stage}/portal/nothing")
    assert (wrong.status, wrong.links[-1]) == (404, f"{stage}/portal")
    shown = gateway.request("GET", "/portal/log-in")
    page = page_of(shown, f"{stage}/portal/log-in")
    (visitor,) = shown["multiValueHeaders"]["Set-Cookie"]
    assert f"Path={stage}/portal" in visitor
    form = page.form(f"{stage}/portal/log-in").fields | {"company": vendor.code, "email": MANAGER, "password": PASSWORD}
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": visitor.split(";")[0]}
    entered = gateway.request("POST", "/portal/log-in", urlencode(form).encode(), **kind)
    assert (entered["statusCode"], entered["headers"]["Location"]) == (303, f"{stage}/portal")
    session, browser = entered["multiValueHeaders"]["Set-Cookie"]
    assert all(f"Path={stage}/portal" in cookie for cookie in (session, browser))
    for path in ("/portal/licenses", f"/portal/licenses/{license.id}", f"/portal/licenses/{license.id}/users"):
        page = page_of(gateway.request("GET", path, Cookie=session.split(";")[0]), stage + path)
        assert page.status == 200
        addresses = [*page.links, *page.loads, *(form.action for form in page.forms)]
        ours = [address for address in addresses if not address.startswith(("#", "?"))]
        assert len(ours) > 8
        assert [address for address in ours if not address.startswith((f"{stage}/portal", f"{stage}/static/"))] == []
    static = page.loads[1]
    assert gateway.request("GET", static.removeprefix(stage))["statusCode"] == 200
