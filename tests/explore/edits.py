"""What was sold with a license is changed by several at once: terms, and what it carries besides."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Event
from chalicelib.usecases import change_license, change_terms
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from tests.explore.deeds import activate
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import Made, World, make_world, new_engine
from tests.support import ADMIN

STARTS = ("bare", "carrying")
"""It carries nothing besides its terms; a feature, a field and a note."""
FEATURES, FIELDS = ("render", "export"), ("cost center", "site")
CHANGEABLE = ("max_activations", "enabled", "validity_period", "name", "times_activated", "revision")


def _bare(made: Made) -> None:
    made.activate(0)
    vendor, product = made.vendor, made.license.product
    for code in FEATURES:
        feature = {"code": code, "name": code.title(), "feature_type": "activation"}
        create_feature(vendor.code, product, feature, ADMIN, now=vendor.now)
    for name in FIELDS:
        create_field(vendor.code, product, {"name": name}, ADMIN, now=vendor.now)


def _carrying(made: Made) -> None:
    _bare(made)
    where, now = (made.vendor.code, made.license.id), made.vendor.now
    grant_features(*where, [Wanted(FEATURES[0])], ADMIN, now=now)
    set_fields(*where, {FIELDS[0]: "17"}, ADMIN, now=now)
    change_terms.change_terms(*where, {"note": "of before"}, ADMIN, now=now)


_PREPARE = {"bare": _bare, "carrying": _carrying}


@cache
def world(start: str) -> World:
    """The world of that start, with the license as it stands there."""
    made = make_world("key", start, _PREPARE[start])
    with controlled(new_engine(made.state)):
        return replace(made, license=made.vendor.stored(made.license))


def view(world: World) -> object:
    """What is stored of the license, and what its history says of each change."""
    license, extras = change_terms.find_sold(world.vendor.code, world.license.id)
    return {
        "terms": [getattr(license, name) for name in CHANGEABLE],
        "features": [grant.code for grant in extras.features],
        "fields": sorted((one.name, one.value) for one in extras.custom_fields),
        "besides": (extras.note, extras.metadata),
        "events": sorted(Counter(map(_told, world.vendor.history(world.license))).items()),
    }


def _told(event: Event) -> str:
    return f"{event.type}: {sorted(event.detail.items(), key=str)}"


def _by_vendor(use_case: Callable[..., object], given: object, **more: object) -> Callable[[World], str | None]:
    """By whoever sells; answers the refusal."""

    def do(world: World) -> str | None:
        try:
            use_case(world.vendor.code, world.license.id, given, ADMIN, now=world.now, **more)
        except SeatkeeperError as refused:
            return refused.code
        return None

    return do


def _as_seen(**changes: object) -> Callable[[World], str | None]:
    """As a program does that has read the license at the start, and changes it with `If-Match`."""

    def do(world: World) -> str | None:
        return _by_vendor(change_terms.change_terms, changes, revision=world.license.revision)(world)

    return do


def _activate(world: World) -> None:
    activate("d2", 0)(world)


def _all() -> Iterator[SerialDeed]:
    terms = change_terms.change_terms
    yield SerialDeed("note", _by_vendor(terms, {"note": "Paid in May."}))
    yield SerialDeed("describe", _by_vendor(terms, {"metadata": {"crm": 7}}))
    yield SerialDeed("sell-more", _by_vendor(terms, {"max_activations": 3}))
    yield SerialDeed("sell-unused", _by_vendor(terms, {"max_activations": 1}, strict=True))
    yield SerialDeed("note-as-seen", _as_seen(note="As seen."))
    yield SerialDeed("sell-as-seen", _as_seen(max_activations=4))
    yield SerialDeed("grant", _by_vendor(grant_features, [Wanted(FEATURES[1])]))
    yield SerialDeed("fill-in", _by_vendor(set_fields, {FIELDS[1]: "Berlin"}))
    yield SerialDeed("activate", _activate)
    yield SerialDeed("disable", _by_vendor(change_license.set_enabled, False))


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
