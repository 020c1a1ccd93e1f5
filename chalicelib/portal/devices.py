"""Devices of a license: the list, one of them, and its reset."""

from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext
from chalicelib.portal.context import Context, Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, action, always, page
from chalicelib.portal.licenses import transfer_hint
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.standing import DEVICE_STATES, device_words
from chalicelib.usecases import portal_queries
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.portal_queries import DeviceRow, DeviceView


@page("devices.html")
def devices(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    """All devices that were ever active on the license."""
    asked = ListRequest.of(request, claims)
    view, context = asked.shown(portal_queries.license_devices(claims, license_id, asked.query, now=request.now))
    states = [state for state in DEVICE_STATES if state != "in_use" or view.license.floating_users]
    filters = [("", gettext("All"), None), *((state, device_words(state), None) for state in states)]
    return view, context | {"filters": filters}


@page("device.html")
def device(request: PortalRequest, claims: SessionClaims, license_id: int, device: str) -> DeviceView:
    """All that is known of one."""
    return portal_queries.license_device(claims, license_id, device, now=request.now)


def reset_question(view: DeviceView, back: str) -> Context:
    """What is asked before a device is reset."""
    row = view.row
    return {
        "title": gettext("Reset device"),
        "sentences": [
            gettext("{device} is deactivated at once, and its activation becomes free.", device=device_name(row)),
            gettext(
                "The application on it stops at its next check. It can be activated again while an activation is free."
            ),
            *transfer_hint(view.license),
        ],
        "button": gettext("Reset {device}", device=device_name(row)),
        "danger": True,
        "back": back,
    }


def device_name(row: DeviceRow) -> str:
    """A device as people call it, in a sentence: apart from what stands around it, whichever way it is written."""
    name = safe_to_show(row.device.hostname or row.device.hardware_id, 100)
    return name if name.isascii() else f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def _load_reset(request: PortalRequest, claims: SessionClaims, license_id: int, device: str) -> Loaded:
    view = portal_queries.license_device(claims, license_id, device, now=request.now)
    return view, reset_question(view, f"/portal/licenses/{license_id}/devices")


@action("confirm.html", Confirmation, _load_reset, always("reset_devices"))
def reset(request: PortalRequest, view: DeviceView, _form: Confirmation) -> Change[int]:
    """Free the device's activation."""
    return free(request, view, f"/portal/licenses/{view.license.id}/devices")


def free(request: PortalRequest, view: DeviceView, back: str) -> Change[int]:
    """Free one device's activation, whether it is still active or not."""
    user, row = view.principal.user, view.row
    actor = request.actor(user.email)
    hardware_id, owner = row.device.hardware_id, row.device.user_id

    def result(freed: int) -> FormResult:
        if freed:
            return FormResult(back, gettext("{device} was reset. Its activation is free.", device=device_name(row)))
        flash = gettext("{device} was no longer active. Nothing was changed.", device=device_name(row))
        return FormResult(back, flash)

    given = (user.company, view.license.id, hardware_id, actor)
    return Change(lambda: reset_device(*given, user_id=owner, now=request.now), result)
