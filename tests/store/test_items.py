"""How items are made and read: a dataclass is the declaration, and whichever code wrote an item, it is read."""

import re
from dataclasses import dataclass, field, make_dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import new_class
from typing import Any, Literal

import pytest

from chalicelib.domain.batch import Row
from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.events import Event
from chalicelib.domain.license import License
from chalicelib.domain.one_time_code import CodeRequests, MailedCode
from chalicelib.domain.variables import Variable
from chalicelib.store import batches, database, licenses, one_time_codes, reads, writes
from chalicelib.store.attributes import BooleanAttribute, IntegerAttribute, JSONAttribute, TextAttribute
from chalicelib.store.batches import People
from chalicelib.store.items.base import LicensesItem
from chalicelib.store.items.ephemera import CodeRequestsItem
from chalicelib.store.items.kinds import KINDS, kind_of
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LicenseSummaryItem, LookupItem
from chalicelib.store.items.work import BatchItem
from chalicelib.store.keys import LICENSE, license_pk, manager_license_sort_key
from chalicelib.store.orders import sold_item
from chalicelib.store.schema import from_names
from tests.domain.samples import a_license
from tests.store.kinds import kinds
from tests.support import ADMIN, NOW, Vendor

UNKNOWN: dict[str, dict[str, Any]] = {
    "new": {"S": "x"},
    "new_list": {"L": []},
    "new_map": {"M": {}},
    "new_null": {"NULL": True},
}
HELD = [pytest.param(kind, id=kind.__name__) for kind in kinds() if kind.value_type is not None]


def read(vendor: Vendor, license: License) -> License:
    stored = licenses.read_license(vendor.code, license.id)
    assert stored is not None
    return stored


def least(kind: Any) -> dict[str, dict[str, Any]]:
    """An item of the attributes that each has."""
    shard = {"pk": {"S": "mail#1"}}
    return {a.attr_name: _some(a) for a in kind.get_attributes().values() if not a.null} | shard


def _some(attribute: Any) -> dict[str, Any]:
    match attribute:
        case TextAttribute():
            return {"S": "x"}
        case BooleanAttribute():
            return {"BOOL": True}
        case JSONAttribute():
            return {"S": "[]"}
    return {"N": "1"}


@pytest.mark.parametrize("kind", HELD)
def test_what_older_code_did_not_write_has_its_default_and_what_newer_code_adds_is_let_be(kind: Any) -> None:
    value = kind.from_raw(least(kind))
    assert isinstance(value, kind.value_type)
    nothing = {a.attr_name: {"NULL": True} for a in kind.get_attributes().values() if a.null}
    for raw in (least(kind), least(kind) | UNKNOWN, least(kind) | nothing):
        assert kind.from_raw(raw) == kind.from_raw_data(raw).to_domain() == value


def test_a_field_that_is_added_to_the_domain_alone_is_stored_read_and_seen_to_differ(vendor: Vendor) -> None:
    @dataclass(frozen=True, slots=True)
    class Sold(License):
        of_a_test: str | None = None
        copies: int = 0
        regions: frozenset[str] = frozenset()
        tier: Literal["basic", "pro"] = "basic"
        notes: dict[str, str] = field(default_factory=dict)

    class SoldItem(LicensesItem[Sold]):
        pass

    given: dict[str, Any] = {"of_a_test": "PO-77", "copies": 3, "regions": frozenset({"eu", "us"}), "tier": "pro"}
    terms = {name: getattr(a_license(), name) for name in License.__dataclass_fields__}
    sold = Sold(**terms, **given, notes={"by": "ada"})
    item = SoldItem.of(sold, f"schema#{vendor.code}", "license")
    writes.batch_put([item])
    (raw,) = reads.batch_get_raw([item], consistent=True)
    assert raw is not None
    assert SoldItem.from_raw(raw) == SoldItem.from_raw_data(raw).to_domain() == sold
    assert LicenseItem.from_raw(raw) == a_license()  # what an older process reads


def refused(fields: Any, body: dict[str, Any] | None = None) -> str:
    """Why an item of such a dataclass cannot be made."""
    value = make_dataclass("Value", fields, frozen=True)
    with pytest.raises(TypeError) as raised:
        new_class("ValueItem", (LicensesItem[value],), exec_body=lambda names: names.update(body or {}))  # type: ignore[valid-type]
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "kind", "default", "why"),
    [
        ("price", float, 0.0, "no codec"),
        ("price", int | str, 0, "no codec"),
        ("prices", list[int], None, "no codec"),
        ("price", int | None, 1, "None has no attribute"),
        ("sort_key", str, "", "has that name already"),
        ("count", int, 0, "has that name already"),
    ],
)
def test_a_field_that_cannot_be_stored_stops_the_import(name: str, kind: Any, default: Any, why: str) -> None:
    assert why in refused([(name, kind, field(default=default))])


def test_a_set_without_a_default_stops_the_import() -> None:
    assert "has to have a default" in refused([("tags", frozenset[str])])


def test_a_field_is_stored_under_the_name_that_older_code_gave_it() -> None:
    stored = {kind.__name__: dict(kind.stored_as) for kind in kinds() if kind.stored_as}
    assert stored == {
        "LicenseItem": {
            "released": "vacated",
            "last_released_by": "last_vacated",
            "announced_phase": "announced",
            "name": "license_name",
        },
        "DueItem": {"announced_phase": "announced"},
        "UserItem": {"access_revision": "seats_given", "email_verified": "proved"},
        "OrderItem": {"pending_managers": "joining"},
    }
    raw = LicenseItem.of(replace(a_license(), released=3), "QBITEC#1", LICENSE).to_dynamodb_dict()
    assert (raw["vacated"], raw["part"], raw["announced"]) == ({"N": "3"}, {"S": LICENSE}, {"S": "valid"})
    assert LicenseItem.from_raw(raw).released == LicenseItem.from_raw_data(raw).to_domain().released == 3


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"__annotations__": {"prise": IntegerAttribute}}, "prise is no field"),
        ({"__annotations__": {"price": TextAttribute}}, "price is no field of the type TextAttribute"),
        ({"stored_as": {"prise": "cost"}}, "has no field prise"),
        ({"by_hand": ("prise",)}, "has no field prise"),
    ],
)
def test_a_name_in_an_item_class_that_is_no_field_stops_the_import(body: dict[str, Any], why: str) -> None:
    assert why in refused([("price", int, 0)], body)


def test_an_item_takes_no_attribute_that_its_kind_has_not() -> None:
    with pytest.raises(TypeError, match="LookupItem has no attribute targetid"):
        LookupItem("QBITEC", "key#1", targetid=7)
    item = LookupItem("QBITEC", "key#1", target_id=7)
    assert (item.pk, item.sort_key, item.target_id) == ("QBITEC", "key#1", 7)
    assert item.product is None
    item.product = "viewer"
    stored = {"pk": {"S": "QBITEC"}, "part": {"S": "key#1"}, "to": {"N": "7"}, "product": {"S": "viewer"}}
    assert item.serialize() == LookupItem.from_raw_data(stored).serialize() == stored


def test_a_reader_of_some_fields_has_to_be_of_the_item() -> None:
    with pytest.raises(TypeError, match="no attribute for prise of Value"):
        LicenseItem.reader(make_dataclass("Value", [("id", int), ("prise", int)]))


def test_no_two_kinds_can_be_taken_for_each_other() -> None:
    for kind in KINDS:
        table, sort_key = kind.item.Meta.table_name, kind.prefix + ("1" if kind.prefix.endswith("#") else "")
        keys = {"pk": kind.partition + "1", "part": sort_key} if hasattr(kind.item, "sort_key") else {"pk": sort_key}
        if kind.partition == "companies":
            keys["pk"] = kind.partition
        assert kind_of(table, {name: {"S": key} for name, key in keys.items()}) is kind


def test_bounds_are_read_between_only_where_a_partition_holds_one_kind() -> None:
    """All else is read by a prefix: what sorts between two bounds is another thing once a kind is added."""
    sources = {path.stem: path.read_text() for path in Path(batches.__file__).parent.glob("*.py")}
    assert sum(source.count("BETWEEN") for source in sources.values()) == 1, "in `reads`, of one kind or of one prefix"
    read = {name for source in sources.values() for name in re.findall(r"\bread_each\((\w+), ", source)}
    alone = {kind.item.__name__ for kind in KINDS if kind.partition and not kind.prefix}
    assert read
    assert read <= alone


def test_a_list_of_people_names_its_columns_and_is_read_by_older_processes_by_position(vendor: Vendor) -> None:
    rows = [Row(1, "ada@customer.test", "Ada", max_activations=3), Row(2, "bob", problem="no email")]
    batches.store_list(vendor.code, 1, 1, People(rows[:1], 1, rows[1:]), NOW)
    assert batches.read_people(vendor.code, 1, 1, NOW) == People(rows[:1], 1, rows[1:])
    item = reads.get(BatchItem(f"batch#{vendor.code}#1#1"), now=NOW)
    assert item is not None
    assert item.people == [[1, "ada@customer.test", "Ada", "", "", 3, ""]]  # as an older process takes it
    # What an older process has written, and one that has put a column before all others.
    writes.update(item, [BatchItem.columns.remove()])
    assert batches.read_people(vendor.code, 1, 1, NOW) == People(rows[:1], 1, rows[1:])
    newer = [
        BatchItem.columns.set(["new", *item.columns]),
        BatchItem.people.set([["x", *item.people[0]]]),
        BatchItem.refused.remove(),
    ]
    writes.update(item, newer)
    assert batches.read_people(vendor.code, 1, 1, NOW) == People(rows[:1], 1, [])


def test_codes_that_were_mailed_are_rows_of_names_that_older_processes_read_by_position(vendor: Vendor) -> None:
    asked = CodeRequests(1, (MailedCode(NOW, "198.51.100.1"),))
    one_time_codes.record_code_request(vendor.code, "ada@customer.test", CodeRequests(), asked)

    def read() -> CodeRequests:
        return one_time_codes.read_code_requests(vendor.code, "ada@customer.test", "", NOW)[0]

    key = f"asked#{vendor.code}#{sha256(b'ada@customer.test').hexdigest()}"
    item = reads.get(CodeRequestsItem(key), now=NOW)
    assert item is not None
    assert (item.mailed, read()) == ([[NOW, "198.51.100.1"]], asked)
    for others in (
        [CodeRequestsItem.columns.remove()],
        [
            CodeRequestsItem.columns.set(["new", "source", "at"]),
            CodeRequestsItem.mailed.set([["x", "198.51.100.1", NOW]]),
        ],
    ):
        writes.update(item, others)
        assert read() == asked


def test_a_summary_is_read_by_name_and_as_it_was_written_by_position() -> None:
    sold = LicenseSummary(7, "viewer", "perpetual", "PO 1/ä", customer="office@customer.test")
    written = sold_item(sold, "QBITEC", manager_license_sort_key(1, 7)).to_dynamodb_dict()
    assert "facts" not in written
    # What an older process does with it: it takes the names where there is no row by position.
    assert LicenseSummaryItem.from_raw(written | UNKNOWN) == sold
    by_position = '[7, "viewer", "perpetual", "PO 1/ä", "", "office@customer.test", "new"]'
    assert LicenseSummaryItem.from_raw({"facts": {"S": by_position}} | UNKNOWN) == sold


def test_names_in_json_are_read_as_attributes_are() -> None:
    answer = {"id": 1, "name": "plan", "value": "all", "created_at": 2}
    assert from_names(answer | {"new": [1]}, Variable) == Variable(**answer)  # type: ignore[arg-type]


def test_an_update_writes_what_differs_once_and_moves_the_revision_that_no_counter_moves(vendor: Vendor) -> None:
    license, event = vendor.issue(), Event.new("license_enabled", ADMIN, NOW)
    vendor.activate(license, "pc")
    old = read(vendor, license)
    assert (old.revision, old.times_activated) == (0, 1)
    licenses.update(old, replace(old, max_activations=9, is_trial=True), event)
    new = read(vendor, license)
    assert (new.max_activations, new.is_trial, new.times_activated, new.revision) == (9, True, 1, 1)
    (events,) = [event.detail for event in vendor.history(license) if event.type == "license_enabled"]
    assert events == {"changed": "is_trial, max_activations"}
    stale = replace(old, max_transfers=3)  # other terms than those that were changed
    with pytest.raises(database.ConditionFailed):
        licenses.update(old, stale, Event.new("license_enabled", ADMIN, NOW + 1))
    assert read(vendor, license) == new


def test_whatever_has_terms_has_a_revision() -> None:
    moved_on_conditions_of_their_own_or_never = {
        *("DeviceItem", "DueItem", "MailItem", "BatchProgressItem", "LicenseSummaryItem"),
        *("EventItem", "AccountEventItem", "RefusalItem"),
        *("OutgoingItem", "QueueItem", "DeliveryItem", "ListenersItem"),
        "ExtrasItem",  # on that of its license
        "SalesItem",  # counts alone
        "SlotItem",  # one item, held until then
        "MeterItem",  # goes by the terms of its license
        "LegacyItem",  # goes with what its device is
        "DeletedLicenseItem",  # what was, and nobody changes
        *("ImportResultItem", "ImportJobItem"),  # moved by how many rows are done, and never
    }
    values = {kind for kind in kinds() if kind.value_type and kind.Meta.table_name != "ephemera"}
    without = {kind.__name__ for kind in values if "revision" not in kind.get_attributes()}
    assert without == moved_on_conditions_of_their_own_or_never


@pytest.mark.parametrize("changed", [{"max_activations": 7}, {"enabled": False}])
def test_an_update_sees_also_what_an_older_process_has_changed_which_moves_no_revision(
    vendor: Vendor, changed: dict[str, Any]
) -> None:
    license = vendor.issue()
    item = LicenseItem(license_pk(vendor.code, license.id), LICENSE)
    attributes = LicenseItem.get_attributes()
    writes.update(item, [LicenseItem.revision.remove(), *(attributes[n].set(v) for n, v in changed.items())])
    other = {"max_activations": 9} if "max_activations" in changed else {"enabled": False, "disabled_by": "vendor"}
    with pytest.raises(database.ConditionFailed):
        licenses.update(license, replace(license, **other), Event.new("license_disabled", ADMIN, NOW))
    licenses.update(license, replace(license, max_transfers=3), Event.new("license_disabled", ADMIN, NOW))
    assert read(vendor, license).revision == 1


@pytest.mark.parametrize("name", ["times_activated", "epoch", "announced_phase", "customer", "revision"])
def test_an_update_of_terms_changes_nothing_that_has_conditions_of_its_own(name: str) -> None:
    old, other = a_license(), {name: {"announced_phase": "grace", "customer": "b@c.test"}.get(name, 8)}
    with pytest.raises(ValueError, match=f"no update changes {name}"):
        LicenseItem.changes(old, replace(old, **other))  # type: ignore[arg-type] # mypy tells no field from another
