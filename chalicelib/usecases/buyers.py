"""To whom a license is sold: the customer whom an email names, known or new."""

from chalicelib.domain.customers import Customer
from chalicelib.domain.email import known_email, normalize_email
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.store import customers
from chalicelib.store.customers import Buyer, NewBuyer


def find_buyer(
    company: str, named: str, new_id: int, actor: Actor, *, import_id: int | None = None, now: Instant
) -> Buyer | NewBuyer:
    """The customer who has this email or had it before; else a new one, with the id `new_id`. Raises `Invalid`.

    `import_id`: the file that makes it. What was sold under an email of whatever form stays so; a new customer's is one
    that can be mailed.
    """
    email = known_email(named)
    sales = customers.read_sales(company, email)
    if sales is not None and sales.is_former and (customer := customers.read(company, sales.customer)) is not None:
        email, sales = customer.email, customers.read_sales(company, customer.email)
    if sales is not None:
        return Buyer(email, sales)
    before = customers.sold_to(company, email)
    address = email if before.licenses else normalize_email(named)
    customer = Customer(company, new_id, address, now, import_id=import_id)
    created = Event.new("customer_created", actor, now, customer=customer.email, customer_id=new_id)
    return NewBuyer(customer, before, created)
