"""Management API: customer accounts."""

from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.customers import CustomerAccount
from chalicelib.domain.instants import to_iso
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, part_of_list
from chalicelib.usecases import customer_accounts
from chalicelib.web.freshness import Date

MAX_TEXT = 1024

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class AccountPath(Sent):
    """Which customer account."""

    account_id: Id


class AccountChange(Sent):
    """PATCH customer-accounts: what is not given stays."""

    name: Text | None = None
    code: Text | None = None
    description: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    email: Text | None = None
    reference: Text | None = None
    """Your own name for it."""


class NewAccount(AccountChange):
    """POST customer-accounts."""

    name: Text


class AccountBody(TypedDict):
    """A customer account."""

    id: int
    name: str
    code: str
    description: str
    phone: str
    address: str
    email: str
    reference: str
    created_at: Date
    revision: int


class AccountList(ListBody):
    """A page of customer accounts, oldest first."""

    results: list[AccountBody]


@endpoint("GET", "/customer-accounts", writes=False, scope="customers:read")
def list_customer_accounts(query: ListQuery, caller: Caller) -> AccountList:
    """The customer accounts of the company, oldest first."""
    found = customer_accounts.find_customer_accounts(caller.company)
    rows, page = part_of_list(found, query, caller, "customer-accounts", lambda row: row.id)
    return {**page, "results": [account_body(row) for row in rows]}


@endpoint("POST", "/customer-accounts", writes=True, scope="customers:write", status=201)
def create_customer_account(body: NewAccount, caller: Caller) -> AccountBody:
    """Make a customer account."""
    return caller.once(
        lambda: customer_accounts.create_customer_account(
            caller.company, body.model_dump(exclude_none=True), caller.actor, now=caller.now
        ),
        account_body,
    )


@endpoint("GET", "/customer-accounts/{account_id}", writes=False, scope="customers:read")
def show_customer_account(path: AccountPath, caller: Caller) -> AccountBody:
    """One customer account."""
    return account_body(customer_accounts.find_customer_account(caller.company, path.account_id))


@endpoint("PATCH", "/customer-accounts/{account_id}", writes=True, scope="customers:write")
def change_customer_account(path: AccountPath, body: AccountChange, caller: Caller) -> AccountBody:
    """Change what is given; the rest stays."""
    return caller.once(
        lambda: customer_accounts.change_customer_account(
            caller.company,
            path.account_id,
            body.model_dump(exclude_none=True),
            caller.actor,
            revision=caller.if_match,
            now=caller.now,
        ),
        account_body,
    )


@endpoint("DELETE", "/customer-accounts/{account_id}", writes=True, scope="customers:write")
def delete_customer_account(path: AccountPath, caller: Caller) -> None:
    """Take a customer account away; its customers stay."""
    caller.once(
        lambda: customer_accounts.delete_customer_account(
            caller.company, path.account_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


def account_body(account: CustomerAccount) -> AccountBody:
    """A customer account as it is answered."""
    return {
        "id": account.id,
        "name": account.name,
        "code": account.code,
        "description": account.description,
        "phone": account.phone,
        "address": account.address,
        "email": account.email,
        "reference": account.reference,
        "created_at": to_iso(account.created_at),
        "revision": account.revision,
    }
