"""Of which products orders are: for those who see some products of a company and not the others.

It is told from the licenses that are in an order, and stored nowhere: what moves, goes or is added changes it.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from chalicelib.domain.catalog import Order
from chalicelib.domain.paging import Part, search_keys
from chalicelib.store import orders
from chalicelib.threads import ThreadPool
from chalicelib.usecases.find_license import product_of_license
from chalicelib.usecases.order_managers import read_in_order

CHUNK = 20
"""Orders of which it is found at once."""
MOST = 200
"""Orders that one part looks at, at most."""
_AT_ONCE = 8


def is_of_products(codes: frozenset[str], order: Order) -> bool:
    """Whether all licenses of an order are of these products; of one without any, that which it began with.

    One read of what was sold in it, which ends with the first license of another product, and one of the order.
    """
    return read_in_order(order, partial(_is_of, codes))[1]


def those_of_products(codes: frozenset[str], some: list[Order]) -> list[Order]:
    """Those of some orders of a company, at most a hundred, that are of these products, in their order: a read each,
    several at a time, and one for all.
    """
    return _those(some, partial(_is_of, codes))


def _those_with(product: str, some: list[Order]) -> list[Order]:
    """Those of some orders in which a license of a product stands."""
    return _those(some, lambda order: product in _products(order))


def _those(some: list[Order], is_meant: Callable[[Order], bool]) -> list[Order]:
    """Those that are meant, by what is read under their names. One that has another name by now is not there."""
    with ThreadPool(_AT_ONCE) as threads:
        are = list(threads.map(is_meant, some))
    now = orders.read_some(some[0].company, (order.id for order in some)) if some else {}
    found = []
    for order, is_one in zip(some, are, strict=True):
        there = now.get(order.id)
        if there is None or order.number not in (there.number, None):
            continue
        if is_one if there.revision == order.revision else read_in_order(there, is_meant)[1]:
            found.append(there)
    return found


def find_orders_of_products(
    company: str,
    codes: frozenset[str],
    product: str | None = None,
    *,
    after: str | None,
    backwards: bool,
    skip: int,
    size: int,
) -> Part[str, Order]:
    """At most `size` orders of these products behind the one with the id `after` and `skip` more, by their ids.

    No codes: of any. `product`: those of them in which a license of this one stands.

    No key serves this. A part looks at `MOST` orders: it may have few, or none, and go on all the same.
    """

    read: dict[str, Order] = {}

    def ids(after: str | None, limit: int) -> Iterable[str]:
        found = orders.read_orders(company, after=after, backwards=backwards, limit=limit)
        some = {order.id: order for order in found}
        read.update(some)
        return some

    def load(ids: list[str]) -> list[Order]:
        of_codes = [read[id] for id in ids]
        if codes:
            of_codes = those_of_products(codes, of_codes)
        return of_codes if product is None else _those_with(product, of_codes)

    return search_keys(ids, load, lambda order: order.id, after, skip, size, chunk=CHUNK, most=MOST)


def _is_of(codes: frozenset[str], order: Order) -> bool:
    return all(code in codes for code in _products(order))


def _products(order: Order) -> Iterator[str | None]:
    """The products of an order's licenses."""
    is_empty = True
    for sold in orders.sold_in_order(order.company, order.id):
        is_empty = False
        yield sold.product
    if is_empty:
        yield None if order.number is None else product_of_license(order.company, order.number)
