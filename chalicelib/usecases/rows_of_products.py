"""What a row of a file may not do whose sender is limited to products: it comes to nothing that is of others.

`codes`: those products. What is refused is refused as what there is not, or as a name that is taken.
"""

from chalicelib.domain.errors import AlreadyExists, Forbidden, NotFound
from chalicelib.domain.license_rows import LicenseRow
from chalicelib.domain.source_rows import SourceRow, System
from chalicelib.store import accounts, licenses, orders
from chalicelib.usecases.find_license import product_of_license
from chalicelib.usecases.order_managers import find_order_of
from chalicelib.usecases.order_products import is_of_products


def guard_license_row(company: str, row: LicenseRow, system: System, codes: frozenset[str]) -> None:
    """That a license of these products is made, or changed, and no record of a customer; and that the order that it is
    made in, or that gets a manager or is changed itself, is of these alone.

    Raises `NotFound`: `unknown_product`; `AlreadyExists`: `already_exists` of `source_row`, where the license that was
    made of the row is of another product, or of `order_of_others`; `Forbidden` where the row says more of the customer
    than an email.
    """
    if row.product not in codes:
        raise NotFound("unknown_product", field="product")
    if len(row.customer) > 1:
        raise Forbidden("management_key_product_not_allowed", of="customer", field="customer")
    made = accounts.find_made_of_row(company, SourceRow(system, row.name))
    license_id = None if made is None else made.license_id
    if license_id is not None and product_of_license(company, license_id) not in codes:
        raise AlreadyExists("already_exists", of="source_row", field="product")
    license = None if license_id is None else licenses.read_license(company, license_id)
    if license is None or row.order or any(user.is_manager for user in row.users):
        named = row.terms.get("order_id") or ""
        order = orders.read_order(company, named) if license is None else find_order_of(license)
        if order is not None and not is_of_products(codes, order):
            raise AlreadyExists("already_exists", of="order_of_others", field="order_id")


def guard_named_license(company: str, license_id: int, codes: frozenset[str]) -> None:
    """That a license is of these products. Raises `NotFound`: `license_not_found`."""
    if product_of_license(company, license_id) not in codes:
        raise NotFound("license_not_found", field="license_key")
