"""Licenses: the list, and the details of one with what can be done to it as a whole."""

from typing import Any

from chalice.app import Response

from chalicelib.domain.license import License, ends_at
from chalicelib.domain.places import transfers_left
from chalicelib.domain.session import Asker
from chalicelib.portal.lifeline import lifeline
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import Nothing, Said, Screen, action, logged_in, page, redirect
from chalicelib.usecases import change_license, views
from chalicelib.usecases.views import Asked, LicenseView

LICENSES = "/portal/licenses"


def _home(ask: Ask, asker: Asker, _parts: dict[str, Any]) -> Response:
    """Where each begins: managers at their licenses, others at their own."""
    visit = views.visit(asker, now=ask.now)
    return redirect(ask, LICENSES if visit.user.is_manager else "/portal/seats")


home = Screen(logged_in(_home))


def asked(ask: Ask) -> Asked:
    """Which rows of a list the address asks for."""
    return Asked(**{name: ask.query[name][:200] for name in Asked.__dataclass_fields__ if name in ask.query})


@page("licenses.html")
def licenses(ask: Ask, asker: Asker) -> Any:
    """The licenses that the user manages."""
    return views.managed_licenses(asker, asked(ask), now=ask.now), {"asked": asked(ask)}


@page("license.html")
def license(ask: Ask, asker: Asker, license_id: int) -> Any:
    """The snapshot of a license."""
    view = views.license_details(asker, license_id, now=ask.now)
    terms = view.license
    grace_ends = ends_at(terms.validity_period, terms.grace_period) if terms.grace_period else None
    return view, {"lifeline": lifeline(terms, ask.now, view.visit.company.time_zone), "grace_ends": grace_ends}


@page("history.html")
def history(ask: Ask, asker: Asker, license_id: int) -> Any:
    """The history of a license, newest first."""
    return views.license_history(asker, license_id, asked(ask).after, now=ask.now)


def _one(ask: Ask, asker: Asker, license_id: int) -> LicenseView:
    return views.one_license(asker, license_id, now=ask.now)


def transfer_hint(license: License) -> list[str]:
    """What giving up places costs on a license that may not move without limit."""
    left = transfers_left(license)
    if left is None or license.free_resets:
        return []
    if not left:
        stays = "No place of this license goes to another device: until the device that was reset last is active again,"
        return [f"{stays} no new one can be activated."]
    return [f"A device that takes the place of another is a transfer; {left} of {license.max_transfers} are left."]


def _look_reset(ask: Ask, asker: Asker, license_id: int) -> Any:
    view = _one(ask, asker, license_id)
    devices = view.license.times_activated
    return view, {
        "title": "Reset license",
        "sentences": [
            f"All {devices} active devices are deactivated." if devices else "No device is active.",
            "People can activate again at once. This cannot be undone.",
            *transfer_hint(view.license),
        ],
        "button": "Reset license",
        "danger": True,
    }


@action("confirm.html", Nothing, _look_reset)
def reset(ask: Ask, view: LicenseView, _form: Nothing) -> Said:
    """All devices off."""
    user = view.visit.user
    change_license.reset_license(user.company, view.license.id, ask.actor(user.email), now=ask.now)
    return Said(f"{LICENSES}/{view.license.id}", "The license was reset. All its devices are deactivated.")


def _look_disable(ask: Ask, asker: Asker, license_id: int) -> Any:
    return _one(ask, asker, license_id), {
        "title": "Disable license",
        "sentences": [
            "No device can activate or use this license until it is enabled again. Users and devices stay as they are."
        ],
        "button": "Disable license",
        "danger": True,
    }


@action("confirm.html", Nothing, _look_disable)
def disable(ask: Ask, view: LicenseView, _form: Nothing) -> Said:
    """Refuse every use, until it is enabled again."""
    return _set_enabled(ask, view, False, "The license is disabled.")


def _look_enable(ask: Ask, asker: Asker, license_id: int) -> Any:
    return _one(ask, asker, license_id), {
        "title": "Enable license",
        "sentences": ["Devices can use this license again, as its terms allow."],
        "button": "Enable license",
        "danger": False,
    }


@action("confirm.html", Nothing, _look_enable)
def enable(ask: Ask, view: LicenseView, _form: Nothing) -> Said:
    """Let it be used again."""
    return _set_enabled(ask, view, True, "The license is enabled.")


def _set_enabled(ask: Ask, view: LicenseView, enabled: bool, says: str) -> Said:
    user = view.visit.user
    change_license.set_enabled(user.company, view.license.id, enabled, ask.actor(user.email), now=ask.now)
    return Said(f"{LICENSES}/{view.license.id}", says)
