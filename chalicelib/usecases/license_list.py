"""The licenses of a company, by what people know of them: for its own servers, and for operators.

What a key serves (`LicenseFilter` has its names) costs what it answers: licenses are filed under the company, and
under each name that leads to them, in the order in which they were issued. What no key serves is looked for among
those, within a bound.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile

from chalicelib.domain import keys
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extras import Extras
from chalicelib.domain.ids import first_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.paging import Part, read_keys, search_keys
from chalicelib.domain.users import User
from chalicelib.store import accounts, counts, customers, license_lists, licenses
from chalicelib.threads import ThreadPool
from chalicelib.usecases.customer_list import ANY_CUSTOMER, CustomerFilter, customer_matcher
from chalicelib.usecases.license_people import those_managed_by, those_sold_to, those_with_user

CHUNK = 100
"""Licenses that are read at once where some of them are looked for: three reads."""
MOST = 800
"""Licenses that one part looks at, at most."""
MOST_READ_EACH = 100
"""The same where more is read of each: its seats, or whether a host name leads to it."""

_AT_ONCE = 8

Sold = tuple[License, Extras]
"""A license, and what it carries besides."""
Test = Callable[[License, Extras], bool]
Look = Callable[[list[License]], set[int]]
"""The ids of those of some licenses that are wanted, for which more is read than the licenses."""


@dataclass(frozen=True, slots=True)
class LicenseFilter:
    """Which licenses; what is None lets all through. A name that leads nowhere lets none."""

    ids: frozenset[int] | None = None
    license_key: str | None = None
    """As people type it."""
    product: str | None = None
    """Its code."""
    products: frozenset[str] = frozenset()
    """Codes, of which one is that of its product; empty: any."""
    order_id: str | None = None
    customer: str | None = None
    users: tuple[int | str, ...] = ()
    """Who has a seat, each by the id of an account, or by its email."""
    manager: str | None = None
    """By email."""
    hardware_id: str | None = None
    """Of a device that is or was active, and is not forgotten."""
    host_name: str | None = None
    """The same; large and small letters are alike."""
    created_from: Instant | None = None
    created_before: Instant | None = None
    tests: tuple[Test, ...] = ()
    """What no key serves."""
    buyer: CustomerFilter = ANY_CUSTOMER
    """Likewise, of the record of the customer."""
    user_like: str | None = None
    """Part of the email of somebody who has a seat; large and small letters are alike."""
    manager_like: str | None = None
    """The same of who manages the order."""

    def of_products(self, codes: frozenset[str]) -> "LicenseFilter":
        """Those of them that are of one of these products; of all, where none is named."""
        if not codes or self.product in codes:
            return self
        return LicenseFilter(ids=frozenset()) if self.product is not None else replace(self, products=codes)


ANY = LicenseFilter()


class _Nowhere(Exception):
    """A name leads to no license."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where licenses are looked for: which ids, in order, and what each of them has to be besides."""

    ids: Callable[[int | None, int], Iterator[int]]
    tests: list[Test] = field(default_factory=list)
    links: list[license_lists.Filed] = field(default_factory=list)
    """Where each has to be filed, too."""
    looks: list[Look] = field(default_factory=list)
    most: int = 0
    """Licenses that one part looks at, at most, where some are left out."""


def list_licenses(
    company: str,
    wanted: LicenseFilter,
    *,
    after: int | None = None,
    newest_first: bool = False,
    skip: int = 0,
    size: int,
) -> Part[int, Sold]:
    """At most `size` licenses behind the one with the id `after` and `skip` more, oldest first or `newest_first`.

    Two reads, and one for a user or manager who is named by an email. What no key serves takes up to twenty-four, with
    sixteen more for what is said of the customers, and as many for the managers; what is said of users, one for each of
    a hundred licenses. Such a part may have few rows, or none, and go on all the same.
    """
    source = _source(company, wanted, newest_first)
    if source is None:
        return Part([], None)
    load = partial(_load, company, source)
    if not (source.tests or source.links or source.looks):
        return read_keys(source.ids, load, after, skip, size)
    return search_keys(source.ids, load, lambda sold: sold[0].id, after, skip, size, chunk=CHUNK, most=source.most)


def count_licenses(company: str, wanted: LicenseFilter) -> int | None:
    """How many there are. None: nobody counts those of a filter, or those of before have not been counted yet."""
    return counts.read_count(company, "licenses") if wanted == ANY else None


def customer_email(company: str, customer_id: int) -> str | None:
    """The email under which the licenses of a customer are filed; None where there is no such customer."""
    found = customers.read(company, customer_id)
    return None if found is None else found.email


def users_of_some(company: str, some: Iterable[License], limit: int) -> dict[int, list[tuple[Seat, User]]]:
    """The first users of licenses with their seats, by the licenses' ids.

    One read for each license that has some, several at a time, and one more for each hundred of their users.
    """
    with_users = [one.id for one in some if one.users_assigned]

    def read(license_id: int) -> list[Seat]:
        return list(licenses.seats(company, license_id, limit=limit))

    if not with_users:
        return {}
    with ThreadPool(_AT_ONCE) as threads:
        seats = dict(zip(with_users, threads.map(read, with_users), strict=True))
    users = accounts.read_users(company, sorted({seat.user_id for found in seats.values() for seat in found}))
    return {id: [(one, users[one.user_id]) for one in found if one.user_id in users] for id, found in seats.items()}


def _load(company: str, source: _Source, ids: list[int]) -> list[Sold]:
    """Those of these licenses that are wanted, in their order."""
    for link in source.links:
        filed = link.among(ids)
        ids = [id for id in ids if id in filed]
    found = licenses.read_some_with_extras(company, ids)
    wanted = [sold for sold in found if all(test(*sold) for test in source.tests)]
    for look in source.looks:
        kept = look([license for license, _ in wanted])
        wanted = [sold for sold in wanted if sold[0].id in kept]
    return wanted


def _source(company: str, wanted: LicenseFilter, newest_first: bool) -> _Source | None:
    """By the name that leads to the fewest. None: to none."""
    try:
        filed, tests, links = _filed(company, wanted)
    except _Nowhere:
        return None
    least = 0 if wanted.created_from is None else first_id(wanted.created_from)
    limit = None if wanted.created_before is None else first_id(wanted.created_before)

    def ids(after: int | None, size: int) -> Iterator[int]:
        if newest_first:
            begin = after if limit is None else min(limit, limit if after is None else after)
            return takewhile(lambda id: id >= least, filed(begin, size, backwards=True))
        begin = after if not least else max(least - 1, -1 if after is None else after)
        return takewhile(lambda id: limit is None or id < limit, filed(begin, size))

    is_read_each = wanted.user_like is not None or (wanted.host_name is not None and wanted.hardware_id is not None)
    most = MOST_READ_EACH if is_read_each else MOST
    return _Source(ids, tests, links, list(_looks(company, wanted)), most)


def _looks(company: str, wanted: LicenseFilter) -> Iterator[Look]:
    """What is to be looked at besides the licenses, the cheapest first."""
    if (name := wanted.host_name) is not None and wanted.hardware_id is not None:
        by_name = license_lists.of_host_name(company, name)
        yield lambda some: {one.id for one in some if one.id in by_name.ids(one.id - 1, 1)}
    if not wanted.buyer.is_empty:
        yield partial(those_sold_to, company, is_meant=customer_matcher(company, wanted.buyer))
    if (of_manager := wanted.manager_like) is not None:
        yield partial(those_managed_by, company, is_meant=lambda user: of_manager.casefold() in user.email.casefold())
    if (of_user := wanted.user_like) is not None:
        yield partial(those_with_user, company, is_meant=lambda email: of_user.casefold() in email.casefold())


def _filed(
    company: str, wanted: LicenseFilter
) -> tuple[Callable[..., Iterator[int]], list[Test], list[license_lists.Filed]]:
    """The ids under one of the names, and what is left to be looked at. Raises `_Nowhere`."""
    named: list[tuple[Callable[..., Iterator[int]], Test | license_lists.Filed | None]] = []
    if wanted.hardware_id is not None:
        named.append((license_lists.of_hardware(company, wanted.hardware_id).ids, None))
    if wanted.host_name is not None and wanted.hardware_id is None:  # else each license is looked at
        named.append((license_lists.of_host_name(company, wanted.host_name).ids, None))
    for user in wanted.users:
        user_id = _user_id(company, user)
        link = license_lists.of_user(company, user_id)
        named.append((link.ids, link))
    if wanted.manager is not None:
        user_id = _user_id(company, wanted.manager)
        link = license_lists.of_manager(company, user_id)
        named.append((link.ids, link))
    if wanted.license_key is not None:
        id = _id_of_key(company, wanted.license_key)
        named.append((_these(frozenset({id})), lambda license, _: license.id == id))
    if (given := wanted.ids) is not None:
        named.append((_these(given), lambda license, _: license.id in given))
    if (order_id := wanted.order_id) is not None:
        named.append((license_lists.of_order(company, order_id).ids, lambda license, _: license.order_id == order_id))
    if wanted.customer is not None:
        email = _email(wanted.customer)
        named.append((license_lists.of_customer(company, email).ids, lambda license, _: license.customer == email))
    if codes := wanted.products if wanted.product is None else frozenset({wanted.product}):
        of_codes = partial(license_lists.ids_of_products, company, codes)
        named.append((of_codes, lambda license, _: license.product in codes))
    named.append((license_lists.of_company(company).ids, lambda *_: True))
    (first, _), *others = named
    rest = [test for _, test in others[:-1]]
    tests = [test for test in rest if callable(test)] + list(wanted.tests)
    return first, tests, [link for link in rest if isinstance(link, license_lists.Filed)]


def _these(given: frozenset[int]) -> Callable[..., Iterator[int]]:
    """Ids that are known, as they would be filed."""

    def ids(after: int | None, limit: int, *, backwards: bool = False) -> Iterator[int]:
        in_order = sorted(given, reverse=backwards)
        behind = [id for id in in_order if after is None or (id < after if backwards else id > after)]
        return iter(behind[:limit])

    return ids


def _id_of_key(company: str, license_key: str) -> int:
    for form in keys.forms(license_key):
        if (id := accounts.find_license_id_by_key(company, form)) is not None:
            return id
    raise _Nowhere


def _user_id(company: str, user: int | str) -> int:
    found = user if isinstance(user, int) else accounts.user_of_email(company, _email(user))
    if found is None:
        raise _Nowhere
    return found


def _email(text: str) -> str:
    try:
        return known_email(text)
    except Invalid:
        raise _Nowhere from None
