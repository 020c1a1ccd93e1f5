"""activate_license, check_license and deactivate_license, as an application sees them."""

from typing import Any

import httpx
import pytest

from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.usecases.change_device import blacklist_device, reset_device
from chalicelib.usecases.change_license import extend, reset_license, set_enabled
from chalicelib.web import clock
from tests.licenseapi.objects import CHECK_ONLY, granted, license_object, plain_text, refused, verify
from tests.support import ADMIN, DAY, Application, Vendor

EMAIL = "don.joe@qbitec.com"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Perpetual, by key, five activations."""
    return vendor.issue()


def lookup(license: License, hardware_id: str = "hw-1", **more: Any) -> dict[str, Any]:
    """IDENT by key."""
    return {"product": license.product, "license_key": license.license_key, "hardware_id": hardware_id} | more


# --- the object -----------------------------------------------------------------------------------------------


def test_an_activation_answers_the_whole_license_object(
    application: Application, vendor: Vendor, license: License
) -> None:
    body = granted(application.post("activate_license", **lookup(license)))
    verify(f"hw-1#{license.license_key}#".lower().encode(), body.pop("license_signature"))
    assert body == license_object(vendor, license, "hw-1", body["device_id"]) | {
        "license_key": license.license_key,
        "request": "activation",
    }


def test_a_check_answers_the_same_object_and_the_newest_version(
    application: Application, vendor: Vendor, license: License
) -> None:
    device_id = granted(application.post("activate_license", **lookup(license)))["device_id"]
    body = granted(application.get("check_license", **lookup(license)))
    verify(f"hw-1#{license.license_key}#".lower().encode(), body.pop("license_signature"))
    assert body == license_object(vendor, license, "hw-1", device_id) | CHECK_ONLY | {
        "license_key": license.license_key
    }


def test_a_user_based_activation_tells_who_the_user_is(application: Application, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    user, password = vendor.assign(license, EMAIL, 2)
    given = {"product": "revit", "username": "Don.Joe@qbitec.com|PC 1", "hardware_id": "HW-1"}
    body = granted(application.post("activate_license", **given, password=password))
    verify(b"hw-1#don.joe@qbitec.com#", body.pop("license_signature"))
    assert body == license_object(vendor, license, "HW-1", body["device_id"]) | {
        "username": EMAIL,
        "user": {
            "id": user.id,
            "email": EMAIL,
            "first_name": "",
            "last_name": "",
            "phone_number": "",
            "is_initial_password": True,
            "max_activations": 2,
            "allow_unlimited_activations": False,
            "total_activations": 1,
        },
        "max_license_users": 3,
        "request": "activation",
    }


def test_a_license_that_starts_at_its_first_activation_answers_its_end_and_signs_it(
    application: Application, vendor: Vendor
) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="30d", grace_period=48, is_trial=True)
    body = granted(application.post("activate_license", **lookup(license)))
    end = to_iso(vendor.stored(license).validity_period)
    assert body["validity_period"] == end
    assert (body["allow_grace_period"], body["grace_period"]) == (True, 48)
    assert (body["is_trial"], body["trial_days"]) == (True, 30)
    verify(f"hw-1#{license.license_key}#{end}".lower().encode(), body["license_signature"])


def test_the_license_signature_is_over_the_key_as_the_client_wrote_it(
    application: Application, license: License
) -> None:
    written = f" {license.license_key} ".lower()
    body = granted(application.post("activate_license", **lookup(license, license_key=written)))
    assert body["license_key"] == license.license_key
    verify(f"hw-1#{written}#".encode(), body["license_signature"])


@pytest.mark.parametrize(
    ("hardware_id", "is_signed"),
    [
        ('{"license_active":true,"nonce":"n"}', False),
        (' \t\ufeff\x00[{"license_active":true}]', False),
        ("{8d1c2f5e-0000-4000-8000-00aa00aa00aa}", True),
        ('a"{"', True),
    ],
)
def test_what_a_client_chooses_is_never_signed_as_a_body(
    hardware_id: str, is_signed: bool, application: Application, license: License
) -> None:
    """Both signatures are by one key, and some parsers do not mind what follows an object."""
    given = lookup(license, hardware_id)
    for answer in (application.post("activate_license", **given), application.get("check_license", **given)):
        signature = granted(answer)["license_signature"]
        assert (signature is not None) == is_signed
        if is_signed:
            verify(f"{hardware_id}#{license.license_key}#".lower().encode(), signature)


def test_unlimited_is_zero_and_a_flag(application: Application, vendor: Vendor) -> None:
    body = granted(application.post("activate_license", **lookup(vendor.issue(max_activations=None))))
    assert (body["max_activations"], body["allow_unlimited_activations"]) == (0, True)


def test_variables_are_in_the_answer_only_if_they_were_sent(application: Application, license: License) -> None:
    sent = {"theme": "dark", "seats": "2"}
    body = granted(application.post("activate_license", **lookup(license), variables=sent))
    assert {row["variable"]: row["value"] for row in body["variables"]} == sent
    assert {row["device_id"] for row in body["variables"]} == {body["device_id"]}
    assert "variables" not in granted(application.post("activate_license", **lookup(license)))


# --- places ---------------------------------------------------------------------------------------------------


def test_a_repeat_is_the_same_place(application: Application, vendor: Vendor, license: License) -> None:
    first, again = (granted(application.post("activate_license", **lookup(license))) for _ in range(2))
    assert first == again
    assert vendor.stored(license).times_activated == 1


def test_the_sixth_device_of_five_is_refused_and_finds_the_place_that_is_given_back(
    application: Application, license: License
) -> None:
    for number in range(5):
        granted(application.post("activate_license", **lookup(license, f"hw-{number}")))
    assert refused(application.post("activate_license", **lookup(license, "hw-5"))) == "license_activated_max_times"
    assert plain_text(application.post("deactivate_license", **lookup(license, "hw-0"))) == "license_deactivated"
    assert granted(application.post("activate_license", **lookup(license, "hw-5")))["times_activated"] == 5


def test_a_deactivation_may_be_repeated(application: Application, vendor: Vendor, license: License) -> None:
    granted(application.post("activate_license", **lookup(license)))
    for _ in range(2):
        assert plain_text(application.post("deactivate_license", **lookup(license))) == "license_deactivated"
    assert vendor.stored(license).times_activated == 0


def test_a_device_that_was_never_here_has_nothing_to_check_or_give_back(
    application: Application, license: License
) -> None:
    assert refused(application.get("check_license", **lookup(license))) == "device_not_found"
    assert refused(application.post("deactivate_license", **lookup(license))) == "device_not_found"


def test_a_reset_of_the_device_or_of_the_license_ends_its_check(
    application: Application, vendor: Vendor, license: License
) -> None:
    granted(application.post("activate_license", **lookup(license)))
    reset_device(vendor.code, license.id, "hw-1", ADMIN, now=clock.now())
    assert refused(application.get("check_license", **lookup(license))) == "device_not_found"
    granted(application.post("activate_license", **lookup(license)))
    reset_license(vendor.code, license.id, ADMIN, now=clock.now())
    assert refused(application.get("check_license", **lookup(license))) == "device_not_found"


def test_an_expired_license_is_checked_and_not_activated(application: Application, vendor: Vendor) -> None:
    license = vendor.issue(license_type="subscription", validity_period=clock.now() + DAY)
    granted(application.post("activate_license", **lookup(license)))
    extend(vendor.code, license.id, clock.now() - 1, None, ADMIN, now=clock.now())
    body = granted(application.get("check_license", **lookup(license)))
    assert (body["is_expired"], body["active"]) == (True, False)
    assert refused(application.post("activate_license", **lookup(license))) == "license_expired"


# --- refusals -------------------------------------------------------------------------------------------------


def test_each_refusal_has_its_code(application: Application, vendor: Vendor, license: License) -> None:
    granted(application.post("activate_license", **lookup(license)))
    blacklist_device(vendor.code, license.id, "hw-evil", ADMIN, now=clock.now())
    assert refused(application.post("activate_license", **lookup(license, "hw-evil"))) == "blacklisted"
    assert refused(application.get("check_license", **lookup(license, "hw-evil"))) == "blacklisted"
    set_enabled(vendor.code, license.id, False, ADMIN, now=clock.now())
    assert refused(application.post("activate_license", **lookup(license))) == "license_not_enabled"
    assert refused(application.get("check_license", **lookup(license))) == "license_not_enabled"
    assert plain_text(application.post("deactivate_license", **lookup(license))) == "license_deactivated"
    later = vendor.issue(start_date=clock.now() + DAY)
    assert refused(application.post("activate_license", **lookup(later))) == "license_start_date_not_reached"


def test_transfers_are_refused_as_the_license_says(application: Application, vendor: Vendor) -> None:
    for max_transfers, code in ((-1, "device_transfer_not_allowed"), (1, "device_transfer_limit_reached")):
        license = vendor.issue(max_transfers=max_transfers)
        for number in range(max(max_transfers, 0) + 1):
            granted(application.post("activate_license", **lookup(license, f"hw-{number}")))
            plain_text(application.post("deactivate_license", **lookup(license, f"hw-{number}")))
        assert refused(application.post("activate_license", **lookup(license, "hw-new"))) == code
        assert granted(application.post("activate_license", **lookup(license, f"hw-{number}")))["times_activated"] == 1


def test_a_virtual_machine_is_refused_where_the_product_says_so(application: Application, vendor: Vendor) -> None:
    vendor.product("metal", "license-key", prevent_vm=True)
    license = vendor.issue("metal")
    assert refused(application.post("activate_license", **lookup(license), is_vm=True)) == "vm_not_allowed"
    assert granted(application.post("activate_license", **lookup(license), is_vm=False))["prevent_vm"] is True


def test_what_a_license_says_of_virtual_machines_stands_before_its_product(
    application: Application, vendor: Vendor
) -> None:
    vendor.product("metal", "license-key", prevent_vm=True)
    for product, own in (("metal", False), ("viewer", True)):
        license = vendor.issue(product, prevent_vm=own)
        if own:
            assert refused(application.post("activate_license", **lookup(license), is_vm=True)) == "vm_not_allowed"
        body = granted(application.post("activate_license", **lookup(license), is_vm=not own))
        assert (body["prevent_vm"], body["product_details"]["prevent_vm"]) == (own, not own)


def test_what_does_not_agree_is_not_found(application: Application, vendor: Vendor, license: License) -> None:
    other = vendor.issue()
    vendor.product("second", "license-key")
    for sent in (
        lookup(license, license_id=other.id),
        lookup(license, license_id=9007199254740991),
        lookup(license, license_key="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"),
        lookup(license, bundle_code="suite"),
        lookup(license, product="second"),
    ):
        assert refused(application.post("activate_license", **sent)) == "license_not_found", sent
    assert refused(application.post("activate_license", **lookup(license, product="none"))) == "unknown_product"
    by_user = lookup(license, license_key=None, username=EMAIL, password="12345678")
    assert refused(application.post("activate_license", **by_user)) == "license_key_required"


def test_an_id_alone_is_enough_for_a_known_device_and_activates_none(
    application: Application, license: License
) -> None:
    alone = {"product": "viewer", "hardware_id": "hw-1", "license_id": license.id}
    assert refused(application.post("activate_license", **alone)) == "license_not_found"
    granted(application.post("activate_license", **lookup(license)))
    assert granted(application.get("check_license", **alone))["id"] == license.id
    assert refused(application.get("check_license", **alone | {"hardware_id": "hw-2"})) == "license_not_found"
    assert plain_text(application.post("deactivate_license", **alone)) == "license_deactivated"


# --- users ----------------------------------------------------------------------------------------------------


def test_a_user_needs_the_right_password_to_activate_and_none_to_check(
    application: Application, vendor: Vendor
) -> None:
    license = vendor.issue("revit")
    _, password = vendor.assign(license, EMAIL)
    named = {"product": "revit", "username": EMAIL, "hardware_id": "hw-1"}
    assert refused(application.post("activate_license", **named)) == "missing_parameters"
    assert refused(application.post("activate_license", **named, password="wrong one")) == "invalid_credentials"
    nobody = named | {"username": "nobody@qbitec.com"}
    assert refused(application.post("activate_license", **nobody, password="wrong one")) == "invalid_credentials"
    granted(application.post("activate_license", **named, password=password))
    assert granted(application.get("check_license", **named))["username"] == EMAIL
    second = named | {"hardware_id": "hw-2"}
    assert refused(application.post("activate_license", **second, password=password)) == "user_activated_max_times"


def test_a_license_may_be_named_by_an_integer_or_its_digits(application: Application, license: License) -> None:
    for license_id in (license.id, str(license.id)):
        assert granted(application.post("activate_license", **lookup(license, license_id=license_id)))
    assert granted(application.get("check_license", **lookup(license, license_id=license.id)))


# --- what is sent ---------------------------------------------------------------------------------------------


def test_both_slashes_nulls_and_unknown_fields_are_taken(application: Application, license: License) -> None:
    more: dict[str, Any] = {"license_id": None, "os_ver": None, "is_vm": None, "color": {"a": [1]}}
    granted(application.post("activate_license/", **lookup(license, **more)))
    granted(application.get("check_license/", **lookup(license, include_expired_features="true", color="red")))


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("hardware_id", None, "missing_hardware_id"),
        ("hardware_id", "", "missing_hardware_id"),
        ("hardware_id", 5, "validation_error"),
        ("hardware_id", "h" * 256, "validation_error"),
        ("product", None, "missing_parameters"),
        ("product", ["viewer"], "validation_error"),
        ("license_key", None, "license_key_required"),
        ("license_key", {}, "validation_error"),
        ("license_id", 1.5, "validation_error"),
        ("license_id", 2**53, "validation_error"),
        ("license_id", -1, "validation_error"),
        ("license_id", True, "validation_error"),
        ("license_id", "12a", "validation_error"),
        ("is_vm", "maybe", "validation_error"),
        ("is_vm", 2, "validation_error"),
        ("variables", [], "validation_error"),
        ("variables", {"a": [1]}, "validation_error"),
        ("variables", {"": "x"}, "validation_error"),
        ("variables", {f"v{n}": "x" for n in range(101)}, "validation_error"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_done(
    application: Application, vendor: Vendor, license: License, field: str, value: object, code: str
) -> None:
    answer = application.post("activate_license", **lookup(license) | {field: value})
    assert refused(answer) == code
    if code != "license_key_required":
        assert answer.json()["message"].startswith(field)
    assert vendor.stored(license).times_activated == 0


def test_a_query_takes_digits_and_words_and_refuses_others(application: Application, license: License) -> None:
    granted(application.post("activate_license", **lookup(license)))
    for wrong in ({"license_id": "1e3"}, {"include_expired_features": "yes"}):
        assert refused(application.get("check_license", **lookup(license, **wrong))) == "validation_error"


def test_the_address_in_history_is_the_connections_and_not_what_is_reported(
    application: Application, vendor: Vendor, license: License
) -> None:
    granted(application.post("activate_license", **lookup(license), ip="6.6.6.6"))
    event = vendor.history(license)[-1]
    assert (event.type, event.actor.name, event.actor.ip) == (
        "device_activated",
        f"api:{vendor.api_key}",
        "127.0.0.1",
    )


def test_an_answer_is_never_kept_by_anyone_on_the_way(application: Application, license: License) -> None:
    answer: httpx.Response = application.post("activate_license", **lookup(license))
    assert answer.headers["Cache-Control"] == "no-store"
