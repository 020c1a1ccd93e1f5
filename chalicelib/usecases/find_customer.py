"""Find a customer by its id or an email."""

from chalicelib.domain.customers import Customer
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound
from chalicelib.store import customers
from chalicelib.usecases.create import find_company
from chalicelib.usecases.revisions import guard_revision


def find_customer(company: str, customer_id: int, revision: int | None = None) -> Customer:
    """Raises `company_not_found`, `customer_not_found`, `revision_changed`."""
    found = customers.read(find_company(company).code, customer_id)
    if found is None:
        raise NotFound("customer_not_found")
    guard_revision(found, revision)
    return found


def find_customer_by_email(company: str, email: str) -> Customer | None:
    """The customer with this email, or who had it before; None: nobody. Raises `company_not_found`, `Invalid`."""
    owner = find_company(company).code
    sales = customers.read_sales(owner, known_email(email))
    return None if sales is None else customers.read(owner, sales.customer)
