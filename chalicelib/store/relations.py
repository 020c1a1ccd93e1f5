"""What a page of licenses or orders says of other objects: who has bought, who has a seat, products, features.

A license says where its people most likely stand (`License.customer_id`, `License.listed_users`), so all of a page is
read at once; and what is found there says whether it is so. Only what is not is looked for by a read more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.domain.catalog import Company, Product
from chalicelib.domain.customers import Customer, Sales
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.store import reads
from chalicelib.store.customers import read_beside, read_records, record_item, sales_item
from chalicelib.store.items.accounts import CompanyItem, FeatureItem, ProductItem, UserItem
from chalicelib.store.items.licenses import SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    COMPANY,
    email_sort_key,
    feature_sort_key,
    license_pk,
    product_sort_key,
    seat_sort_key,
    user_sort_key,
)
from chalicelib.store.schema import AnyItem

Emails = Mapping[str, int | None]
"""Those under which something was sold, each with the id under which the record is looked for first."""


class SoldTo(NamedTuple):
    """A customer, with what stands under the email of now."""

    customer: Customer
    sales: Sales | None
    license_user: int | None
    """The user with the email."""


@dataclass(frozen=True, slots=True)
class Relations:
    """What was found."""

    owner: Company | None
    """None, too, where no email was asked for."""
    customers: Mapping[str, SoldTo]
    """By the emails that were asked for, of now or of before."""
    users: Mapping[int, Sequence[tuple[Seat, User]]]
    """By license, in the order of their ids: not all of those who are asked for may be there."""
    products: Mapping[str, Product]
    """By code."""
    features: Mapping[int, ProductFeature]


def read_relations(
    company: str,
    emails: Emails,
    users: Iterable[License] = (),
    products: Iterable[str] = (),
    features: Iterable[tuple[str, int]] = (),
) -> Relations:
    """The customers of these emails, those of the licenses' users whom they list (`License.listed_users`), products by
    code, and features by product and id, of one company.

    Consistent; a hundred items in one round trip: three of each customer, two of each user, one of each product and
    feature, and the company. One more where a license leads to another customer's record, or to none, and one where an
    email is a former one.
    """
    seats = [(one.id, user_id) for one in users for user_id in sorted(one.listed_users)]
    asked, granted = sorted(emails), sorted(set(features))
    hints = sorted({id for id in emails.values() if id is not None})
    owner, sales, links, records, of_users, accounts, sold, defined = _read(
        [CompanyItem(company, COMPANY)] if emails else [],
        [sales_item(company, email) for email in asked],
        [LookupItem(company, email_sort_key(email)) for email in asked],
        [record_item(company, id) for id in hints],
        [SeatItem(license_pk(company, id), seat_sort_key(user_id)) for id, user_id in seats],
        [UserItem(company, user_sort_key(user_id)) for _, user_id in seats],
        [ProductItem(company, product_sort_key(code)) for code in sorted(set(products))],
        [FeatureItem(company, feature_sort_key(*one)) for one in granted],
    )
    users_of = {email: link.target_id for email, link in _there(asked, links)}
    found: dict[int, list[tuple[Seat, User]]] = {}
    for (id, _), seat, user in zip(seats, of_users, accounts, strict=True):
        if seat is not None and user is not None:
            found.setdefault(id, []).append((seat, user))
    return Relations(
        owner[0] if owner else None,
        _sold_to(company, dict(_there(asked, sales)), users_of, dict(_there(hints, records))),
        found,
        {product.code: product for product in sold if product is not None},
        {feature.id: feature for feature in defined if feature is not None},
    )


def _sold_to(
    company: str, sales: Mapping[str, Sales], users: Mapping[str, int], records: Mapping[int, Customer]
) -> dict[str, SoldTo]:
    """The customers by their emails. `sales` say whose each is."""
    others = {sold.customer for sold in sales.values()} - records.keys()
    by_id = {**records, **read_records(company, others)}
    by_email = {email: by_id[sold.customer] for email, sold in sales.items() if sold.customer in by_id}
    former = [one for one in {one.id: one for one in by_email.values()}.values() if one.email not in sales]
    of_now = dict(zip((one.email for one in former), read_beside(company, former)[1], strict=True)) if former else {}
    of_now |= {email: (sold, users.get(email)) for email, sold in sales.items()}
    return {email: SoldTo(one, *of_now[one.email]) for email, one in by_email.items()}


def _there(names: Iterable[Any], values: Iterable[Any]) -> Iterator[tuple[Any, Any]]:  # as `_read` answers them
    """What there is, by its name."""
    return ((name, value) for name, value in zip(names, values, strict=True) if value is not None)


def _read(*groups: Sequence[AnyItem]) -> list[list[Any]]:  # of each group its own kind
    """The values of items, by groups (`reads.batch_get_values`)."""
    found = iter(reads.batch_get_values([item for group in groups for item in group]))
    return [[next(found) for _ in group] for group in groups]
