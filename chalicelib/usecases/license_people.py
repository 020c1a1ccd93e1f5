"""Licenses by what is said of their people: no key serves it, so the people of some licenses are read and looked at."""

from collections.abc import Callable, Sequence

from chalicelib.domain.customers import Customer
from chalicelib.domain.license import License
from chalicelib.domain.users import User
from chalicelib.store import accounts, customers, licenses, orders


def those_sold_to(company: str, some: Sequence[License], is_meant: Callable[[Customer], bool]) -> set[int]:
    """The ids of those licenses, of at most a hundred, that were sold to a customer who is meant: two reads."""
    buyers = customers.read_by_emails(company, {one.customer for one in some if one.customer is not None})
    meant = {email for email, buyer in buyers.items() if is_meant(buyer)}
    return {one.id for one in some if one.customer in meant}


def those_managed_by(company: str, some: Sequence[License], is_meant: Callable[[User], bool]) -> set[int]:
    """The same of those whose order a user manages who is meant: two reads, and one more for each hundred managers."""
    found = orders.read_some(company, {one.order_id for one in some if one.order_id is not None})
    users = accounts.read_users(company, sorted({id for order in found.values() for id in order.managers}))
    meant = {id for id, user in users.items() if is_meant(user)}
    of_those = {id for id, order in found.items() if order.managers & meant}
    return {one.id for one in some if one.order_id in of_those}


def those_with_user(company: str, some: Sequence[License], is_meant: Callable[[str], bool]) -> set[int]:
    """The same of those on which somebody has a seat whose email is meant: one read for each that has users."""
    with_users = (one for one in some if one.users_assigned)
    return {one.id for one in with_users if any(is_meant(seat.email) for seat in licenses.seats(company, one.id))}
