"""The products of a company."""

from collections.abc import Iterator

from chalicelib.domain.catalog import Product
from chalicelib.domain.events import Event
from chalicelib.store import reads
from chalicelib.store.accounts import require_company
from chalicelib.store.items.accounts import ProductItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import product_sort_key
from chalicelib.store.transactions import Transaction


def create_product(product: Product, event: Event) -> None:
    """Raises `ConditionFailed` where the company has a product of that code, or is there no more."""
    write = Transaction(event_item(product.company, event, AccountEventItem))
    item = ProductItem.of(product, product.company, product_sort_key(product.code))
    write.put(item, ProductItem.pk.does_not_exist())
    require_company(write, product.company)
    write.commit()


def update_product(old: Product, new: Product, event: Event) -> None:
    """Write what differs, if nobody has changed the product since. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    item = ProductItem(old.company, product_sort_key(old.code))
    write.change(item, old, new, more=[ProductItem.updated_at.set(event.at)])
    write.commit()


def read_product(company: str, code: str) -> Product | None:
    """One product, consistently."""
    item = reads.get(ProductItem(company, product_sort_key(code)))
    return None if item is None else item.to_domain()


def read_products(company: str) -> Iterator[Product]:
    """All products of a company by code, consistently."""
    return (item.to_domain() for item in reads.query(ProductItem, company, product_sort_key()))
