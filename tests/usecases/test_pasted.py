"""What people copy is read: license keys, initial passwords, mailed codes; what was stored before is still found."""

from unittest.mock import patch

import pytest

from chalicelib.domain.one_time_code import typed_code
from chalicelib.usecases import passwords
from chalicelib.usecases.log_in import log_in
from tests.domain.test_keys import KEY, PASTED
from tests.support import NOW, Vendor
from tests.usecases.support import refused


def test_a_license_is_activated_by_its_key_however_it_was_pasted(vendor: Vendor) -> None:
    license = vendor.issue(license_key=KEY, max_activations=1)
    for pasted in PASTED.values():
        assert vendor.activate(license, "pc", license_key=pasted).device is not None
    with refused("license_not_found"):
        vendor.activate(license, "pc", license_key=KEY[:-1] + "2")


def test_one_key_in_another_form_is_in_use(vendor: Vendor) -> None:
    vendor.issue(license_key="acme\u20132026")
    for same in ("ACME-2026", "\u200bacme\u20112026 "):
        with refused("already_exists"):
            vendor.issue(license_key=same)


@pytest.mark.parametrize("old", ["ACME\u20132026", "TWO  SPACES", KEY.replace("-", "")])
def test_a_key_that_was_stored_as_it_was_typed_is_found(vendor: Vendor, old: str) -> None:
    with patch("chalicelib.domain.keys.normalize", lambda key: key.strip().upper()):
        license = vendor.issue(license_key=old)
    assert license.license_key == old
    assert vendor.activate(license, "pc", license_key=old.lower()).device is not None
    with refused("already_exists"):
        vendor.issue(license_key=old)


def test_an_initial_password_is_pasted_with_what_stands_around_it(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    user, password = vendor.assign(license, "ada@customer.test")
    for around in ("{}", " {}\r\n", "\ufeff{}\u200b", "\xa0{}"):
        assert log_in(vendor.code, user.email, around.format(password), now=NOW).id == user.id
    with refused("invalid_credentials"):
        log_in(vendor.code, user.email, f"{password} x", now=NOW)


def test_a_password_is_the_same_however_its_letters_were_typed() -> None:
    composed, parted = "Gr\xfc\xdfe-123", "Gru\u0308\xdfe-123"
    for chosen in (composed, parted):
        for typed in (composed, parted):
            assert passwords.verify_password(passwords.hash_password(chosen), typed)
    of_yesterday = passwords.hasher().hash(parted)
    assert passwords.verify_password(of_yesterday, parted)
    assert passwords.verify_password(passwords.hasher().hash("  spaces  "), "  spaces  ")
    assert not passwords.verify_password(passwords.hash_password("secret 12"), "secret12")


@pytest.mark.parametrize(
    "typed",
    ["12345678", " 1234 5678 ", "1234-5678", "1234\u20135678", "\u200b1234\xa05678", "\uff11234 5678", '"1234_5678".'],
)
def test_a_code_is_read_however_it_was_pasted(typed: str) -> None:
    assert typed_code(typed) == "12345678"
