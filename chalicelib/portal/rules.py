"""What was sold with a license, in words: its rules as sentences, and what will change of them; its features, and its
custom fields.
"""

from collections.abc import Mapping
from itertools import chain

from chalicelib.domain.custom_fields import DataType
from chalicelib.domain.days import day_of, ends_a_day, local
from chalicelib.domain.extras import FeatureGrant, FieldValue
from chalicelib.domain.instants import Instant, parse_duration
from chalicelib.domain.license import TRANSFERS_UNLIMITED, License, Period, prevents_vm
from chalicelib.domain.meters import is_metered
from chalicelib.domain.slots import is_floating
from chalicelib.languages import day, gettext, mark, minute, ngettext, reader
from chalicelib.portal.timeline import grace_words
from chalicelib.usecases.scheduled_updates import ComingChange

_PERIODS: Mapping[Period, str] = {
    "daily": mark("{uses} a day"),
    "weekly": mark("{uses} a week"),
    "monthly": mark("{uses} a month"),
    "annually": mark("{uses} a year"),
}
_YES_NO: Mapping[tuple[DataType, str], str] = {("boolean", "true"): mark("yes"), ("boolean", "false"): mark("no")}


def rules(license: License, *, prevent_vm: bool) -> list[str]:
    """The rules of a license, one sentence each. `prevent_vm`: what its product says of virtual machines."""
    return [*chain(*_counts(license)), _machines(prevents_vm(license, prevent_vm))]


def coming_words(change: ComingChange, zone: str = "", *, prevent_vm: bool) -> str:
    """What changes of the terms that the page of a license shows, and on which day; empty where that is nothing.

    The vendor's note and metadata are none of them, nor is what a renewal counts from.
    """
    (old, old_extras), (new, new_extras) = change.old, change.new
    said = [
        *_end(old, new, zone),
        *([_start(new, zone)] if new.start_date != old.start_date else []),
        *([_grace(new)] if new.grace_period != old.grace_period else []),
        *([gettext("It is no longer a floating license.")] if is_floating(old) and not is_floating(new) else []),
        *chain(*(is_then for was, is_then in zip(_counts(old), _counts(new), strict=True) if is_then != was)),
        *_other_machines(prevents_vm(old, prevent_vm), prevents_vm(new, prevent_vm)),
        *([_trial(new)] if new.is_trial != old.is_trial else []),
    ]
    if new_extras.maintenance_period != old_extras.maintenance_period:
        said.append(_maintenance(new_extras.maintenance_period, zone))
    return gettext("On {day} this changes: {what}", day=_day(change.at, zone), what=" ".join(said)) if said else ""


def duration_words(text: str) -> str:
    """A duration as it was sold (`12m`), in words."""
    duration = parse_duration(text)
    match duration.unit:
        case "h":
            return ngettext("{n} hour", "{n} hours", duration.count)
        case "d":
            return ngettext("{n} day", "{n} days", duration.count)
        case "m":
            return ngettext("{n} month", "{n} months", duration.count)
    return ngettext("{n} year", "{n} years", duration.count)


def _counts(license: License) -> list[list[str]]:
    """What is counted, each with the sentences that belong together."""
    counted = _counted(license) if is_metered(license) else []
    return [[_users(license)], [_devices(license), *_beyond(license)], _at_once(license), counted, _transfers(license)]


def _counted(license: License) -> list[str]:
    period, more = license.consumption_period, license.max_overages if license.allow_overages else None
    said = [gettext("It is sold by consumption: {uses}.", uses=_uses(license.max_consumptions, period, more))]
    if license.allow_negative_consumptions:
        said.append(gettext("Uses can be given back."))
    return said


def _end(old: License, new: License, zone: str) -> list[str]:
    if new.validity_period != old.validity_period:
        if new.validity_period is None:
            return [gettext("It no longer ends.")]
        return [gettext("The end moves to {day}.", day=_until(new.validity_period, zone))]
    if new.valid_duration not in (None, old.valid_duration):
        return [gettext("It lasts {duration} from the first activation.", duration=duration_words(new.valid_duration))]
    return []


def _start(license: License, zone: str) -> str:
    if license.start_date is None:
        return gettext("It has no start date.")
    return gettext("The start date is {day}.", day=_day(license.start_date, zone))


def _grace(license: License) -> str:
    if not license.grace_period:
        return gettext("There is no grace period.")
    return gettext("The grace period is {hours}.", hours=grace_words(license.grace_period))


def _trial(license: License) -> str:
    return gettext("It is a trial.") if license.is_trial else gettext("It is no longer a trial.")


def _maintenance(until: Instant | None, zone: str) -> str:
    if until is None:
        return gettext("Maintenance has no end.")
    return gettext("Maintenance goes until {day}.", day=_until(until, zone))


def _day(at: Instant, zone: str) -> str:
    return day(day_of(at, zone))


def _until(at: Instant, zone: str) -> str:
    """An end: its day, and the time where it is not the day's end."""
    return _day(at, zone) if ends_a_day(at, zone) else minute(local(at, zone))


def _users(license: License) -> str:
    most = license.max_license_users
    if license.authorization_method != "user":
        return gettext("Whoever has the key may use it.")
    if most is None:
        return gettext("Any number of people may use it, each within a limit of their own.")
    if not most:
        return gettext("Nobody may use it.")
    return ngettext("One person may use it.", "Up to {n} people may use it, each within a limit of their own.", most)


def _devices(license: License) -> str:
    most = license.max_activations
    if most is None:
        return gettext("It may be active on any number of devices.")
    if not most:
        return gettext("It may not be active on any device.")
    return ngettext("It may be active on one device at a time.", "It may be active on up to {n} devices at once.", most)


def _at_once(license: License) -> list[str]:
    if not is_floating(license):
        return []
    time = ngettext("{n} minute", "{n} minutes", license.floating_timeout)
    return [
        ngettext(
            "As a floating license it may be in use on one device at a time; a device counts until {time} after its "
            "last check.",
            "As a floating license it may be in use on up to {n} devices at the same time; a device counts until "
            "{time} after its last check.",
            license.floating_users,
            time=time,
        )
    ]


def _beyond(license: License) -> list[str]:
    sold, most = license.max_activations, license.most_activations
    if license.overage == "none" or sold is None or most == sold:
        return []
    if most is None:
        return [gettext("Any number of devices is let in beyond that, and counts as over the limit.")]
    return [
        ngettext(
            "One more device is let in, and counts as over the limit.",
            "Up to {n} more devices are let in, and count as over the limit.",
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


def _other_machines(were_refused: bool, are_refused: bool) -> list[str]:
    return [_machines(are_refused)] if are_refused != were_refused else []


def _machines(prevent_vm: bool) -> str:
    if prevent_vm:
        return gettext("It does not run on virtual machines.")
    return gettext("It also runs on virtual machines.")


def feature_words(feature: FeatureGrant, now: Instant) -> str:
    """What a license has of a feature: how many uses, and until when."""
    period = feature.consumption_period if feature.reset_consumption else None
    more = feature.max_overages if feature.allow_overages else None
    counts = feature.feature_type == "consumption"
    what = _uses(feature.max_consumption, period, more) if counts else gettext("included")
    if feature.expires_at is None:
        return what
    until = day(day_of(feature.expires_at, reader().zone))
    if feature.expires_at <= now:
        return gettext("ended on {day}", day=until)
    return gettext("{what}, until {day}", what=what, day=until)


def _uses(most: int | None, period: Period | None, more: int | None) -> str:
    """`more`: how many beyond; 0: any number; None: none."""
    if most is None:
        return gettext("any number of uses")
    uses = ngettext("{n} use", "{n} uses", most)
    if period is not None:
        uses = gettext(_PERIODS[period], uses=uses)
    if more is None:
        return uses
    return gettext("{uses}, and {n} beyond", uses=uses, n=more) if more else gettext("{uses}, and more", uses=uses)


def field_words(value: FieldValue) -> str:
    """The value of a custom field, as people read it."""
    known = _YES_NO.get((value.data_type, value.value))
    return gettext(known) if known else value.value
