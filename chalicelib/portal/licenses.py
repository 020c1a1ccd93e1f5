"""Licenses: the list, and the details of one with what can be done to it as a whole."""

from dataclasses import dataclass

from chalicelib.domain.license import License, ends_at, prevents_vm
from chalicelib.domain.limits import LICENSE_TRANSFERS
from chalicelib.domain.meters import period_end
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext, ngettext, reader
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, Undo, action, always, page
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.messages import permission_words
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.rules import coming_words, feature_words, field_words, rules
from chalicelib.portal.timeline import grace_words, timeline, validity
from chalicelib.portal.usage_chart import usage_chart
from chalicelib.usecases import change_license, portal_queries
from chalicelib.usecases.portal_queries import LicenseView, ListQuery

LICENSES = "/portal/licenses"


@page("licenses.html")
def licenses(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """The licenses that the user manages."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.managed_licenses(claims, asked.query, now=request.now))


@page("license.html")
def license(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    """The snapshot of a license."""
    view = portal_queries.license_details(claims, license_id, now=request.now)
    terms = view.license
    zone = reader().zone
    return view, {
        "timeline": timeline(terms, request.now, zone),
        "validity": validity(terms, request.now, zone),
        "grace_ends": ends_at(terms.validity_period, terms.grace_period) if terms.grace_period else None,
        "chart": view.usage and usage_chart(view.usage.days, view.usage.active, terms.max_activations),
        "rules": rules(terms, prevent_vm=view.prevent_vm),
        "anew": period_end(terms.consumption_period, request.now),
        "prevents_vm": prevents_vm(terms, view.prevent_vm),
        "coming": [
            words for change in view.coming if (words := coming_words(change, zone, prevent_vm=view.prevent_vm))
        ],
        "grace": grace_words(terms.grace_period),
        "features": [(feature.name, feature_words(feature, request.now)) for feature in view.features],
        "custom_fields": [(value.name, field_words(value)) for value in view.custom_fields],
        "left_to_vendor": permission_words(view.denied or ()),
        "list_query": ListQuery(),
    }


@page("history.html")
def history(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    """The history of a license, newest first."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.license_history(claims, license_id, asked.query, now=request.now))


@dataclass(frozen=True, slots=True)
class NameForm:
    """What a license is to be called."""

    name: str = ""


def _one(request: PortalRequest, claims: SessionClaims, license_id: int) -> LicenseView:
    return portal_queries.one_license(claims, license_id, now=request.now)


@action("license_name.html", NameForm, _one, always("name_license"))
def name(request: PortalRequest, view: LicenseView, form: NameForm) -> Change[License]:
    """Call the license so."""
    user = view.principal.user
    given = (user.company, view.license.id, form.name, request.actor(user.email))

    def result(license: License) -> FormResult:
        flash = (
            gettext("The license is now called “{name}”.", name=license.name)
            if license.name
            else gettext("The license no longer has a name.")
        )
        return FormResult(f"{LICENSES}/{license.id}", flash)

    return Change(lambda: change_license.set_name(*given, now=request.now), result)


def transfer_hint(license: License) -> list[str]:
    """What releasing activations costs on a license that may not move without limit."""
    left = LICENSE_TRANSFERS.room(license)
    if left is None or license.free_resets:
        return []
    if not left:
        return [
            gettext(
                "No transfer to another device is left: until the device that was reset last is active again, no new "
                "one can be activated."
            )
        ]
    most = license.max_transfers
    return [
        gettext(
            "A new device in place of this one is a transfer. Transfers left: {left} of {most}.", left=left, most=most
        )
    ]


def reset_button(devices: int, otherwise: str) -> str:
    """What the button says that deactivates so many devices; `otherwise`: where there are none."""
    return ngettext("Reset {n} device", "Reset {n} devices", devices) if devices else otherwise


def deactivated(devices: int) -> str:
    """What becomes of so many devices."""
    if not devices:
        return gettext("No device is active.")
    return ngettext("{n} active device is deactivated.", "{n} active devices are deactivated.", devices)


def _load_reset(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    view = _one(request, claims, license_id)
    devices = view.license.times_activated
    return view, {
        "title": gettext("Reset license"),
        "sentences": [
            deactivated(devices),
            gettext("People can activate again at once. This cannot be undone."),
            *transfer_hint(view.license),
        ],
        "button": reset_button(devices, gettext("Reset license")),
        "danger": True,
    }


@action("confirm.html", Confirmation, _load_reset, always("reset_license"))
def reset(request: PortalRequest, view: LicenseView, _form: Confirmation) -> Change[License]:
    """All devices off."""
    user = view.principal.user
    given = (user.company, view.license.id, request.actor(user.email))
    flash = gettext("The license was reset. All its devices are deactivated.")
    return Change(
        lambda: change_license.reset_license(*given, now=request.now),
        lambda license: FormResult(f"{LICENSES}/{license.id}", flash),
    )


def _load_disable(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    view = _one(request, claims, license_id)
    return view, {
        "title": gettext("Pause license"),
        "sentences": [
            gettext(
                "No device can activate or use this license until you resume it. Users and devices stay as they are."
            )
        ],
        "button": gettext("Pause {product}", product=view.title),
        "danger": True,
    }


@action("confirm.html", Confirmation, _load_disable, always("disable_license"))
def disable(request: PortalRequest, view: LicenseView, _form: Confirmation) -> Change[License]:
    """Refuse every use, until it is enabled again."""
    undo = Undo.now(request, f"{LICENSES}/{view.license.id}/enable")
    return _set_enabled(request, view, False, gettext("The license is paused."), undo)


def _load_enable(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    return _one(request, claims, license_id), {
        "title": gettext("Resume license"),
        "sentences": [gettext("Devices can use this license again, as its terms allow.")],
        "button": gettext("Resume license"),
        "danger": False,
    }


@action("confirm.html", Confirmation, _load_enable, always("disable_license"))
def enable(request: PortalRequest, view: LicenseView, _form: Confirmation) -> Change[License]:
    """Let it be used again."""
    return _set_enabled(request, view, True, gettext("The license can be used again."))


def _set_enabled(
    request: PortalRequest, view: LicenseView, enabled: bool, flash: str, undo: Undo | None = None
) -> Change[License]:
    user = view.principal.user
    given = (user.company, view.license.id, enabled, request.actor(user.email))
    return Change(
        lambda: change_license.set_enabled(*given, now=request.now),
        lambda license: FormResult(f"{LICENSES}/{license.id}", flash, undo=undo),
    )
