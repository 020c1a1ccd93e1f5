"""`admin explain`: what the rules would answer now, and what was refused, in sentences with values."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from chalicelib.domain import origin
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.domain.origin import Origin
from chalicelib.store import writes
from chalicelib.store.items.accounts import ProductItem
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import license_pk
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.record_refusal import record_refusal
from chalicelib.web import clock
from tests.infra.operator import Operator
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.refusals import a_refusal

ADA = "ada@customer.test"
Prepared = tuple[License, str]
"""A license, and the options that say who asks for an activation on it."""


@pytest.fixture(scope="module")
def vendor() -> Vendor:
    return Vendor(now=clock.now())


def of_key(vendor: Vendor, *active: str, **terms: Any) -> Prepared:
    license = vendor.issue(**terms)
    for hardware_id in active:
        vendor.activate(license, hardware_id)
    return license, "--hardware-id laptop"


def of_user(vendor: Vendor, *active: str, **terms: Any) -> Prepared:
    """Of a user who has no other license."""
    license, email = vendor.issue("revit", max_license_users=2, **terms), f"u{license_number()}@customer.test"
    _, password = vendor.assign(license, email, 1)
    for hardware_id in active:
        vendor.activate(email, hardware_id, password)
    return license, f"--hardware-id laptop --email {email}"


license_number = count().__next__


def of_product(vendor: Vendor, *actions: Any) -> Prepared:
    """Of a product that is changed so afterwards; deleted, where nothing is said."""
    code = f"p{license_number()}"
    vendor.product(code, "license-key")
    license, who = of_key(vendor, product=code)
    vendor.activate(license, "laptop", report={"is_vm": True})
    vendor.deactivate(license, "laptop")
    item = ProductItem(vendor.code, f"product#{code}")
    writes.update(item, actions) if actions else writes.delete(item)
    return license, who


def with_license(prepared: Prepared, *actions: Any) -> Prepared:
    """With a license that was changed so."""
    license, _ = prepared
    writes.update(LicenseItem(license_pk(license.company, license.id), "license"), actions)
    return prepared


def blacklisted(vendor: Vendor) -> Prepared:
    prepared = of_key(vendor)
    blacklist_device(vendor.code, prepared[0].id, "laptop", ADMIN, now=vendor.now)
    return prepared


def moved(vendor: Vendor, max_transfers: int) -> Prepared:
    license, who = of_key(vendor, max_transfers=max_transfers)
    for hardware_id in ("first", "second") if max_transfers > 0 else ("first",):
        vendor.activate(license, hardware_id)
        vendor.deactivate(license, hardware_id)
    return license, who


def of_another(vendor: Vendor) -> Prepared:
    """A user who has a seat, but elsewhere."""
    return of_user(vendor)[0], of_user(vendor)[1]


def of_two_customers(vendor: Vendor) -> Prepared:
    """A user whose password was given for the licenses of another customer."""
    _, who = of_user(vendor)
    license = vendor.issue("revit", max_license_users=1, customer="another@customer.test")
    vendor.assign(license, who.rpartition(" ")[2])
    return license, who


def closed(vendor: Vendor) -> Prepared:
    license, who = of_user(vendor)
    close_account(vendor.code, who.rpartition(" ")[2], ADMIN, now=vendor.now)
    return license, who


ITEM, PRODUCT, NOBODY = LicenseItem, ProductItem, "--hardware-id laptop --email nobody@customer.test"
REFUSED: dict[str, tuple[str, str, Callable[[Vendor], Prepared]]] = {
    "no product": ("unknown_product", "there is no product with this code", of_product),
    "product off": ("disabled_product", "is disabled", lambda v: of_product(v, PRODUCT.state.set("disabled"))),
    "product old": ("archived_product", "is archived", lambda v: of_product(v, PRODUCT.state.set("archived"))),
    "nobody": ("invalid_credentials", "the email or the password is wrong", lambda v: (of_user(v)[0], NOBODY)),
    "password": ("invalid_credentials", "the email or the password is wrong", of_two_customers),
    "closed": ("invalid_credentials", "the email or the password is wrong", closed),
    "no seat": ("license_not_found", "no license matches", of_another),
    "disabled": ("license_not_enabled", "is paused", lambda v: with_license(of_key(v), ITEM.enabled.set(False))),
    "blacklisted": ("blacklisted", "the device is blacklisted", blacklisted),
    "not begun": ("license_start_date_not_reached", "has not begun", lambda v: of_key(v, start_date=v.now + DAY)),
    "expired": (
        "license_expired",
        "has expired",
        lambda v: of_key(v, license_type="time-limited", validity_period=v.now - DAY),
    ),
    "virtual": (
        "vm_not_allowed",
        "license does not run on virtual machines",
        lambda v: of_product(v, PRODUCT.prevent_vm.set(True)),
    ),
    "virtual by its own word": (
        "vm_not_allowed",
        "license does not run on virtual machines",
        lambda v: with_license(of_product(v, PRODUCT.prevent_vm.set(False)), ITEM.prevent_vm.set(True)),
    ),
    "does not move": ("device_transfer_not_allowed", "may not move", lambda v: moved(v, -1)),
    "moved": ("device_transfer_limit_reached", "the one transfer to another device is used up", lambda v: moved(v, 1)),
    "user full": ("user_activated_max_times", "the one device of the user is in use", lambda v: of_user(v, "other")),
    "full": (
        "license_activated_max_times",
        "all 2 devices are in use",
        lambda v: of_key(v, "a", "b", max_activations=2),
    ),
    "nothing sold": ("license_activated_max_times", "no device is allowed", lambda v: of_key(v, max_activations=0)),
    "too fast": (
        "rate_limit_exceeded",
        "too much was asked for in a short time",
        lambda v: with_license(of_key(v), ITEM.bucket_full_at.set(v.now + DAY)),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_rule_that_would_refuse_is_named_with_its_values(vendor: Vendor, operator: Operator, case: str) -> None:
    code, sentence, prepare = REFUSED[case]
    license, who = prepare(vendor)
    answer = operator.asks(f"explain --company {vendor.code} --license {license.id} {who}")
    (row,) = answer["licenses"]
    assert (row["license"], row["activation"]) == (license.id, code)
    said = next(line for line in answer["now"] if "would be refused" in line)
    assert sentence in said
    assert f"({code})" in said


@pytest.mark.parametrize("prepare", [of_key, of_user], ids=["by key", "by user"])
def test_what_would_be_accepted_is_told_too_and_nothing_is_written(
    vendor: Vendor, operator: Operator, prepare: Callable[[Vendor], Prepared]
) -> None:
    license, who = prepare(vendor)
    before = vendor.stored(license)
    answer = operator.asks(f"explain --company {vendor.code} --license {license.id} {who}")
    (row,) = answer["licenses"]
    assert (row["activation"], row["log_in"], row["check"]) == (None, None, "device_not_found")
    assert "would be activated." in answer["now"][0]
    assert (
        "A check by it would be refused: the device is not active on the license (device_not_found)." in answer["now"]
    )
    assert vendor.stored(license) == before


def test_of_a_floating_license_the_slots_are_told_and_what_a_check_would_find(
    vendor: Vendor, operator: Operator
) -> None:
    license, who = of_key(vendor, "laptop", "desktop", floating_users=1, floating_timeout=30)
    vendor.check(license, "desktop")
    answer = operator.asks(f"explain --company {vendor.code} --license {license.id} {who}")
    assert answer["licenses"][0]["check"] == "max_floating_reached"
    assert "Slots: 1 of 1 in use, each for 30 minutes after a check." in answer["allows"]
    refused = "A check by it would be refused: all floating licenses are in use (max_floating_reached)."
    assert refused in answer["now"]


def test_what_the_license_allows_stands_in_sentences(vendor: Vendor, operator: Operator) -> None:
    license, who = of_user(
        vendor,
        "laptop",
        license_type="time-limited",
        validity_period=vendor.now + DAY,
        grace_period=24,
        max_transfers=3,
    )
    text = operator.reads(f"explain --company {vendor.code} --license {license.id} {who}")
    assert "Devices: 1 of 5 in use." in text
    assert "Users: 1 of 2 assigned." in text
    assert f"{who.rpartition(' ')[2]} has a seat: 1 of 1 devices in use." in text
    assert "Transfers to other devices: 0 of 3 used." in text
    assert "Status: active; valid until " in text
    assert ", with grace until " in text
    assert "The device is active; it was last heard of at " in text
    assert "refusals: none" in text


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda v: (of_user(v)[0], NOBODY), "There is no account with this email."),
        (closed, "The account was closed at "),
        (of_two_customers, "The account's password is for other licenses"),
        (of_user, "The account is open, and its password opens this license."),
    ],
    ids=["nobody", "closed", "of another customer", "open"],
)
def test_what_the_account_can_be_used_for_is_said(
    vendor: Vendor, operator: Operator, prepare: Callable[[Vendor], Prepared], sentence: str
) -> None:
    license, who = prepare(vendor)
    said = operator.asks(f"explain --company {vendor.code} --license {license.id} {who}")["allows"]
    assert any(line.startswith(sentence) for line in said), said


def test_an_account_that_strangers_guess_at_is_said_to_be_held_back(
    vendor: Vendor, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "MAX_OF_ACCOUNT_IN_ALL", 2)
    license, who = of_user(vendor)
    for number in range(2):
        with suppress(SeatkeeperError):
            log_in(vendor.code, who.rpartition(" ")[2], "wrong", Origin(f"198.51.100.{number}"), now=vendor.now)
    answer = operator.asks(f"explain --company {vendor.code} --license {license.id} {who}")
    assert answer["licenses"][0]["log_in"] == "account_locked"
    assert "too many log-ins to the account have failed (account_locked); it ends by itself in" in answer["now"][0]


def test_the_record_is_shown_for_the_license_the_device_or_the_user(vendor: Vendor, operator: Operator) -> None:
    license, other = vendor.issue(), vendor.issue()
    at = vendor.now
    for one in (
        a_refusal(license.id, hardware_id="laptop", hostname="LAPTOP-7", at=at, request_id="r1"),
        a_refusal(license.id, hardware_id="laptop", hostname="LAPTOP-7", at=at, request_id="r2", ip="192.0.2.8"),
        a_refusal(license.id, hardware_id="desk", at=at),
        replace(a_refusal(None, ADA, "laptop", at=at, request_id="r3"), code="license_not_found", limit=None),
        a_refusal(other.id, hardware_id="laptop", at=at),
    ):
        record_refusal(vendor.code, one)
    base = f"explain --company {vendor.code} "

    def shown(options: str) -> list[tuple[int | None, str, int]]:
        rows = operator.asks(base + options)["refusals"]
        return sorted(((row["license"] or 0), row["hardware_id"], row["times"]) for row in rows)

    assert shown(f"--license {license.id}") == [(license.id, "desk", 1), (license.id, "laptop", 2)]
    assert shown(f"--license {license.license_key}") == shown(f"--license {license.id}")
    assert shown(f"--license {license.id} --hardware-id laptop") == [(0, "laptop", 1), (license.id, "laptop", 2)]
    assert shown(f"--email {ADA}") == [(0, "laptop", 1)]
    of_any = [(0, "laptop", 1), (license.id, "laptop", 2), (other.id, "laptop", 1)]
    assert shown("--hardware-id laptop") == sorted(of_any), "no license has seen it"
    assert shown("--request-id r2") == shown(f"--license {license.id} --hardware-id laptop")
    row = next(row for row in operator.asks(f"{base}--request-id r1")["refusals"] if row["license"])
    assert (row["because"], row["limit"], row["used"]) == ("all 5 devices are in use", 5, 5)
    assert (row["request_id"], row["last_request_id"], row["ip"], row["last_ip"]) == (
        *("r1", "r2"),
        *("203.0.113.9", "192.0.2.8"),
    )
    assert row["hostname"] == "LAPTOP-7"


def test_a_device_alone_leads_to_the_licenses_that_have_seen_it(vendor: Vendor, operator: Operator) -> None:
    licenses = [vendor.issue(max_activations=1), vendor.issue(max_activations=1)]
    for license in licenses:
        vendor.activate(license, "shared")
    answer = operator.asks(f"explain --company {vendor.code} --hardware-id shared")
    assert {row["license"] for row in answer["licenses"]} == {license.id for license in licenses}
    assert "now" not in answer
    assert "--license" in operator.noted(f"explain --company {vendor.code} --hardware-id shared")
    assert "No license" in operator.noted(f"explain --company {vendor.code} --hardware-id unknown")


def test_of_a_license_of_users_a_user_has_to_be_named(vendor: Vendor, operator: Operator) -> None:
    license, _ = of_user(vendor, "laptop")
    base = f"explain --company {vendor.code} --license {license.id}"
    assert operator.asks(f"{base} --hardware-id unknown")["now"] == [
        "Its devices are those of users: name one with --email."
    ]
    assert "would be activated" in operator.asks(f"{base} --hardware-id laptop")["now"][0], "of whoever has used it"


def test_other_companies_are_walls_and_mistakes_are_one_sentence(vendor: Vendor, operator: Operator) -> None:
    license, other = vendor.issue(), Vendor(now=clock.now())
    record_refusal(vendor.code, a_refusal(license.id, request_id="r1", at=vendor.now))
    assert "license" in operator.refused(f"explain --company {other.code} --license {license.id}")
    assert "key" in operator.refused(f"explain --company {other.code} --license {license.license_key}")
    assert "request id" in operator.refused(f"explain --company {other.code} --request-id r1")
    assert operator.asks(f"explain --company {other.code} --hardware-id pc")["refusals"] == []
    assert "--license" in operator.refused(f"explain --company {vendor.code}")
    assert "company" in operator.refused("explain --company NOBODY --hardware-id pc")
