"""The admin commands, as they answer."""

import io
import json
import re
import sys
from dataclasses import replace
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import histories, licenses, writes
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import hardware_sort_key, license_pk
from chalicelib.store.products import read_product
from chalicelib.store.transactions import Transaction
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.security_events import note_security_event
from infra import progress
from infra.admin.command_table import COMMANDS
from tests.infra.customer_texts import CUSTOMER_TEXTS, customer_ids
from tests.infra.file_texts import FILE_TEXTS, files
from tests.infra.lifecycle_texts import LIFECYCLE_TEXTS
from tests.infra.operator import Operator, value_beside
from tests.infra.people_texts import COMPANY_TEXTS, ORDER_TEXTS, USER_TEXTS
from tests.infra.product_texts import PRODUCT_TEXTS
from tests.store.product_cases import feature, field, policy
from tests.store.scheduled_update_cases import schedule
from tests.store.states import management_key
from tests.support import ADMIN, DAY, HOUR, Vendor
from tests.usecases.receivers import listen

FAR = "2080-01-02T03:04:05.678Z"
EMAIL = "don.joe@qbitec.com"


@pytest.fixture
def seat(vendor: Vendor) -> License:
    """A user-based license of five activations with one user, who may have two."""
    license = vendor.issue("revit", max_license_users=2)
    vendor.assign(license, EMAIL, 2)
    return vendor.stored(license)


def password_of(vendor: Vendor, license: License, email: str) -> str:
    """An initial password: that of the user who is assigned."""
    _, password = vendor.assign(license, email, 2)
    assert password is not None
    return password


# --- the catalog -----------------------------------------------------------------------------------------------


def test_a_new_product_is_as_it_was_asked_for(operator: Operator, vendor: Vendor) -> None:
    line = f"product create --company {vendor.code} --code cad.Pro --name CAD --authorization-method user --prevent-vm"
    answer = operator.asks(line)
    stored = read_product(vendor.code, "cad.Pro")
    assert stored is not None
    expected = {"company": vendor.code, "code": "cad.Pro", "id": stored.id, "name": "CAD"}
    assert answer == answer | expected | {"authorization_method": "user", "prevent_vm": True, "state": "active"}
    assert (stored.authorization_method, stored.prevent_vm) == ("user", True)


# --- licenses ----------------------------------------------------------------------------------------------------


def test_a_license_is_issued_with_every_option(operator: Operator, vendor: Vendor) -> None:
    answer = operator.asks(
        f"license issue --company {vendor.code} --product revit --license-type subscription --max-activations 10 "
        f"--max-license-users 5 --validity-period {FAR} --start-date 2030-01-01 --grace-period 72 --max-transfers -1 "
        "--order ' A-17 ' --customer Office@Studio.example --manager ann@studio.example --trial"
    )
    stored = find_license(vendor.code, answer["id"])
    given = {name: getattr(stored, name) for name in ("license_type", "max_activations", "max_license_users")}
    assert given == {"license_type": "subscription", "max_activations": 10, "max_license_users": 5}
    assert (to_iso(stored.validity_period), to_iso(stored.start_date)) == (FAR, "2030-01-01T00:00:00.000Z")
    assert (stored.grace_period, stored.max_transfers, stored.is_trial) == (72, -1, True)
    assert (stored.order_id, stored.customer) == ("A-17", "office@studio.example")
    assert {name: answer[name] for name in given} == given
    assert (answer["validity_period"], answer["start_date"]) == (FAR, "2030-01-01T00:00:00.000Z")
    assert (answer["status"], answer["license_key"]) == ("scheduled", None)


def test_a_new_manager_can_log_in_with_the_answered_password(operator: Operator, vendor: Vendor) -> None:
    line = f"license issue --company {vendor.code} --product viewer --license-type perpetual --max-activations 1"
    answer = operator.asks(f"{line} --manager ann@studio.example")
    user = log_in(vendor.code, "ann@studio.example", answer["manager_initial_password"], now=vendor.now)
    assert answer["manager"] == user.email


def test_unlimited_is_null_and_a_duration_waits_for_the_first_activation(operator: Operator, vendor: Vendor) -> None:
    line = f"license issue --company {vendor.code} --product viewer --license-type time-limited"
    answer = operator.asks(f"{line} --max-activations Unlimited --valid-duration 30d --license-key ' my own key '")
    assert (answer["max_activations"], answer["valid_duration"], answer["validity_period"]) == (None, "30d", None)
    assert answer["license_key"] == "MY OWN KEY"
    assert vendor.activate(find_license(vendor.code, answer["id"]), "a").license is not None


def test_a_license_shows_its_users_and_devices(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit")
    password = password_of(vendor, license, EMAIL)
    vendor.activate(EMAIL, "on", password, report={"hostname": "desk"})
    vendor.activate(EMAIL, "off", password)
    vendor.deactivate(EMAIL, "off", license_id=license.id)
    answer = operator.asks(f"license show {license.id} --company {vendor.code}")
    assert (answer["id"], answer["times_activated"], answer["status"]) == (license.id, 1, "active")
    assert answer["users"] == [{"email": EMAIL, "activations": 1, "max_activations": 2}]
    devices = {device["hardware_id"]: device for device in answer["devices"]}
    at = to_iso(vendor.now)
    shown = {
        "hardware_id": "on",
        "active": True,
        "email": EMAIL,
        "hostname": "desk",
        "last_check_at": at,
        "legacy": False,
        "slot_until": None,
    }
    assert devices["on"] == shown
    assert devices["off"]["active"] is False


def test_a_license_shows_as_many_users_and_devices_as_are_asked_for(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    for email in ("a@customer.test", "b@customer.test"):
        password = password_of(vendor, license, email)
        vendor.activate(email, "pc", password)
    answer = operator.asks(f"license show {license.id} --limit 1")
    assert (len(answer["users"]), len(answer["devices"])) == (1, 1)
    _, _, said = operator.run(f"license show {license.id} --limit 1")
    assert said == "There are more users and devices: --limit shows them.\n"
    assert operator.run(f"license show {license.id} --limit 2")[2] == ""


def test_an_order_shows_its_licenses_page_by_page(operator: Operator, vendor: Vendor) -> None:
    sold = [vendor.issue(order_id="A-17").id for _ in range(3)]
    line = f"order show --company {vendor.code} --order A-17 --limit 2"
    first = operator.asks(line)
    second = operator.asks(f"{line} --after {first['after']}")
    assert [row["license"] for row in first["licenses"] + second["licenses"]] == sorted(sold)
    assert (len(first["licenses"]), second["after"]) == (2, None)


def test_an_order_is_made_with_what_its_managers_may_not_do(operator: Operator, vendor: Vendor) -> None:
    issue = f"license issue --company {vendor.code} --product viewer --license-type perpetual --max-activations 1"
    issue += " --order A-17 --manager ann@studio.test --idempotency-key one --deny"
    made = operator.asks(f"{issue} set_passwords,reset_license")
    assert operator.asks(f"{issue} reset_license,set_passwords")["id"] == made["id"]
    shown = operator.asks(f"order show --company {vendor.code} --order A-17")
    assert shown["denied"] == ["reset_license", "set_passwords"]
    status, _, said = operator.run(f"{issue.replace('one', 'two')} reset_license")
    assert (status, "--deny: the order A-17 denies its managers other things." in said) == (2, True)


def test_disabling_and_enabling_may_be_repeated(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    for verb, status in (("disable", "disabled"), ("disable", "disabled"), ("enable", "inactive")):
        assert operator.asks(f"license {verb} {license.id}")["status"] == status
        assert vendor.stored(license).enabled is (verb == "enable")
    events = [event.type for event in vendor.history(license)]
    assert events == ["license_issued", "license_disabled", "license_enabled"]


def test_a_reset_license_has_no_devices(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    assert operator.asks(f"license reset {license.id}")["times_activated"] == 0
    with pytest.raises(SeatkeeperError, match="device_not_found"):
        vendor.check(license, "a")


def test_an_extended_license_comes_back_to_life(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now - DAY)
    answer = operator.asks(f"license extend {license.id} --validity-period {FAR}")
    assert (answer["validity_period"], answer["is_expired"]) == (FAR, False)
    assert to_iso(vendor.stored(license).validity_period) == FAR


# --- users and devices -------------------------------------------------------------------------------------------


def test_an_assigned_user_can_log_in_with_the_answered_password(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit")
    names = "--first-name Don --last-name ' Joe ' --phone '+43 1 234'"
    answer = operator.asks(f"user assign --license {license.id} --email {EMAIL.upper()} --max-activations 2 {names}")
    user = log_in(vendor.code, EMAIL, answer["initial_password"], now=vendor.now)
    (value_beside,) = licenses.seats(vendor.code, license.id)
    assert (value_beside.first_name, value_beside.last_name, value_beside.phone_number) == ("Don", "Joe", "+43 1 234")
    assert (answer["email"], answer["user_id"], answer["max_activations"]) == (EMAIL, user.id, 2)


def test_a_user_has_one_activation_unless_told_otherwise(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=None)
    assert operator.asks(f"user assign --license {license.id} --email a@b.example")["max_activations"] == 1
    unlimited = operator.asks(f"user assign --license {license.id} --email c@d.example --max-activations unlimited")
    assert unlimited["max_activations"] is None


def test_a_password_that_a_user_has_chosen_is_not_answered(operator: Operator, vendor: Vendor, seat: License) -> None:
    initial = operator.asks(f"user set-password --license {seat.id} --email {EMAIL}")["initial_password"]
    second, third = vendor.issue("revit"), vendor.issue("revit")
    assert operator.asks(f"user assign --license {second.id} --email {EMAIL}")["initial_password"] == initial
    change_password(vendor.code, EMAIL, initial, "chosen-by-me", ADMIN, now=vendor.now)
    code, output, errors = operator.run(f"user assign --license {third.id} --email {EMAIL} --json")
    assert (code, json.loads(output)["initial_password"]) == (0, None)
    assert errors == "The user has an account already, and has chosen a password.\n"


def test_a_removed_user_makes_room(operator: Operator, vendor: Vendor, seat: License) -> None:
    answer = operator.asks(f"user remove --license {seat.id} --email {EMAIL}")
    assert answer == {"license": seat.id, "email": EMAIL, "removed": True}
    assert vendor.stored(seat).users_assigned == 0
    assert operator.refused(f"user remove --license {seat.id} --email {EMAIL}") == (
        "No such user is assigned to this license."
    )


def test_a_generated_password_is_answered(operator: Operator, vendor: Vendor, seat: License) -> None:
    answer = operator.asks(f"user set-password --license {seat.id} --email {EMAIL}")
    assert log_in(vendor.code, EMAIL, answer["initial_password"], now=vendor.now).id == answer["user_id"]


def test_a_password_from_standard_input_is_not_shown(
    operator: Operator, vendor: Vendor, seat: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(" pass wörd \r\nnot this\n".encode())))
    code, output, _ = operator.run(f"user set-password --license {seat.id} --email {EMAIL} --password-stdin")
    assert (code, "pass w" in output) == (0, False)
    assert log_in(vendor.code, EMAIL, " pass wörd ", now=vendor.now).is_initial_password


def test_a_users_limit_may_be_changed_below_what_is_in_use_with_a_note(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit")
    password = password_of(vendor, license, EMAIL)
    for device in ("a", "b"):
        vendor.activate(EMAIL, device, password)
    line = f"user set-max-activations --license {license.id} --email {EMAIL} --max-activations"
    assert operator.noted(f"{line} 1") == "More devices are active than that; they stay so until they are reset.\n"
    shown = {"license": license.id, "email": EMAIL, "max_activations": 1, "activations": 2}
    assert operator.asks(f"{line} 1") == shown
    assert operator.asks(f"user reset-activations --license {license.id} --email {EMAIL}") == shown | {"activations": 0}
    assert vendor.stored(license).times_activated == 0


def test_a_reset_device_frees_its_place(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    odd = "--  Größe/№ 1\u200b\n"
    vendor.activate(license, odd)
    line = f"device reset --license {license.id} --hardware-id='{odd}'"
    assert operator.asks(line) == {"license": license.id, "hardware_id": odd, "freed": 1}
    assert operator.asks(line)["freed"] == 0
    assert vendor.stored(license).times_activated == 0


def test_a_blacklisted_device_is_off_for_good(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    line = f"device blacklist --license {license.id} --hardware-id"
    for _ in range(2):
        answer = operator.asks(f"{line} a")
        assert answer == {"license": license.id, "hardware_id": "a", "blacklisted": True}
    with pytest.raises(SeatkeeperError, match="blacklisted"):
        vendor.activate(license, "a")
    assert vendor.stored(license).times_activated == 0
    assert operator.noted(f"{line} 'a '").startswith("The license has never seen this device")


# --- all licenses ------------------------------------------------------------------------------------------------


def test_a_sweep_announces_once_what_is_due(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=vendor.now + DAY, grace_period=1)
    before, amid, after = (to_iso(vendor.now + DAY + hours * HOUR) for hours in (-1, 0, 1))
    types = []
    for at in (before, amid, after, after):
        answer = operator.asks(f"sweep --now {at}")
        assert answer.keys() == {
            "now",
            "license_will_expire",
            "grace_started",
            "license_expired",
            "device_lapsed",
            "update_applied",
            "update_failed",
            "failed",
        }
        types.append([event.type for event in vendor.history(license)][1:])
    assert types == [[], ["grace_started"], *[["grace_started", "license_expired"]] * 2]


def test_a_sweep_that_leaves_licenses_behind_exits_with_1(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.issue(license_type="time-limited", validity_period=vendor.now + DAY)
    at = to_iso(vendor.now + DAY)
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.usecases.sweep.announce", lambda *_: 1 / 0)
        assert operator.asks(f"sweep --now {at}", 1)["failed"] >= 1
    assert operator.asks(f"sweep --now {at}")["failed"] == 0


def test_an_audit_names_each_difference_and_exits_with_1(operator: Operator) -> None:
    vendor = Vendor()
    sound, broken = vendor.issue(), vendor.issue()
    vendor.activate(broken, "a")
    clean = {"companies": 1, "licenses": 2, "names": 12, "differences": []}
    assert operator.asks(f"audit --company {vendor.code}") == clean
    item = LicenseItem(license_pk(vendor.code, broken.id), "license")
    writes.update(item, [LicenseItem.times_activated.set(3)])
    difference = "times_activated is 3, but there are 1 active devices"
    found = {"company": vendor.code, "license": broken.id, "difference": difference}
    assert operator.asks(f"audit --company {vendor.code}", 1) == clean | {"differences": [found]}
    code, output, _ = operator.run("audit")
    assert (code, difference in output, str(sound.id) in output) == (1, True, False)
    writes.update(item, [LicenseItem.times_activated.set(1)])
    assert vendor.differences() == []


def test_an_audit_that_repairs_files_what_is_missing_and_tells_how_much(operator: Operator, vendor: Vendor) -> None:
    vendor.activate(license := vendor.issue(), "pc")
    writes.delete(LookupItem(vendor.code, hardware_sort_key(hash_hardware_id("pc"), license.id)))
    difference = "a device is not found by its hardware id"
    found = {"company": vendor.code, "license": license.id, "difference": difference}
    document = {"companies": 1, "licenses": 1, "names": 7, "differences": [found]}
    assert operator.asks(f"audit --company {vendor.code}", 1) == document
    repaired = document | {"names": 8, "differences": [], "filed": 1, "removed": 0}
    assert operator.asks(f"audit --company {vendor.code} --repair --as Don") == repaired
    event = next(histories.company_events(vendor.code))
    assert (event.type, event.actor.name) == ("links_repaired", "admin:Don")


def test_what_takes_long_tells_how_far_it_is(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        vendor.issue()
    assert operator.noted(f"audit --company {vendor.code}") == ""
    monkeypatch.setattr(progress, "LONG_SECONDS", -1.0)
    value_beside = operator.noted(f"audit --company {vendor.code}")
    assert "3 of 3 licenses counted\n" in value_beside
    assert value_beside.endswith("14 of 14 names looked at\n")


# --- text --------------------------------------------------------------------------------------------------------

TEXTS = {
    "apikey create": ("--company {company}", "products", "all"),
    "management-key create": ("--company {company} --name CRM --scope webhooks:read", "expires at", "-"),
    "management-key list": ("--company {company}", "company", "{company}"),
    "management-key show": ("--company {company} --key {management_key}", "id", "{management_key}"),
    "management-key revoke": ("--company {company} --key {management_key}", "revoked", "yes"),
    "apikey list": ("--company {company}", "company", "{company}"),
    "apikey show": ("{api_key}", "revoked", "no"),
    "apikey disable": ("{api_key}", "disabled", "yes"),
    "apikey enable": ("{api_key}", "disabled", "no"),
    "apikey revoke": ("{api_key}", "revoked", "yes"),
    **COMPANY_TEXTS,
    **PRODUCT_TEXTS,
    "license issue": (
        "--company {company} --product viewer --license-type perpetual --max-activations unlimited --max-transfers -1",
        *("max transfers", "none"),
    ),
    "license list": ("--company {company} --customer office@customer.test", "company", "{company}"),
    "license find": ("--company {company} {license}", "text", "{license}"),
    "license show": ("{license}", "max license users", "unlimited"),
    "license set": (
        "{license} --max-activations 3 --is-trial no --free-resets yes --prevent-vm no",
        "max activations",
        "3",
    ),
    "license history": ("{license} --limit 20", "after", "-"),
    **ORDER_TEXTS,
    **USER_TEXTS,
    "device list": ("--license {license}", "after", "-"),
    "device find": ("--company {company} --hardware-id nothing", "after", "-"),
    "device show": ("{device} --company {company}", "hardware id", "desk"),
    "device set": ("{device} --company {company} --variable plan=pro", "hardware id", "desk"),
    "device history": ("--license {license} --hardware-id desk", "hardware id", "desk"),
    "device reset": ("--license {license} --hardware-id desk", "freed", "1"),
    "device release": ("--license {license} --hardware-id desk", "freed", "0"),
    "device allow": ("--license {license} --hardware-id desk", "hardware id", "desk"),
    "device blacklist": ("--license {license} --hardware-id desk", "hardware id", "desk"),
    "webhook create": ("--company {company} --url https://new.example", "url", "https://new.example/"),
    "webhook list": ("--company {company}", "company", "{company}"),
    "webhook show": ("--company {company} --webhook {webhook}", "waiting", "0"),
    "webhook set": ("--company {company} --webhook {webhook} --pause", "paused", "yes"),
    "webhook rotate-secret": ("--company {company} --webhook {webhook}", "products", "all"),
    "webhook delete": ("--company {company} --webhook {webhook}", "deleted", "yes"),
    "webhook test": ("--company {company} --webhook {webhook}", "webhook", "{webhook}"),
    "webhook log": ("--company {company} --webhook {webhook}", "after", "-"),
    "webhook resend": ("--company {company} --webhook {webhook} --since 2020-01-01", "to be sent", "0"),
    **CUSTOMER_TEXTS,
    **FILE_TEXTS,
    **LIFECYCLE_TEXTS,
    "report": ("--company {company}", "company", "{company}"),
    "sweep": ("--now 2020-01-01", "now", "2020-01-01T00:00:00.000Z"),
    "audit": ("--company {company}", "licenses", "3"),
    "explain": ("--company {company} --license {license} --hardware-id desk", "hardware id", "desk"),
}
OF_SECRETS = {"secrets create", "signing-key show", "signing-key rotate", "signing-key retire"}
"""Not on those of this process: `test_admin_keys.py` tries them."""


@pytest.mark.parametrize("command", [command.name for command in COMMANDS if command.name not in OF_SECRETS])
def test_every_command_answers_in_text(operator: Operator, vendor: Vendor, tmp_path: Path, command: str) -> None:
    arguments, name, value = TEXTS[command]
    given = things(vendor, tmp_path)
    assert value_beside(operator.reads(f"{command} {arguments.format(**given)}"), name) == value.format(**given)


def things(vendor: Vendor, folder: Path) -> dict[str, Any]:
    """What there is for commands to be about, by its names in `TEXTS`; files are in a folder."""
    license = vendor.issue("revit", license_type="time-limited", validity_period=vendor.now + DAY, floating_users=1)
    device = vendor.activate(EMAIL, "desk", password_of(vendor, license, EMAIL)).device
    given: dict[str, Any] = {"company": vendor.code, "license": license.id, "email": EMAIL, "api_key": vendor.api_key}
    given |= {"feature": feature(vendor), "field": field(vendor), "policy": policy(vendor)}
    given |= {"order": license.order_id, "webhook": listen(vendor), "management_key": management_key(vendor)[0]}
    given |= {"update": schedule(vendor, license).id, "device": device and device.id, "keyed": vendor.issue().id}
    given |= {"metered": vendor.issue(license_type="consumption", max_consumptions=5).id}
    return given | customer_ids(vendor) | files(folder)


def test_lists_are_tables_and_what_does_not_print_is_escaped(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a\x1b[2J", report={"hostname": "größe\u202e"})
    text = operator.reads(f"license show {license.id}")
    users, _, devices, heads, row = text.splitlines()[-5:]
    assert (users, devices) == ("users: none", "devices:")
    assert heads.split("  ")[1] == "hardware id"
    assert row.split()[:2] == ["a\\x1b[2J", "yes"]
    assert "größe\\u202e" in row


def test_history_says_how_often_when_last_and_from_where_what_stands_in_one_row(
    operator: Operator, vendor: Vendor
) -> None:
    license, hour = vendor.issue(), 1_800_000_000_000
    vendor.activate(license, "pc")
    user, _ = vendor.assign(vendor.issue("revit", max_license_users=1), EMAIL)
    for number in range(3):
        actor, now = Actor("somebody", f"192.0.2.{number}"), hour + number * 60_000
        note_security_event(vendor.code, user, "code_asked", actor, now)
        track_variables(vendor.code, vendor.lookup(license, "pc"), {"n": str(number)}, actor, now=now)
    of_user = f"user history --company {vendor.code} --email {EMAIL}"
    for line in (f"company history {vendor.code}", of_user, f"license history {license.id}"):
        (row,) = operator.asks(f"{line} --limit 1")["events"]
        assert (row["at"], row["ip"]) == ("2027-01-15T08:00:00.000Z", "192.0.2.0")
        assert (row["times"], row["last_at"]) == (3, "2027-01-15T08:02:00.000Z")
        assert row["also_from"].endswith("192.0.2.2")
        heads, value_beside = operator.reads(f"{line} --limit 1").splitlines()[-2:]
        assert re.findall("times|last at|also from", heads) == ["times", "last at", "also from"]
        assert re.search(rf" 3 +{row['last_at']}  {row['also_from']}  ", value_beside)


def test_history_is_read_in_pages_and_says_who_did_it(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=5)
    for number in range(3):
        operator.asks(f"user assign --license {license.id} --email u{number}@b.example --as petra")
    first = operator.asks(f"license history {license.id} --limit 2")
    second = operator.asks(f"license history {license.id} --limit 2 --after {first['after']}")
    events = first["events"] + second["events"]
    assert [(event["type"], event["by"]) for event in events] == [("user_assigned", "admin:petra")] * 3 + [
        ("license_issued", "admin")
    ]
    assert second["after"] is None
    operator.asks(f"order add-manager --company {vendor.code} --order {license.order_id} --email m@b.example")
    newest = operator.asks(f"company history {vendor.code} --limit 1")["events"][0]
    assert (newest["type"], newest["user"], newest["by"]) == ("manager_added", "m@b.example", f"admin:{getuser()}")


def test_the_history_of_an_account_is_its_own_in_pages_and_outlasts_its_email(
    operator: Operator, vendor: Vendor
) -> None:
    license = vendor.issue("revit", max_license_users=5)
    ids = {email: vendor.assign(license, email)[0].id for email in ("a@b.example", "z@b.example")}
    of = f"--company {vendor.code} --email"
    for email in (*ids, *ids):
        operator.asks(f"user unlock {of} {email} --as petra")
    old = Event.new("password_set", Actor("admin"), vendor.now - DAY, user="a@b.example")  # of before there were ids
    for event in (old, replace(old, key=f"{old.key}0", user="z@b.example")):
        Transaction(event_item(vendor.code, event, AccountEventItem)).commit()
    change_email(vendor.code, license.id, "z@b.example", "y@b.example", ADMIN, manager_id=None, now=vendor.now)
    first = operator.asks(f"user history {of} a@b.example --limit 2")
    second = operator.asks(f"user history {of} a@b.example --limit 2 --after {first['after']}")
    events = first["events"] + second["events"]
    assert [(e["type"], e["user"], e["by"]) for e in events] == [
        *[("user_unlocked", "a@b.example", "admin:petra")] * 2,
        ("password_set", "a@b.example", "admin"),
    ]
    assert (first["user_id"], first["closed_at"], second["after"]) == (ids["a@b.example"], None, None)
    renamed = operator.asks(f"user history {of} y@b.example")["events"]
    assert sorted(e["type"] for e in renamed) == ["email_changed", "user_unlocked", "user_unlocked"]
    operator.asks(f"user close {of} a@b.example --as petra")
    closed = operator.asks(f"user history {of} a@b.example --limit 1")
    assert closed["closed_at"]
    assert (closed["events"][0]["type"], closed["events"][0]["by"]) == ("user_closed", "admin:petra")
