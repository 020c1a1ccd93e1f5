"""The catalog as calls see it: remembered for a minute."""

from collections.abc import Callable

from chalicelib.domain.catalog import API_KEY, PRODUCT_CODE, ApiKey, Product, guard_product
from chalicelib.domain.instants import Instant
from chalicelib.runtime import runtime
from chalicelib.store import accounts
from chalicelib.store.products import read_product, read_products
from chalicelib.usecases.create import shared_key


def find_product(company: str, code: str, *, on_vm: bool = False, now: Instant) -> Product:
    """A product that can be used; as it stands, where what is remembered refuses the call, or the machine `on_vm`.

    Raises `NotFound`: `unknown_product`, `Denied`: `disabled_product`, `archived_product`.
    """

    def refuses(product: Product) -> bool:
        return product.state != "active" or (on_vm and product.prevent_vm)

    return guard_product(known_product(company, code, refuses=refuses, now=now))


def known_product(
    company: str, code: str, *, refuses: Callable[[Product], bool] = lambda _product: False, now: Instant
) -> Product | None:
    """A product, whether it can be used or not; as it stands, where the remembered one `refuses` the call."""
    if not PRODUCT_CODE.fullmatch(code):
        return None
    products = runtime().caches.products
    return products.get((company, code), lambda: read_product(company, code), now, refuses=refuses)


def products(company: str, only: frozenset[str]) -> list[Product]:
    """A company's products by code, whether they can be used or not; `only` some of them, where any are named."""
    return [product for product in read_products(company) if not only or product.code in only]


def find_credentials(api_key: str, *, fresh: bool = False, now: Instant) -> tuple[ApiKey, str] | None:
    """An API key, revoked or not, and its shared key in clear; `fresh`: as they are stored now.

    Its company is the part before the last dash.
    """
    if not API_KEY.fullmatch(api_key):  # so no stranger's text becomes a key of the database
        return None
    company = api_key.rpartition("-")[0]

    def load() -> tuple[ApiKey, str] | None:
        found = accounts.read_api_key(company, api_key)
        return None if found is None else (found, shared_key(found))

    return runtime().caches.api_keys.get(api_key, load, now, fresh=fresh)
