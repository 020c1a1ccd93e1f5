"""What of a company a key reaches that is limited to products.

Each call says how such a key is kept to its products, `@endpoint(…, reach=its_license)`. One that says nothing is
refused: what is about the whole company, and what somebody forgets. What is of another product does not exist: it is
answered as an id that leads nowhere.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.license import License
from chalicelib.management.caller import Caller
from chalicelib.usecases.devices import license_of_device, license_of_variable
from chalicelib.usecases.find_license import product_of_license
from chalicelib.usecases.order_managers import find_numbered_order
from chalicelib.usecases.order_products import is_of_products
from chalicelib.usecases.policies import find_policy
from chalicelib.usecases.product_features import find_feature
from chalicelib.usecases.product_fields import find_field
from chalicelib.usecases.products import find_product_by_id
from chalicelib.web.endpoint import Arguments

T = TypeVar("T")

Own = Callable[[Caller, Any], None]  # an id, or a name where there is none
"""Raises `NotFound` where what has this id is of a product that the key is not for."""
Reach = Callable[[Caller, Arguments], None]
"""Raises `Forbidden` where a call is not of one product, `NotFound` where it is of one that the key is not for."""


def guard_reach(caller: Caller, reach: Reach | None, arguments: Arguments) -> None:
    """Keep a key that is limited to products to them. What was granted before under the call's own key stays granted:
    what it was about may be gone. Raises `Forbidden`, `NotFound`, `Denied`.
    """
    if not caller.key.products or (reach is not None and caller.is_repeat()):
        return
    if reach is None:
        raise not_of_one_product()
    reach(caller, arguments)


def not_of_one_product() -> Forbidden:
    """Why such a key may not make a call."""
    return Forbidden("management_key_product_not_allowed")


def by(name: str, own: Own) -> Reach:
    """By the id of this name in the path, the query or the body; a call that names none is refused."""

    def reach(caller: Caller, arguments: Arguments) -> None:
        named = (getattr(part, name, None) for part in arguments.values())
        id = next((one for one in named if one is not None), None)
        if id is None:
            raise not_of_one_product()
        own(caller, id)

    return reach


def listed_by(name: str, own: Own) -> Reach:
    """The same of a list, which leaves out by itself what is of other products where its query names nothing."""

    def reach(caller: Caller, arguments: Arguments) -> None:
        id = getattr(arguments["query"], name)
        if id is not None:
            own(caller, id)

    return reach


def its_order(_caller: Caller, _arguments: Arguments) -> None:
    """The call finds its order by `reached_order`: it needs all of it, and reads it once."""


def itself(_caller: Caller, _arguments: Arguments) -> None:
    """The call leaves out by itself what is of other products (`ManagementKey.is_for`, `each_own`)."""


def each_own(caller: Caller, id_of: Callable[[T], int], change: Callable[[T], object]) -> Callable[[T], object]:
    """`change` of one row of many, where the license of the row is of a product that the key is for."""

    def guarded(row: T) -> object:
        if caller.key.products:
            own_license(caller, id_of(row))
        return change(row)

    return guarded


def guard_own(caller: Caller, product: str | None, missing: NotFound) -> None:
    """Raises what is `missing` where the key is not for this product; None: of what there is not."""
    if not caller.key.is_for(product):
        raise missing


def own_license(caller: Caller, license_id: int) -> None:
    """Also one that was deleted: its history stays."""
    guard_own(caller, product_of_license(caller.company, license_id), NotFound("license_not_found"))


def own_device(caller: Caller, device_id: int) -> None:
    """By its license."""
    license_id = license_of_device(caller.company, device_id)
    product = None if license_id is None else product_of_license(caller.company, license_id)
    guard_own(caller, product, NotFound("device_not_found", of="id"))


def own_variable(caller: Caller, variable_id: int) -> None:
    """By the license of its device."""
    license_id = license_of_variable(caller.company, variable_id)
    product = None if license_id is None else product_of_license(caller.company, license_id)
    guard_own(caller, product, NotFound("variable_not_found"))


def reached_order(caller: Caller, order_id: int) -> Order:
    """One all of whose licenses are of products that the key is for. Raises `NotFound`."""
    order, codes = find_numbered_order(caller.company, order_id), caller.key.products
    if codes and not is_of_products(codes, order):
        raise NotFound("order_not_found", order=order_id)
    return order


def own_in_order(caller: Caller, order_id: int, some: Iterable[License]) -> None:
    """Licenses that were read in such an order after it was found: another may have come into it meanwhile. Raises
    `NotFound`.
    """
    for license in some:
        guard_own(caller, license.product, NotFound("order_not_found", order=order_id))


def own_product(caller: Caller, product_id: int) -> None:
    """By its id."""
    guard_own(caller, find_product_by_id(caller.company, product_id).code, NotFound("product_not_found"))


def own_product_code(caller: Caller, code: str) -> None:
    """By its code."""
    guard_own(caller, code, NotFound("unknown_product", field="product"))


def own_feature(caller: Caller, feature_id: int) -> None:
    """Of a product."""
    guard_own(caller, find_feature(caller.company, feature_id).product, NotFound("feature_not_found"))


def own_field(caller: Caller, field_id: int) -> None:
    """Of a product."""
    guard_own(caller, find_field(caller.company, field_id).product, NotFound("field_not_found"))


def own_policy(caller: Caller, policy_id: int) -> None:
    """Of a product."""
    guard_own(caller, find_policy(caller.company, policy_id).product, NotFound("policy_not_found"))


its_license = by("license_id", own_license)
its_device = by("device_id", own_device)
its_variable = by("variable_id", own_variable)
its_product = by("product_id", own_product)
its_feature = by("feature_id", own_feature)
its_field = by("field_id", own_field)
its_policy = by("policy_id", own_policy)
named_license = by("license", own_license)
named_product = by("product", own_product)
listed_by_license = listed_by("license", own_license)
listed_by_device = listed_by("device", own_device)
