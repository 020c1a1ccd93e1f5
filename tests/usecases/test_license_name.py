"""A name that managers give a license: kept in one line, told in the history, and found by a search."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Actor
from chalicelib.domain.license import MAX_NAME, License
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_license import set_name
from chalicelib.usecases.portal_queries import ListQuery
from chalicelib.usecases.portal_queries.listing import has_words
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, issued, logged_in
from tests.usecases.support import kinds

OWN = Actor(f"user:{MANAGER}")


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Of an order that somebody manages."""
    return issued(vendor)


def named(vendor: Vendor, license: License, name: str) -> str | None:
    """What the license is called then."""
    vendor.now += 1
    set_name(vendor.code, license.id, name, OWN, now=vendor.now)
    return vendor.stored(license).name


def test_a_license_has_a_name_until_that_is_cleared(vendor: Vendor, license: License) -> None:
    assert license.name is None
    assert named(vendor, license, " Büro\tBerlin\u200b ") == "Büro Berlin"
    event = vendor.history(license)[-1]
    assert (event.type, event.actor, event.detail["name"]) == ("license_named", OWN, "Büro Berlin")
    assert named(vendor, license, "  ") is None
    assert vendor.history(license)[-1].detail.get("name") is None


def test_the_same_name_again_changes_nothing(vendor: Vendor, license: License) -> None:
    named(vendor, license, "Büro Berlin")
    before = vendor.stored(license), kinds(vendor, license)
    with counted() as cost:
        set_name(vendor.code, license.id, "Büro Berlin", OWN, now=NOW)
    assert cost.write_units == 0
    assert (vendor.stored(license), kinds(vendor, license)) == before


@pytest.mark.parametrize(("name", "code"), [("x" * (MAX_NAME + 1), "text_too_long"), ("a\0b", "text_not_printable")])
def test_what_is_no_name_is_refused_at_its_field(vendor: Vendor, license: License, name: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        set_name(vendor.code, license.id, name, OWN, now=NOW)
    assert (refused.value.code, refused.value.field) == (code, "name")


@pytest.mark.parametrize("search", ["büro", "BUERO berlin", "buro", "revit büro", "berlin ORDER"])
def test_a_license_is_found_by_its_name_in_three_reads(vendor: Vendor, license: License, search: str) -> None:
    for number in range(3):
        issued(vendor, "viewer", order_id=f"ORDER {number}")
    wanted = issued(vendor, order_id="ORDER 9")
    set_name(vendor.code, wanted.id, "Büro Berlin", ADMIN, now=NOW)
    claims = logged_in(vendor, MANAGER)
    with counted() as cost:
        view = portal_queries.managed_licenses(claims, ListQuery(search=search), now=NOW)
    assert [(row.license.id, row.title) for row in view.page.rows] == [(wanted.id, "Revit — Büro Berlin")]
    assert len(cost.calls) <= 3


@pytest.mark.parametrize("search", ["Schäfer", "schaefer", "SCHAFER", "jérôme", "jerome schäfer"])
def test_a_user_is_found_by_the_name_and_so_are_the_devices(vendor: Vendor, license: License, search: str) -> None:
    profile = Profile("Jérôme", "Schäfer")
    assign_user(vendor.code, license.id, "js@customer.test", 2, ADMIN, profile=profile, now=NOW)
    _, password = vendor.assign(license, "bob@customer.test")
    vendor.activate("bob@customer.test", "bobs", password)
    claims = logged_in(vendor, MANAGER)
    users = portal_queries.license_users(claims, license.id, ListQuery(search=search), now=NOW)
    assert [row.user.email for row in users.page.rows] == ["js@customer.test"]
    devices = portal_queries.license_devices(claims, license.id, ListQuery(search=search), now=NOW)
    assert devices.page.rows == []


@pytest.mark.parametrize(
    ("text", "search", "found"),
    [
        ("Schäfer", "schaefer", True),
        ("Schäfer", "Schafer", True),
        ("schaefer@customer.test", "Schäfer", True),
        ("Straße", "strasse", True),
        ("Bjørn Åse", "bjoern aase", True),
        ("Bjørn Åse", "bjorn ase", True),
        ("Łukasz", "lukasz", True),
        ("Schmidt", "schmid tt", False),
        ("Müller", "mueler", False),
    ],
)
def test_accents_do_not_count_and_umlauts_are_found_as_they_are_typed(text: str, search: str, found: bool) -> None:
    assert has_words([text], search) == found
