"""Management API: orders that are sold, with all that the public API's body says of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field, StrictInt
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, raise_all, sent_as
from chalicelib.domain.license import LicenseType
from chalicelib.domain.policies import Policy, with_policy_terms
from chalicelib.domain.products import with_product_terms
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.customers import SentProfile, profile
from chalicelib.management.license_changes import Flag, SentTerms, Text, terms_of
from chalicelib.management.models import Id, Sent
from chalicelib.management.orders import DetailsBody, OrderId, SentDetails, details_body, details_of
from chalicelib.management.reach import not_of_one_product, own_policy, own_product_code
from chalicelib.management.sent_features import FeatureTerms, wanted_feature
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.create_order import (
    MAX_LICENSES,
    MAX_PEOPLE,
    CustomerSaid,
    MadeLicense,
    NewLicense,
    NewOrder,
    NewUser,
    create_order,
)
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.order_products import is_of_products
from chalicelib.usecases.policies import find_policy, find_policy_by_code
from chalicelib.web.endpoint import Arguments

OF_SALE = {term.name for term in fields(Terms)}
"""Terms that a license is sold with; all else is said of it besides."""
_POLICIES = ("policy_code", "license_template_code", "license_template")
"""What names a license policy."""
OF_ORDER: Mapping[str, str] = {
    "order_id": "id",
    "customer": "customer.email",
    "people": "items",
    "customer_account": "customer_account_id",
}
"""Where a body says what each license of an order has alike."""


class SoldFeature(FeatureTerms):
    """A feature of a license that is sold."""

    code: Text


class SoldField(Sent):
    """The value of a custom field."""

    name: Text
    value: Text


class SoldUser(Sent):
    """Who gets a seat, or manages the order, or both."""

    email: Text
    first_name: Text = ""
    last_name: Text = ""
    phone_number: Text = ""
    max_activations: StrictInt | None = None
    """Null: as many as the license has in all."""
    is_manager: Flag = False
    """He manages the order; with a license by key, which has no users, that is all."""


class NotSold(Sent):
    """What the public API says of a license and is not offered here: that it is not so may be said."""

    active: Literal[True] | None = None
    """Whether it may be used is said by `enabled`."""
    can_borrow: Literal[False] | None = None
    max_borrow_time: Literal[0] | None = None
    is_floating: Literal[False] | None = None
    """By a server in the customer's house; `is_floating_cloud` is offered."""
    is_air_gapped: Literal[False] | None = None
    is_hardware_key_auth: Literal[False] | None = None


class SoldLicense(SentTerms, NotSold):
    """A license that is sold, and what it is besides the terms that can be changed afterwards."""

    key: Text | None = None
    """Null: one is made."""
    enabled: Flag = True
    """False: nobody may use it before it is enabled."""
    license_type: LicenseType | None = None
    """Null: the policy's; without one, `time-limited` where an end is given, else the product's."""
    policy_code: Text | None = None
    """The license policy whose terms it has where nothing else is said of them."""
    license_template_code: Text | None = None
    """The same."""
    license_template: Id | None = None
    """The same by its id."""
    users: Annotated[list[SoldUser], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])
    product_features: Annotated[list[SoldFeature], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])
    custom_fields: Annotated[list[SoldField], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])


class SoldItem(Sent):
    """A product that is sold, with each of its licenses, and what is said of all that do not say it themselves."""

    product_code: Text
    note: Text | None = None
    subscription_id: Text | None = None
    key: Text | None = None
    """Of its one license."""
    enabled: Flag | None = None
    active: Literal[True] | None = None
    license_policy: Id | Text | None = None
    """The id or the code of the license policy."""
    customer_account_id: Id | None = None
    """That of the order."""
    licenses: Annotated[list[SoldLicense], Field(min_length=1, max_length=MAX_LICENSES, fail_fast=True)]


class SoldTo(SentProfile):
    """The customer. What is said besides the email stands in the record from then on."""

    email: Text
    is_manager: Flag = False
    company: Text | None = None
    """The same as `company_name`."""


class NewOrderBody(SentDetails):
    """POST orders/create_order."""

    id: OrderId
    """The shop's own name of the order, which is its `store_id` from then on."""
    append: Flag = False
    """Whether licenses are added to an order that is there."""
    customer: SoldTo | None = None
    customer_account_id: Id | None = None
    """Of the customer from then on."""
    add_to_customer_account: Literal[True] | None = None
    """An order is always one of its customer's account."""
    prevent_vm: Flag | None = None
    """Of each license that does not say it itself."""
    is_bundle: Literal[False] | None = None
    include_metadata_string: Literal[False] | None = None
    items: Annotated[list[SoldItem], Field(min_length=1, max_length=MAX_LICENSES, fail_fast=True)]


class MadeLicenseBody(TypedDict):
    """A license that was made. One by user has no key."""

    id: int
    license_key: str | None


class MadeItemBody(TypedDict):
    """What was made of a product."""

    product_code: str
    licenses: list[MadeLicenseBody]


class MadeOrderBody(DetailsBody):
    """An order with what the call has made, as it was sent."""

    id: int | None
    store_id: str
    customer: str | None
    order_items: list[MadeItemBody]


def own_items(caller: Caller, arguments: Arguments) -> None:
    """All of whose products the key is for, and where they are added to an order, all that is in that, too. No more is
    said of the customer than an email: the record is the whole company's.
    """
    body: NewOrderBody = arguments["body"]
    if _customer(body) is not None:
        raise not_of_one_product()
    if body.append:
        with suppress(NotFound):  # a new one
            if not is_of_products(caller.key.products, find_order(caller.company, body.id)):
                raise AlreadyExists("already_exists", of="order_of_others", field="id")
    for place, item in enumerate(body.items):
        with sent_as(f"items.{place}.product_code".format):
            own_product_code(caller, item.product_code)
        for sold in item.licenses:
            if sold.license_template is not None:
                own_policy(caller, sold.license_template)


@endpoint("POST", "/orders/create_order", writes=True, scope="orders:write", reach=own_items, status=201)
def create_one_order(body: NewOrderBody, caller: Caller) -> MadeOrderBody:
    """Sell an order. The same once more is answered alike, and goes on where it was cut short."""
    if _customer(body) is not None:
        caller.key.guard_scope("customers:write")
    with sent_as(partial(_sent_name, body)):
        return caller.once(
            lambda: create_order(caller.company, _wanted(body, caller), caller.actor, now=caller.now),
            lambda made: _made(body, *made),
        )


def _made(body: NewOrderBody, order: Order, licenses: Sequence[MadeLicense]) -> MadeOrderBody:
    rest = iter(licenses)
    items: list[MadeItemBody] = [
        {"product_code": item.product_code, "licenses": [*map(_made_license, islice(rest, len(item.licenses)))]}
        for item in body.items
    ]
    return {
        "id": order.number,
        "store_id": order.id,
        "customer": order.customer or None,
        **details_body(order),
        "order_items": items,
    }


def _made_license(license: MadeLicense) -> MadeLicenseBody:
    return {"id": license.id, "license_key": license.license_key}


def _wanted(body: NewOrderBody, caller: Caller) -> NewOrder:
    """An order as the use case takes it."""
    zone = find_company(caller.company).time_zone
    sold = [(item.product_code, license) for item in body.items for license in _licenses_of(body, item)]
    customer, licenses = body.customer, [_license(product, license, body, caller, zone) for product, license in sold]
    return NewOrder(
        body.id,
        licenses,
        said=body.model_dump_json(exclude_unset=True),
        manager=customer.email if customer is not None and customer.is_manager else None,
        append=body.append,
        details=details_of(body, caller.company),
        customer=_customer(body),
        faults=[*_wrong_items(body)],
        call="" if caller.idempotency_key is None else caller.idempotency_key.key,
    )


def _wrong_items(body: NewOrderBody) -> Iterator[Invalid]:
    """Items that contradict the order, or themselves."""
    account = body.customer_account_id
    for place, item in enumerate(body.items):
        if item.key is not None and len(item.licenses) > 1:
            yield Invalid("count_out_of_range", field=f"items.{place}.licenses", least=1, most=1)
        account = account or item.customer_account_id
        if item.customer_account_id not in (None, account):
            yield Invalid("choice_unknown", field=f"items.{place}.customer_account_id", choices=str(account))


def _licenses_of(body: NewOrderBody, item: SoldItem) -> list[SoldLicense]:
    """The licenses of an item, each with what item and order say and the license does not."""
    of_item = {name: getattr(item, name) for name in ("note", "subscription_id", "key", "enabled")}
    said = of_item | {"prevent_vm": body.prevent_vm}
    of_all = {name: value for name, value in said.items() if value is not None}
    policy = {"license_template" if isinstance(item.license_policy, int) else "policy_code": item.license_policy}
    licenses = []
    for license in item.licenses:
        of_it = (
            of_all
            if item.license_policy is None or license.model_fields_set.intersection(_POLICIES)
            else of_all | policy
        )
        added = {name: value for name, value in of_it.items() if name not in license.model_fields_set}
        licenses.append(license.model_copy(update=added))
    return licenses


def _customer(body: NewOrderBody) -> CustomerSaid | None:
    """What is said of the customer besides the email, if anything. Raises `Invalid`."""
    said = (body.customer_account_id, *(item.customer_account_id for item in body.items))
    account = next((id for id in said if id is not None), None)
    if body.customer is None:
        if account is not None:
            raise Invalid("missing_parameters", field="customer")
        return None
    texts = profile(body.customer)
    if body.customer.company is not None:
        texts.setdefault("company_name", body.customer.company)
    return None if account is None and not texts else CustomerSaid(body.customer.email, texts, account)


def _sent_name(body: NewOrderBody, field: str) -> str:
    """What the use case names `licenses.3.license_key`, as the body has it: `items.1.licenses.0.key`."""
    of_order = OF_ORDER.get(field.rpartition(".")[2])
    if of_order is not None or not field.startswith("licenses."):
        return of_order or field
    place, _, name = field.removeprefix("licenses.").partition(".")
    sold = [(item, license) for item, one in enumerate(body.items) for license in range(len(one.licenses))]
    item, license = sold[int(place)]
    if name == "product":
        return f"items.{item}.product_code"
    return f"items.{item}.licenses.{license}.{'key' if name == 'license_key' else name}"


def _license(product: str, sold: SoldLicense, body: NewOrderBody, caller: Caller, zone: str) -> NewLicense:
    """A license as the use case takes it; of one whose terms cannot be read, why: it is refused with all else."""
    try:
        return _with_terms(product, sold, body, caller, zone)
    except Invalid as error:
        return NewLicense(product, Terms("perpetual", None), refusal=error)


def _with_terms(product: str, sold: SoldLicense, body: NewOrderBody, caller: Caller, zone: str) -> NewLicense:
    policy, refusal = None, None
    try:
        policy = _policy(product, sold, caller.company)
    except NotFound as error:  # it may have been there when the same order came first
        refusal = error
    given: Json = dict(terms_of(sold, caller.now, zone))
    of_sale: Json = {name: given.pop(name) for name in OF_SALE & given.keys()}
    of_sale |= {} if sold.license_type is None else {"license_type": sold.license_type}
    if policy is None:
        of_sale = _with_product_terms(product, of_sale, caller)
    else:
        of_sale = with_policy_terms(policy, of_sale, now=caller.now)
    customer = None if body.customer is None else body.customer.email
    terms = Terms(**of_sale, order_id=body.id, customer=customer, license_key=sold.key)
    return NewLicense(
        product,
        terms,
        policy=policy,
        enabled=sold.enabled,
        refusal=refusal,
        more=given,
        features=[wanted_feature(one.code, one, zone) for one in sold.product_features],
        fields={one.name: one.value for one in sold.custom_fields},
        users=[_user(user, terms) for user in sold.users],
    )


def _with_product_terms(code: str, given: Json, caller: Caller) -> Json:
    """The terms of a sale without a policy. Of a product that there is not whichever: the use case refuses it."""
    product, of_type = known_product(caller.company, code, now=caller.now), type_of(given)
    said = given if of_type is None else {"license_type": of_type} | given
    if product is None:
        return {"license_type": "perpetual", "max_activations": 1} | said
    return with_product_terms(product, said)


def _policy(product: str, sold: SoldLicense, company: str) -> Policy | None:
    """The policy that is named. Raises `Invalid` where several are; `NotFound`: `policy_not_found`."""
    named = [name for name in _POLICIES if getattr(sold, name) is not None]
    raise_all([Invalid("policy_named_twice", field=name) for name in named[1:]])
    if sold.license_template is not None:
        return find_policy(company, sold.license_template)
    code = sold.policy_code or sold.license_template_code
    return None if code is None else find_policy_by_code(company, product, code)


def type_of(given: Json) -> LicenseType | None:
    """The type of a license of which none is said: that of one with an end; None: it has none."""
    is_dated = given.get("validity_period") is not None or given.get("valid_duration") is not None
    return "time-limited" if is_dated else None


def _user(user: SoldUser, terms: Terms) -> NewUser:
    most = terms.max_activations if user.max_activations is None else user.max_activations
    profile = Profile(user.first_name, user.last_name, user.phone_number)
    return NewUser(user.email, most, profile, user.is_manager)
