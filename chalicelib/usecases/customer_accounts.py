"""The customer accounts of a company: what several customers belong to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chalicelib.domain.catalog import Company
from chalicelib.domain.customers import OF_ACCOUNT, CustomerAccount, profile_of, wrong_in_profile
from chalicelib.domain.email import optional_email
from chalicelib.domain.errors import Invalid, NotFound, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.store import company_objects
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised


def find_customer_accounts(company: str) -> list[CustomerAccount]:
    """The customer accounts of a company, oldest first. Raises `company_not_found`."""
    return list(company_objects.read_all(CustomerAccount, find_company(company).code))


def find_customer_account(company: str, account_id: int, revision: int | None = None) -> CustomerAccount:
    """Raises `company_not_found`, `customer_account_not_found`, `revision_changed`."""
    found = company_objects.read(CustomerAccount, find_company(company).code, account_id)
    if found is None:
        raise NotFound("customer_account_not_found")
    guard_revision(found, revision)
    return found


def create_customer_account(company: str, fields: Mapping[str, str], actor: Actor, *, now: Instant) -> CustomerAccount:
    """A new customer account. `fields`: `name`, and any of `domain.customers.OF_ACCOUNT` and `email`.

    Raises `company_not_found`, or `Invalid`: one error for each wrong field.
    """
    owner = find_company(company).code
    raise_all([*_wrong(fields), *_unnamed(fields.get("name", ""))])
    kept = _kept(fields)

    def read(again: bool) -> Company | None:
        return find_company(owner) if again else None  # or it was deleted

    def decide(_: Company | None) -> CustomerAccount:  # another's id is drawn again
        return CustomerAccount(owner, new_id(now), created_at=now, **kept)

    def write(_: Company | None, new: CustomerAccount) -> None:
        company_objects.create(new, _event("customer_account_created", new, actor, now))

    return decide_and_write(read, decide, write, result=lambda _, new: new)[1]


def change_customer_account(
    company: str,
    account_id: int,
    fields: Mapping[str, str],
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
) -> CustomerAccount:
    """Change what is given; the rest stays. Raises as `create_customer_account` and `find_customer_account`."""
    raise_all([*_wrong(fields), *_unnamed(fields.get("name", "-"))])

    def write(old: CustomerAccount, new: CustomerAccount) -> None:
        if new != old:
            company_objects.update(old, new, _event("customer_account_changed", new, actor, now))

    find = lambda _: find_customer_account(company, account_id, revision)  # noqa: E731 - short and local
    return revised(*decide_and_write(find, lambda old: replace(old, **_kept(fields)), write, result=revised))


def delete_customer_account(
    company: str, account_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> None:
    """Take a customer account away: from now on no customer belongs to it. Raises as `find_customer_account`."""

    def write(old: CustomerAccount, _: object) -> None:
        company_objects.delete(old, _event("customer_account_deleted", old, actor, now))

    find = lambda _: find_customer_account(company, account_id, revision)  # noqa: E731 - short and local
    decide_and_write(find, lambda found: found, write, result=lambda *_: None)


def _wrong(fields: Mapping[str, str]) -> list[Invalid]:
    texts = {name: text for name, text in fields.items() if name != "email"}
    return [*wrong_in_profile(texts, OF_ACCOUNT), *wrong_in("email", optional_email, fields.get("email", ""))]


def _unnamed(name: str) -> Iterator[Invalid]:
    if not name.strip():
        yield Invalid("missing_parameters", field="name")


def _kept(fields: Mapping[str, str]) -> Json:
    texts = {name: text for name, text in fields.items() if name != "email"}
    email = {"email": optional_email(fields["email"])} if "email" in fields else {}
    return profile_of(texts, OF_ACCOUNT) | email


def _event(type: EventType, account: CustomerAccount, actor: Actor, now: Instant) -> Event:
    return Event.new(type, actor, now, customer_account=account.id, name=account.name)
