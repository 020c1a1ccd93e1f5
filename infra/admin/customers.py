"""The commands for customers, their labels and accounts."""

from chalicelib.domain.customers import OF_ACCOUNT, PROFILE, Customer, CustomerAccount, CustomerLabel
from chalicelib.domain.errors import NotFound
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.types import Json
from chalicelib.usecases import customer_accounts, customer_labels, customers
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customer_list import (
    CustomerFilter,
    TextFilter,
    customer_matcher,
    find_customers,
    find_named_customer,
)
from chalicelib.usecases.customer_moves import merge_customers
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from infra.admin.command_result import CommandResult, make_once
from infra.admin.operator_name import operator
from infra.admin.pages import full_page

_FOLLOWED = "What was sold has followed."


def customer_create(
    company: str, email: str, account: int | None, metadata: Json | None, *, now: Instant, **texts: str | None
) -> CommandResult:
    given = _given(texts)
    made = customers.create_customer(company, email, given, operator(), account=account, metadata=metadata, now=now)
    return CommandResult(_shown(made))


def customer_list(
    company: str,
    email: str | None,
    reference: str | None,
    label: list[int],
    account: int | None,
    limit: int,
    after: int | None,
    *,
    now: Instant,  # noqa: ARG001 - a list has no time
) -> CommandResult:
    texts = () if reference is None else (TextFilter("reference", "exact", reference),)
    wanted = CustomerFilter(texts, account=account, labels=frozenset(label))
    if email is None:
        return _page({"company": company}, company, wanted, limit, after)
    named = find_customer_by_email(company, email)
    is_meant = named is not None and customer_matcher(named.company, wanted)(named)
    return _listed({"company": company}, company, [named] if named is not None and is_meant else [], None)


def customer_find(company: str, text: str, limit: int, after: int | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    named = find_named_customer(company, text)
    if named is not None:
        return _listed({"text": text}, company, [named], None)
    return _page({"text": text}, company, CustomerFilter(like=text), limit, after)


def _page(asked: Json, company: str, wanted: CustomerFilter, limit: int, after: int | None) -> CommandResult:
    owner = find_company(company).code

    def read(after: int | None, limit: int) -> tuple[list[Customer], int | None]:
        return find_customers(owner, wanted, after=after, limit=limit)

    return _listed(asked, company, *full_page(read, after, limit))


def _listed(asked: Json, company: str, found: list[Customer], behind: int | None) -> CommandResult:
    """Those that were found, each with what is stored elsewhere."""
    some = (found[start : start + 100] for start in range(0, len(found), 100))
    rows = [_row(one) for few in some for one in customers.shown(company, few)]
    return CommandResult(asked | {"after": behind, "customers": rows})


def customer_show(company: str, customer: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult(_shown(find_customer(company, customer)))


def customer_set(
    company: str,
    customer: int,
    email: str | None,
    account: int | None,
    metadata: Json | None,
    *,
    now: Instant,
    **texts: str | None,
) -> CommandResult:
    changed = customers.change_customer(
        company,
        customer,
        _given(texts),
        operator(),
        email=email,
        account=account or None,
        clear_account=account == 0,
        metadata=metadata,
        now=now,
    )
    return CommandResult(_shown(changed), _FOLLOWED if email is not None else "")


def customer_merge(company: str, customer: int, other: int, *, now: Instant) -> CommandResult:
    return CommandResult(_shown(merge_customers(company, customer, other, operator(), now=now)), _FOLLOWED)


def customer_delete(company: str, customer: int, *, now: Instant) -> CommandResult:
    customers.delete_customer(company, customer, operator(), now=now)
    return CommandResult({"company": company, "id": customer, "deleted": True})


def customer_add_label(company: str, customer: int, label: int, *, now: Instant) -> CommandResult:
    customers.add_label(company, customer, label, operator(), now=now)
    return CommandResult(_shown(find_customer(company, customer)))


def customer_remove_label(company: str, customer: int, label: int, *, now: Instant) -> CommandResult:
    labeling = find_customer(company, customer).labels.get(str(label))
    if labeling is None:
        raise NotFound("labeling_not_found")
    customers.remove_label(company, labeling, operator(), now=now)
    return CommandResult(_shown(find_customer(company, customer)))


def label_create(
    company: str, text: str, color: str | None, idempotency_key: str | None, *, now: Instant
) -> CommandResult:
    return make_once(
        idempotency_key,
        company,
        ["label create", text, color],
        lambda: customer_labels.create_customer_label(company, text, color or "", operator(), now=now),
        lambda made: CommandResult({"company": company} | _label(made)),
        now=now,
    )


def label_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    rows = [_label(row) for row in customer_labels.find_customer_labels(company)]
    return CommandResult({"company": company, "labels": rows})


def label_show(company: str, label: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult({"company": company} | _label(customer_labels.find_customer_label(company, label)))


def label_set(company: str, label: int, text: str | None, color: str | None, *, now: Instant) -> CommandResult:
    changed = customer_labels.change_customer_label(company, label, operator(), label=text, color=color, now=now)
    return CommandResult({"company": company} | _label(changed))


def label_delete(company: str, label: int, *, now: Instant) -> CommandResult:
    customer_labels.delete_customer_label(company, label, operator(), now=now)
    return CommandResult({"company": company, "id": label, "deleted": True})


def customer_account_create(
    company: str, idempotency_key: str | None, *, now: Instant, **texts: str | None
) -> CommandResult:
    return make_once(
        idempotency_key,
        company,
        ["customer-account create", texts],
        lambda: customer_accounts.create_customer_account(company, _given(texts), operator(), now=now),
        lambda made: CommandResult({"company": company} | _account(made)),
        now=now,
    )


def customer_account_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    rows = [_account(row) for row in customer_accounts.find_customer_accounts(company)]
    return CommandResult({"company": company, "customer_accounts": rows})


def customer_account_show(company: str, account: int, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return CommandResult({"company": company} | _account(customer_accounts.find_customer_account(company, account)))


def customer_account_set(company: str, account: int, *, now: Instant, **texts: str | None) -> CommandResult:
    changed = customer_accounts.change_customer_account(company, account, _given(texts), operator(), now=now)
    return CommandResult({"company": company} | _account(changed))


def customer_account_delete(company: str, account: int, *, now: Instant) -> CommandResult:
    customer_accounts.delete_customer_account(company, account, operator(), now=now)
    return CommandResult({"company": company, "id": account, "deleted": True})


def _given(texts: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text is not None}


def _row(found: customers.ShownCustomer) -> Json:
    customer = found.customer
    return {
        "id": customer.id,
        "email": customer.email,
        "licenses": found.sales.licenses,
        "orders": found.sales.orders,
        "reference": customer.reference or None,
        "company_name": customer.company_name or None,
        "created_at": to_iso(customer.created_at),
    }


def _shown(customer: Customer) -> Json:
    (found,) = customers.shown(customer.company, [customer])
    account = found.account
    return (
        {"company": customer.company}
        | _row(found)
        | {name: getattr(customer, name) or None for name in PROFILE}
        | {"account": None if account is None else account.id, "metadata": customer.metadata or None}
        | {"former_emails": sorted(customer.former_emails), "labels": [_label(label) for _, label in found.labels]}
    )


def _label(label: CustomerLabel) -> Json:
    return {"id": label.id, "label": label.label, "color": label.color or None}


def _account(account: CustomerAccount) -> Json:
    texts = {name: getattr(account, name) or None for name in (*OF_ACCOUNT, "email")}
    return {"id": account.id} | texts | {"created_at": to_iso(account.created_at)}
