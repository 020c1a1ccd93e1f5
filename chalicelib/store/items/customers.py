"""Items of a company's partition that say to whom it sells."""

from chalicelib.domain.customers import Customer, CustomerAccount, CustomerLabel, Sales
from chalicelib.domain.import_results import ImportResult
from chalicelib.store.attributes import (
    BooleanAttribute,
    IntegerAttribute,
    JSONAttribute,
    TextAttribute,
    TextSetAttribute,
)
from chalicelib.store.items.base import AccountsItem


class CustomerItem(AccountsItem[Customer]):
    """The record of a customer."""

    guarded = frozenset({"moving"})
    email: TextAttribute
    former_emails: TextSetAttribute
    moving: TextSetAttribute
    revision: IntegerAttribute


class SalesItem(AccountsItem[Sales]):
    """What was sold under an email: it keeps the email to one customer, and is small, for each sale moves it."""

    customer: IntegerAttribute
    licenses: IntegerAttribute
    orders: IntegerAttribute
    is_former: BooleanAttribute
    bought_as: TextAttribute


class CustomerLabelItem(AccountsItem[CustomerLabel]):
    """A label."""


class ImportResultItem(AccountsItem[ImportResult]):
    """What has come of a file that is imported."""

    status: TextAttribute
    finished_at: IntegerAttribute
    result: JSONAttribute
    started_at: IntegerAttribute
    done: IntegerAttribute


class CustomerAccountItem(AccountsItem[CustomerAccount]):
    """A customer account."""
