"""The orders of a company as operators look for them: page by page, by customer, by manager, by part of what is known.

Orders are filed by their ids alone. What else is asked of them is looked for among all, within a bound.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.catalog import Order
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.paging import cut, search
from chalicelib.store import accounts, orders
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_customer import find_customer_by_email


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: those to which all of this applies."""

    customer: str | None = None
    """An email that the customer has, or had."""
    manager: str | None = None
    """An email. Nobody who has it: no order."""
    text: str = ""
    """Part of its id or of the customer's email, or the whole email of a manager."""


def list_orders(company: str, wanted: OrderFilter, after: str | None, limit: int) -> tuple[list[Order], str | None]:
    """At most `limit` orders behind the id `after`, by their ids, and the id to go on behind.

    That is None where there are no more. Raises `company_not_found`, and `Invalid` for what is no email.
    """
    owner = find_company(company).code
    keep = None if wanted == OrderFilter() else _keep(owner, wanted)

    def read(after: str, limit: int) -> tuple[list[Order], bool]:
        return cut(orders.read_orders(owner, after=after or None, limit=limit + 1), limit)

    found, further = search(read, lambda order: order.id, after or "", limit, keep)
    return found, further or None


def find_named_order(company: str, text: str) -> Order | None:
    """The order whose id a text is, to the letter; None where there is none. Raises `company_not_found`."""
    return orders.read_order(find_company(company).code, text)


def _keep(company: str, wanted: OrderFilter) -> Callable[[list[Order]], list[Order]]:
    customer, manager = _customer_email(company, wanted.customer), _user_id(company, wanted.manager)
    part, named = wanted.text.casefold(), _user_id(company, wanted.text)

    def is_meant(order: Order) -> bool:
        is_said = part in order.id.casefold() or part in order.customer or named in order.managers
        is_sold_to = wanted.customer is None or order.customer == customer
        return is_said and is_sold_to and (wanted.manager is None or manager in order.managers)

    return lambda some: [order for order in some if is_meant(order)]


def _customer_email(company: str, email: str | None) -> str | None:
    """The email of now of who has this one, or had it; the same where nobody has a record of it."""
    found = None if email is None else find_customer_by_email(company, email)
    return email if found is None else found.email


def _user_id(company: str, email: str | None) -> int | None:
    """Whose account an email is; None where it is nobody's, or no email."""
    try:
        return None if not email else accounts.user_of_email(company, known_email(email))
    except Invalid:
        return None
