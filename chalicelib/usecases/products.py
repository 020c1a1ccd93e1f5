"""The products of a company: found, and changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.catalog import PRODUCT_CODE, Product
from chalicelib.domain.errors import Denied, NotFound
from chalicelib.domain.events import Actor, Event, before_and_after
from chalicelib.domain.instants import Instant
from chalicelib.domain.products import CHANGEABLE, checked_product
from chalicelib.store.products import read_product, read_products, update_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write


def list_products(company: str) -> list[Product]:
    """All products of a company, oldest first. Raises `company_not_found`."""
    return sorted(read_products(find_company(company).code), key=lambda product: product.id)


def find_product_by_id(company: str, product_id: int) -> Product:
    """A product by its id, whether it can be used or not. Raises `company_not_found`, `product_not_found`."""
    found = next((product for product in list_products(company) if product.id == product_id), None)
    if found is None:
        raise NotFound("product_not_found")
    return found


def show_product(company: str, code: str) -> Product:
    """A product as it is stored now, whether it can be used or not. Raises `company_not_found`, `unknown_product`."""
    owner = find_company(company).code
    found = read_product(owner, code) if PRODUCT_CODE.fullmatch(code) else None
    if found is None:
        raise NotFound("unknown_product", field="product")
    return found


def change_product(
    company: str,
    code: str,
    changes: Mapping[str, Any],  # each as the field of that name of `Product`
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
) -> Product:
    """Change what is given, of `CHANGEABLE`; all else stays. Licenses that were issued keep their terms, and what a
    disabled or archived product refuses is refused everywhere within a minute. The same once more changes nothing.

    `revision`: the one that is to be changed. Raises `company_not_found`, `unknown_product`, `revision_changed`, and
    `Invalid`: one error for each wrong field.
    """

    def decide(old: Product) -> Product:
        if revision not in (None, old.revision):
            raise Denied("revision_changed")
        return checked_product(replace(old, **changes))

    def write(old: Product, new: Product) -> None:
        if new != old:
            details = before_and_after(old, new, CHANGEABLE)
            update_product(old, new, Event.new("product_changed", actor, now, product=old.code, **details))

    def stored(old: Product, new: Product) -> Product:
        return new if new == old else replace(new, revision=old.revision + 1, updated_at=now)

    return stored(*decide_and_write(lambda _: show_product(company, code), decide, write, result=stored))
