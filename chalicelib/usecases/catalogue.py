"""The catalogue as calls see it: remembered for a minute."""

from chalicelib.domain.catalogue import API_KEY, PRODUCT_CODE, ApiKey, Product, guard_product
from chalicelib.domain.instants import Instant
from chalicelib.store import accounts
from chalicelib.usecases.remember import MINUTE_MS, Memory

_products: Memory[Product] = Memory(4096, MINUTE_MS)
_api_keys: Memory[ApiKey] = Memory(4096, MINUTE_MS)


def find_product(company: str, code: str, *, now: Instant) -> Product:
    """A product that can be used. Raises `Refused`: `unknown_product`, `disabled_product`, `archived_product`."""
    return guard_product(known_product(company, code, now=now))


def known_product(company: str, code: str, *, now: Instant) -> Product | None:
    """A product, whether it can be used or not."""
    if not PRODUCT_CODE.fullmatch(code):
        return None
    return _products.get((company, code), lambda: accounts.read_product(company, code), now)


def find_api_key(api_key: str, *, now: Instant) -> ApiKey | None:
    """An API key, revoked or not. Its company is the part before the last dash."""
    if not API_KEY.fullmatch(api_key):  # so no stranger's text becomes a key of the database
        return None
    company = api_key.rpartition("-")[0]
    return _api_keys.get(api_key, lambda: accounts.read_api_key(company, api_key), now)
