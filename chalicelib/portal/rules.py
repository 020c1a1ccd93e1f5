"""What was sold with a license, in words: its rules as sentences, its features, and its custom fields."""

from collections.abc import Mapping

from chalicelib.domain.custom_fields import DataType
from chalicelib.domain.days import day_of
from chalicelib.domain.extras import FeatureGrant, FieldValue
from chalicelib.domain.features import Period
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import TRANSFERS_UNLIMITED, License
from chalicelib.languages import day, gettext, mark, ngettext, reader

_PERIODS: Mapping[Period, str] = {
    "daily": mark("{uses} a day"),
    "weekly": mark("{uses} a week"),
    "monthly": mark("{uses} a month"),
    "annually": mark("{uses} a year"),
}
_YES_NO: Mapping[tuple[DataType, str], str] = {("boolean", "true"): mark("yes"), ("boolean", "false"): mark("no")}


def rules(license: License, *, prevent_vm: bool) -> list[str]:
    """The rules of a license, one sentence each. `prevent_vm`: whether its product runs on no virtual machine."""
    return [_users(license), _devices(license), *_beyond(license), *_transfers(license), _machines(prevent_vm)]


def _users(license: License) -> str:
    most = license.max_license_users
    if license.authorization_method != "user":
        return gettext("Whoever has the key may use it.")
    if most is None:
        return gettext("Any number of people may use it, each within a limit of their own.")
    return ngettext("One person may use it.", "Up to {n} people may use it, each within a limit of their own.", most)


def _devices(license: License) -> str:
    most = license.max_activations
    if most is None:
        return gettext("It may be active on any number of devices.")
    return ngettext("It may be active on one device at a time.", "It may be active on up to {n} devices at once.", most)


def _beyond(license: License) -> list[str]:
    sold, most = license.max_activations, license.most_activations
    if license.overage == "none" or sold is None or most == sold:
        return []
    if most is None:
        return [gettext("Any number of devices is let in beyond that, and counts as over the limit.")]
    return [
        ngettext(
            "One device more is let in, and counts as over the limit.",
            "Up to {n} devices more are let in, and count as over the limit.",
            most - sold,
        )
    ]


def _transfers(license: License) -> list[str]:
    if license.max_transfers == TRANSFERS_UNLIMITED:
        return [gettext("It may be moved to other devices as often as needed.")]
    resets = (
        gettext("A reset does not count as a move.") if license.free_resets else gettext("A reset counts as a move.")
    )
    if license.max_transfers < 0:
        return [gettext("It may not be moved to another device."), *([resets] if license.free_resets else [])]
    moves = ngettext(
        "It may be moved to another device once in all.",
        "It may be moved to another device {n} times in all.",
        license.max_transfers,
    )
    return [moves, resets]


def _machines(prevent_vm: bool) -> str:
    if prevent_vm:
        return gettext("It does not run on virtual machines.")
    return gettext("It also runs on virtual machines.")


def feature_words(feature: FeatureGrant, now: Instant) -> str:
    """What a license has of a feature: how many uses, and until when."""
    what = _uses(feature) if feature.feature_type == "consumption" else gettext("included")
    if feature.expires_at is None:
        return what
    until = day(day_of(feature.expires_at, reader().zone))
    if feature.expires_at <= now:
        return gettext("ended on {day}", day=until)
    return gettext("{what}, until {day}", what=what, day=until)


def _uses(feature: FeatureGrant) -> str:
    most, period = feature.max_consumption, feature.consumption_period
    if most is None:
        return gettext("any number of uses")
    uses = ngettext("{n} use", "{n} uses", most)
    if feature.reset_consumption and period is not None:
        uses = gettext(_PERIODS[period], uses=uses)
    if not feature.allow_overages:
        return uses
    more = feature.max_overages
    return gettext("{uses}, and {n} beyond", uses=uses, n=more) if more else gettext("{uses}, and more", uses=uses)


def field_words(value: FieldValue) -> str:
    """The value of a custom field, as people read it."""
    known = _YES_NO.get((value.data_type, value.value))
    return gettext(known) if known else value.value
