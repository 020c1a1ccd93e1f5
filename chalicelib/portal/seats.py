"""What a license user may do: see the own licenses and devices, and reset an own device."""

from typing import Any

from chalicelib.domain.session import Asker
from chalicelib.portal.devices import free, reset_question
from chalicelib.portal.licenses import asked
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import Nothing, Said, action, page
from chalicelib.usecases import views
from chalicelib.usecases.views import DeviceView, SeatsView

SEATS = "/portal/seats"


@page("seats.html")
def seats(ask: Ask, asker: Asker) -> SeatsView:
    """The licenses that the user may use."""
    return views.own_licenses(asker, asked(ask), now=ask.now)


@page("own_devices.html")
def devices(ask: Ask, asker: Asker, license_id: int) -> Any:
    """The own devices on one of them."""
    return views.own_devices(asker, license_id, asked(ask), now=ask.now), {"asked": asked(ask)}


@page("own_device.html")
def device(ask: Ask, asker: Asker, license_id: int, device: str) -> DeviceView:
    """All that is known of an own device."""
    return views.own_device(asker, license_id, device, now=ask.now)


def _look_reset(ask: Ask, asker: Asker, license_id: int, device: str) -> Any:
    view = views.own_device(asker, license_id, device, now=ask.now)
    return view, reset_question(view, f"{SEATS}/{license_id}")


@action("confirm.html", Nothing, _look_reset)
def reset(ask: Ask, view: DeviceView, _form: Nothing) -> Said:
    """Free the own device's place."""
    return free(ask, view, f"{SEATS}/{view.license.id}")
