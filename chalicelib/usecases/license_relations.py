"""What answers about licenses say of other objects: of products and features, of who has bought, of who has a seat."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.catalog import Product
from chalicelib.domain.extras import Extras
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.store import relations
from chalicelib.usecases.customers import ShownCustomer, shown_found
from chalicelib.usecases.license_list import users_of_some


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


def read_relations(company: str, some: Sequence[tuple[License, Extras]], *, customers: bool, users: int) -> Relations:
    """Of some licenses, at most a hundred. `customers`: whether who has bought is asked for; `users`: how many of each.

    It is one read for each hundred items (`store.relations`), one more where customers
    are labeled or have accounts, and one for each license that does not list all the users who are asked for (`users`
    of more than ten, or of what older code has written), several at a time, with one for each hundred of these.
    """
    emails = {one.customer: one.customer_id for one, _ in some if one.customer is not None} if customers else {}
    granted = {(license.product, grant.feature_id) for license, extras in some for grant in extras.features}
    wanted = {one.id: min(users, one.users_assigned) for one, _ in some}
    listed = [one for one, _ in some if wanted[one.id] <= len(one.listed_users)]
    found = relations.read_relations(company, emails, listed, (license.product for license, _ in some), granted)
    lacking = [one for one, _ in some if len(found.users.get(one.id, ())) < wanted[one.id]]
    first = {id: seats[:users] for id, seats in found.users.items()}
    return Relations(
        found.products,
        found.features,
        shown_found(found),
        first | users_of_some(company, lacking, users),
    )
