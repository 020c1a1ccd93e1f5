"""Management API: licenses that are made one by one, and keys for those that are to be."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.domain.extras import NO_EXTRAS, with_extras
from chalicelib.domain.keys import ALPHABET
from chalicelib.domain.license import License, LicenseType, license_name
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of
from chalicelib.management.license_changes import Flag, SentTerms, Text, terms_of
from chalicelib.management.license_checks import QueryText
from chalicelib.management.models import Id, Sent, sent_number
from chalicelib.management.new_orders import OF_SALE, type_of
from chalicelib.management.reach import by, not_of_one_product, own_product, own_product_code, reached_order
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_customer import find_customer
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.issue_license import terms_of as terms_of_issue
from chalicelib.usecases.license_keys import generate_keys
from chalicelib.usecases.policies import extras_of, find_policy_by_code
from chalicelib.usecases.products import find_product_by_id
from chalicelib.web.endpoint import Arguments

MAX_KEYS = 100
LEAST_LENGTH, MOST_LENGTH = 16, 240
"""Characters of a key whose shape is said."""


def _letters(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(set(text.upper())) > 1):
        raise PydanticCustomError("alphabet", "give letters from A to Z and digits, two or more of them")
    return text


class KeysQuery(Sent):
    """For which product, how many, and of which shape; ours, where neither length nor alphabet is given."""

    product: QueryText
    """Its short code."""
    quantity: Annotated[int, BeforeValidator(sent_number), Field(ge=1, le=MAX_KEYS)] = 1
    key_length: Annotated[int, BeforeValidator(sent_number), Field(ge=LEAST_LENGTH, le=MOST_LENGTH)] | None = None
    """How many characters; not given: 16."""
    alphabet: Annotated[QueryText, AfterValidator(_letters)] | None = None
    """Letters, whatever their case, and digits; not given: those of our own keys."""

    @property
    def shape(self) -> tuple[int, str] | None:
        """Length and alphabet; None: as our own."""
        if self.key_length is None and self.alphabet is None:
            return None
        return self.key_length or LEAST_LENGTH, self.alphabet or ALPHABET


class NewLicense(SentTerms):
    """POST licenses. What is not given of the terms is as the policy says, or as the product does."""

    product: Id | Text
    """Its id, or its short code."""
    customer: Id | None = None
    """Null: that of the order; without one, nobody's."""
    order: Id | None = None
    """One of the same customer; null: a new one."""
    license_key: Text | None = None
    """Null: one is made."""
    license_type: LicenseType | None = None
    """Null: as the policy or the product says; without a policy `time-limited` where an end is given."""
    policy_code: Text | None = None
    enabled: Flag = True


@endpoint("GET", "/orders/generate_license", writes=False, scope="orders:read", reach=by("product", own_product_code))
def generate_license(query: KeysQuery, caller: Caller) -> list[str]:
    """Keys that nobody has, for `orders/create_order`; none is kept, or sold, by this."""
    return generate_keys(caller.company, query.product, query.quantity, query.shape, now=caller.now)


def own_sale(caller: Caller, arguments: Arguments) -> None:
    """By the product; the order that is named is found by `reached_order`. Not by a customer: his record is the whole
    company's.
    """
    body: NewLicense = arguments["body"]
    if body.customer is not None:
        raise not_of_one_product()
    if isinstance(body.product, int):
        own_product(caller, body.product)
    else:
        own_product_code(caller, body.product)


@endpoint("POST", "/licenses", writes=True, scope="licenses:write", reach=own_sale, status=201)
def create_license(body: NewLicense, caller: Caller) -> LicenseBody:
    """Make one license. Without a key of its own, the same once more makes another one: send an `Idempotency-Key`."""
    carried = NO_EXTRAS

    def make() -> tuple[License, User | None]:
        nonlocal carried
        company, now = caller.company, caller.now
        code = find_product_by_id(company, body.product).code if isinstance(body.product, int) else body.product
        policy = None if body.policy_code is None else find_policy_by_code(company, code, body.policy_code)
        more: Json = dict(terms_of(body, now, find_company(company).time_zone))
        given = {name: more.pop(name) for name in OF_SALE & more.keys()} | _names(body, caller)
        if (of_type := body.license_type or (type_of(given) if policy is None else None)) is not None:
            given["license_type"] = of_type
        terms = terms_of_issue(company, code, given, policy, now=now)
        carried = with_extras(extras_of(policy, find_product(company, code, now=now), now=now), more)
        name, who = license_name(more.get("name", "")), caller.actor
        sold: Json = {"policy": policy, "carried": carried, "name": name, "enabled": body.enabled}
        sold["joins"] = body.order
        return issue_license(company, code, terms, None, who, **sold, now=now)

    return caller.once(make, lambda made: body_of(caller)((made[0], carried)))


def _names(body: NewLicense, caller: Caller) -> Json:
    """Under which names the license is sold."""
    order = None if body.order is None else reached_order(caller, body.order)
    email = None if body.customer is None else find_customer(caller.company, body.customer).email
    of_order = None if order is None else order.customer or None
    return {"license_key": body.license_key, "order_id": order and order.id, "customer": email or of_order}
