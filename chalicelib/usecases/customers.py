"""The customers of a company: made, changed, labeled, deleted. Who is merged: `usecases.customer_moves`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from chalicelib.domain.catalog import Company, company_code
from chalicelib.domain.customers import (
    MAX_LABELS_OF_CUSTOMER,
    Customer,
    CustomerAccount,
    CustomerLabel,
    Sales,
    profile_of,
    wrong_in_profile,
    wrong_metadata,
)
from chalicelib.domain.email import normalize_email
from chalicelib.domain.errors import AlreadyExists, Denied, Invalid, NotFound, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.store import company_objects, customer_moves, customers
from chalicelib.store.relations import Emails, Relations, read_relations
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customer_moves import followed, with_email
from chalicelib.usecases.find_customer import find_customer
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import revised


class ShownCustomer(NamedTuple):
    """A customer with what is stored elsewhere."""

    customer: Customer
    company_id: int
    sales: Sales
    license_user: int | None
    """The license user with the same email."""
    account: CustomerAccount | None
    labels: list[tuple[int, CustomerLabel]]
    """Each with the id of its being on the customer, oldest first."""


class Labeling(NamedTuple):
    """That a label is on a customer."""

    id: int
    customer: int
    label: int


def shown(company: str, some: Sequence[Customer]) -> list[ShownCustomer]:
    """Customers of a company, at most a hundred, each with what is stored elsewhere: one read for forty-nine, and one
    more where some are labeled or have accounts. Raises `company_not_found`.
    """
    owner, beside = customers.read_beside(company_code(company), some)
    if owner is None:
        raise NotFound("company_not_found")
    return _shown(owner, some, beside)


def shown_by_emails(company: str, emails: Emails) -> dict[str, ShownCustomer]:
    """The same of those to whom something was sold under these emails, by each: at most a hundred.

    Nothing of an email under which there is no record: what was sold to it is of before there were any. Reads as
    `read_relations`, and one more where customers are labeled or have accounts.
    """
    return shown_found(read_relations(company, emails)) if emails else {}


def shown_found(found: Relations) -> dict[str, ShownCustomer]:
    """The same of what was read with them: one read where customers are labeled or have accounts."""
    if found.owner is None:
        return {}
    some = [one.customer for one in found.customers.values()]
    beside = [(one.sales, one.license_user) for one in found.customers.values()]
    return dict(zip(found.customers, _shown(found.owner, some, beside), strict=True))


def _shown(
    owner: Company, some: Sequence[Customer], beside: Sequence[tuple[Sales | None, int | None]]
) -> list[ShownCustomer]:
    labels, accounts = company_objects.read_labels_and_accounts(
        owner.code,
        {int(label) for one in some for label in one.labels},
        {one.account for one in some if one.account is not None},
    )
    return [
        ShownCustomer(
            one,
            owner.id,
            sales or Sales(one.id),
            license_user,
            accounts.get(one.account or 0),
            sorted((labeling, labels[int(id)]) for id, labeling in one.labels.items() if int(id) in labels),
        )
        for one, (sales, license_user) in zip(some, beside, strict=True)
    ]


class _Change(NamedTuple):
    """What a customer is to be, and where the email is another one, what is stored under the two."""

    new: Customer
    sales: tuple[Sales | None, Sales | None] = (None, None)


def create_customer(
    company: str,
    email: str,
    fields: Mapping[str, str],
    actor: Actor,
    *,
    account: int | None = None,
    metadata: Json | None = None,
    import_id: int | None = None,
    now: Instant,
) -> Customer:
    """A new customer. `fields`: any of `domain.customers.PROFILE`; `account`: the id of a customer account;
    `import_id`: the file that makes it.

    Raises `company_not_found`, `AlreadyExists`, or `Invalid`: one error for each wrong
    field.
    """
    owner = find_company(company).code
    raise_all([*wrong_in("email", normalize_email, email), *_wrong(fields, metadata)])
    address, profile = normalize_email(email), profile_of(fields)

    def read(_: bool) -> None:
        guard_account(owner, account)
        if customers.read_sales(owner, address) is not None:
            raise AlreadyExists("already_exists", of="customer", field="email", name=address)
        find_company(owner)

    def write(_: None, new: Customer) -> None:
        customers.create(new, Event.new("customer_created", actor, now, customer=new.email, customer_id=new.id))

    def decide(_: None) -> Customer:  # another's id is drawn again
        said: Json = {"account": account, "metadata": metadata or {}, "import_id": import_id}
        return Customer(owner, new_id(now), address, now, **said, **profile)

    return decide_and_write(read, decide, write, result=lambda _, new: new)[1]


def change_customer(
    company: str,
    customer_id: int,
    fields: Mapping[str, str],
    actor: Actor,
    *,
    email: str | None = None,
    account: int | None = None,
    clear_account: bool = False,
    metadata: Json | None = None,
    revision: int | None = None,
    now: Instant,
) -> Customer:
    """Change what is given; None and what is not there stay. What was sold follows to another email.

    Raises as `create_customer`, `customer_not_found`, `revision_changed`, `Invalid`: `too_many_former_emails`.
    """
    wrong_email = [] if email is None else wrong_in("email", normalize_email, email)
    raise_all([*wrong_email, *_wrong(fields, metadata)])

    def change(old: Customer) -> Customer:
        if account is not None and account != old.account:
            guard_account(old.company, account)
        return replace(
            old,
            **profile_of(fields),
            email=old.email if email is None else normalize_email(email),
            account=None if clear_account else old.account if account is None else account,
            metadata=old.metadata if metadata is None else metadata,
        )

    _, new = _change(company, customer_id, change, actor, now, revision)
    return followed(new, actor, now=now)


def delete_customer(company: str, customer_id: int, actor: Actor, *, revision: int | None = None, now: Instant) -> None:
    """Take a customer away to whom nothing was sold; the emails are free again.

    Raises `company_not_found`, `customer_not_found`, `revision_changed`, and `Denied`: `customer_has_licenses`.
    """

    def read(_: bool) -> Customer:
        found = find_customer(company, customer_id, revision)
        names = (found.email, *found.former_emails)
        if any(customers.sold_to(found.company, name).licenses for name in names):
            raise Denied("customer_has_licenses")
        return found

    def write(old: Customer, _: Customer) -> None:
        customers.delete(old, Event.new("customer_deleted", actor, now, customer=old.email, customer_id=old.id))

    decide_and_write(read, lambda found: found, write, result=lambda *_: None)


def add_label(company: str, customer_id: int, label_id: int, actor: Actor, *, now: Instant) -> Labeling:
    """Put a label on a customer; one that is there stays. Raises `company_not_found`, `customer_not_found`,
    `Invalid`: `id_unknown`, `too_many_labels`.
    """
    id, key = new_id(now), str(label_id)

    def change(old: Customer) -> Customer:
        known = {label.id for label in company_objects.read_all(CustomerLabel, old.company)}
        if label_id not in known:
            raise Invalid("id_unknown", field="customer_label")
        kept = {name: labeling for name, labeling in old.labels.items() if int(name) in known}
        if key in kept:
            return old
        if len(kept) >= MAX_LABELS_OF_CUSTOMER:
            raise Invalid("too_many_labels", field="customer_label", most=MAX_LABELS_OF_CUSTOMER)
        return replace(old, labels=kept | {key: id})

    def labeling(new: Customer) -> Labeling:
        return Labeling(new.labels[key], new.id, label_id)

    return labeling(_change(company, customer_id, change, actor, now, result=labeling)[1])


def remove_label(company: str, labeling_id: int, actor: Actor, *, now: Instant) -> None:
    """Take a label off a customer, by the id of its being there. Raises `company_not_found`, `labeling_not_found`."""
    owner = find_company(company).code
    customer = customers.customer_of_labeling(owner, labeling_id)
    missing = NotFound("labeling_not_found")
    if customer is None:
        raise missing

    def change(old: Customer) -> Customer:
        if labeling_id not in old.labels.values():
            raise missing
        return replace(old, labels={label: id for label, id in old.labels.items() if id != labeling_id})

    try:
        _change(owner, customer, change, actor, now, result=lambda _: None)
    except NotFound:  # or the customer is gone by now
        raise missing from None


def guard_account(company: str, account: int | None) -> None:
    """That there is this customer account; None is none. Raises `Invalid`: `id_unknown`."""
    if account is not None and company_objects.read(CustomerAccount, company, account) is None:
        raise Invalid("id_unknown", field="customer_account")


def _change(
    company: str,
    customer_id: int,
    change: Callable[[Customer], Customer],
    actor: Actor,
    now: Instant,
    revision: int | None = None,
    result: Callable[[Customer], object] = lambda new: new,
) -> tuple[Customer, Customer]:
    """The customer as it was and as it is stored."""

    def decide(old: Customer) -> _Change:
        new = change(old)
        return _Change(new) if new.email == old.email else _with_email(old, new)

    def write(old: Customer, decided: _Change) -> None:
        new, (sales, known) = decided.new, decided.sales
        if new == old:
            return
        event = Event.new("customer_changed", actor, now, customer=old.email, customer_id=old.id)
        with stored_with_result(None if new.moving else lambda: result(revised(old, new))):
            if sales is None:
                customers.update(old, new, event)
            else:
                customer_moves.begin_move(old, new, sales, known, event)

    old, decided = decide_and_write(lambda _: find_customer(company, customer_id, revision), decide, write)
    return old, revised(old, decided.new)


def _with_email(old: Customer, new: Customer) -> _Change:
    """A change of the email, with all that it does to the names. Raises `AlreadyExists`, `Invalid`."""
    sales, known = customers.read_sales(old.company, old.email), customers.read_sales(old.company, new.email)
    if known is not None and known.customer != old.id:
        raise AlreadyExists("already_exists", of="customer", field="email", name=new.email)
    return _Change(with_email(old, new, sales or Sales(old.id)), (sales or Sales(old.id), known))


def _wrong(fields: Mapping[str, str], metadata: Json | None) -> list[Invalid]:
    return [*wrong_in_profile(fields), *wrong_metadata(metadata)]
