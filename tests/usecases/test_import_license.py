"""A license that was sold elsewhere is brought in once, as its row says, and follows the row."""

from collections.abc import Callable
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.days import last_instant, read_moment
from chalicelib.domain.errors import Code, Rejected, Unavailable
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.instants import add, from_iso, parse_duration
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.license_rows import license_row
from chalicelib.store.transactions import Transaction
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.check import check
from chalicelib.usecases.customers import change_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.find_license import find_seat
from chalicelib.usecases.import_license import RowOutcome, import_license, plan_license
from chalicelib.usecases.import_rows import import_rows
from chalicelib.usecases.order_managers import find_managers, find_order
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.products import change_product
from tests.mailbox import mails
from tests.store.costs import counted
from tests.support import ADMIN, DAY, NOW, Vendor

KEY = "key/eyJhIjoi+Q==.Zm9v"
ROW: dict[str, Any] = {"license_key": KEY, "product": "viewer"}
FULL: dict[str, Any] = ROW | {
    "max_activations": 7,
    "validity_period": "2030-12-31",
    "note": "was ours elsewhere",
    "subscription_id": "SUB-7",
    "metadata": {"crm": 7},
    "name": "Büro",
    "enabled": False,
    "order_store_id": "A-17",
    "customer": {"email": "Ada@studio.test", "city": "Ulm"},
    "order": {"type": "normal", "is_test": "yes", "reference": "PO-77", "metadata": {"deal": 7}},
    "product_features": [{"code": "export", "expiry_date": "2029-01-01", "metadata": {"a": 1}}],
    "product_custom_fields": [{"name": "Region", "value": "EU"}],
    "license_users": [{"email": "boss@studio.test", "is_manager": True}],
}


@pytest.fixture
def sold(vendor: Vendor) -> Vendor:
    """A vendor whose product has a feature and a custom field."""
    create_feature(
        vendor.code, "viewer", {"code": "export", "name": "Export", "feature_type": "activation"}, ADMIN, now=NOW
    )
    create_field(vendor.code, "viewer", {"name": "Region", "data_type": "text"}, ADMIN, now=NOW)
    return vendor


def bring(vendor: Vendor, row: dict[str, Any], now: int = NOW) -> RowOutcome:
    return import_license(vendor.code, license_row(row, ""), "csv", ADMIN, adopt_until=NOW + 90 * DAY, now=now)


def plan(vendor: Vendor, row: dict[str, Any]) -> RowOutcome:
    return plan_license(vendor.code, license_row(row, ""), "csv", now=NOW)


def license_of(vendor: Vendor, outcome: RowOutcome) -> License:
    assert outcome.license_id is not None
    return find_sold(vendor.code, outcome.license_id)[0]


def refusal(do: Callable[[], object]) -> tuple[Code, object, str | None]:
    with pytest.raises(Rejected) as refused:
        do()
    return refused.value.code, refused.value.params.get("of"), refused.value.field


def test_a_row_becomes_a_license_with_all_that_it_says(sold: Vendor) -> None:
    assert plan(sold, FULL) == RowOutcome("new", None)
    made = bring(sold, FULL)
    assert made.verdict == "new"
    license, extras = find_sold(sold.code, made.license_id or 0)
    assert (license.license_key, license.max_activations, license.name, license.enabled) == (KEY, 7, "Büro", False)
    assert (license.license_type, license.validity_period) == (
        "time-limited",
        last_instant(read_moment("2030-12-31"), ""),
    )
    assert (license.order_id, license.customer) == ("A-17", "ada@studio.test")
    assert (extras.note, extras.metadata, extras.subscription_id) == ("was ours elsewhere", {"crm": 7}, "SUB-7")
    assert [(one.code, one.metadata) for one in extras.features] == [("export", {"a": 1})]
    assert [(one.name, one.value) for one in extras.custom_fields] == [("Region", "EU")]
    customer = find_customer_by_email(sold.code, "ada@studio.test")
    assert customer is not None
    assert customer.city == "Ulm"
    assert [user.email for user in find_managers(find_order(sold.code, "A-17"))] == ["boss@studio.test"]
    assert mails(sold, "boss@studio.test") == []
    assert sold.differences() == []


def test_the_order_has_what_a_row_says_of_it(sold: Vendor) -> None:
    bring(sold, FULL)
    order = find_order(sold.code, "A-17")
    assert (order.order_type, order.is_test, order.reference, order.metadata) == ("normal", True, "PO-77", {"deal": 7})
    other = ROW | {"license_key": "K-2", "order_store_id": "A-17", "customer": "ada@studio.test"}
    assert bring(sold, other).verdict == "new"
    assert find_order(sold.code, "A-17").order_type == "normal"
    said = other | {"license_key": "K-3", "order": {"order_type": "renewal", "created": "2026-11-20"}}
    assert bring(sold, said, NOW + 1).verdict == "new"
    order = find_order(sold.code, "A-17")
    assert (order.order_type, order.created, order.is_test) == ("renewal", from_iso("2026-11-20"), True)
    assert plan(sold, said).verdict == "same"
    assert plan(sold, FULL).differs == ("order",)
    assert bring(sold, FULL).differs == ("order",)
    assert find_order(sold.code, "A-17").order_type == "normal"


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"language": "x" * 41}, "order.language"),
        ({"is_test": "perhaps"}, "order.is_test"),
        ({"created": "soon"}, "order.created"),
    ],
)
def test_what_is_wrong_of_an_order_is_named_by_its_path(sold: Vendor, order: dict[str, str], field: str) -> None:
    assert refusal(lambda: bring(sold, ROW | {"order": order}))[2] == field


def test_an_order_that_other_systems_name_by_its_id_says_nothing(sold: Vendor) -> None:
    assert bring(sold, ROW | {"order": 7}).verdict == "new"


def test_a_row_that_comes_again_changes_nothing(sold: Vendor) -> None:
    made = bring(sold, FULL)
    license = license_of(sold, made)
    before = sold.history(license)
    assert plan(sold, FULL) == RowOutcome("same", license.id)
    assert bring(sold, FULL) == RowOutcome("same", license.id)
    assert (license_of(sold, made), sold.history(license)) == (license, before)


def test_what_a_row_says_otherwise_now_is_taken_over_and_nothing_else(sold: Vendor) -> None:
    made = bring(sold, FULL)
    now = FULL | {"max_activations": 9, "note": "", "enabled": True, "product_features": [{"code": "export"}]}
    outcome = bring(sold, now)
    assert (outcome.verdict, outcome.differs) == ("changed", ("max_activations", "product_features", "enabled"))
    license, extras = find_sold(sold.code, made.license_id or 0)
    assert (license.max_activations, license.enabled, extras.note) == (9, True, "was ours elsewhere")
    assert extras.features[0].expires_at is None
    assert plan(sold, now).verdict == "same"


def test_a_row_that_says_no_maintenance_has_its_products_and_keeps_it(sold: Vendor) -> None:
    change_product(sold.code, "viewer", {"maintenance_duration": "1y"}, ADMIN, now=NOW)
    says_none = FULL | {"license_key": "NONE-1", "order_store_id": None, "enable_maintenance_period": False}
    says_when = FULL | {"license_key": "WHEN-1", "order_store_id": None, "maintenance_period": "2031-12-31T00:00:00Z"}
    for row, until in (
        (FULL, add(NOW, parse_duration("1y"))),
        (says_none, None),
        (says_when, from_iso("2031-12-31T00:00:00Z")),
    ):
        made = bring(sold, row)
        assert bring(sold, row) == RowOutcome("same", made.license_id)
        assert find_sold(sold.code, made.license_id or 0)[1].maintenance_period == until


def test_a_key_is_taken_letter_by_letter_and_found_so(vendor: Vendor) -> None:
    small, capital = "abcde-fgh23-jklmn-pqrst-uvw49", "ABCDE-FGH23-JKLMN-PQRST-UVW49"  # no check symbol of ours
    licenses = {key: license_of(vendor, bring(vendor, ROW | {"license_key": key})) for key in (small, capital, KEY)}
    for key, license in licenses.items():
        for typed in (key, f" \u200b{key}\n"):
            lookup = vendor.lookup(license, "device-1", license_key=typed)
            vendor.activate(license, "device-1")
            found = check(vendor.code, lookup, DeviceReport("device-1"), ADMIN, now=NOW).license
            assert found is not None
            assert found.id == license.id, typed


def test_a_key_has_up_to_255_characters_that_can_be_printed(vendor: Vendor) -> None:
    longest = "\N{GRINNING FACE}" * 255
    assert license_of(vendor, bring(vendor, ROW | {"license_key": longest})).license_key == longest
    for wrong in (longest + "x", "a\nb", "a\x07b"):
        assert refusal(lambda wrong=wrong: plan(vendor, ROW | {"license_key": wrong}))[0] == "license_key_malformed"  # type: ignore[misc]


def test_users_get_seats_with_their_names_and_limits_and_are_not_mailed(vendor: Vendor) -> None:
    users = [
        {"true_email": "ann@studio.test", "first_name": "Ann", "last_name": "Lee", "max_activations": 2},
        {"email": "boss@studio.test", "is_manager": True},
    ]
    row = {"id": "17", "product": "revit", "max_activations": 3, "license_users": users}
    made = bring(vendor, row)
    license = license_of(vendor, made)
    _, ann = find_seat(vendor.code, license.id, "ann@studio.test")
    _, boss = find_seat(vendor.code, license.id, "boss@studio.test")
    assert (ann.first_name, ann.last_name, ann.max_activations, boss.max_activations) == ("Ann", "Lee", 2, 3)
    assert mails(vendor, "ann@studio.test") == mails(vendor, "boss@studio.test") == []
    more = row | {"license_users": [*users, "new@studio.test", {"email": "ann@studio.test", "max_activations": 1}][1:]}
    assert bring(vendor, more).differs == ("license_users",)
    assert find_seat(vendor.code, license.id, "ann@studio.test")[1].max_activations == 1
    assert license_of(vendor, made).users_assigned == 3
    assert (plan(vendor, more).verdict, vendor.differences()) == ("same", [])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"product": "nothing"}, ("unknown_product", None, "product")),
        ({"product_features": ["none"]}, ("unsupported_product_feature", None, "product_features")),
        ({"product_custom_fields": [{"name": "None", "value": "x"}]}, ("field_unknown", None, "custom_fields")),
        ({"license_users": ["ann@studio.test"]}, ("license_has_no_users", None, "license_users")),
        ({"license_type": "subscription"}, ("end_missing", None, "validity_period")),
        ({"validity_period": "2030-01-01", "start_date": "2031-01-01"}, ("start_after_end", None, "start_date")),
    ],
)
def test_a_row_that_cannot_be_made_whole_is_not_begun(
    vendor: Vendor, wrong: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    assert refusal(lambda: plan(vendor, ROW | wrong)) == expected
    assert refusal(lambda: bring(vendor, ROW | wrong)) == expected
    assert plan(vendor, ROW).verdict == "new"


def test_devices_come_along_as_legacy_ones_and_are_adopted(vendor: Vendor) -> None:
    devices = [{"hardware_id": "old-1", "hostname": "büro"}, "old-2", {"hardware_id": "old-3", "device_active": False}]
    row = ROW | {"max_activations": 2, "devices": devices}
    made = bring(vendor, row)
    license = license_of(vendor, made)
    assert (license.times_activated, license.legacy_devices, license.adopt_until) == (2, 2, NOW + 90 * DAY)
    vendor.activate(license, "ours-1")
    assert license_of(vendor, made).times_activated == 2
    assert (plan(vendor, row).verdict, bring(vendor, row).verdict) == ("same", "same")
    other = row | {"license_key": "K-2", "devices": [*devices, "old-4"]}
    assert refusal(lambda: plan(vendor, other)) == ("count_out_of_range", None, "devices")
    assert vendor.differences() == []


def test_a_device_of_a_user_waits_for_that_user(vendor: Vendor) -> None:
    users, device = ["ann@studio.test"], {"hardware_id": "old-1", "email": "ann@studio.test"}
    row = {"id": "17", "product": "revit", "max_activations": 1, "license_users": users, "devices": [device]}
    made = bring(vendor, row)
    assert find_seat(vendor.code, made.license_id or 0, "ann@studio.test")[1].legacy_devices == 1
    assert plan(vendor, row).verdict == "same"
    stranger = row | {"id": "18", "devices": [device | {"email": "bob@studio.test"}]}
    assert refusal(lambda: plan(vendor, stranger)) == ("user_not_found", "row", "devices")
    assert vendor.differences() == []


def test_what_is_never_changed_is_refused_by_its_name(vendor: Vendor) -> None:
    row = {"order_store_id": "A", "customer": "ada@studio.test", **ROW}
    vendor.product("editor", "license-key")
    bring(vendor, row)
    for name, value in (
        ("product", "editor"),
        ("order_store_id", "B"),
        ("customer", "bob@studio.test"),
        ("license_type", "subscription"),
    ):
        other = row | {name: value}
        assert refusal(lambda other=other: bring(vendor, other)) == ("already_exists", "source_row", name)  # type: ignore[misc]


def test_the_customer_may_have_another_email_by_now(vendor: Vendor) -> None:
    row = ROW | {"customer": "ada@studio.test"}
    bring(vendor, row)
    customer = find_customer_by_email(vendor.code, "ada@studio.test")
    assert customer is not None
    change_customer(vendor.code, customer.id, {}, ADMIN, email="ada@new.test", now=NOW)
    assert plan(vendor, row).verdict == "same"


def test_a_key_of_a_license_that_is_not_of_the_row_is_refused(vendor: Vendor) -> None:
    license = vendor.issue()
    wrong = ROW | {"license_key": license.license_key}
    assert refusal(lambda: plan(vendor, wrong)) == ("already_exists", "license_key", "license_key")
    assert refusal(lambda: bring(vendor, wrong)) == ("already_exists", "license_key", "license_key")


def test_a_plan_refuses_a_row_whose_order_is_another_customers(sold: Vendor) -> None:
    bring(sold, FULL)
    for wrong_customer in ({"email": "bob@studio.test"}, None):
        wrong = FULL | {"license_key": "other", "customer": wrong_customer or {}}
        assert refusal(lambda: plan(sold, wrong)) == ("already_exists", "order", "order_id")  # noqa: B023
        assert refusal(lambda: bring(sold, wrong)) == ("already_exists", "order", "order_id")  # noqa: B023
    customer = find_customer_by_email(sold.code, "ada@studio.test")
    assert customer is not None
    change_customer(sold.code, customer.id, {}, ADMIN, email="eva@studio.test", now=NOW + 1)
    for email in ("ada@studio.test", "eva@studio.test"):
        assert plan(sold, FULL | {"license_key": "other", "customer": {"email": email}}).verdict == "new"


def test_a_row_that_another_process_brings_in_at_the_same_time_is_made_once(sold: Vendor) -> None:
    row = {"id": "17", "product": "revit", "customer": "ada@studio.test"}
    commit, begun = Transaction.commit, False

    def rival(transaction: Transaction) -> None:
        nonlocal begun
        if not begun:
            begun = True
            bring(sold, row, NOW + 1)
        commit(transaction)

    with patch.object(Transaction, "commit", rival):
        outcome = bring(sold, row)
    assert outcome.verdict == "same"
    customer = find_customer_by_email(sold.code, "ada@studio.test")
    assert customer is not None
    assert sold.differences() == []


def test_a_row_that_was_cut_short_anywhere_is_finished_by_its_repeat(sold: Vendor) -> None:
    commit, left = Transaction.commit, 0

    def dying(transaction: Transaction) -> None:
        nonlocal left
        if not left:
            raise Unavailable("database_busy", cause="it died")
        left -= 1
        commit(transaction)

    for lived in range(20):
        row = FULL | {"license_key": f"K-{lived}", "order_store_id": f"A-{lived}"}
        left = lived
        with patch.object(Transaction, "commit", dying):
            try:
                bring(sold, row)
            except Unavailable:
                pass
            else:
                break
        bring(sold, row)
        assert plan(sold, row).verdict == "same"
    else:
        raise AssertionError("it takes more transactions than that")
    assert lived >= 4
    assert sold.differences() == []


def test_rows_of_a_customer_are_not_in_each_others_way(sold: Vendor) -> None:
    """Each changes what was sold to him: so each is decided once, though many are brought in at once."""
    rows = [
        ROW | {"license_key": f"K-{n}", "order_store_id": f"A-{n}", "customer": "ada@studio.test"} for n in range(24)
    ]
    with counted() as cost:
        done = list(import_rows(sold.code, map(FileRow, count(1), rows), "csv", ADMIN, now=NOW))
    assert [row.outcome and row.outcome.verdict for row in done] == ["new"] * len(rows)
    assert cost.calls.count("TransactWriteItems") == len(rows)
