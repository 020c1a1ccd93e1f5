"""What is alike of all that a product defines, features, custom fields and policies: read, decided on, changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic

from chalicelib.domain.catalog import PRODUCT_CODE, Product
from chalicelib.domain.errors import Denied, NotFound
from chalicelib.domain.events import Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.store.definitions import D, Definitions
from chalicelib.store.products import read_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write

Fields = Mapping[str, Any]  # each as the field of that name of the dataclass
"""Fields of a definition, by name."""
Missing = Callable[[], NotFound]
"""The error that there is no such definition."""


@dataclass(frozen=True, slots=True)
class Defined(Generic[D]):
    """The definitions of one kind of a product."""

    product: Product
    """As it was read before them."""
    definitions: Sequence[D]

    def begun(self, now: Instant) -> Fields:
        """What a new one of the product has, whatever it defines."""
        of_product = {"company": self.product.company, "product": self.product.code, "product_id": self.product.id}
        return of_product | {"id": new_id(now), "created_at": now, "updated_at": now}

    def one(self, id: int, missing: Missing, revision: int | None) -> D:
        """Raises what is `missing`, and `Denied` where it has another revision than is asked for."""
        found = _with_id(self.definitions, id, missing)
        if revision not in (None, found.revision):
            raise Denied("revision_changed")
        return found


def read_defined(kind: Definitions[D], company: str, product: str) -> Defined[D]:
    """All of a product. Raises `unknown_product`."""
    found = read_product(company, product) if PRODUCT_CODE.fullmatch(product) else None
    if found is None:
        raise NotFound("unknown_product", field="product")
    return Defined(found, kind.read_all(company, product))


def find_definition(kind: Definitions[D], company: str, id: int, missing: Missing) -> D:
    """One of a company's, of whichever product. Raises `company_not_found`, and what is `missing`."""
    return _with_id(kind.read_all(find_company(company).code), id, missing)


def create_definition(
    kind: Definitions[D],
    company: str,
    product: str,
    make: Callable[[Defined[D]], D],
    event: Callable[[D], Event],
) -> D:
    """Make one of a product. `make` raises what is wrong with it among the others. Raises `unknown_product`."""
    owner = find_company(company).code

    def write(state: Defined[D], new: D) -> None:
        kind.create(new, state.product, event(new))

    return decide_and_write(lambda _: read_defined(kind, owner, product), make, write, result=lambda _state, new: new)[
        1
    ]


def change_definition(
    kind: Definitions[D],
    found: D,
    change: Callable[[Defined[D]], tuple[D, D]],
    event: Callable[[D, D], Event],
    *,
    now: Instant,
    forgotten: Callable[[Defined[D]], Sequence[D]] = lambda _state: (),
) -> D:
    """Change one, and answer it as it is stored; the same once more changes nothing.

    `change` answers it as it was and as it is to be; `forgotten`: those that go with the change.
    """

    def stored(_state: Defined[D], both: tuple[D, D]) -> D:
        old, new = both
        return new if new == old else replace(new, revision=old.revision + 1, updated_at=now)

    def write(state: Defined[D], both: tuple[D, D]) -> None:
        old, new = both
        if new != old:
            kind.update(old, new, state.product, event(old, new), forgotten=forgotten(state))

    def read(_: bool) -> Defined[D]:
        return read_defined(kind, found.company, found.product)

    return stored(*decide_and_write(read, change, write, result=stored))


def delete_definition(
    kind: Definitions[D], found: D, chosen: Callable[[Defined[D]], D], event: Callable[[D], Event]
) -> None:
    """Delete one. `chosen` answers it as it stands among the others, and raises why it is not deleted."""
    decide_and_write(
        lambda _: read_defined(kind, found.company, found.product),
        chosen,
        lambda state, old: kind.delete(old, state.product, event(old)),
        result=lambda *_: None,
    )


def _with_id(definitions: Sequence[D], id: int, missing: Missing) -> D:
    found = next((one for one in definitions if one.id == id), None)
    if found is None:
        raise missing()
    return found
