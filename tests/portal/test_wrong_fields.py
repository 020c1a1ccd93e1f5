"""All that is wrong with the fields of a form is said at once, whoever finds it: no field waits for another."""

import re

import pytest

from chalicelib.domain.license import License
from chalicelib.portal import account, assign, batch, users
from tests.portal.browser import Browser, at
from tests.support import Vendor
from tests.usecases.people import issued

WRONG: dict[str, tuple[str, list[dict[str, str]]]] = {
    "AssignForm": (
        "/users/assign",
        [
            {"people": "nobody", "max_activations": "many", "first_name": "x" * 101, "phone_number": "1" * 41},
            {"people": "nobody", "max_activations": "9999", "last_name": "x" * 101},
            {"people": "ada@b", "max_activations": "1,5"},
        ],
    ),
    "ReplaceForm": (
        "/users/{user}/replace",
        [{"email": "nobody", "first_name": "x" * 101, "last_name": "x\0y", "phone_number": "1" * 41}],
    ),
    "ProfileForm": (
        "/portal/account/person",
        [{"first_name": "x" * 101, "last_name": "x\0y", "phone_number": "1" * 41}],
    ),
    "LanguageForm": ("/portal/account/language", [{"language": "tlh", "time_zone": "Mars/Olympus"}]),
    "NewPasswordForm": (
        "/portal/password",
        [{"new_password": "short", "again": "other"}, {"new_password": "password1", "again": "?"}],
    ),
}
"""Forms, and fields each of which is wrong in its own way."""
ONE_FIELD = {"EmailForm", "LimitForm", "MailsForm", "PasswordForm", "StartForm"}
"""Of these one field can be wrong, or none."""


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, max_license_users=2)


@pytest.mark.parametrize(("path", "fields"), [(path, one) for path, several in WRONG.values() for one in several])
def test_each_wrong_field_of_a_form_says_why_at_once(
    vendor: Vendor, license: License, manager: Browser, path: str, fields: dict[str, str]
) -> None:
    user, _ = vendor.assign(license, "ada@customer.test")
    page = manager.send(path if path.startswith("/portal") else at(license, path.format(user=user.id)), **fields)
    assert page.status == 400
    assert sorted(re.findall(r'class="wrong" id="wrong-(\w+)"', page.answer.text)) == sorted(
        "email" if name == "people" else name for name in fields
    )
    assert page.answer.text.count('aria-invalid="true"') == len(fields)
    assert f"{len(fields)} fields need to be corrected." in page.words


def test_every_form_is_tried_with_several_wrong_fields_or_has_one() -> None:
    forms = {name for module in (account, assign, batch, users) for name in vars(module) if name.endswith("Form")}
    assert forms == WRONG.keys() | ONE_FIELD
