"""The audit names each difference between what is counted and what is there."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.license import License, Seat, hash_hardware_id
from chalicelib.domain.limits import LIMITS
from chalicelib.store import activations, database, licenses, reads
from chalicelib.store.due import SHARDS_OF_A_COMPANY, due_shard
from chalicelib.store.items.kinds import KINDS, kind_of
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    batch_sort_key,
    device_sort_key,
    due_pk,
    due_sort_key,
    license_key_sort_key,
    license_pk,
    seat_sort_key,
    user_license_sort_key,
)
from chalicelib.store.links import Fault
from chalicelib.store.scheduled_updates import due_entry
from chalicelib.usecases.audit import audit, audit_due, audit_links
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_seat import remove_account, remove_user
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.license_extras import Wanted, grant_features
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.repair_links import repair_links
from chalicelib.usecases.scheduled_updates import schedule_update
from infra.local import TABLE_PREFIX
from tests.store.adoption_cases import add
from tests.store.effects import stored
from tests.store.seam import ask, noted
from tests.support import ADMIN, DAY, NOW, Vendor, mistyped
from tests.usecases.support import before_call

ADA = "ada@customer.test"
Raw = dict[str, Any]


class Tamper:
    """Changes items behind everybody's back, and puts them right again."""

    def __init__(self) -> None:
        self.before: list[tuple[str, Raw, Raw | None]] = []

    def set(self, table: str, pk: str, part: str, **values: Any) -> None:
        """Give attributes other values; None takes one away."""
        item = self._remember(table, pk, part)
        assert item is not None, part
        for name, value in values.items():
            item.pop(name, None)
            if value is not None:
                kind = {bool: "BOOL", str: "S"}.get(type(value), "N")
                item[name] = {kind: str(value) if kind == "N" else value}
        ask("PutItem", TableName=table, Item=item)

    def remove(self, table: str, pk: str, part: str) -> None:
        """Take a whole item away."""
        assert self._remember(table, pk, part) is not None, part
        ask("DeleteItem", TableName=table, Key=_key(pk, part))

    def add(self, table: str, item: Raw) -> None:
        """Put a whole item."""
        self._remember(table, item["pk"]["S"], item["part"]["S"])
        ask("PutItem", TableName=table, Item=item)

    def read(self, table: str, pk: str, part: str) -> Raw:
        """An item as it stands."""
        item = self._remember(table, pk, part)
        assert item is not None
        return item

    def undo(self) -> None:
        """All as it was."""
        while self.before:
            table, key, item = self.before.pop()
            if item is not None:
                ask("PutItem", TableName=table, Item=item)
            else:
                ask("DeleteItem", TableName=table, Key=key)

    def _remember(self, table: str, pk: str, part: str) -> Raw | None:
        answer: Raw = ask("GetItem", TableName=table, Key=_key(pk, part), ConsistentRead=True)
        item: Raw | None = answer.get("Item")
        self.before.append((table, _key(pk, part), None if item is None else dict(item)))
        return item


def _key(pk: str, part: str) -> Raw:
    return {"pk": {"S": pk}, "part": {"S": part}}


@pytest.fixture
def tamper(vendor: Vendor) -> Iterator[Tamper]:
    """Undone before the vendor's own audit."""
    tamper = Tamper()
    yield tamper
    tamper.undo()


@pytest.fixture
def license(vendor: Vendor) -> License:
    """A user-based license with an end, and one user of two on one device."""
    vendor.now = NOW
    license = vendor.issue(
        "revit", license_type="time-limited", validity_period=NOW + 4000 * DAY, max_license_users=2, max_transfers=3
    )
    _, password = vendor.assign(license, ADA, 2)
    vendor.activate(ADA, "pc", password, report={"hostname": "ada-pc"})
    return license


LICENSES, ACCOUNTS = (f"{TABLE_PREFIX}-{kind.Meta.table_name}" for kind in (LicenseItem, LookupItem))


def test_an_untouched_license_has_no_differences(vendor: Vendor, license: License) -> None:
    other = vendor.issue()
    vendor.activate(other, "pc")
    assert dict(audit(vendor.code)) == {license.id: [], other.id: []}


@pytest.mark.parametrize(
    ("part", "values", "named"),
    [
        ("license", {"times_activated": 2}, "times_activated is 2, but there are 1 active devices"),
        ("license", {"max_activations": 0}, "there are 1 active devices, above max_activations 0"),
        ("license", {"max_license_users": 0}, "there are 1 seats and reserved seats, above max_license_users 0"),
        ("license", {"transfer_count": 4}, "there are 4 transfers, above max_transfers 3"),
        ("license", {"epoch": 7}, "times_activated is 1, but there are 0 active devices"),
        ("license", {"ends_at": NOW + 5000 * DAY}, "its end does not follow from its dates"),
        ("license", {"ends_at": None}, "its end does not follow from its dates"),
        ("license", {"validity_period": NOW + 5000 * DAY}, "its end does not follow from its dates"),
        (
            "license",
            {"validity_period": NOW + 5000 * DAY},
            "its next transition is not in the due index, so no sweep will announce it",
        ),
        ("seat", {"activations": 0}, f"seat of {ADA}: activations is 0, but there are 1 active devices"),
        ("seat", {"epoch": 7}, f"seat of {ADA}: activations is 1, but there are 0 active devices"),
        ("device", {"active": False}, "times_activated is 1, but there are 0 active devices"),
        ("device", {"epoch": 7}, "times_activated is 1, but there are 0 active devices"),
        ("device", {"seat_epoch": 7}, f"seat of {ADA}: activations is 1, but there are 0 active devices"),
    ],
)
def test_an_altered_item_is_named(
    vendor: Vendor, license: License, tamper: Tamper, part: str, values: dict[str, Any], named: str
) -> None:
    tamper.set(LICENSES, license_pk(vendor.code, license.id), full(vendor, license, part), **values)
    assert named in vendor.differences()


def test_the_counter_of_every_limit_is_counted_again(vendor: Vendor, license: License, tamper: Tamper) -> None:
    pk = license_pk(vendor.code, license.id)
    for limit in LIMITS:
        tamper.set(
            LICENSES, pk, full(vendor, license, "license" if limit.of is License else "seat"), **{limit.counter: 9}
        )
        named = [message for message in vendor.differences() if limit.counter in message or limit.maximum in message]
        assert named, limit
        tamper.undo()


def test_whatever_is_audited_is_missed_when_it_is_gone(vendor: Vendor, license: License, tamper: Tamper) -> None:
    """An item of every kind of which the registry says so: who adds one that no audit looks at sees this fail."""
    vendor.issue("viewer", "boss@customer.test", customer="shop@customer.test")
    vendor.issue("viewer", license_type="consumption", max_consumptions=5)
    blacklist_device(vendor.code, license.id, "stolen", ADMIN, now=NOW)
    start_batch(vendor.code, license.id, "bob@customer.test", True, ADMIN, now=NOW)
    add(vendor, license, "old")
    schedule_update(vendor.code, license.id, NOW + 4000 * DAY, {"max_activations": 9}, ADMIN, now=NOW)
    one_of_each = {kind_of(table, raw): (table, pk, part) for (table, pk, part), raw in stored(vendor.code).items()}
    audited = {kind for kind in KINDS if kind.audit in ("license", "link", "count", "due")}
    assert audited - one_of_each.keys() == set()
    for kind in audited:
        table, pk, part = one_of_each[kind]
        tamper.remove(f"{TABLE_PREFIX}-{table}", pk, part)
        assert vendor.differences(), kind
        tamper.undo()
    assert vendor.differences() == []


def test_a_name_that_leads_nowhere_is_named(vendor: Vendor, license: License, tamper: Tamper) -> None:
    by_key = vendor.issue()
    assert vendor.differences() == []
    user_id = seat_user(vendor, license)
    tamper.remove(ACCOUNTS, vendor.code, user_license_sort_key(user_id, license.id))
    tamper.remove(ACCOUNTS, vendor.code, license_key_sort_key(by_key.license_key or ""))
    assert dict(audit(vendor.code)) == {
        license.id: [Fault(license.id, "user_link_missing", {"email": ADA})],
        by_key.id: [Fault(by_key.id, "key_link_missing")],
    }


def test_a_transition_that_is_not_filed_is_named(vendor: Vendor, license: License, tamper: Tamper) -> None:
    part = due_sort_key(NOW + 4000 * DAY, license_pk(vendor.code, license.id))
    tamper.remove(LICENSES, due_pk(due_shard(vendor.code, license.id)), part)
    assert vendor.differences() == ["its next transition is not in the due index, so no sweep will announce it"]


def test_a_notice_that_is_not_filed_as_older_code_has_left_it_is_named_and_filed_by_the_repair(
    vendor: Vendor, license: License, tamper: Tamper
) -> None:
    pk = due_pk(due_shard(vendor.code, license.id))
    part = due_sort_key(NOW + 3970 * DAY, license_pk(vendor.code, license.id), "-notice")
    as_filed = tamper.read(LICENSES, pk, part)
    tamper.remove(LICENSES, pk, part)
    named = "that it will expire is not in the due index, so no sweep will give notice of it"
    assert vendor.differences() == [named]
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 1, "removed": 0}
    assert tamper.read(LICENSES, pk, part) == as_filed


def test_a_last_use_that_older_code_has_not_noted_is_named_and_noted_by_the_repair(
    vendor: Vendor, tamper: Tamper
) -> None:
    license = vendor.issue("revit", max_license_users=2)
    user, password = vendor.assign(license, ADA)
    vendor.now = NOW + DAY
    vendor.activate(ADA, "pc", password)
    pk, part = license_pk(vendor.code, license.id), seat_sort_key(user.id)
    as_noted = tamper.read(LICENSES, pk, part)
    for older in (None, NOW):  # before it was noted at all, and while older code is deployed as well
        tamper.set(LICENSES, pk, part, last_used_at=older)
        assert vendor.differences() == [f"the last use is not noted on the seat of {ADA}"]
        assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 1, "removed": 0}
        assert tamper.read(LICENSES, pk, part) == as_noted
    tamper.set(LICENSES, pk, part, last_used_at=NOW + DAY // 2 + 1)
    assert vendor.differences() == []


def test_a_device_of_a_seat_of_before_is_no_use_of_this_one_though_it_called_a_server_whose_clock_was_ahead(
    vendor: Vendor,
) -> None:
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, ADA)
    vendor.now = NOW + 4 * 60_000
    vendor.activate(ADA, "pc", password)
    vendor.now = NOW
    remove_user(vendor.code, license.id, ADA, ADMIN, now=NOW)
    vendor.assign(license, ADA)
    assert vendor.differences() == []


def test_a_check_between_two_reads_of_the_audit_is_no_difference(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    found = list[Fault]()
    for day in range(1, 9):
        with before_call(day, partial(vendor.check, ADA, "pc", now=NOW + day * DAY)):
            found += [fault for _, faults in audit(vendor.code) for fault in faults]
    assert found == []
    device, *_ = activations.devices(vendor.code, license.id)
    assert device.last_check_at == NOW + 8 * DAY  # each check was within an audit


def test_devices_of_before_a_seat_was_given_say_nothing_of_its_use(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    user, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    vendor.now = NOW + DAY
    remove_account(vendor.code, license.id, user.id, ADMIN, now=vendor.now)
    vendor.assign(license, ADA)
    assert vendor.differences() == []


def test_a_batch_that_is_altered_is_named(vendor: Vendor, license: License, tamper: Tamper) -> None:
    batch_id = start_batch(vendor.code, license.id, "bob@customer.test", True, ADMIN, now=NOW)
    pk, part = license_pk(vendor.code, license.id), batch_sort_key(batch_id)
    assert vendor.differences() == []
    tamper.set(LICENSES, pk, part, reserved=2)
    assert vendor.differences() == [
        "users_assigned is 2, but there are 3 seats and reserved seats",
        "there are 3 seats and reserved seats, above max_license_users 2",
        f"batch {batch_id}: reserved is 2, but there are 1 people left",
    ]
    tamper.remove(LICENSES, pk, part)
    assert vendor.differences() == ["users_assigned is 2, but there are 1 seats and reserved seats"]


@pytest.mark.parametrize("before", [False, True])
def test_a_batch_that_moves_on_while_it_is_counted_is_no_difference(
    vendor: Vendor, license: License, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = start_batch(vendor.code, license.id, "bob@customer.test", True, ADMIN, now=NOW)
    read_seats, looks = licenses.seats, list[str]()

    def read_amid_a_step(company: str, license_id: int) -> list[Seat]:
        seats = list(read_seats(company, license_id))
        continue_batch(company, license_id, batch_id, ADMIN, lambda: True, now=NOW)
        looks.append(f"{len(seats)} of {len(list(read_seats(company, license_id)))}")
        return list(read_seats(company, license_id)) if before else seats

    monkeypatch.setattr(licenses, "seats", read_amid_a_step)
    assert vendor.differences() == []
    assert looks[0] == "1 of 2"


def full(vendor: Vendor, license: License, part: str) -> str:
    """The whole sort key of the license's only item of a kind."""
    user_id = seat_user(vendor, license)
    return {
        "license": "license",
        "seat": seat_sort_key(user_id),
        "device": device_sort_key(hash_hardware_id("pc"), user_id),
    }[part]


def seat_user(vendor: Vendor, license: License) -> int:
    """Ada's id."""
    user = vendor.check(ADA, "pc", license_id=license.id).user
    assert user is not None
    return user.id


def test_a_license_that_cannot_be_counted_is_named_and_keeps_no_other_from_it(vendor: Vendor, tamper: Tamper) -> None:
    broken, sound = vendor.issue(), vendor.issue()
    tamper.set(database.table_name(LicenseItem), license_pk(vendor.code, broken.id), "license", created_at=None)
    assert dict(audit(vendor.code)) == {
        broken.id: [Fault(broken.id, "license_not_countable", {"error": "TypeError"})],
        sound.id: [],
    }


@pytest.mark.parametrize("of", ["license", "feature"])
def test_metadata_that_no_answer_can_have_is_named_until_it_is_given_other(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    """As older code has kept it of files."""
    license, export = vendor.issue(), {"code": "export", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", export, ADMIN, now=NOW)

    def give(metadata: dict[str, Any]) -> None:
        if of == "license":
            change_terms(vendor.code, license.id, {"metadata": metadata}, ADMIN, now=NOW)
        else:
            grant_features(vendor.code, license.id, [Wanted("export", more={"metadata": metadata})], ADMIN, now=NOW)

    def named(metadata: dict[str, Any]) -> bool:
        with monkeypatch.context() as older:
            older.setattr("chalicelib.domain.extras.guard_metadata", lambda *_: None)
            give(metadata)
        return dict(audit(vendor.code)) == {license.id: [Fault(license.id, "metadata_not_answerable")]}

    deep: dict[str, Any] = {"a": 1}
    for _ in range(119):
        deep = {"a": deep}
    assert [named(one) for one in (deep, {"a": deep}, {"a": 2**53}, {"a": "\ud83d"})] == [False, True, True, True]
    give({"a": 1})
    assert vendor.differences() == []


# --- names and summaries ------------------------------------------------------------------------------------------

MANAGER, SHOP = "manager@customer.test", "shop@customer.test"
Names = dict[str, Raw]


@pytest.fixture
def names(vendor: Vendor) -> Names:
    """The names and summaries of a company that has some of each kind, by sort key."""
    by_user = vendor.issue("revit", MANAGER, customer=SHOP, max_license_users=2)
    vendor.issue("viewer", MANAGER, order_id=by_user.order_id, customer=SHOP)
    vendor.activate(ADA, "pc", vendor.assign(by_user, ADA)[1])
    stored = reads.query_raw(LookupItem, vendor.code)
    found = {raw["part"]["S"]: raw for raw in stored if not raw["part"]["S"].startswith(("apikey#", "at#", "count#"))}
    assert {part.partition("#")[0] for part in found} == {
        *("company", "customer", "customeremail", "customerrecord", "deviceid", "email", "hardware", "held", "key"),
        "license",
        *("managed", "of_product", "order", "ordered", "product", "user"),
    }
    return found


def test_a_name_that_is_missing_is_named_whatever_its_kind(vendor: Vendor, names: Names, tamper: Tamper) -> None:
    for part in names:
        if not part.startswith(("company", "product#")):
            tamper.remove(ACCOUNTS, vendor.code, part)
            assert vendor.differences(), part
            tamper.undo()
    assert vendor.differences() == []


def test_a_name_that_leads_to_what_is_not_there_is_named_whatever_its_kind(
    vendor: Vendor, names: Names, tamper: Tamper
) -> None:
    for part, raw in names.items():
        if not part.startswith(("company", "product#", "order#")):
            tamper.add(ACCOUNTS, raw | {"part": {"S": mistyped(part)}})
            assert vendor.differences(), part
            tamper.undo()


@pytest.mark.parametrize(
    ("kind", "values", "named"),
    [
        ("managed", {"facts": '[1, "viewer", "perpetual", "order"]'}, "is shown it, and is no manager of its order"),
        (
            "ordered",
            {"facts": '[1, "viewer", "perpetual", "order"]'},
            "a list shows it with terms that are not its own",
        ),
        ("ordered", {"facts": "[1]"}, "what leads to it cannot be compared: TypeError"),
        ("managed", {"facts": "no JSON"}, "what leads to it cannot be compared: TypeError"),
        ("customer", {"product": "other"}, "it is listed under a customer to whom it was not sold"),
        ("held", {"product": "other"}, "is linked to it under another product"),
        ("held", {"buyer": "other"}, "is linked to it as of another customer"),
        ("email", {"to": 1}, "an email leads to the user 1, whose email it is not"),
        ("hardware", {"to": 1}, "a hardware id leads to it that no device of it has"),
        ("deviceid", {"to": 1}, "leads to it, and no device there has it"),
        ("deviceid", {"device": None}, "leads to it, and no device there has it"),
        ("key", {"to": 1}, "a license key leads to it that is not its own"),
        ("user", {"email": "eve@customer.test"}, "does not lead there"),
        ("user", {"is_manager": False}, "is shown it, and has no manager's account"),
        ("user", {"email": "eve@customer.test"}, "has another email"),
        ("order", {"managers": None}, "is shown it, and is no manager of its order"),
    ],
)
def test_a_name_that_says_something_else_is_named(
    vendor: Vendor, names: Names, tamper: Tamper, kind: str, values: dict[str, Any], named: str
) -> None:
    for part in [part for part in names if part.startswith(f"{kind}#")]:
        tamper.set(ACCOUNTS, vendor.code, part, **values)
    assert any(difference.endswith(named) for difference in vendor.differences()), vendor.differences()


def test_a_transition_that_is_filed_when_it_is_not_due_is_named(
    vendor: Vendor, license: License, tamper: Tamper
) -> None:
    pk = due_pk(due_shard(vendor.code, license.id))
    part = due_sort_key(NOW + 4000 * DAY, license_pk(vendor.code, license.id))
    assert faults_of_due(vendor) == [None, None]  # its transition, and its notice
    raw = tamper.read(LICENSES, pk, part)
    tamper.add(LICENSES, raw | {"part": {"S": due_sort_key(NOW + DAY, license_pk(vendor.code, license.id))}})
    assert faults_of_due(vendor) == [Fault(license.id, "due_otherwise"), None, None]
    tamper.set(LICENSES, pk, part, id=None, company=None)  # what its key says is enough to name it
    assert faults_of_due(vendor)[-1] == Fault(license.id, "due_license_gone")
    tamper.remove(LICENSES, license_pk(vendor.code, license.id), "license")
    assert set(faults_of_due(vendor)) == {Fault(license.id, "due_license_gone")}


@pytest.mark.parametrize("changed", ["key", "value", "both"])
def test_an_update_that_is_filed_at_another_instant_too_is_named(
    vendor: Vendor, license: License, tamper: Tamper, changed: str
) -> None:
    """As of before it was put off, whatever the item there says of it."""
    before, now_at = NOW + DAY, NOW + 4000 * DAY
    update = schedule_update(vendor.code, license.id, now_at, {"max_activations": 9}, ADMIN, now=NOW)
    entry = due_entry(update)
    assert not any(faults_of_due(vendor))
    raw = tamper.read(LICENSES, entry.pk, entry.sort_key)
    if changed == "value":
        tamper.set(LICENSES, entry.pk, entry.sort_key, validity_period=before)
    else:
        value = {"validity_period": {"N": str(before)}} if changed == "both" else {}
        part = due_sort_key(before, license_pk(vendor.code, license.id), "-update", update.id)
        tamper.add(LICENSES, raw | value | {"part": {"S": part}})
    assert [fault for fault in faults_of_due(vendor) if fault] == [Fault(license.id, "due_otherwise")]


def test_of_other_companies_nothing_is_read_but_that_they_are_due_and_of_this_one_many_at_once(vendor: Vendor) -> None:
    other = Vendor()
    for owner in [vendor] * 40 + [other] * 3:
        owner.now += 1
        owner.issue(license_type="time-limited", validity_period=NOW + 4000 * DAY)
    looked_at: list[Any] = []
    with noted(lambda request: looked_at.append(request.body) if request.operation == "BatchGetItem" else None):
        assert list(audit_due(vendor.code)) == [(vendor.code, None)] * 80  # transitions and notices
    assert not any(other.code in str(body) for body in looked_at)
    assert len(looked_at) <= SHARDS_OF_A_COMPANY + 80 // 25  # of a shard 25 in one read, as of names
    assert {code for code, _ in audit_due()} >= {vendor.code, other.code}


def faults_of_due(vendor: Vendor) -> list[Fault | None]:
    return [fault for _, fault in audit_due(vendor.code)]


def test_a_seat_that_goes_while_it_is_looked_at_is_no_difference(
    vendor: Vendor, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = next(part for part in names if part.startswith("held#"))
    license_id, removed = int(held.rpartition("#")[2]), list[str]()
    read = reads.batch_get_each

    def read_after_it_went(items: list[Any], **how: Any) -> list[Any]:
        if not removed and any(isinstance(item, SeatItem) for item in items):
            removed.append(ADA)
            remove_user(vendor.code, license_id, ADA, ADMIN, now=NOW)
        return read(items, **how)

    monkeypatch.setattr(reads, "batch_get_each", read_after_it_went)
    assert [faults for _, faults in audit_links(vendor.code) if faults] == []
    assert removed == [ADA]
