"""What a license user may do: see their own licenses and devices, and reset one of these devices."""

from chalicelib.domain.session import SessionClaims
from chalicelib.portal.context import Loaded
from chalicelib.portal.devices import free, reset_question
from chalicelib.portal.handlers import Change, Confirmation, action, page
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries
from chalicelib.usecases.portal_queries import DeviceView

SEATS = "/portal/seats"


@page("own_licenses.html")
def seats(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """The licenses that the user may use."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.own_licenses(claims, asked.query, now=request.now))


@page("own_devices.html")
def devices(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    """The own devices on one of them."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.own_devices(claims, license_id, asked.query, now=request.now))


@page("own_device.html")
def device(request: PortalRequest, claims: SessionClaims, license_id: int, device: str) -> DeviceView:
    """All that is known of one of these devices."""
    return portal_queries.own_device(claims, license_id, device, now=request.now)


def _load_reset(request: PortalRequest, claims: SessionClaims, license_id: int, device: str) -> Loaded:
    view = portal_queries.own_device(claims, license_id, device, now=request.now)
    return view, reset_question(view, f"{SEATS}/{license_id}")


@action("confirm.html", Confirmation, _load_reset)
def reset(request: PortalRequest, view: DeviceView, _form: Confirmation) -> Change[int]:
    """Free the own device's activation."""
    return free(request, view, f"{SEATS}/{view.license.id}")
