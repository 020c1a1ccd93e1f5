"""What answers about licenses say of other objects: of products and features, of who has bought, of who has a seat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.catalog import Product
from chalicelib.domain.extras import Extras
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.usecases.catalog import known_products
from chalicelib.usecases.customers import ShownCustomer, shown_by_emails
from chalicelib.usecases.license_list import users_of_some
from chalicelib.usecases.product_features import find_granted


@dataclass(frozen=True, slots=True)
class Relations:
    """What there is of it. What is not there was deleted, or is of before it was kept."""

    products: Mapping[str, Product]
    """By code."""
    features: Mapping[int, ProductFeature]
    customers: Mapping[str, ShownCustomer]
    """By the email under which a license was sold."""
    users: Mapping[int, Sequence[tuple[Seat, User]]]
    """The first of each license, by its id."""


def read_relations(
    company: str, some: Sequence[tuple[License, Extras]], *, customers: bool, users: int, now: Instant
) -> Relations:
    """Of some licenses, at most a hundred. `customers`: whether who has bought is asked for; `users`: how many of each.

    Products are remembered. Customers take two reads or three, features one for each hundred, and users one for each
    license that has some, several at a time, and one more for each hundred.
    """
    emails = {license.customer for license, _ in some if license.customer is not None} if customers else set[str]()
    granted = {(license.product, grant.feature_id) for license, extras in some for grant in extras.features}
    return Relations(
        known_products(company, (license.product for license, _ in some), now=now),
        find_granted(company, granted),
        shown_by_emails(company, emails),
        users_of_some(company, (license for license, _ in some), users),
    )
