"""The list of licenses: a page costs the same at any size, and a walk sees each license once, whatever others do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from chalicelib.domain.extras import Extras
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import removal, writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    LICENSE,
    company_license_sort_key,
    customer_license_sort_key,
    hardware_sort_key,
    license_pk,
    order_license_sort_key,
    product_license_sort_key,
    user_license_sort_key,
)
from chalicelib.usecases import license_list
from chalicelib.usecases.customer_list import CustomerFilter, TextFilter
from chalicelib.usecases.license_list import ANY, LicenseFilter, count_licenses, list_licenses
from infra.budgets import LIST_PAGE_READS, SEARCHED_PAGE_READS
from tests.store.costs import counted
from tests.support import CUSTOMER, Vendor
from tests.usecases.walks import Walk, Walkers

ADA = "ada@customer.test"
LICENSES, PC = 3_000, "pc of many users"


@cache
def big() -> tuple[Vendor, License, int]:
    """A vendor with many licenses, which one customer has bought in one order, and Ada has seats on all of."""
    vendor = Vendor()
    like = vendor.issue("revit", max_license_users=None, order_id="big")
    user, _ = vendor.assign(like, ADA)
    writes.batch_put(_links(vendor, user.id))
    licenses = (replace(like, id=number, enabled=number % 1500 != 0, users_assigned=1) for number in range(1, LICENSES))
    writes.batch_put(LicenseItem.of(one, license_pk(vendor.code, one.id), LICENSE) for one in licenses)
    return vendor, like, user.id


def _links(vendor: Vendor, user_id: int) -> Iterator[LookupItem]:
    for number in range(1, LICENSES):
        for part in (
            company_license_sort_key(number),
            product_license_sort_key("revit", number),
            customer_license_sort_key(CUSTOMER, number),
            order_license_sort_key("big", number),
            user_license_sort_key(user_id, number),
            *(hardware_sort_key(hash_hardware_id(PC), number, user) for user in (1, 2, 3)),
        ):
            yield LookupItem(vendor.code, part)


FILED = {
    "all": ANY,
    "product": LicenseFilter(product="revit"),
    "customer": LicenseFilter(customer=CUSTOMER),
    "order": LicenseFilter(order_id="big"),
    "user": LicenseFilter(users=(ADA,)),
    "ids": LicenseFilter(ids=frozenset(range(5, 90))),
    "dates": LicenseFilter(created_from=0, created_before=1_900_000_000_000),
}


@pytest.mark.parametrize("name", FILED)
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_what_a_key_serves_is_three_reads_at_any_size(name: str, newest_first: bool) -> None:
    vendor, after, seen = big()[0], None, list[int]()
    for _ in range(3):
        with counted() as cost:
            part = list_licenses(vendor.code, FILED[name], after=after, newest_first=newest_first, size=25)
            count_licenses(vendor.code, FILED[name])
        assert len(cost.calls) <= LIST_PAGE_READS, cost.calls
        seen, after = seen + [license.id for license, _ in part.rows], part.after
    assert len(seen) == 75
    assert seen == sorted(set(seen), reverse=newest_first)


def test_a_device_of_many_users_is_few_reads_and_each_license_comes_once() -> None:
    vendor, wanted = big()[0], LicenseFilter(hardware_id=PC)
    with counted() as cost:
        part = list_licenses(vendor.code, wanted, size=25)
    assert ([license.id for license, _ in part.rows], part.after) == ([*range(1, 26)], 25)
    assert len(cost.calls) <= LIST_PAGE_READS, cost.calls


def test_what_no_key_serves_is_looked_for_within_a_bound() -> None:
    vendor, wanted = big()[0], LicenseFilter(tests=(lambda license, _: not license.enabled,))
    after, found = None, list[int]()
    while True:
        with counted() as cost:
            part = list_licenses(vendor.code, wanted, after=after, size=25)
        assert len(cost.calls) <= SEARCHED_PAGE_READS
        found += [license.id for license, _ in part.rows]
        if (after := part.after) is None:
            break
    assert found == [1500]


@pytest.mark.parametrize(
    ("wanted", "most"),
    [
        (
            LicenseFilter(buyer=CustomerFilter((TextFilter("company_name", "icontains", "nobody"),))),
            SEARCHED_PAGE_READS + 16,
        ),
        (LicenseFilter(manager_like="nobody"), SEARCHED_PAGE_READS + 16),
        (LicenseFilter(user_like="nobody"), SEARCHED_PAGE_READS + license_list.MOST_READ_EACH),
    ],
    ids=["customer", "manager", "user"],
)
def test_what_is_said_of_people_is_looked_for_within_a_bound(wanted: LicenseFilter, most: int) -> None:
    vendor = big()[0]
    with counted() as cost:
        part = list_licenses(vendor.code, wanted, size=25)
    assert (part.rows, part.after is None) == ([], False)
    assert len(cost.calls) <= most


def test_an_offset_reads_over_keys_and_no_licenses() -> None:
    vendor = big()[0]
    with counted() as cost:
        part = list_licenses(vendor.code, ANY, skip=2_500, size=25)
    assert part.rows[0][0].id == 2_501
    assert (len(cost.calls), cost.read["licenses license"]) == (2, 25)


def _is_trial(license: License, _: Extras) -> bool:
    return license.is_trial


WANTED: Mapping[str, tuple[LicenseFilter, Callable[[License], bool]]] = {
    "all": (ANY, lambda _: True),
    "product": (LicenseFilter(product="viewer"), lambda one: one.product == "viewer"),
    "order": (LicenseFilter(order_id="A"), lambda one: one.order_id == "A"),
    "trial": (LicenseFilter(tests=(_is_trial,)), lambda one: one.is_trial),
    "trial in order": (
        LicenseFilter(order_id="A", tests=(_is_trial,)),
        lambda one: one.is_trial and one.order_id == "A",
    ),
    "product in order": (
        LicenseFilter(order_id="A", product="viewer"),
        lambda one: one.product == "viewer" and one.order_id == "A",
    ),
}
"""What is looked for, and what is so of each that is found."""


@settings(max_examples=25, stateful_step_count=25, deadline=None)
class Lists(Walkers):
    """Licenses come and go while several go through lists of them."""

    bounds = ((license_list, "CHUNK", 2), (license_list, "MOST", 4))

    def __init__(self) -> None:
        super().__init__()
        self.there: dict[int, License] = {}

    @rule(product=st.sampled_from(["viewer", "revit"]), order=st.sampled_from("AB"), trial=st.booleans())
    def issue(self, product: str, order: str, trial: bool) -> None:
        self.vendor.now += 1
        license = self.vendor.issue(product, order_id=order, is_trial=trial)
        self.there[license.id] = license

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if not self.there:
            return
        id = data.draw(st.sampled_from(sorted(self.there)))
        list(removal.remove_license(self.vendor.code, id))
        del self.there[id]
        for walk in self.walks:
            walk.missed.discard(id)

    @rule(name=st.sampled_from(sorted(WANTED)), descends=st.booleans(), size=st.integers(1, 3))
    def begin(self, name: str, descends: bool, size: int) -> None:
        is_wanted = WANTED[name][1]
        there = {id for id, license in self.there.items() if is_wanted(license)}
        self.walks.append(Walk(name=f"{name}, {descends}", size=size, missed=there, after=None))

    def step(self, walk: Walk[int]) -> None:
        name, descends = walk.name.split(", ")
        (wanted, is_wanted), newest_first = WANTED[name], descends == "True"
        part = list_licenses(self.vendor.code, wanted, after=walk.after, newest_first=newest_first, size=walk.size)
        assert all(is_wanted(license) and license.id in self.there for license, _ in part.rows)
        walk.go_on([license.id for license, _ in part.rows], part.after, descends=newest_first)


TestLists = Lists.TestCase
