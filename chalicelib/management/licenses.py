"""Management API: licenses, as they are listed, found and shown."""

import json
from collections.abc import Callable, Iterator, Mapping
from operator import ge, gt, le, lt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictStr
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Product
from chalicelib.domain.days import first_instant, last_instant, read_moment
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import AuthorizationMethod, License, LicenseType, Seat, Status, status
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, shown_names
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of, license_body
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, SentFlag, SentMoment, part_of_found
from chalicelib.usecases import license_list
from chalicelib.usecases.catalog import known_products, products
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.create import find_company
from chalicelib.usecases.license_list import LicenseFilter, Test, customer_email, users_of
from chalicelib.web.freshness import Date

MAX_TEXT, MAX_IDS, MAX_USERS = 255, 100, 100


def _ids(text: str) -> str:
    """Numbers with commas between."""
    parts = text.split(",")
    if len(parts) > MAX_IDS or not all(part.isascii() and part.isdigit() and len(part) <= 16 for part in parts):
        raise PydanticCustomError("ids", "give up to {most} ids, with commas between", {"most": MAX_IDS})
    return text


Text = Annotated[StrictStr, Field(min_length=1, max_length=MAX_TEXT)]


class LicensePath(Sent):
    """Which license."""

    license_id: Id


class LicensesQuery(ListQuery):
    """Which licenses: all that is given has to be true of each."""

    order_by: Literal["id", "-id", "created_at", "-created_at"] = "id"
    id__in: Annotated[StrictStr, AfterValidator(_ids)] | None = None
    license_key: Text | None = None
    customer_id: QueryId | None = None
    product_id: QueryId | None = None
    product_short_code: Text | None = None
    order__store_id: Text | None = None
    customer_email: Text | None = None
    license_users__id: QueryId | None = None
    license_users__true_email: Text | None = None
    manager__true_email: Text | None = None
    devices__hardware_id: Text | None = None
    created_at__gte: SentMoment | None = None
    created_at__lt: SentMoment | None = None
    license_key__startswith: Text | None = None
    license_key__icontains: Text | None = None
    license_key__isnull: SentFlag | None = None
    order__store_id__startswith: Text | None = None
    order__store_id__icontains: Text | None = None
    customer_email__icontains: Text | None = None
    product_name__icontains: Text | None = None
    note__icontains: Text | None = None
    enabled: SentFlag | None = None
    is_archived: SentFlag | None = None
    active: SentFlag | None = None
    is_trial: SentFlag | None = None
    status: Status | None = None
    license_type: LicenseType | None = None
    license_template: QueryId | None = None
    license_template__code: Text | None = None
    product__authorization_method: AuthorizationMethod | None = None
    product_features__id: QueryId | None = None
    """Of a product's feature that the license has."""
    validity_period__gt: SentMoment | None = None
    validity_period__gte: SentMoment | None = None
    validity_period__lt: SentMoment | None = None
    validity_period__lte: SentMoment | None = None
    time_activated__gt: SentMoment | None = None
    time_activated__gte: SentMoment | None = None
    time_activated__lt: SentMoment | None = None
    time_activated__lte: SentMoment | None = None


class LicenseList(ListBody):
    """A page of licenses."""

    results: list[LicenseBody]


class UserOfLicense(TypedDict):
    """Who has a seat on a license."""

    id: int
    email: str
    true_email: str
    created_at: Date
    """When the seat was given."""
    first_name: str
    last_name: str
    phone_number: str
    is_manager: bool
    is_initial_password: bool
    max_activations: int
    allow_unlimited_activations: bool
    total_activations: int


class WholeLicense(LicenseBody):
    """A license as it is shown by itself."""

    license_users: list[UserOfLicense]
    """The first hundred."""


@endpoint("GET", "/licenses", writes=False, scope="licenses:read")
def list_licenses(query: LicensesQuery, caller: Caller) -> LicenseList:
    """The licenses of the company that a filter lets through, oldest first or newest first."""
    asked = query.model_dump(exclude={"cursor", "offset", "limit"}, exclude_none=True)
    wanted, newest_first = license_filter(asked, caller.company, caller.now), query.order_by.startswith("-")
    rows, page = part_of_found(
        lambda after, skip, size: license_list.list_licenses(
            caller.company, wanted, after=after, newest_first=newest_first, skip=skip, size=size
        ),
        query,
        caller,
        f"licenses {json.dumps(asked, sort_keys=True)}",
        license_list.count_licenses(caller.company, wanted),
    )
    known = known_products(caller.company, (license.product for license, _ in rows), now=caller.now)
    bodies = [license_body(license, extras, known.get(license.product), caller.now) for license, extras in rows]
    return {**page, "results": bodies}


@endpoint("GET", "/licenses/{license_id}", writes=False, scope="licenses:read")
def show_license(path: LicensePath, caller: Caller) -> WholeLicense:
    """One license, with its first users."""
    sold = find_sold(caller.company, path.license_id)
    users = users_of(sold[0], MAX_USERS) if sold[0].users_assigned else []
    return {**body_of(caller)(sold), "license_users": [_user(sold[0], *one) for one in users]}


def license_filter(asked: Json, company: str, now: Instant) -> LicenseFilter:
    """What the parameters of a query say, those that were given."""
    given: Json = {field: asked[name] for name, field in _SERVED.items() if name in asked}
    given |= {field: _instants(asked[name], company)[0] for name, field in _CREATED.items() if name in asked}
    given["users"] = tuple(asked[name] for name in _OF_USER if name in asked)
    if "id__in" in asked:
        given["ids"] = frozenset(map(int, asked["id__in"].split(",")))
    tests = [*_tests(asked, now), *_date_tests(asked, company)]
    if "product_name__icontains" in asked:
        tests.append(_is_of(_codes(company, lambda one: _contains(one.name, asked["product_name__icontains"]))))
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
}
"""Parameters that a key serves, with the fields of `LicenseFilter`."""
_OF_USER = ("license_users__id", "license_users__true_email")
_CREATED: Mapping[str, str] = {"created_at__gte": "created_from", "created_at__lt": "created_before"}
_TEXTS: Mapping[str, Callable[[License, Extras], str | None]] = {
    "license_key": lambda license, _: license.license_key,
    "order__store_id": lambda license, _: license.order_id,
    "customer_email": lambda license, _: license.customer,
    "note": lambda _, extras: extras.note,
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
}
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
    if "product_features__id" in asked:
        yield lambda _, extras: any(one.feature_id == asked["product_features__id"] for one in extras.features)


def _date_tests(asked: Json, company: str) -> Iterator[Test]:
    for name, date_of in _DATES.items():
        for how, (compare, which) in _COMPARED.items():
            if f"{name}__{how}" in asked:
                yield _compares(date_of, compare, _instants(asked[f"{name}__{how}"], company)[which])


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


def _user(license: License, seat: Seat, user: User) -> UserOfLicense:
    first_name, last_name, phone_number = shown_names(seat, user)
    return {
        "id": user.id,
        "email": user.email,
        "true_email": user.email,
        "created_at": to_iso(seat.assigned_at),
        "first_name": first_name,
        "last_name": last_name,
        "phone_number": phone_number,
        "is_manager": user.is_manager,
        "is_initial_password": user.is_initial_password,
        "max_activations": seat.max_activations or 0,
        "allow_unlimited_activations": seat.max_activations is None,
        "total_activations": seat.activations_in(license),
    }
