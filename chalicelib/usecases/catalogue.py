"""The catalogue as calls see it: remembered for a minute."""

from chalicelib.domain.catalogue import ApiKey, Product, guard_product
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
    return _products.get((company, code), lambda: accounts.read_product(company, code), now)


def find_api_key(api_key: str, *, now: Instant) -> ApiKey | None:
    """An API key, revoked or not. Its company is the part before the last dash."""
    company, dash, _ = api_key.rpartition("-")
    if not dash or not company:
        return None
    return _api_keys.get(api_key, lambda: accounts.read_api_key(company, api_key), now)
