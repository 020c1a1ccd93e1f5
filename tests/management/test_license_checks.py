"""What an application would be answered, by the Management API, which changes nothing; and keys that nobody has."""

from typing import Any

import pytest

from chalicelib.domain import origin
from chalicelib.domain.errors import NotFound, Unauthenticated
from chalicelib.domain.keys import ALPHABET, new_key_of, normalize
from chalicelib.domain.origin import Origin
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.explain import Subject, explain
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.rotate_key import rotate_key
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, refused
from tests.store.seam import every_item
from tests.support import ADMIN, DAY

PATH = "licenses/check_license"


def checked(shop: VendorsServer, query: str) -> Any:
    return granted(shop.get(f"{PATH}?{query}"))


def test_a_device_is_told_what_a_check_would_be_and_nothing_changes(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license = vendor.issue()
    device = vendor.activate(license, "pc", now=vendor.now - 2 * DAY).device
    assert device is not None
    before = list(every_item("licenses"))
    said = checked(shop, f"license_key={license.license_key}&hardware_id=pc&product=viewer")
    assert (said["granted"], said["code"], said["detail"]) == (True, None, None)
    assert (said["device"], said["license"]["id"]) == (device.id, license.id)
    assert list(every_item("licenses")) == before
    said = checked(shop, f"license={license.id}&hardware_id=mac")
    assert (said["granted"], said["code"], said["device"]) == (False, "device_not_found", None)


def test_it_says_why_a_check_would_be_refused(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license = vendor.issue()
    vendor.activate(license, "pc")
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    said = checked(shop, f"license={license.id}&hardware_id=pc")
    assert (said["granted"], said["code"]) == (False, "license_not_enabled")
    assert said["detail"].endswith(".")


def test_where_all_slots_are_in_use_it_is_granted_to_who_has_one_and_takes_none(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license = vendor.issue(floating_users=1)
    for device in ("pc", "mac"):
        vendor.activate(license, device)
    assert [checked(shop, f"license={license.id}&hardware_id={one}")["granted"] for one in ("pc", "mac")] == [True] * 2
    vendor.check(license, "pc", now=clock.now())
    said = [checked(shop, f"license={license.id}&hardware_id={one}") for one in ("pc", "mac")]
    assert [one["code"] for one in said] == [None, "max_floating_reached"]


def test_an_expired_license_is_no_refusal(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now + DAY)
    vendor.activate(license, "pc")
    said = checked(shop, f"license={license.id}&hardware_id=pc")
    assert said["granted"]


def test_a_license_of_users_is_named_by_its_id(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license = vendor.issue("revit")
    _, password = vendor.assign(license, "ada@customer.test")
    vendor.activate("ada@customer.test", "pc", password, license_id=license.id)
    assert checked(shop, f"license={license.id}&hardware_id=pc")["granted"]
    for ada in ("ada@customer.test", " Ada@Customer.test"):
        assert checked(shop, f"license={license.id}&hardware_id=pc&username={ada}")["granted"]
        assert vendor.check(ada, "pc").device is not None
    for nobody in ("eve@customer.test", "eve"):
        said = checked(shop, f"license={license.id}&hardware_id=pc&username={nobody}")
        assert (said["granted"], said["code"]) == (False, "license_not_found")
        with pytest.raises(NotFound, match="license_not_found"):
            vendor.check(nobody, "pc")
    assert checked(shop, f"license={license.id}&hardware_id=mac")["code"] == "missing_parameters"


def test_a_check_takes_no_password_so_an_account_at_which_strangers_guess_is_granted_its_own(
    shop: VendorsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "MAX_OF_ACCOUNT_IN_ALL", 1)
    vendor, ada = shop.vendor, "ada@customer.test"
    license = vendor.issue("revit")
    _, password = vendor.assign(license, ada)
    vendor.activate(ada, "pc", password)
    with pytest.raises(Unauthenticated):
        log_in(vendor.code, ada, "wrong", Origin("198.51.100.1"), now=clock.now())
    (would,) = explain(vendor.code, Subject(license.id, "pc", ada), now=clock.now())
    assert would.log_in is not None
    assert vendor.check(ada, "pc").device is not None
    assert checked(shop, f"license={license.id}&hardware_id=pc&username={ada}")["granted"]


def test_a_user_is_nobody_on_a_license_with_a_key(shop: VendorsServer) -> None:
    vendor = shop.vendor
    vendor.activate(license := vendor.issue(), "pc")
    vendor.assign(vendor.issue("revit"), "ada@customer.test")
    said = checked(shop, f"license={license.id}&hardware_id=pc&username=ada@customer.test")
    assert (said["granted"], said["code"]) == (False, "license_not_found")


def test_what_no_application_would_find_is_not_found(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license, other = vendor.issue(), vendor.issue()
    rotate_key(vendor.code, license.id, ADMIN, now=vendor.now)  # the old key is answered no more
    for query in (
        f"license_key={license.license_key}",
        f"license_key={other.license_key}&license={license.id}",
        f"license={license.id}&product=revit",
        "license=5",
    ):
        assert refused(shop.get(f"{PATH}?hardware_id=pc&{query}"), 404) == "license_not_found"
    assert refused(shop.get(f"{PATH}?hardware_id=pc"), 400) == "missing_parameters"


@pytest.mark.parametrize("quantity", [None, 1, 100])
def test_keys_are_made_that_differ_and_are_ours(shop: VendorsServer, quantity: int | None) -> None:
    more = "" if quantity is None else f"&quantity={quantity}"
    keys = granted(shop.get(f"orders/generate_license?product=viewer{more}"))
    assert len({*keys}) == (quantity or 1)
    assert [normalize(key.lower().replace("-", " ")) for key in keys] == keys
    license = shop.vendor.issue(license_key=keys[0])
    assert license.license_key == keys[0]


def test_keys_are_made_for_products_with_keys_alone_and_as_we_make_them(shop: VendorsServer) -> None:
    path = "orders/generate_license?product="
    assert refused(shop.get(f"{path}revit"), 400) == "validation_error"
    assert refused(shop.get(f"{path}none"), 400) == "unknown_product"
    wrong = (
        "quantity=101",
        "quantity=0",
        "key_length=15",
        "key_length=241",
        "alphabet=a%2Fb",
        "alphabet=aA",
    )
    for query in wrong:
        answer = shop.get(f"{path}viewer&{query}")
        assert refused(answer, 400) == "validation_error"
        assert query.partition("=")[0] in answer.json()["errors"]


@pytest.mark.parametrize(
    ("query", "length", "letters"),
    [
        ("key_length=24", 24, ALPHABET),
        ("alphabet=abcdefghijklmnopqrstuvwxyz0123456789", 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
        ("key_length=25&alphabet=0123456789", 25, "0123456789"),
        ("key_length=240&alphabet=01", 240, "01"),
    ],
)
def test_keys_are_made_of_the_length_and_the_letters_that_are_asked_for(
    shop: VendorsServer, query: str, length: int, letters: str
) -> None:
    keys = granted(shop.get(f"orders/generate_license?product=viewer&quantity=100&{query}"))
    assert (len({*keys}), {len(key) for key in keys}) == (100, {length})
    assert {*"".join(keys)} == {*letters}
    assert [normalize(key) for key in keys] == keys
    assert shop.vendor.issue(license_key=keys[0]).license_key == keys[0]


def test_a_key_that_is_like_ours_by_chance_is_drawn_again() -> None:
    """One in 32 of 25 of our letters has the right check symbol, and would be kept with dashes."""
    made = [new_key_of(25, ALPHABET) for _ in range(200)]
    assert [normalize(key) for key in made] == made


@pytest.mark.parametrize(("query", "least"), [("alphabet=0123456789", 25), ("key_length=79&alphabet=01", 80)])
def test_no_key_is_made_that_could_be_guessed(shop: VendorsServer, query: str, least: int) -> None:
    answer = shop.get(f"orders/generate_license?product=viewer&{query}")
    assert refused(answer, 400) == "validation_error"
    assert answer.json()["errors"] == {"key_length": [f"give {least} or more."]}
