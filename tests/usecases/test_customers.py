"""Customers, their labels and accounts: what is made of whom something is sold to, and what is changed of it."""

import pytest

from chalicelib.domain.customers import MAX_LABELS, MAX_LABELS_OF_CUSTOMER, Customer
from chalicelib.domain.errors import AlreadyExists, Denied, Invalid, NotFound, SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.store import customers as store
from chalicelib.store import histories, reads, writes
from chalicelib.store.customers import Sold
from chalicelib.store.items.customers import SalesItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import customer_license_sort_key, customer_sort_key
from chalicelib.store.transactions import Transaction
from chalicelib.usecases import customers
from chalicelib.usecases.customer_accounts import create_customer_account, delete_customer_account
from chalicelib.usecases.customer_labels import create_customer_label, delete_customer_label
from chalicelib.usecases.customer_list import CustomerFilter, TextFilter, find_customers, find_customers_of_email
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from chalicelib.usecases.repair_links import repair_links
from tests.support import ADMIN, CUSTOMER, NOW, Vendor
from tests.usecases.support import before_write

OTHER = "buying@other.test"


def make(vendor: Vendor, email: str = OTHER, **fields: str) -> Customer:
    vendor.now += 1
    return customers.create_customer(vendor.code, email, fields, ADMIN, now=vendor.now)


def sold(vendor: Vendor, email: str = CUSTOMER) -> Sold:
    sales = store.read_sales(vendor.code, email)
    assert sales is not None
    return Sold(sales.licenses, sales.orders)


def kinds(vendor: Vendor) -> list[str]:
    """The types of the company's events about customers."""
    return sorted(event.type for event in histories.company_events(vendor.code) if event.type.startswith("customer"))


def of_before(vendor: Vendor, license: License) -> None:
    """Take away what older code did not make: the record of the customer of a license, and the email's item."""
    email = license.customer or ""
    customer = find_customer_by_email(vendor.code, email)
    assert customer is not None
    write = Transaction(None)
    store.put_gone(write, customer)
    write.delete(store.sales_item(vendor.code, email), SalesItem.pk.exists())
    write.commit()


# --- what a sale makes ------------------------------------------------------------------------------------------


def test_the_first_sale_makes_the_record_and_each_sale_counts(vendor: Vendor) -> None:
    first = vendor.issue(order_id="A-17")
    vendor.issue(order_id="A-17")
    vendor.issue(order_id="A-18", customer=f" {CUSTOMER.upper()} ")
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    assert (customer.email, customer.created_at, first.bought_as) == (CUSTOMER, NOW, None)
    assert sold(vendor) == Sold(3, 2)
    assert kinds(vendor) == ["customer_created"]
    assert vendor.differences() == []


def test_a_sale_without_a_customer_makes_none(vendor: Vendor) -> None:
    vendor.issue(customer=None)
    assert find_customers(vendor.code, CustomerFilter(), limit=5) == ([], None)


def test_a_record_that_was_made_before_the_sale_is_the_one_that_counts_it(vendor: Vendor) -> None:
    made = make(vendor, CUSTOMER, city="Ulm")
    vendor.issue()
    assert find_customer_by_email(vendor.code, CUSTOMER) == made
    assert sold(vendor) == Sold(1, 1)


def test_the_next_sale_to_a_customer_of_before_makes_the_record_with_all_that_was_sold(vendor: Vendor) -> None:
    license = vendor.issue(order_id="A-17")
    vendor.issue(order_id="A-18")
    of_before(vendor, license)
    link = LookupItem(vendor.code, customer_license_sort_key(CUSTOMER, license.id))
    writes.update(link, [LookupItem.order_id.remove()], LookupItem.pk.exists())  # older code did not write it
    vendor.issue(order_id="A-18")
    assert sold(vendor) == Sold(3, 2)
    assert vendor.differences() == []


def test_customers_of_before_are_named_by_the_audit_and_get_their_records_by_the_repair(vendor: Vendor) -> None:
    of_before(vendor, vendor.issue())
    vendor.issue(customer=OTHER)
    assert vendor.differences() == [f"the customer {CUSTOMER} has no record"]
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 2, "removed": 0}
    assert (sold(vendor), vendor.differences()) == (Sold(1, 1), [])
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 0, "removed": 0}


@pytest.mark.parametrize(("licenses", "orders"), [(7, 1), (1, 0), (None, 5)])
def test_what_is_counted_wrong_is_named_and_set_right(vendor: Vendor, licenses: int | None, orders: int) -> None:
    vendor.issue()
    counted = SalesItem.licenses.set(licenses) if licenses else SalesItem.licenses.remove()
    item = store.sales_item(vendor.code, CUSTOMER)
    writes.update(item, [counted, SalesItem.orders.set(orders)], SalesItem.pk.exists())
    assert all(f"customer {CUSTOMER}:" in sentence for sentence in vendor.differences())
    assert repair_links(vendor.code, ADMIN, now=NOW)["filed"] == 1
    assert (sold(vendor), vendor.differences()) == (Sold(1, 1), [])


# --- made, changed, deleted -------------------------------------------------------------------------------------


def test_what_is_given_is_kept_and_the_rest_is_empty(vendor: Vendor) -> None:
    made = make(vendor, " Buying@Other.test ", first_name=" Ada ", address="Hauptstr. 1\n89073 Ulm")
    assert (made.email, made.first_name, made.address, made.city) == (OTHER, "Ada", "Hauptstr. 1\n89073 Ulm", "")
    assert find_customer(vendor.code, made.id) == made
    changed = customers.change_customer(vendor.code, made.id, {"city": "Ulm"}, ADMIN, metadata={"a": [1.5]}, now=NOW)
    assert (changed.first_name, changed.city, changed.metadata, changed.revision) == ("Ada", "Ulm", {"a": [1.5]}, 1)
    assert customers.change_customer(vendor.code, made.id, {"city": "Ulm"}, ADMIN, now=NOW).revision == 1
    assert kinds(vendor) == ["customer_changed", "customer_created"]


def test_all_that_is_wrong_is_told_at_once(vendor: Vendor) -> None:
    with pytest.raises(Invalid) as refused:
        customers.create_customer(
            vendor.code, "nobody", {"city": "x" * 101, "state": "a\tb"}, ADMIN, metadata={"a": "x" * 17_000}, now=NOW
        )
    assert {error.field: error.code for error in refused.value.errors} == {
        "email": "email_malformed",
        "city": "text_too_long",
        "state": "text_not_printable",
        "metadata": "metadata_too_large",
    }


def test_an_email_is_one_customers(vendor: Vendor) -> None:
    vendor.issue()
    with pytest.raises(AlreadyExists):
        make(vendor, CUSTOMER)
    other = make(vendor)
    with pytest.raises(AlreadyExists):
        customers.change_customer(vendor.code, other.id, {}, ADMIN, email=CUSTOMER, now=NOW)


def test_who_has_bought_is_not_deleted_and_who_has_not_is(vendor: Vendor) -> None:
    license = vendor.issue()
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    with pytest.raises(Denied, match="customer_has_licenses"):
        customers.delete_customer(vendor.code, customer.id, ADMIN, now=NOW)
    made = make(vendor)
    customers.delete_customer(vendor.code, made.id, ADMIN, now=NOW)
    with pytest.raises(NotFound):
        find_customer(vendor.code, made.id)
    assert make(vendor).id != made.id
    assert vendor.stored(license).customer == CUSTOMER


def test_a_sale_that_comes_between_keeps_a_customer_from_being_deleted(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(vendor)
    count = store.sold_to

    def and_sell(company: str, email: str) -> Sold:
        monkeypatch.undo()
        before = count(company, email)
        vendor.issue(customer=OTHER)
        return before

    monkeypatch.setattr(store, "sold_to", and_sell)
    with pytest.raises(Denied, match="customer_has_licenses"):
        customers.delete_customer(vendor.code, made.id, ADMIN, now=NOW)
    assert sold(vendor, OTHER) == Sold(1, 1)


def test_a_customer_of_another_company_is_none(vendor: Vendor) -> None:
    made = make(Vendor())
    for act in (
        lambda: find_customer(vendor.code, made.id),
        lambda: customers.change_customer(vendor.code, made.id, {"city": "Ulm"}, ADMIN, now=NOW),
        lambda: customers.delete_customer(vendor.code, made.id, ADMIN, now=NOW),
        lambda: customers.add_label(vendor.code, made.id, 1, ADMIN, now=NOW),
    ):
        with pytest.raises(SeatkeeperError):
            act()


# --- labels and accounts ----------------------------------------------------------------------------------------


def test_a_label_is_put_on_once_and_taken_off_by_its_id(vendor: Vendor) -> None:
    made, label = make(vendor), create_customer_label(vendor.code, "reseller", "#0A6E5C", ADMIN, now=NOW)
    first = customers.add_label(vendor.code, made.id, label.id, ADMIN, now=NOW)
    assert customers.add_label(vendor.code, made.id, label.id, ADMIN, now=NOW + 9) == first
    (shown,) = customers.shown(vendor.code, [find_customer(vendor.code, made.id)])
    assert shown.labels == [(first.id, label)]
    customers.remove_label(vendor.code, first.id, ADMIN, now=NOW)
    assert find_customer(vendor.code, made.id).labels == {}
    with pytest.raises(NotFound, match="labeling_not_found"):
        customers.remove_label(vendor.code, first.id, ADMIN, now=NOW)


def test_a_label_goes_with_its_customer_also_while_it_is_taken_off(vendor: Vendor) -> None:
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=NOW)
    made = make(vendor)
    labeling = customers.add_label(vendor.code, made.id, label.id, ADMIN, now=NOW)
    gone = before_write(1, lambda: customers.delete_customer(vendor.code, made.id, ADMIN, now=NOW))
    with gone, pytest.raises(NotFound, match="labeling_not_found"):
        customers.remove_label(vendor.code, labeling.id, ADMIN, now=NOW)


def test_a_label_or_account_that_is_deleted_is_on_nobody(vendor: Vendor) -> None:
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=NOW)
    account = create_customer_account(vendor.code, {"name": "Studio group"}, ADMIN, now=NOW)
    made = customers.create_customer(vendor.code, OTHER, {}, ADMIN, account=account.id, now=NOW)
    labeling = customers.add_label(vendor.code, made.id, label.id, ADMIN, now=NOW)
    delete_customer_label(vendor.code, label.id, ADMIN, now=NOW)
    delete_customer_account(vendor.code, account.id, ADMIN, now=NOW)
    (shown,) = customers.shown(vendor.code, [find_customer(vendor.code, made.id)])
    assert (shown.labels, shown.account) == ([], None)
    customers.remove_label(vendor.code, labeling.id, ADMIN, now=NOW)


def test_what_is_not_there_is_put_on_nobody(vendor: Vendor) -> None:
    made = make(vendor)
    with pytest.raises(Invalid, match="id_unknown"):
        customers.add_label(vendor.code, made.id, 77, ADMIN, now=NOW)
    with pytest.raises(Invalid, match="id_unknown"):
        customers.change_customer(vendor.code, made.id, {}, ADMIN, account=77, now=NOW)
    with pytest.raises(Invalid, match="id_unknown"):
        customers.create_customer(vendor.code, CUSTOMER, {}, ADMIN, account=77, now=NOW)


def test_an_account_is_left_by_saying_so(vendor: Vendor) -> None:
    account = create_customer_account(vendor.code, {"name": "Studio group"}, ADMIN, now=NOW)
    made = customers.create_customer(vendor.code, OTHER, {}, ADMIN, account=account.id, now=NOW)
    assert customers.change_customer(vendor.code, made.id, {}, ADMIN, now=NOW).account == account.id
    assert customers.change_customer(vendor.code, made.id, {}, ADMIN, clear_account=True, now=NOW).account is None


def test_labels_are_bounded(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(vendor)
    labels = [create_customer_label(vendor.code, f"l{n}", "", ADMIN, now=NOW + n).id for n in range(21)]
    assert len(labels) == MAX_LABELS_OF_CUSTOMER + 1 < MAX_LABELS
    for n, label in enumerate(labels[:-1]):
        customers.add_label(vendor.code, made.id, label, ADMIN, now=NOW + n)
    with pytest.raises(Invalid, match="too_many_labels"):
        customers.add_label(vendor.code, made.id, labels[-1], ADMIN, now=NOW)
    delete_customer_label(vendor.code, labels[0], ADMIN, now=NOW)
    customers.add_label(vendor.code, made.id, labels[-1], ADMIN, now=NOW + 99)
    monkeypatch.setattr("chalicelib.usecases.customer_labels.MAX_LABELS", 20)
    with pytest.raises(Invalid, match="too_many_labels"):
        create_customer_label(vendor.code, "one more", "", ADMIN, now=NOW)


# --- the list ---------------------------------------------------------------------------------------------------


def test_a_list_is_walked_by_ids(vendor: Vendor) -> None:
    made = [make(vendor, f"c{n}@other.test") for n in range(5)]
    rows, after, walked = list[Customer](), None, list[list[Customer]]()
    while True:
        rows, after = find_customers(vendor.code, CustomerFilter(), after=after, limit=2)
        walked.append(rows)
        if after is None:
            break
    assert walked == [made[:2], made[2:4], made[4:]]
    assert find_customers(vendor.code, CustomerFilter(), limit=5) == (made, None)


def test_a_filter_reads_on_within_a_bound(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make(vendor, f"c{n}@other.test", city="Ulm" if n % 3 == 0 else "Bonn") for n in range(7)]
    monkeypatch.setattr("chalicelib.usecases.customer_list.CHUNK", 2)
    monkeypatch.setattr("chalicelib.usecases.customer_list.MAX_SCANNED", 4)
    in_ulm = CustomerFilter((TextFilter("city", "icontains", "ULM"),))
    assert find_customers(vendor.code, in_ulm, limit=3) == ([made[0], made[3]], made[3].id)
    assert find_customers(vendor.code, in_ulm, after=made[3].id, limit=3) == ([made[6]], None)


def test_each_filter_lets_through_what_it_says(vendor: Vendor) -> None:
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=NOW)
    account = create_customer_account(vendor.code, {"name": "Studio group", "code": "st"}, ADMIN, now=NOW)
    first = customers.create_customer(vendor.code, OTHER, {"reference": "CRM-7"}, ADMIN, account=account.id, now=NOW)
    second = make(vendor, CUSTOMER, reference="CRM-77")
    customers.add_label(vendor.code, second.id, label.id, ADMIN, now=NOW)

    def found(wanted: CustomerFilter) -> list[int]:
        return [row.id for row in find_customers(vendor.code, wanted, limit=9)[0]]

    assert found(CustomerFilter((TextFilter("reference", "exact", "CRM-7"),))) == [first.id]
    assert found(CustomerFilter((TextFilter("reference", "startswith", "crm-7"),))) == [first.id, second.id]
    assert found(CustomerFilter(account=account.id)) == [first.id]
    assert found(CustomerFilter(of_account=(TextFilter("code", "exact", "st"),))) == [first.id]
    assert found(CustomerFilter(of_account=(TextFilter("name", "icontains", "GROUP"),), account=77)) == []
    assert found(CustomerFilter(labels=frozenset({label.id, 77}))) == [second.id]
    assert find_customers_of_email(vendor.code, CUSTOMER.upper()) == [find_customer(vendor.code, second.id)]
    assert find_customers_of_email(vendor.code, "no@other.test") == []
    assert reads.get(store.record_item(vendor.code, first.id)).sort_key == customer_sort_key(first.id)  # type: ignore[union-attr]
