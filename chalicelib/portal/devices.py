"""Devices of a license: the list, one of them, and its reset."""

from typing import Any

from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.session import Asker
from chalicelib.portal.licenses import asked, transfer_hint
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import Nothing, Said, action, page
from chalicelib.usecases import views
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.views import DeviceRow, DeviceView


@page("devices.html")
def devices(ask: Ask, asker: Asker, license_id: int) -> Any:
    """All devices that were ever active on the license."""
    return views.license_devices(asker, license_id, asked(ask), now=ask.now), {"asked": asked(ask)}


@page("device.html")
def device(ask: Ask, asker: Asker, license_id: int, device: str) -> DeviceView:
    """All that is known of one."""
    return views.license_device(asker, license_id, device, now=ask.now)


def reset_question(view: DeviceView, back: str) -> dict[str, Any]:
    """What is asked before a device is reset."""
    row = view.row
    return {
        "title": "Reset device",
        "sentences": [
            f"The activation of {device_name(row)} is freed at once, for example when the machine is lost.",
            "Its next check answers that the device is not found. It can be activated again while there is a place.",
            *transfer_hint(view.license),
        ],
        "button": "Reset device",
        "danger": True,
        "back": back,
    }


def device_name(row: DeviceRow) -> str:
    """A device as people call it, in a sentence: apart from what stands around it, whichever way it is written."""
    name = safe_to_show(row.device.hostname or row.device.hardware_id, 100)
    return name if name.isascii() else f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def _look_reset(ask: Ask, asker: Asker, license_id: int, device: str) -> Any:
    view = views.license_device(asker, license_id, device, now=ask.now)
    return view, reset_question(view, f"/portal/licenses/{license_id}/devices")


@action("confirm.html", Nothing, _look_reset)
def reset(ask: Ask, view: DeviceView, _form: Nothing) -> Said:
    """Free the device's place."""
    return free(ask, view, f"/portal/licenses/{view.license.id}/devices")


def free(ask: Ask, view: DeviceView, back: str) -> Said:
    """Free one device's place, whether it still holds it or not."""
    user, row = view.visit.user, view.row
    actor = ask.actor(user.email)
    hardware_id, owner = row.device.hardware_id, row.device.user_id
    freed = reset_device(user.company, view.license.id, hardware_id, actor, user_id=owner, now=ask.now)
    if freed:
        return Said(back, f"{device_name(row)} was reset. Its place is free.")
    return Said(back, f"{device_name(row)} held no place any more. Nothing was changed.")
