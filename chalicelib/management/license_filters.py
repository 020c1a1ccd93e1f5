"""Management API: which licenses a list shows."""

from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StrictStr

from chalicelib.domain.catalog import Product
from chalicelib.domain.days import first_instant, last_instant, read_moment
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import AuthorizationMethod, License, LicenseType, Status, status
from chalicelib.domain.slots import is_floating
from chalicelib.domain.types import Json
from chalicelib.management.caller import Caller
from chalicelib.management.models import ListQuery, QueryId, SentFlag, SentIds, SentMoment
from chalicelib.management.reach import not_of_one_product
from chalicelib.usecases.catalog import products
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customer_list import CustomerFilter, TextFilter
from chalicelib.usecases.license_list import LicenseFilter, Test, customer_email

MAX_TEXT = 255


Text = Annotated[StrictStr, Field(min_length=1, max_length=MAX_TEXT)]


class LicensesQuery(ListQuery):
    """Which licenses: all that is given has to be true of each.

    `__icontains`: whatever the letters are, large or small. `customer__account__…`: of the customer's account.
    """

    not_served: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "devices__os": "no filter goes by it, for each device reports its own: GET devices?license= answers it, "
            "and licenses are found by devices__hardware_id or devices__hostname",
            "devices__hardware_id__": "devices are filed by the whole of it: give devices__hardware_id",
            "devices__hostname__": "devices are filed by the whole of it: give devices__hostname",
            "updated_at": "no filter goes by it, for it is not kept: webhooks and GET license-histories tell what has "
            "changed, and licenses are found by created_at__gte, created_at__lt, time_activated and validity_period",
            "license_user_group": "no filter goes by it, for there are no groups: license users are found by "
            "license_users__id, license_users__true_email or license_users__true_email__icontains",
        }
    )
    """Filters of the public API that no license can be held against, by how their names begin, and why."""

    order_by: Literal["id", "-id", "created_at", "-created_at"] = "id"
    id__in: SentIds | None = None
    license_key: Text | None = None
    company: QueryId | None = None
    customer_id: QueryId | None = None
    product_id: QueryId | None = None
    product_short_code: Text | None = None
    order__store_id: Text | None = None
    customer_email: Text | None = None
    license_users__id: QueryId | None = None
    license_users__true_email: Text | None = None
    manager__true_email: Text | None = None
    devices__hardware_id: Text | None = None
    devices__hostname: Text | None = None
    created_at__gte: SentMoment | None = None
    created_at__lt: SentMoment | None = None
    license_key__startswith: Text | None = None
    license_key__icontains: Text | None = None
    license_key__isnull: SentFlag | None = None
    order__store_id__startswith: Text | None = None
    order__store_id__icontains: Text | None = None
    customer_email__icontains: Text | None = None
    customer_name__icontains: Text | None = None
    customer_company_name__icontains: Text | None = None
    customer__reference: Text | None = None
    customer__reference__icontains: Text | None = None
    customer__account: QueryId | None = None
    customer__account__name: Text | None = None
    customer__account__name__icontains: Text | None = None
    customer__account__code: Text | None = None
    customer__account__code__icontains: Text | None = None
    customer__account__description: Text | None = None
    customer__account__description__icontains: Text | None = None
    customer__account__phone: Text | None = None
    customer__account__phone__icontains: Text | None = None
    customer__account__address: Text | None = None
    customer__account__address__icontains: Text | None = None
    customer__account__email: Text | None = None
    customer__account__email__icontains: Text | None = None
    customer__account__reference: Text | None = None
    customer__account__reference__icontains: Text | None = None
    order__customer_account: QueryId | None = None
    """An order has the account of its customer."""
    order__customer_account__name: Text | None = None
    order__customer_account__name__icontains: Text | None = None
    order__customer_account__code: Text | None = None
    order__customer_account__code__icontains: Text | None = None
    license_users__true_email__icontains: Text | None = None
    manager__true_email__icontains: Text | None = None
    product_short_code__icontains: Text | None = None
    product_name__icontains: Text | None = None
    note__icontains: Text | None = None
    subscription_id: Text | None = None
    subscription_id__icontains: Text | None = None
    enabled: SentFlag | None = None
    is_archived: SentFlag | None = None
    active: SentFlag | None = None
    is_trial: SentFlag | None = None
    is_any_floating: SentFlag | None = None
    """Whether it is a floating license; no feature floats."""
    status: Status | None = None
    license_type: LicenseType | None = None
    license_template: QueryId | None = None
    license_template__code: Text | None = None
    license_template__code__icontains: Text | None = None
    product__authorization_method: AuthorizationMethod | None = None
    product_features__id: QueryId | None = None
    """Of a product's feature that the license has."""
    validity_period__gt: SentMoment | None = None
    validity_period__gte: SentMoment | None = None
    validity_period__lt: SentMoment | None = None
    validity_period__lte: SentMoment | None = None
    validity_period__date__gt: SentMoment | None = None
    validity_period__date__gte: SentMoment | None = None
    validity_period__date__lt: SentMoment | None = None
    validity_period__date__lte: SentMoment | None = None
    time_activated__gt: SentMoment | None = None
    time_activated__gte: SentMoment | None = None
    time_activated__lt: SentMoment | None = None
    time_activated__lte: SentMoment | None = None
    time_activated__date__gt: SentMoment | None = None
    time_activated__date__gte: SentMoment | None = None
    time_activated__date__lt: SentMoment | None = None
    time_activated__date__lte: SentMoment | None = None


def guard_filters(caller: Caller, asked: Json) -> None:
    """Keep filters by what no license says itself to keys that may read that: tries of texts tell it letter by letter.

    Raises `Forbidden`: such records are the whole company's, so no key that is limited to products reads them.
    """
    for begins, scope in _OF_OTHERS.items():
        if any(name.startswith(begins) for name in asked):
            if caller.key.products:
                raise not_of_one_product()
            caller.key.guard_scope(scope)


def license_filter(asked: Json, company: str, now: Instant) -> LicenseFilter:
    """What the parameters of a query say, those that were given."""
    for name in _OF_ORDER & asked.keys():
        of_customer = name.replace("order__customer_account", "customer__account")
        if asked.get(of_customer, asked[name]) != asked[name]:
            return LicenseFilter(ids=frozenset())
        asked = asked | {of_customer: asked[name]}
    given: Json = {field: asked[name] for name, field in _SERVED.items() if name in asked}
    given |= {field: _instants(asked[name], company)[0] for name, field in _CREATED.items() if name in asked}
    given["users"] = tuple(asked[name] for name in _OF_USER if name in asked)
    if "id__in" in asked:
        given["ids"] = frozenset(map(int, asked["id__in"].split(",")))
    given["buyer"] = _buyer(asked)
    tests = [*_tests(asked, now), *_date_tests(asked, company)]
    if "product_name__icontains" in asked:
        tests.append(_is_of(_codes(company, lambda one: _contains(one.name, asked["product_name__icontains"]))))
    if "company" in asked and asked["company"] != find_company(company).id:
        return LicenseFilter(ids=frozenset())
    if "customer_id" in asked:
        customer = customer_email(company, asked["customer_id"])
        if customer is None or given.setdefault("customer", customer) != customer:
            return LicenseFilter(ids=frozenset())
    if "product_id" in asked:
        named = _codes(company, lambda one: one.id == asked["product_id"])
        if given.setdefault("product", next(iter(named), "")) not in named:
            return LicenseFilter(ids=frozenset())
    return LicenseFilter(**given, tests=tuple(tests))


_SERVED: Mapping[str, str] = {
    "license_key": "license_key",
    "product_short_code": "product",
    "order__store_id": "order_id",
    "customer_email": "customer",
    "manager__true_email": "manager",
    "devices__hardware_id": "hardware_id",
    "devices__hostname": "host_name",
    "license_users__true_email__icontains": "user_like",
    "manager__true_email__icontains": "manager_like",
}
"""Parameters with the fields of `LicenseFilter` that say the same."""
_OF_USER = ("license_users__id", "license_users__true_email")
_CREATED: Mapping[str, str] = {"created_at__gte": "created_from", "created_at__lt": "created_before"}
_TEXTS: Mapping[str, Callable[[License, Extras], str | None]] = {
    "license_key": lambda license, _: license.license_key,
    "order__store_id": lambda license, _: license.order_id,
    "customer_email": lambda license, _: license.customer,
    "product_short_code": lambda license, _: license.product,
    "note": lambda _, extras: extras.note,
    "subscription_id": lambda _, extras: extras.subscription_id,
    "license_template__code": lambda _, extras: None if extras.policy is None else extras.policy.code,
}
_VALUES: Mapping[str, Callable[[License, Instant], str | bool]] = {
    "status": status,
    "license_type": lambda license, _: license.license_type,
    "product__authorization_method": lambda license, _: license.authorization_method,
    "license_key__isnull": lambda license, _: license.license_key is None,
    "enabled": lambda license, _: license.enabled,
    "is_archived": lambda license, _: license.archived_at is not None,
    "active": lambda license, now: status(license, now) in ("active", "grace"),
    "is_trial": lambda license, _: license.is_trial,
    "is_any_floating": lambda license, _: is_floating(license),
}
_OF_BUYER: Mapping[str, tuple[str, str]] = {
    "customer_name__icontains": ("full_name", "icontains"),
    "customer_company_name__icontains": ("company_name", "icontains"),
    "customer__reference": ("reference", "exact"),
    "customer__reference__icontains": ("reference", "icontains"),
}
"""Of the record of the customer: which of its texts, and how."""
_OF_ACCOUNT = "customer__account__"
_ACCOUNT_OF_ORDER = ("__name", "__name__icontains", "__code", "__code__icontains")
_OF_ORDER = {f"order__customer_account{field}" for field in ("", *_ACCOUNT_OF_ORDER)}
_OF_OTHERS: Mapping[str, str] = {
    "customer_name": "customers:read",
    "customer_company_name": "customers:read",
    "customer__": "customers:read",
    "order__customer_account": "customers:read",
    "manager__": "orders:read",
}
"""How filters begin that are of other records than licenses, and the scope that reads these."""
_DATES: Mapping[str, Callable[[License], Instant | None]] = {
    "validity_period": lambda license: license.validity_period,
    "time_activated": lambda license: license.first_activated_at,
}
_COMPARED: Mapping[str, tuple[Callable[[Instant, Instant], bool], int]] = {
    "gt": (gt, 1),
    "gte": (ge, 0),
    "lt": (lt, 0),
    "lte": (le, 1),
}
"""How a date is compared, and whether with the last instant of a day that is given, or with its first."""


def _tests(asked: Json, now: Instant) -> Iterator[Test]:
    for name, text_of in _TEXTS.items():
        if f"{name}__startswith" in asked:
            yield _begins(text_of, asked[f"{name}__startswith"])
        if f"{name}__icontains" in asked:
            yield _has(text_of, asked[f"{name}__icontains"])
    for name, value_of in _VALUES.items():
        if name in asked:
            yield _is(value_of, asked[name], now)
    for name, field in (("license_template", "id"), ("license_template__code", "code")):
        if name in asked:
            yield _is_by(field, asked[name])
    if "subscription_id" in asked:
        yield lambda _, extras: extras.subscription_id == asked["subscription_id"]
    if "product_features__id" in asked:
        yield lambda _, extras: any(one.feature_id == asked["product_features__id"] for one in extras.features)


def _buyer(asked: Json) -> CustomerFilter:
    """What is asked of who bought."""
    texts = tuple(TextFilter(*_OF_BUYER[name], text) for name, text in asked.items() if name in _OF_BUYER)
    of_account = list[TextFilter]()
    for name, text in asked.items():
        if name.startswith(_OF_ACCOUNT):
            field, _, how = name.removeprefix(_OF_ACCOUNT).partition("__")
            of_account.append(TextFilter(field, how or "exact", text))
    return CustomerFilter(texts, tuple(of_account), asked.get("customer__account"))


def _date_tests(asked: Json, company: str) -> Iterator[Test]:
    for name, date_of in _DATES.items():
        for how, (compare, which) in _COMPARED.items():
            for asked_as in (f"{name}__{how}", f"{name}__date__{how}"):
                if asked_as in asked:
                    yield _compares(date_of, compare, _instants(asked[asked_as], company)[which])


def _begins(text_of: Callable[[License, Extras], str | None], text: str) -> Test:
    return lambda *sold: (text_of(*sold) or "").startswith(text)


def _has(text_of: Callable[[License, Extras], str | None], text: str) -> Test:
    return lambda *sold: _contains(text_of(*sold) or "", text)


def _is(value_of: Callable[[License, Instant], str | bool], wanted: str | bool, now: Instant) -> Test:
    return lambda license, _: value_of(license, now) == wanted


def _is_by(field: str, wanted: int | str) -> Test:
    return lambda _, extras: getattr(extras.policy, field, None) == wanted


def _compares(
    date_of: Callable[[License], Instant | None], compare: Callable[[Instant, Instant], bool], bound: Instant
) -> Test:
    return lambda license, _: (at := date_of(license)) is not None and compare(at, bound)


def _is_of(codes: frozenset[str]) -> Test:
    return lambda license, _: license.product in codes


def _codes(company: str, is_meant: Callable[[Product], bool]) -> frozenset[str]:
    return frozenset(product.code for product in products(company, frozenset()) if is_meant(product))


def _contains(text: str, part: str) -> bool:
    return part.casefold() in text.casefold()


def _instants(text: str, company: str) -> tuple[Instant, Instant]:
    """The first and the last instant of a day of the company's; of an instant, that itself."""
    moment = read_moment(text)
    zone = "" if isinstance(moment, int) else find_company(company).time_zone
    return first_instant(moment, zone), last_instant(moment, zone)
